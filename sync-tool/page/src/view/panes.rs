//! The sides of a change beside each other.

use askama::filters::Safe;

use crate::code::{Mark, Source, markup};
use crate::marks::differing;
use crate::model::Text;
use crate::room::Room;
use crate::words::count;

/// The sides of a change.
pub(crate) struct Panes {
    pub(crate) panes: Vec<Pane>,
    /// Whether all lines are short enough for four panes in a row of a wide window.
    pub(crate) is_narrow: bool,
}

/// The most characters of a line in a narrow pane.
const NARROW: usize = 48;

/// One side of a change.
pub(crate) struct Pane {
    pub(crate) title: &'static str,
    pub(crate) version: String,
    /// Which lines of its file it has.
    pub(crate) lines: String,
    pub(crate) code: Safe<String>,
    /// What the code does not show.
    pub(crate) said: Vec<String>,
}

/// The texts of a change.
pub(super) struct Sides<'a> {
    pub(super) base: &'a Text,
    pub(super) ours: &'a Text,
    pub(super) theirs: &'a Text,
    pub(super) result: Option<&'a Text>,
}

/// What all panes of a page need to know.
pub(super) struct Labels {
    pub(super) base: String,
    pub(super) theirs: String,
    pub(super) ours: String,
    pub(super) result: String,
    /// The command that prints what is left out.
    pub(super) complete: String,
}

impl Labels {
    /// Returns a change's panes: upstream before and after, the fork before and after. Where
    /// upstream changed nothing, two of them say it all.
    pub(super) fn panes(&self, sides: &Sides<'_>, is_rust: bool, room: &mut Room) -> Panes {
        let [base, ours, theirs] =
            [sides.base, sides.ours, sides.theirs].map(|text| Source::new(text, is_rust));
        let result = sides.result.map(|text| Source::new(text, is_rust));
        let [base_words, ours_words, theirs_words] = [&base, &ours, &theirs].map(Source::words);
        let [by_theirs, theirs_marks] = differing(&base_words, &theirs_words);
        let [by_ours, ours_marks] = differing(&base_words, &ours_words);
        let base_marks: Vec<_> = by_theirs
            .iter()
            .zip(&by_ours)
            .map(|(a, b)| *a || *b)
            .collect();
        let texts = [sides.base, sides.ours, sides.theirs]
            .into_iter()
            .chain(sides.result);
        let is_narrow = texts
            .flat_map(|text| text.text.lines())
            .all(|line| line.len() <= NARROW);
        let merged = result.map(|result| {
            let words = result.words();
            let [_, marks] = differing(&theirs_words, &words);
            let code = markup(&result, &words, &marks, Mark::Added);
            self.pane("Merged", &self.result, &result, code, room)
        });
        let mut pane =
            |title, version, source: &Source, code| self.pane(title, version, source, code, room);
        let code = markup(&base, &base_words, &base_marks, Mark::Removed);
        let mut panes = vec![pane("Upstream before", &self.base, &base, code)];
        if sides.base.text != sides.theirs.text || merged.is_none() {
            let code = markup(&theirs, &theirs_words, &theirs_marks, Mark::Added);
            panes.push(pane("Upstream after", &self.theirs, &theirs, code));
            let code = markup(&ours, &ours_words, &ours_marks, Mark::Added);
            panes.push(pane("Fork before", &self.ours, &ours, code));
        }
        panes.extend(merged);
        Panes { panes, is_narrow }
    }

    fn pane(
        &self,
        title: &'static str,
        version: &str,
        source: &Source,
        code: String,
        room: &mut Room,
    ) -> Pane {
        let has_room = room.take(code.len());
        let mut said = Vec::new();
        let left_out = match has_room {
            true => source.left_out(),
            false => source.total(),
        };
        if left_out > 0 {
            let lines = count(left_out, "line is", "lines are");
            said.push(format!(
                "{lines} left out here: `{}` prints all.",
                self.complete
            ));
        }
        match source.total() {
            0 => said.push("No lines.".to_owned()),
            _ if source.is_open() => said.push("No line end at the end.".to_owned()),
            _ => {}
        }
        Pane {
            title,
            version: version.to_owned(),
            lines: lines(source),
            code: Safe(if has_room { code } else { String::new() }),
            said,
        }
    }
}

fn lines(source: &Source) -> String {
    let [first, last] = source.numbers();
    match source.total() {
        0 => format!("before line {first}"),
        1 => format!("line {first}"),
        _ => format!("lines {first}–{last}"),
    }
}

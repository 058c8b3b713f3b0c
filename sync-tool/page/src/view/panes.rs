//! The sides of a change beside each other.

use askama::filters::Safe;

use crate::code::{Mark, Source, markup};
use crate::marks::differing;
use crate::model::{ConflictReview, HunkReview, Sides, Text};
use crate::room::Room;
use crate::words::count;

/// The sides of a change.
#[derive(Default)]
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
    /// Returns a conflict's panes: upstream before and after, the fork before and after.
    pub(super) fn of_conflict(
        &self,
        conflict: &ConflictReview,
        is_rust: bool,
        room: &mut Room,
    ) -> Panes {
        let Some(Sides { base, ours, theirs }) = &conflict.sides else {
            return Panes::default();
        };
        self.panes(
            Some([base, ours]),
            theirs,
            conflict.merged.as_ref(),
            is_rust,
            room,
        )
    }

    /// Returns a hunk's panes: all four where upstream is known to have changed the lines too.
    pub(super) fn of_hunk(&self, hunk: &HunkReview, is_rust: bool, room: &mut Room) -> Panes {
        let before = hunk
            .before
            .as_ref()
            .map(|before| [&before.base, &before.ours]);
        let before = before.filter(|[base, _]| base.text != hunk.theirs.text);
        self.panes(before, &hunk.theirs, Some(&hunk.merged), is_rust, room)
    }

    fn panes(
        &self,
        before: Option<[&Text; 2]>,
        theirs: &Text,
        merged: Option<&Text>,
        is_rust: bool,
        room: &mut Room,
    ) -> Panes {
        let texts = before.into_iter().flatten().chain([theirs]).chain(merged);
        let is_narrow = texts
            .flat_map(|text| text.text.lines())
            .all(|line| line.len() <= NARROW);
        let theirs = Source::new(theirs, is_rust);
        let theirs_words = theirs.words();
        let merged = merged.map(|merged| Source::new(merged, is_rust));
        let merged_words = merged.as_ref().map(Source::words).unwrap_or_default();
        let [removed, added] = differing(&theirs_words, &merged_words);
        let mut panes = Vec::new();
        let (theirs_marks, mark) = match before {
            None => (removed, Mark::Removed),
            Some([base, ours]) => {
                let [base, ours] = [base, ours].map(|text| Source::new(text, is_rust));
                let [base_words, ours_words] = [&base, &ours].map(Source::words);
                let [by_theirs, theirs_marks] = differing(&base_words, &theirs_words);
                let [by_ours, ours_marks] = differing(&base_words, &ours_words);
                let either = by_theirs.iter().zip(&by_ours).map(|(a, b)| *a || *b);
                let code = markup(
                    &base,
                    &base_words,
                    &either.collect::<Vec<_>>(),
                    Mark::Removed,
                );
                panes.push(self.pane("Upstream before", &self.base, &base, code, room));
                let code = markup(&ours, &ours_words, &ours_marks, Mark::Added);
                panes.push(self.pane("Fork before", &self.ours, &ours, code, room));
                (theirs_marks, Mark::Added)
            }
        };
        let code = markup(&theirs, &theirs_words, &theirs_marks, mark);
        let pane = self.pane("Upstream after", &self.theirs, &theirs, code, room);
        // Upstream is above, the fork below; the old is left, the new right.
        panes.insert(panes.len().min(1), pane);
        if let Some(merged) = &merged {
            let code = markup(merged, &merged_words, &added, Mark::Added);
            panes.push(self.pane("Merged", &self.result, merged, code, room));
        }
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

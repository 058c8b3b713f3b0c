//! The place at which most of a hunk stands; for messages, never for application.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::Hunk;
use super::index::{COMMON, Index, count};

/// The first line that does not match where most of a hunk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The line of the file, counted from 1; one past the last where the file ends before it.
    pub line: usize,
    /// What the hunk expects there, with its line end.
    pub expected: String,
    /// What the file says there, with its line end; nothing past its end.
    pub found: Option<String>,
    /// How many of the hunk's old lines match at this place.
    pub matched: usize,
    /// How many old lines the hunk has.
    pub of: usize,
}

impl Nearest {
    /// Tells whether the line differs in its end only.
    pub fn is_line_end(&self) -> bool {
        let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_owned();
        self.found.as_deref().map(bare) == Some(bare(&self.expected))
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Nearest {
            line, matched, of, ..
        } = self;
        write!(f, "{matched} of its {of} lines match where line {line} ")?;
        let show = |text: &str| {
            let text = if self.is_line_end() {
                text
            } else {
                text.trim_end_matches(['\r', '\n'])
            };
            format!("`{}`", text.escape_debug())
        };
        match &self.found {
            Some(found) => write!(f, "is {} ", show(found))?,
            None => write!(f, "is past the end of the file ")?,
        }
        write!(f, "and should be {}", show(&self.expected))
    }
}

/// Finds the place at which most old lines of a hunk stand, the nearest to the
/// written one of equally good places; none if no line of it is in the file.
pub(super) fn to(index: &Index<'_>, hunk: &Hunk) -> Option<Nearest> {
    let old: Vec<&str> = hunk.old_lines().collect();
    let start = best_start(index, &old, hunk.old_start, Common::LeftOut)
        .or_else(|| best_start(index, &old, hunk.old_start, Common::NearWritten))?;
    let found = |at: usize| index.lines.get(start + at).copied();
    let matches = |at: &usize| found(*at) == Some(old[*at]);
    let miss = (0..old.len()).find(|at| !matches(at))?;
    Some(Nearest {
        line: start + miss + 1,
        expected: old[miss].to_owned(),
        found: found(miss).map(str::to_owned),
        matched: (0..old.len()).filter(matches).count(),
        of: old.len(),
    })
}

/// What counts of a line that stands at many places: it says little about where a
/// hunk belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Common {
    LeftOut,
    NearWritten,
}

/// Lets each old line vote for the places it would put the hunk at.
fn best_start(index: &Index<'_>, old: &[&str], written: usize, common: Common) -> Option<usize> {
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (at, line) in old.iter().enumerate() {
        let mut standing = index.standing(line);
        if standing.len() > COMMON {
            if common == Common::LeftOut {
                continue;
            }
            let near = standing.partition_point(|place| place + 1 < written + at);
            let from = near.saturating_sub(COMMON / 2).min(standing.len() - COMMON);
            standing = &standing[from..from + COMMON];
        }
        count(standing.len());
        for start in standing.iter().filter_map(|place| place.checked_sub(at)) {
            *votes.entry(start).or_default() += 1;
        }
    }
    let far = |start: usize| (start + 1).abs_diff(written);
    let best = votes
        .into_iter()
        .min_by_key(|(start, count)| (std::cmp::Reverse(*count), far(*start), *start));
    best.map(|(start, _)| start)
}

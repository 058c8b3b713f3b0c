//! Exact application: a hunk applies where its old text stands, at one place only.

use std::ops::Range;

use serde::Serialize;

use super::fault::ORDER_HUNKS;
use super::index::Index;
use super::nearest::{self, Nearest};
use super::{Hunk, Patch};
use crate::listing::joined;

/// What applying a patch gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The file with the patch in it.
    pub text: String,
    /// Where each hunk stood, in the order of the hunks.
    pub places: Vec<HunkPosition>,
}

/// Where a hunk's old text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HunkPosition {
    /// The hunk, counted from 1.
    pub hunk: usize,
    /// The line of the file, counted from 1.
    pub line: usize,
    /// The line that the hunk's header gives.
    pub written: usize,
}

impl HunkPosition {
    /// Returns by how many lines the place is lower than written; negative if higher.
    pub fn offset(&self) -> isize {
        self.line.cast_signed() - self.written.cast_signed()
    }
}

impl std::fmt::Display for HunkPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let HunkPosition { hunk, line, .. } = self;
        let by = self.offset().unsigned_abs();
        let lines = if by == 1 { "line" } else { "lines" };
        match self.offset() {
            0 => write!(f, "hunk {hunk} stands at line {line}, as written"),
            1.. => write!(f, "hunk {hunk} stands {by} {lines} lower, at line {line}"),
            _ => write!(f, "hunk {hunk} stands {by} {lines} higher, at line {line}"),
        }
    }
}

/// A hunk that does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("hunk {hunk} (`{header}`): {kind}")]
pub struct HunkFault {
    /// The hunk, counted from 1.
    pub hunk: usize,
    /// Its header line.
    pub header: String,
    /// The line of the patch file that holds the header, counted from 1.
    pub at: usize,
    /// Why it does not apply.
    pub kind: HunkFaultKind,
}

/// Why a hunk does not apply. Lines are those of the file, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[expect(missing_docs, reason = "the messages say it")]
pub enum HunkFaultKind {
    #[error("its old text stands nowhere{}", .nearest.as_ref().map(|n| format!(": {n}")).unwrap_or_default())]
    Nowhere { nearest: Option<Nearest> },
    #[error("its old text stands at {count} places: {}", joined(.lines.iter().map(|line| format!("line {line}")), *.count))]
    Ambiguous { count: usize, lines: Vec<usize> },
    #[error("its old text stands at line {line}, the previous hunk's ends at line {previous_end}")]
    OutOfOrder { line: usize, previous_end: usize },
    #[error("it leaves the file's last line without an end, and line {line} follows its old text")]
    NotAtEnd { line: usize },
}

impl HunkFault {
    /// Returns the next step, as a sentence without a full stop.
    pub fn help(&self) -> String {
        match &self.kind {
            HunkFaultKind::Nowhere { nearest: None } => {
                "compare the hunk with the file: nothing of it is there any more"
            }
            HunkFaultKind::Nowhere {
                nearest: Some(nearest),
            } if nearest.is_line_end() => "compare the line ends: the line is the same otherwise",
            HunkFaultKind::Nowhere { .. } => {
                "bring the hunk's context and removed lines to what the file says"
            }
            HunkFaultKind::Ambiguous { .. } => {
                "give the hunk more context lines, until its old text stands once"
            }
            HunkFaultKind::OutOfOrder { .. } => ORDER_HUNKS,
            HunkFaultKind::NotAtEnd { .. } => {
                "remove `\\ No newline at end of file` below the hunk's last new line"
            }
        }
        .to_owned()
    }
}

impl Patch {
    /// Applies the patch to a file's text.
    ///
    /// Each hunk must stand at exactly one place, the places in order and
    /// apart; the hunks' line numbers and headings play no part.
    ///
    /// # Errors
    ///
    /// One fault for each hunk that does not apply.
    pub fn apply(&self, base: &str) -> Result<Applied, Vec<HunkFault>> {
        let index = Index::new(base);
        let mut faults = Vec::new();
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut end = 0;
        for (number, hunk) in (1..).zip(&self.hunks) {
            match find(&index, hunk, end) {
                Ok(range) => {
                    end = range.end;
                    found.push(range);
                }
                Err(kind) => faults.push(HunkFault {
                    hunk: number,
                    header: hunk.header(),
                    at: hunk.at,
                    kind,
                }),
            }
        }
        if faults.is_empty() {
            Ok(self.applied(&index, &found))
        } else {
            Err(faults)
        }
    }

    /// Puts the new text of each hunk in the place of its old one.
    fn applied(&self, index: &Index<'_>, found: &[Range<usize>]) -> Applied {
        let mut text = String::new();
        let mut done = 0;
        for (hunk, range) in self.hunks.iter().zip(found) {
            text.extend(index.lines[done..range.start].iter().copied());
            text.extend(hunk.new_lines());
            done = range.end;
        }
        text.extend(index.lines[done..].iter().copied());
        let places = (1..).zip(self.hunks.iter().zip(found));
        let places = places.map(|(number, (hunk, range))| HunkPosition {
            hunk: number,
            line: range.start + 1,
            written: hunk.old_start,
        });
        Applied {
            text,
            places: places.collect(),
        }
    }
}

/// Finds the lines, counted from 0, that a hunk's old text takes; `end` is that of the hunk before.
fn find(index: &Index<'_>, hunk: &Hunk, end: usize) -> Result<Range<usize>, HunkFaultKind> {
    let places = index.places(hunk.old_lines());
    let start = match places.some.as_slice() {
        [] => {
            return Err(HunkFaultKind::Nowhere {
                nearest: nearest::to(index, hunk),
            });
        }
        [one] => *one,
        many => {
            return Err(HunkFaultKind::Ambiguous {
                count: places.count,
                lines: many.iter().map(|at| at + 1).collect(),
            });
        }
    };
    let range = start..start + hunk.old_lines().count();
    if start < end {
        return Err(HunkFaultKind::OutOfOrder {
            line: start + 1,
            previous_end: end,
        });
    }
    let open = hunk
        .new_lines()
        .last()
        .is_some_and(|line| !line.ends_with('\n'));
    if open && range.end < index.lines.len() {
        return Err(HunkFaultKind::NotAtEnd {
            line: range.end + 1,
        });
    }
    Ok(range)
}

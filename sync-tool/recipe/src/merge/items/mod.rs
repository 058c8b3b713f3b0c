//! Merges Rust sources by their items.
//!
//! Each text is parsed, and seen as a tree: a file, module, `impl`, `trait`, `enum`, `struct`,
//! `match`, block, list of parameters, arguments or attributes is a container; what is in it
//! are its children, each with the blank lines and comments before it. All of them are ranges
//! of lines of the text as it is: nothing is printed anew, and what shares a line is not
//! taken apart.
//!
//! Children are found in the other texts by kind and name, `impl`s by their head, arms by
//! their pattern, statements by their tokens; then by what they have in common. What one side
//! changed is taken from it. What both changed is looked into; where that ends, lines
//! are merged. Both may add at the same place where the order has no meaning; else that is
//! a conflict, as is what one side changed and the other removed, unless it moved (see
//! [`moved`]). The outcome starts from theirs: what ours did not change stays as it is there.

mod align;
mod combine;
mod follow;
mod free;
mod labels;
#[cfg(test)]
mod laws;
mod modules;
mod moved;
mod names;
mod ordered;
mod parse;
mod reader;
mod source;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use follow::{Candidate, Followed, follow};
pub use parse::{check_rust, read_rust};

pub(super) use combine::Caution;
use combine::{Combiner, Part};
use source::{Container, Source};

use super::keeps::Settled;
use super::{Chunk, Conflict, Merge, MergeError, Side};
use crate::patch::Delta;

/// The three texts, parsed.
pub(super) struct Sources<'a>([Source<'a>; 3]);

/// What a merge by items came to.
pub(super) struct Combined {
    pub merge: Merge,
    /// What was merged by other rules than lines.
    pub settled: Vec<Settled>,
    pub notes: Vec<String>,
}

impl<'a> Sources<'a> {
    /// Parses base, ours and theirs.
    ///
    /// # Errors
    ///
    /// The index of the first that does not parse, and why.
    pub(super) fn parse(texts: [&'a str; 3]) -> Result<Self, (usize, String)> {
        parse::parse_all(texts).map(Sources)
    }

    pub(super) fn combine(&self, caution: &Caution) -> Result<Combined, MergeError> {
        let sources = self.0.each_ref();
        let mut combiner = Combiner::new(sources, caution);
        let notes = moved::follow(&mut combiner, sources)?;
        combiner.container(sources.map(|source| &source.root))?;
        let chunks = combiner.parts.into_iter().map(|part| match part {
            Part::Text(text) => Chunk::Resolved(text),
            Part::Conflict(lines) => Chunk::Conflict(self.conflict(lines)),
        });
        let merge = Merge {
            chunks: chunks.collect(),
            agreed: Delta::default(),
        };
        let settled = combiner.settled;
        Ok(Combined {
            merge,
            settled,
            notes,
        })
    }

    fn conflict(&self, lines: [Range<usize>; 3]) -> Conflict {
        let item = self.item(&lines);
        let [base, ours, theirs] = [0, 1, 2].map(|side| Side {
            text: self.0[side].lines[lines[side].clone()].concat(),
            lines: lines[side].start + 1..lines[side].end + 1,
        });
        Conflict {
            base,
            ours,
            theirs,
            item,
        }
    }

    /// Returns the item that lines of base, ours and theirs are in: that of base, or where it
    /// has none there, what is common to the others.
    pub(super) fn item(&self, lines: &[Range<usize>; 3]) -> Option<String> {
        let path = |side: usize| path_at(&self.0[side], &lines[side]);
        let [base, ours, theirs] = [0, 1, 2].map(path);
        let mut common = Vec::new();
        if !lines[0].is_empty() {
            common.extend(base);
        } else {
            let both = ours.into_iter().zip(theirs);
            common.extend(both.take_while(|(one, two)| one == two).map(|(one, _)| one));
        }
        (!common.is_empty()).then(|| common.join(", "))
    }
}

/// A merged text, parsed.
pub(super) struct Outcome<'a>(Source<'a>);

impl<'a> Outcome<'a> {
    /// # Errors
    ///
    /// Why the text does not parse as Rust, with line and column.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let [source] = parse::parse_all([text]).map_err(|(_, error)| error)?;
        Ok(Outcome(source))
    }

    /// Returns the item that lines are in, counted from 0.
    pub(super) fn item(&self, lines: &Range<usize>) -> Option<String> {
        let path = path_at(&self.0, lines);
        (!path.is_empty()).then(|| path.join(", "))
    }

    /// Tells whether lines are imports.
    pub(super) fn is_import(&self, lines: &Range<usize>) -> bool {
        let mut container = Some(&self.0.root);
        while let Some(inner) = container {
            let Some(child) = inner.child_at(lines) else {
                return false;
            };
            if child.label.kind == source::Kind::Use {
                return true;
            }
            container = child.container_at(lines);
        }
        false
    }
}

/// Returns the names of the items that lines are in, from the outermost: `impl TcpSocket`,
/// `fn bind`.
fn path_at<'a>(source: &'a Source<'_>, lines: &Range<usize>) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut container = Some(&source.root);
    while let Some(child) = container.and_then(|inner| inner.child_at(lines)) {
        names.extend(child.label.name.as_deref());
        container = child.container_at(lines);
    }
    names
}

impl Container {
    /// Returns the child that holds lines.
    fn child_at(&self, lines: &Range<usize>) -> Option<&source::Child> {
        let at = self
            .children
            .partition_point(|child| child.lines.end <= lines.start);
        let child = self.children.get(at)?;
        let is_inside = match lines.is_empty() {
            true => child.lines.start < lines.start,
            false => child.lines.start <= lines.start,
        };
        (is_inside && lines.end <= child.lines.end).then_some(child)
    }
}

impl source::Child {
    /// Returns the container in it that holds lines.
    fn container_at(&self, lines: &Range<usize>) -> Option<&Container> {
        let mut inner = self.inner.iter();
        inner.find(|inner| {
            !inner.lines.is_empty()
                && inner.lines.start <= lines.start
                && lines.end <= inner.lines.end
        })
    }
}

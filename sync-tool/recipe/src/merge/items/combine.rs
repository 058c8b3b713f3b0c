//! Brings three parsed sources together.
//!
//! What only one side changed is taken from it; what both changed is looked into, down to
//! runs of lines without structure, which are merged by lines.

use std::borrow::Cow;
use std::ops::Range;

use super::align;
use super::ordered::clusters;
use super::source::{Child, Container, Kind, Order, Source};
use crate::format::same_code;
use crate::merge::keeps::Settled;
use crate::merge::{Chunk, MergeError, imports, merge};

/// The same part of base, ours and theirs.
pub(super) type Three<T> = [T; 3];

/// A part of the outcome.
pub(super) enum Part {
    Text(String),
    /// Lines of each input, counted from 0.
    Conflict(Three<Range<usize>>),
}

/// What is left to a person although it could be merged.
#[derive(Default)]
pub(in crate::merge) struct Caution {
    /// Lines of ours, counted from 0, that are not taken.
    pub stale: Vec<usize>,
    /// Whether what both sides changed is not merged by lines.
    pub is_strict: bool,
}

pub(super) struct Combiner<'a> {
    /// The lines of each text, as many as there are; what is merged already has other texts.
    pub lines: Three<Vec<Cow<'a, str>>>,
    pub parts: Vec<Part>,
    /// What was merged by other rules than lines.
    pub settled: Vec<Settled>,
    pub caution: &'a Caution,
}

/// What a text may begin with to say how it is encoded.
const MARK: &str = "\u{feff}";

/// A part of a child.
enum Piece<'a> {
    Lines(Range<usize>),
    Inner(&'a Container),
}

impl<'a> Combiner<'a> {
    pub(super) fn new(sources: Three<&'a Source<'a>>, caution: &'a Caution) -> Self {
        let lines = sources.map(|source| {
            let lines = source.lines.iter();
            lines.map(|line| Cow::Borrowed(*line)).collect()
        });
        Combiner {
            lines,
            parts: Vec::new(),
            settled: Vec::new(),
            caution,
        }
    }

    pub(super) fn text(&self, side: usize, lines: &Range<usize>) -> String {
        self.lines[side][lines.clone()].concat()
    }

    pub(super) fn is_same(
        &self,
        one: (usize, &Range<usize>),
        other: (usize, &Range<usize>),
    ) -> bool {
        let [one, other] = [one, other].map(|(side, lines)| &self.lines[side][lines.clone()]);
        // What moved has its text in one of its lines.
        let has_moved = || one.iter().chain(other).any(|line| line.is_empty());
        one == other || has_moved() && one.concat() == other.concat()
    }

    pub(super) fn emit(&mut self, side: usize, lines: &Range<usize>) {
        let text = self.text(side, lines);
        self.push(&text);
    }

    fn is_stale(&self, ours: &Range<usize>) -> bool {
        let mut stale = self.caution.stale.iter();
        stale.any(|line| ours.contains(line))
    }

    /// Emits what ours changed alone.
    pub(super) fn emit_ours(&mut self, lines: Three<Range<usize>>) {
        if self.is_stale(&lines[1]) {
            self.conflict(lines);
        } else {
            self.emit(1, &lines[1]);
        }
    }

    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(Part::Text(before)) => {
                // Only the last line of a text has no end, and now others follow.
                if !before.ends_with('\n') {
                    let has_cr = before.contains("\r\n") || text.contains("\r\n");
                    before.push_str(if has_cr { "\r\n" } else { "\n" });
                }
                before.push_str(text);
            }
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    pub(super) fn conflict(&mut self, lines: Three<Range<usize>>) {
        self.parts.push(Part::Conflict(lines));
    }

    /// Emits what is simple about lines of the three: that at most one side changed them.
    fn trivial(&mut self, lines: &Three<Range<usize>>) -> bool {
        let [base, ours, theirs] = lines;
        if self.is_same((0, base), (1, ours)) || self.is_same((1, ours), (2, theirs)) {
            self.emit(2, theirs);
        } else if self.is_same((0, base), (2, theirs)) {
            self.emit_ours(lines.clone());
        } else {
            return false;
        }
        true
    }

    /// Tells whether lines have texts of other lengths, as those of moved items have: then
    /// a line of the text is not the line of the input.
    fn has_moved(&self, lines: &Three<Range<usize>>) -> bool {
        let mut sides = self.lines.iter().zip(lines);
        sides.any(|(side, lines)| {
            let mut lines = side[lines.clone()].iter();
            lines.any(|line| line.is_empty() || line.trim_end_matches('\n').contains('\n'))
        })
    }

    /// Merges lines without structure.
    pub(super) fn leaf(&mut self, lines: Three<Range<usize>>) -> Result<(), MergeError> {
        if self.trivial(&lines) {
            return Ok(());
        }
        let [base, ours, theirs] = [0, 1, 2].map(|side| self.text(side, &lines[side]));
        let merge = merge(&base, &ours, &theirs)?;
        let is_left = self.caution.is_strict || self.is_stale(&lines[1]);
        if is_left || !merge.is_clean() && self.has_moved(&lines) {
            self.conflict(lines);
            return Ok(());
        }
        for chunk in merge.chunks {
            match chunk {
                Chunk::Resolved(text) => self.push(&text),
                Chunk::Conflict(conflict) => {
                    let sides = [conflict.base, conflict.ours, conflict.theirs];
                    let mut starts = lines.iter().map(|lines| lines.start);
                    self.conflict(sides.map(|side| {
                        let start = starts.next().unwrap_or(0);
                        start + side.lines.start - 1..start + side.lines.end - 1
                    }));
                }
            }
        }
        Ok(())
    }

    /// Merges runs of imports, as sets where their lines conflict.
    fn imports(&mut self, of: Three<&Child>) -> Result<(), MergeError> {
        self.leaf(of.map(|child| child.lines.start..child.code))?;
        let lines = of.map(|child| child.code..child.lines.end);
        let [base, ours, theirs] = [0, 1, 2].map(|side| self.text(side, &lines[side]));
        let texts = [&base, &ours, &theirs];
        let mark = texts.iter().all(|text| text.starts_with(MARK));
        let mark = if mark { MARK } else { "" };
        let [old, one, two] = texts.map(|text| &text[mark.len()..]);
        if !merge(&base, &ours, &theirs)?.is_clean()
            && let Some(result) = imports::merge(old, one, two)
        {
            let result = format!("{mark}{result}");
            self.push(&result);
            self.settled.push(Settled {
                base,
                ours,
                theirs,
                result,
            });
            return Ok(());
        }
        self.leaf(lines)
    }

    pub(super) fn child(&mut self, of: Three<&'a Child>) -> Result<(), MergeError> {
        let lines = of.map(|child| child.lines.clone());
        if self.trivial(&lines) {
            return Ok(());
        }
        let [base, ours, theirs] = of;
        let [old, new] = [self.text(0, &base.lines), self.text(1, &ours.lines)];
        if has_same_layout_alone(&old, &new) {
            let theirs = self.text(2, &theirs.lines);
            self.settle(old, new, theirs);
            return Ok(());
        }
        if of.iter().all(|child| child.label.kind == Kind::Use) {
            return self.imports(of);
        }
        let count = base.inner.len();
        if ours.inner.len() != count || theirs.inner.len() != count {
            return self.leaf(lines);
        }
        if self.caution.is_strict && self.is_changed_by_both(of) {
            self.conflict(lines);
            return Ok(());
        }
        let mut pieces = of.map(|child| child.pieces().into_iter());
        while let [Some(base), Some(ours), Some(theirs)] = pieces.each_mut().map(Iterator::next) {
            match [base, ours, theirs] {
                [Piece::Inner(base), Piece::Inner(ours), Piece::Inner(theirs)] => {
                    self.container([base, ours, theirs])?;
                }
                pieces => self.leaf(pieces.map(|piece| piece.lines()))?,
            }
        }
        Ok(())
    }

    /// Tells whether both sides changed what is between the containers of a child.
    fn is_changed_by_both(&self, of: Three<&Child>) -> bool {
        let outer = |side: usize| {
            let pieces = of[side].pieces().into_iter();
            let lines = pieces.filter_map(|piece| match piece {
                Piece::Lines(lines) => Some(self.text(side, &lines)),
                Piece::Inner(_) => None,
            });
            lines.collect::<Vec<_>>()
        };
        let base = outer(0);
        base != outer(1) && base != outer(2)
    }

    pub(super) fn container(&mut self, of: Three<&'a Container>) -> Result<(), MergeError> {
        let lines = of.map(|container| container.lines.clone());
        if self.trivial(&lines) {
            return Ok(());
        }
        let pairs = [1, 2].map(|side| align::pairs(of[0], of[side]));
        let is_free = of.iter().all(|container| container.order == Order::Free);
        if is_free {
            self.free(of, &pairs)?;
        } else {
            clusters(self, of, &pairs)?;
        }
        self.leaf(of.map(Container::tail))
    }

    /// Takes theirs for good where ours says the same in other words.
    pub(super) fn settle(&mut self, base: String, ours: String, theirs: String) {
        self.push(&theirs);
        self.settled.push(Settled {
            base,
            ours,
            result: theirs.clone(),
            theirs,
        });
    }
}

impl Child {
    /// Returns the child in pieces: what stands before its code, its attributes, then by turns
    /// lines and what is between delimiters.
    fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut from = self.lines.start;
        for inner in &self.inner {
            pieces.push(Piece::Lines(from..inner.lines.start));
            pieces.push(Piece::Inner(inner));
            from = inner.lines.end;
        }
        pieces.push(Piece::Lines(from..self.lines.end));
        pieces
    }
}

impl Piece<'_> {
    fn lines(&self) -> Range<usize> {
        match self {
            Piece::Lines(lines) => lines.clone(),
            Piece::Inner(container) => container.lines.clone(),
        }
    }
}

/// Tells whether two texts differ in nothing but layout: neither in code nor in comments.
pub(super) fn has_same_layout_alone(old: &str, new: &str) -> bool {
    squeezed(old) == squeezed(new) && same_code(old, new)
}

/// Returns a text without what a formatter adds and removes.
fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != ',')
        .collect()
}

//! Brings three parsed sources together.
//!
//! What only one side changed is taken from it; what both changed is looked into, down to
//! runs of lines without structure, which are merged by lines.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
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

pub(super) struct Combiner<'a> {
    /// The lines of each text, as many as there are; what is merged already has other texts.
    pub lines: Three<Vec<Cow<'a, str>>>,
    pub parts: Vec<Part>,
    /// What was merged by other rules than lines.
    pub settled: Vec<Settled>,
}

/// A part of a child.
enum Piece<'a> {
    Lines(Range<usize>),
    Inner(&'a Container),
}

impl<'a> Combiner<'a> {
    pub(super) fn new(sources: Three<&'a Source<'a>>) -> Self {
        let lines = sources.map(|source| {
            let lines = source.lines.iter();
            lines.map(|line| Cow::Borrowed(*line)).collect()
        });
        Combiner {
            lines,
            parts: Vec::new(),
            settled: Vec::new(),
        }
    }

    pub(super) fn text(&self, side: usize, lines: &Range<usize>) -> String {
        self.lines[side][lines.clone()].concat()
    }

    fn is_same(&self, one: (usize, &Range<usize>), other: (usize, &Range<usize>)) -> bool {
        let [one, other] = [one, other].map(|(side, lines)| &self.lines[side][lines.clone()]);
        // What moved has its text in one of its lines.
        let has_moved = || one.iter().chain(other).any(|line| line.is_empty());
        one == other || has_moved() && one.concat() == other.concat()
    }

    pub(super) fn emit(&mut self, side: usize, lines: &Range<usize>) {
        let text = self.text(side, lines);
        self.push(&text);
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
        let side = if self.is_same((0, base), (1, ours)) || self.is_same((1, ours), (2, theirs)) {
            2
        } else if self.is_same((0, base), (2, theirs)) {
            1
        } else {
            return false;
        };
        self.emit(side, &lines[side]);
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
        if !merge.is_clean() && self.has_moved(&lines) {
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
        if !merge(&base, &ours, &theirs)?.is_clean()
            && let Some(result) = imports::merge(&base, &ours, &theirs)
        {
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

    /// Merges children whose order has no meaning: each by itself, in the order of theirs.
    fn free(
        &mut self,
        of: Three<&'a Container>,
        pairs: &[Vec<Option<usize>>; 2],
    ) -> Result<(), MergeError> {
        let [base, ours, theirs] = of;
        let our_gaps = Gaps::of(base, ours, &pairs[0]);
        let their_gaps = Gaps::of(base, theirs, &pairs[1]);
        let added = our_gaps.added().filter(|child| child.label.key.is_some());
        let added: HashMap<u64, &Child> = added.map(|child| (child.id, child)).collect();
        let mut done = HashSet::new();
        for at in 0..=base.children.len() {
            for &child in &their_gaps.0[at] {
                if let Some(twin) = added.get(&child.id) {
                    done.insert(child.id);
                    let start = base.at(at);
                    self.added_twice(start, twin, child)?;
                } else {
                    self.emit(2, &child.lines);
                }
            }
            let next = base.children.get(at).map(|_| [pairs[0][at], pairs[1][at]]);
            let mut taken = next.map_or(0, |pairs| self.blanks_taken(of, at, pairs));
            for &child in &our_gaps.0[at] {
                if !done.contains(&child.id) {
                    let blanks = self.blanks(1, child).min(std::mem::take(&mut taken));
                    self.emit(1, &(child.lines.start + blanks..child.lines.end));
                }
            }
            if let Some(pairs) = next {
                self.one_of(of, at, pairs)?;
            }
        }
        Ok(())
    }

    /// Counts the blank lines before a child.
    fn blanks(&self, side: usize, child: &Child) -> usize {
        let lines = self.lines[side][child.lines.clone()].iter();
        lines.take_while(|line| line.trim().is_empty()).count()
    }

    /// Counts the blank lines before a child of base that both sides have before what they
    /// added there: the outcome has them once.
    fn blanks_taken(&self, of: Three<&Container>, at: usize, pairs: [Option<usize>; 2]) -> usize {
        let [Some(ours), Some(theirs)] = pairs else {
            return 0;
        };
        let all = self.blanks(0, &of[0].children[at]);
        let left = self
            .blanks(1, &of[1].children[ours])
            .max(self.blanks(2, &of[2].children[theirs]));
        all.saturating_sub(left)
    }

    /// Takes theirs for good where ours says the same in other words.
    fn settle(&mut self, base: String, ours: String, theirs: String) {
        self.push(&theirs);
        self.settled.push(Settled {
            base,
            ours,
            result: theirs.clone(),
            theirs,
        });
    }

    /// Merges what both sides added by the same key.
    fn added_twice(
        &mut self,
        at: usize,
        ours: &'a Child,
        theirs: &'a Child,
    ) -> Result<(), MergeError> {
        let [our_text, their_text] =
            [(1, ours), (2, theirs)].map(|(side, child)| self.text(side, &child.lines));
        // The very same is no matter of layout: its lines are counted as all others.
        if our_text != their_text && has_same_layout_alone(&our_text, &their_text) {
            self.settle(String::new(), our_text, their_text);
            return Ok(());
        }
        self.leaf([at..at, ours.lines.clone(), theirs.lines.clone()])
    }

    /// Merges a child of base with what it is in ours and theirs, if it is there.
    fn one_of(
        &mut self,
        of: Three<&'a Container>,
        at: usize,
        pairs: [Option<usize>; 2],
    ) -> Result<(), MergeError> {
        let base = &of[0].children[at];
        let [ours, theirs] = [1, 2].map(|side| {
            let index = pairs[side - 1];
            index.map(|index| &of[side].children[index])
        });
        match [ours, theirs] {
            [Some(ours), Some(theirs)] => return self.child([base, ours, theirs]),
            [Some(ours), None] if !self.is_same((0, &base.lines), (1, &ours.lines)) => {
                let start = position(of[2], at, &align::pairs(of[0], of[2]));
                self.conflict([base.lines.clone(), ours.lines.clone(), start..start]);
            }
            [None, Some(theirs)] if !self.is_same((0, &base.lines), (2, &theirs.lines)) => {
                let start = position(of[1], at, &align::pairs(of[0], of[1]));
                self.conflict([base.lines.clone(), start..start, theirs.lines.clone()]);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the line of a side at which a child of base would stand.
fn position(side: &Container, at: usize, pairs: &[Option<usize>]) -> usize {
    let before = pairs[..at].iter().rev().find_map(|pair| *pair);
    before.map_or(side.lines.start, |index| side.children[index].lines.end)
}

/// The children that a side has added, by the child of base before which they stand.
struct Gaps<'a>(Vec<Vec<&'a Child>>);

impl<'a> Gaps<'a> {
    fn of(base: &Container, side: &'a Container, pairs: &[Option<usize>]) -> Self {
        let mut gaps = vec![Vec::new(); base.children.len() + 1];
        let pairs: HashMap<usize, usize> = pairs
            .iter()
            .enumerate()
            .filter_map(|(at, pair)| Some(((*pair)?, at)))
            .collect();
        let mut gap = 0;
        for (index, child) in side.children.iter().enumerate() {
            match pairs.get(&index) {
                Some(at) => gap = at + 1,
                None => gaps[gap].push(child),
            }
        }
        Gaps(gaps)
    }

    fn added(&self) -> impl Iterator<Item = &'a Child> {
        self.0.iter().flatten().copied()
    }
}

impl Container {
    /// Returns the line before which a child stands, or the tail.
    fn at(&self, child: usize) -> usize {
        let child = self.children.get(child);
        child.map_or(self.tail().start, |child| child.lines.start)
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
fn has_same_layout_alone(old: &str, new: &str) -> bool {
    squeezed(old) == squeezed(new) && same_code(old, new)
}

/// Returns a text without what a formatter adds and removes.
fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != ',')
        .collect()
}

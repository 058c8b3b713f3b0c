//! Brings children together whose order has no meaning, such as the items of a file.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::align;
use super::combine::{Combiner, Three, has_same_layout_alone};
use super::modules::Places;
use super::source::{Child, Container};
use crate::merge::MergeError;

impl<'a> Combiner<'a> {
    /// Merges children whose order has no meaning: each by itself, in the order of theirs.
    pub(super) fn free(
        &mut self,
        of: Three<&'a Container>,
        pairs: &[Vec<Option<usize>>; 2],
    ) -> Result<(), MergeError> {
        let [base, ours, theirs] = of;
        let our_gaps = Gaps::of(base, ours, &pairs[0]);
        let their_gaps = Gaps::of(base, theirs, &pairs[1]);
        let added = our_gaps.added().filter(|child| child.label.key.is_some());
        let added: HashMap<u64, &Child> = added.map(|child| (child.id, child)).collect();
        let places = Places::of(of, &our_gaps.0, &pairs[1]);
        let (mut done, mut index) = (HashSet::new(), 0);
        for at in 0..=base.children.len() {
            for &child in &their_gaps.0[at] {
                self.placed(&places, base.at(at), theirs, index);
                index += 1;
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
                if !done.contains(&child.id) && !places.has(child) {
                    let blanks = self.blanks(1, child).min(std::mem::take(&mut taken));
                    let lines = child.lines.start + blanks..child.lines.end;
                    self.added_by_ours(lines, base.at(at), theirs.at(index));
                }
            }
            if let Some(pairs) = next {
                if pairs[1].is_some() {
                    self.placed(&places, base.at(at), theirs, index);
                    index += 1;
                }
                self.one_of(of, at, pairs)?;
            }
        }
        self.placed(&places, base.at(base.children.len()), theirs, index);
        Ok(())
    }

    /// Emits the declarations that belong before a child of theirs.
    fn placed(&mut self, places: &Places<'_>, at: usize, theirs: &Container, index: usize) {
        for child in places.before(index) {
            self.added_by_ours(child.lines.clone(), at, theirs.at(index));
        }
    }

    fn added_by_ours(&mut self, lines: Range<usize>, at: usize, theirs: usize) {
        self.emit_ours([at..at, lines, theirs..theirs]);
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

//! Where declarations of modules belong among theirs, which a formatter sorts.

use std::collections::HashMap;

use super::combine::Three;
use super::source::{Child, Container, Kind, digest};

/// The declarations that ours added, by the child of theirs before which they belong.
#[derive(Default)]
pub(super) struct Places<'a>(HashMap<usize, Vec<&'a Child>>);

impl<'a> Places<'a> {
    /// Finds the places of what ours added, by the child of base before which it stands:
    /// those in theirs' run of declarations around it, if that is sorted.
    pub(super) fn of(
        of: Three<&'a Container>,
        added: &[Vec<&'a Child>],
        their_pairs: &[Option<usize>],
    ) -> Self {
        let theirs = &of[2].children;
        let mut places = Places::default();
        for (at, children) in added.iter().enumerate() {
            for &child in children {
                let is_alone = theirs.iter().all(|other| other.id != child.id);
                let may_move = is_alone && !child.has_blank_before;
                let Some(name) = module(child).filter(|_| may_move) else {
                    continue;
                };
                let (before, after) = their_pairs.split_at(at);
                let first = before.iter().rev().find_map(|pair| *pair).unwrap_or(0);
                let last = after.iter().find_map(|pair| *pair).unwrap_or(theirs.len());
                let last = theirs.len().min(last + 1);
                let near = (first..last).find(|&index| module(&theirs[index]).is_some());
                if let Some(place) = near.and_then(|near| place(theirs, near, name)) {
                    places.0.entry(place).or_default().push(child);
                }
            }
        }
        places
    }

    /// Returns what belongs before a child of theirs.
    pub(super) fn before(&self, index: usize) -> &[&'a Child] {
        self.0.get(&index).map_or(&[], Vec::as_slice)
    }

    pub(super) fn has(&self, child: &Child) -> bool {
        let mut all = self.0.values().flatten();
        all.any(|placed| std::ptr::eq(*placed, child))
    }
}

/// Returns the place of a declaration in the run around another; `None` where theirs does not
/// sort it, or has none before which it could stand without what is before that.
fn place(theirs: &[Child], near: usize, name: &str) -> Option<usize> {
    let mut start = near;
    while start > 0 && !theirs[start].has_blank_before && module(&theirs[start - 1]).is_some() {
        start -= 1;
    }
    let run = theirs[start..].iter().enumerate();
    let run = run.take_while(|(at, child)| *at == 0 || !child.has_blank_before);
    let names: Vec<&str> = run.map_while(|(_, child)| module(child)).collect();
    let at = names.partition_point(|other| *other < name);
    let is_head = at == 0 && theirs[start].has_blank_before;
    (names.is_sorted() && !is_head && names.get(at) != Some(&name)).then_some(start + at)
}

/// Returns the name of a module that a child declares, and that a formatter may move.
fn module(child: &Child) -> Option<&str> {
    let name = child.label.name.as_deref()?.strip_prefix("mod ")?;
    let is_declaration =
        child.label.kind == Kind::Item && child.tokens.last() == Some(&digest(";"));
    let is_bound = child.tokens.contains(&digest("macro_use"));
    (is_declaration && !is_bound).then(|| name.trim_start_matches("r#"))
}

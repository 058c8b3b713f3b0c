//! Finds the children of a container in another text's.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::source::{Child, Container, Kind};

/// How many pairs of a gap are compared at most.
const MAX_COMPARED: usize = 1024;

/// Returns for each child of one container the child of the other that it is there, in the
/// order of both: by keys and tokens first; what is left between two such, by how many
/// tokens they have in common.
pub(super) fn pairs(base: &Container, side: &Container) -> Vec<Option<usize>> {
    let ids = |container: &Container| container.children.iter().map(|child| child.id).collect();
    let (old, new): (Vec<u64>, Vec<u64>) = (ids(base), ids(side));
    let mut found = vec![None; old.len()];
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        {
            for at in 0..len {
                found[old_index + at] = Some(new_index + at);
            }
        }
    }
    let (mut at, mut from) = (0, 0);
    while at < found.len() {
        if let Some(pair) = found[at] {
            from = pair + 1;
            at += 1;
            continue;
        }
        let end = (at..found.len()).find(|&i| found[i].is_some());
        let end = end.unwrap_or(found.len());
        let to = found.get(end).copied().flatten().unwrap_or(new.len());
        let gap = (&base.children[at..end], &side.children[from..to]);
        for (offset, pair) in gap_pairs(gap.0, gap.1).into_iter().enumerate() {
            found[at + offset] = pair.map(|pair| from + pair);
        }
        at = end;
    }
    found
}

/// Pairs children that have neither key nor tokens in common, in order.
fn gap_pairs(old: &[Child], new: &[Child]) -> Vec<Option<usize>> {
    let mut found = vec![None; old.len()];
    if old.len() * new.len() > MAX_COMPARED {
        return found;
    }
    let is_single = old.len() == 1 && new.len() == 1;
    let mut from = 0;
    for (at, child) in old.iter().enumerate() {
        let least = match child.label.kind {
            Kind::Statement | Kind::Arm | Kind::Element if is_single => 0.4,
            Kind::Statement | Kind::Arm | Kind::Element => 0.6,
            Kind::Function | Kind::Impl => 0.7,
            _ => continue,
        };
        let scored = new.iter().enumerate().skip(from);
        let mut scored: Vec<(f64, usize)> = scored
            .filter(|(_, other)| other.label.kind == child.label.kind)
            .map(|(index, other)| (similarity(&child.tokens, &other.tokens), index))
            .filter(|(score, _)| *score >= least)
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        match scored.as_slice() {
            [(score, _), (second, _), ..] if score - second < 0.1 => {}
            [(_, index), ..] => {
                found[at] = Some(*index);
                from = index + 1;
            }
            [] => {}
        }
    }
    found
}

/// Returns which share of two token lists they have in common, from 0 to 1.
pub(super) fn similarity(one: &[u64], other: &[u64]) -> f64 {
    if one.is_empty() && other.is_empty() {
        return 1.0;
    }
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for token in one {
        *counts.entry(*token).or_default() += 1;
    }
    let common = other.iter().filter(|token| {
        let count = counts.get_mut(token).filter(|count| **count > 0);
        count.map(|count| *count -= 1).is_some()
    });
    let common = common.count();
    #[expect(clippy::cast_precision_loss, reason = "counts of tokens")]
    let share = (2 * common) as f64 / (one.len() + other.len()) as f64;
    share
}

//! Which function of the later release continues which of the earlier one.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use super::side::Found;

/// How much of two bodies must be the same for one to continue the other, in percent.
const LEAST_ALIKE: usize = 50;
/// Bodies of fewer tokens are alike by chance.
const LEAST_TOKENS: usize = 20;

/// The items of a release by key.
pub(super) type ByKey<'s> = BTreeMap<String, Vec<Found<'s>>>;

/// An item in both releases, under its key in each: empty on a side that lacks it.
#[derive(Debug, Default)]
pub(super) struct Pair<'s> {
    pub keys: [Option<String>; 2],
    pub found: [Vec<Found<'s>>; 2],
}

/// Pairs the watched items of two releases: by their keys, and what has no counterpart with
/// the rest, where that has the same key or much the same body.
pub(super) fn pair<'s>(mut watched: [ByKey<'s>; 2], mut others: [ByKey<'s>; 2]) -> Vec<Pair<'s>> {
    let mut pairs = Vec::new();
    let mut alone: [Vec<String>; 2] = [0, 1].map(|side| {
        let other = &watched[1 - side];
        let keys = watched[side].keys().filter(|key| !other.contains_key(*key));
        keys.cloned().collect()
    });
    let both: Vec<String> = watched[0]
        .keys()
        .filter(|key| watched[1].contains_key(*key))
        .cloned()
        .collect();
    for key in both {
        pairs.push(take(&mut watched, [Some(key.clone()), Some(key)]));
    }
    for side in [0, 1] {
        alone[side].retain(|key| {
            let Some(moved) = others[1 - side].remove(key) else {
                return true;
            };
            let mut pair = take(
                &mut watched,
                [0, 1].map(|at| (at == side).then(|| key.clone())),
            );
            pair.keys[1 - side] = Some(key.clone());
            pair.found[1 - side] = moved;
            pairs.push(pair);
            false
        });
    }
    for (old, new) in alike(&watched, &others) {
        let mut pair = Pair::default();
        for (side, key) in [old, new].into_iter().enumerate() {
            let found = watched[side].remove(&key);
            pair.found[side] = found
                .or_else(|| others[side].remove(&key))
                .unwrap_or_default();
            pair.keys[side] = Some(key);
        }
        pairs.push(pair);
    }
    for side in [0, 1] {
        for key in watched[side].keys().cloned().collect::<Vec<_>>() {
            pairs.push(take(
                &mut watched,
                [0, 1].map(|at| (at == side).then(|| key.clone())),
            ));
        }
    }
    pairs
}

fn take<'s>(from: &mut [ByKey<'s>; 2], keys: [Option<String>; 2]) -> Pair<'s> {
    let mut pair = Pair::default();
    for (side, key) in keys.into_iter().enumerate() {
        let found = key.as_ref().and_then(|key| from[side].remove(key));
        pair.found[side] = found.unwrap_or_default();
        pair.keys[side] = key;
    }
    pair
}

/// Returns the keys of functions whose bodies are much the same, the most alike first, each
/// once; one of the two is watched, and neither is in the other release under its own key.
fn alike(watched: &[ByKey<'_>; 2], others: &[ByKey<'_>; 2]) -> Vec<(String, String)> {
    let prints: [Vec<(&String, bool, Vec<u64>)>; 2] = [0, 1].map(|side| {
        let watched_ones = watched[side].iter().map(|(key, found)| (key, true, found));
        let other_side = &others[1 - side];
        let others = others[side]
            .iter()
            .filter(|(key, _)| !other_side.contains_key(*key));
        let others = others.map(|(key, found)| (key, false, found));
        let all = watched_ones.chain(others);
        let prints = all.map(|(key, is_watched, found)| (key, is_watched, print(found)));
        prints
            .filter(|(_, _, print)| print.len() >= LEAST_TOKENS)
            .collect()
    });
    let mut scores = Vec::new();
    for (old, old_watched, old_print) in &prints[0] {
        for (new, new_watched, new_print) in &prints[1] {
            if *old_watched || *new_watched {
                let score = percent(old_print, new_print);
                if score >= LEAST_ALIKE {
                    scores.push((score, *old, *new));
                }
            }
        }
    }
    scores.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut taken: Vec<(String, String)> = Vec::new();
    for (_, old, new) in scores {
        if !taken.iter().any(|(o, n)| o == old || n == new) {
            taken.push((old.clone(), new.clone()));
        }
    }
    taken
}

/// Returns the neighbouring tokens of a body as sorted digests.
fn print(found: &[Found<'_>]) -> Vec<u64> {
    let code: Vec<&String> = found.iter().flat_map(|one| &one.item.code).collect();
    let mut print: Vec<u64> = code
        .windows(2)
        .map(|two| {
            let mut hasher = DefaultHasher::new();
            two.hash(&mut hasher);
            hasher.finish()
        })
        .collect();
    print.sort_unstable();
    print
}

/// Returns how much of two sorted lists is the same.
fn percent(a: &[u64], b: &[u64]) -> usize {
    let (mut x, mut y, mut same) = (0, 0, 0);
    while let (Some(one), Some(other)) = (a.get(x), b.get(y)) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => x += 1,
            std::cmp::Ordering::Greater => y += 1,
            std::cmp::Ordering::Equal => (x, y, same) = (x + 1, y + 1, same + 1),
        }
    }
    200 * same / (a.len() + b.len()).max(1)
}

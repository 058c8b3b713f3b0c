//! Lines of a text, numbered by what they say, so that runs are found fast.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

/// A line or run that stands at more places is looked for, or listed, otherwise.
pub(super) const COMMON: usize = 64;

#[cfg(test)]
thread_local! {
    /// How many lines were looked at, for tests of how the work grows.
    pub(super) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts lines that are looked at.
pub(super) fn count(lines: usize) {
    #[cfg(test)]
    STEPS.set(STEPS.get() + lines);
    let _ = lines;
}

/// A text cut into lines, with an index from a line to where it stands.
///
/// Lines keep their ends: two lines are the same if all their bytes are.
pub(super) struct Index<'a> {
    /// The lines, in order.
    pub lines: Vec<&'a str>,
    /// For each line, the number of its text.
    ids: Vec<usize>,
    /// The numbers by text.
    known: HashMap<&'a str, usize>,
    /// For each number, the lines that say it, counted from 0.
    standing: Vec<Vec<usize>>,
    suffixes: OnceCell<Vec<usize>>,
    repeated: OnceCell<Vec<usize>>,
}

/// Where a run of lines stands.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// At how many places.
    pub count: usize,
    /// Some of them, counted from 0, in order; all where they are few.
    pub some: Vec<usize>,
}

impl<'a> Index<'a> {
    /// Indexes a text.
    pub(super) fn new(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut known = HashMap::with_capacity(lines.len());
        let mut standing: Vec<Vec<usize>> = Vec::new();
        let mut ids = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            let id = *known.entry(*line).or_insert(standing.len());
            if id == standing.len() {
                standing.push(Vec::new());
            }
            standing[id].push(at);
            ids.push(id);
        }
        Index {
            lines,
            ids,
            known,
            standing,
            suffixes: OnceCell::new(),
            repeated: OnceCell::new(),
        }
    }

    /// Returns where a line stands, counted from 0, in order.
    pub(super) fn standing(&self, line: &str) -> &[usize] {
        self.known.get(line).map_or(&[], |id| &self.standing[*id])
    }

    /// Returns where a run of lines stands; nowhere for an empty run.
    pub(super) fn places<'l>(&self, run: impl Iterator<Item = &'l str>) -> Occurrences {
        let run: Option<Vec<usize>> = run.map(|line| self.known.get(line).copied()).collect();
        run.map_or_else(Occurrences::default, |run| self.places_of(&run))
    }

    /// Tells whether a run of this text's own lines stands at one place only.
    pub(super) fn is_unique(&self, run: Range<usize>) -> bool {
        let repeated = self
            .repeated
            .get_or_init(|| repeated(&self.ids, self.suffixes()));
        repeated
            .get(run.start)
            .is_some_and(|length| *length < run.len())
    }

    /// Takes the rarest line's places where they are few, and the sorted suffixes
    /// elsewhere: never a pass over the text for each run.
    fn places_of(&self, run: &[usize]) -> Occurrences {
        let rarest = (0..run.len()).min_by_key(|at| self.standing[run[*at]].len());
        let Some(rarest) = rarest else {
            return Occurrences::default();
        };
        let candidates = &self.standing[run[rarest]];
        let mut some: Vec<usize>;
        let count = if candidates.len() <= COMMON {
            let starts = candidates.iter().filter_map(|at| at.checked_sub(rarest));
            some = starts
                .filter(|at| self.begins(*at, run) == Ordering::Equal)
                .collect();
            some.len()
        } else {
            let suffixes = self.suffixes();
            let from = suffixes.partition_point(|at| self.begins(*at, run) == Ordering::Less);
            let all = &suffixes[from..];
            let all = &all[..all.partition_point(|at| self.begins(*at, run) == Ordering::Equal)];
            some = all.iter().take(COMMON).copied().collect();
            some.sort_unstable();
            all.len()
        };
        Occurrences { count, some }
    }

    /// Compares the lines from one on with a run.
    fn begins(&self, at: usize, run: &[usize]) -> Ordering {
        let end = self.ids.len().min(at + run.len());
        let pairs = self.ids[at..end].iter().zip(run);
        let same = pairs.take_while(|(one, other)| one == other).count();
        count(same + 1);
        self.ids[at + same..end].first().cmp(&run.get(same))
    }

    fn suffixes(&self) -> &[usize] {
        self.suffixes.get_or_init(|| sorted_suffixes(&self.ids))
    }
}

/// Returns the starts of a text's suffixes in the suffixes' order, by doubling what
/// they are sorted by (Manber, Myers 1990).
fn sorted_suffixes(ids: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    let mut rank = ids.to_vec();
    let mut width = 1;
    loop {
        count(ids.len());
        let key = |at: usize| (rank[at], rank.get(at + width).map(|rank| rank + 1));
        order.sort_unstable_by_key(|at| key(*at));
        let mut next = vec![0; ids.len()];
        for pair in order.windows(2) {
            next[pair[1]] = next[pair[0]] + usize::from(key(pair[0]) != key(pair[1]));
        }
        let is_done = order.last().is_none_or(|last| next[*last] + 1 == ids.len());
        rank = next;
        width *= 2;
        if is_done {
            return order;
        }
    }
}

/// Returns, for each line, how many lines from there on stand elsewhere too, in linear
/// time (Kasai and others 2001).
fn repeated(ids: &[usize], suffixes: &[usize]) -> Vec<usize> {
    let mut rank = vec![0; ids.len()];
    for (place, at) in suffixes.iter().enumerate() {
        rank[*at] = place;
    }
    let mut repeated = vec![0; ids.len()];
    let mut same = 0;
    for at in 0..ids.len() {
        let Some(before) = rank[at].checked_sub(1) else {
            same = 0;
            continue;
        };
        let other = suffixes[before];
        let pairs = ids[at..].iter().zip(&ids[other..]).skip(same);
        same += pairs.take_while(|(one, other)| one == other).count();
        repeated[at] = repeated[at].max(same);
        repeated[other] = repeated[other].max(same);
        same = same.saturating_sub(1);
    }
    repeated
}

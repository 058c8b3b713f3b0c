//! Lines of a text, numbered by what they say, so that runs are found fast.

use std::collections::HashMap;

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
}

impl<'a> Index<'a> {
    /// Indexes a text.
    pub fn new(text: &'a str) -> Self {
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
        }
    }

    /// Returns where a line stands, counted from 0, in order.
    pub fn standing(&self, line: &str) -> &[usize] {
        self.known.get(line).map_or(&[], |id| &self.standing[*id])
    }

    /// Returns all places, counted from 0, at which a run of lines stands; none for an empty run.
    pub fn places<'l>(&self, run: impl Iterator<Item = &'l str>) -> Vec<usize> {
        let run: Option<Vec<usize>> = run.map(|line| self.known.get(line).copied()).collect();
        run.map_or_else(Vec::new, |run| self.places_of(&run))
    }

    /// Tells whether a run of this text's own lines stands at one place only.
    pub fn is_unique(&self, run: std::ops::Range<usize>) -> bool {
        self.places_of(&self.ids[run]).len() == 1
    }

    /// Takes whichever way is the cheaper: the rarest line's places, or one pass over the text.
    fn places_of(&self, run: &[usize]) -> Vec<usize> {
        let rarest = (0..run.len()).min_by_key(|at| self.standing[run[*at]].len());
        let Some(rarest) = rarest else {
            return Vec::new();
        };
        let candidates = &self.standing[run[rarest]];
        if candidates.len().saturating_mul(run.len()) > self.ids.len() {
            return occurrences(&self.ids, run);
        }
        let starts = candidates.iter().filter_map(|at| at.checked_sub(rarest));
        starts
            .filter(|start| self.ids[*start..].starts_with(run))
            .collect()
    }
}

/// Finds all places of a run that is not empty, overlapping ones too, in linear
/// time (Knuth, Morris, Pratt 1977).
fn occurrences(text: &[usize], run: &[usize]) -> Vec<usize> {
    let borders = borders(run);
    let mut found = Vec::new();
    let mut matched = 0;
    for (at, id) in text.iter().enumerate() {
        while matched > 0 && run[matched] != *id {
            matched = borders[matched - 1];
        }
        if run[matched] == *id {
            matched += 1;
        }
        if matched == run.len() {
            found.push(at + 1 - matched);
            matched = borders[matched - 1];
        }
    }
    found
}

/// Returns, for each prefix, the length of the longest shorter prefix that also ends it.
fn borders(run: &[usize]) -> Vec<usize> {
    let mut borders = vec![0; run.len()];
    let mut length = 0;
    for at in 1..run.len() {
        while length > 0 && run[at] != run[length] {
            length = borders[length - 1];
        }
        if run[at] == run[length] {
            length += 1;
        }
        borders[at] = length;
    }
    borders
}

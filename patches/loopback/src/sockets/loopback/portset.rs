use std::collections::BTreeMap;

/// The first port that is given out where none is asked for; the last is 65535.
pub(super) const EPHEMERAL: u16 = 32_768;

/// How many ports one word of a set holds.
const BITS: u16 = 64;
/// Where the words of the ephemeral ports begin.
const FIRST_WORD: u16 = EPHEMERAL / BITS;
/// How many words hold the ephemeral ports.
const WORDS: u16 = 512;

/// A set of ports: a bitmap of two levels, so that a free port is found in
/// constant time however many are taken. Words without a port take no memory.
#[derive(Debug, Default)]
pub(super) struct PortSet {
    /// Which words of the ephemeral ports are full.
    full: [u64; 8],
    words: BTreeMap<u16, u64>,
}

impl PortSet {
    pub(super) const EMPTY: &'static PortSet = &PortSet {
        full: [0; 8],
        words: BTreeMap::new(),
    };

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn contains(&self, port: u16) -> bool {
        self.word(port / BITS) & bit(port) != 0
    }

    pub(super) fn insert(&mut self, port: u16) {
        let word = self.words.entry(port / BITS).or_default();
        *word |= bit(port);
        if *word == u64::MAX && port >= EPHEMERAL {
            let at = port / BITS - FIRST_WORD;
            self.full[usize::from(at / BITS)] |= bit(at);
        }
    }

    pub(super) fn remove(&mut self, port: u16) {
        let Some(word) = self.words.get_mut(&(port / BITS)) else {
            return;
        };
        *word &= !bit(port);
        if *word == 0 {
            self.words.remove(&(port / BITS));
        }
        if port >= EPHEMERAL {
            let at = port / BITS - FIRST_WORD;
            self.full[usize::from(at / BITS)] &= !bit(at);
        }
    }

    fn word(&self, index: u16) -> u64 {
        self.words.get(&index).copied().unwrap_or_default()
    }
}

/// Returns the first ephemeral port at or after `from`, going round, that is
/// in none of the sets.
pub(super) fn first_free(sets: &[&PortSet], from: u16) -> Option<u16> {
    let from = from.max(EPHEMERAL);
    let start = from / BITS - FIRST_WORD;
    let below = bit(from) - 1;
    if let Some(port) = free_in(sets, start, below) {
        return Some(port);
    }
    // The first word comes again at the end, for the ports below `from`.
    let mut step = 1;
    while step <= WORDS {
        let at = (start + step) % WORDS;
        let full = full_words(sets, at);
        if full == 0
            && let Some(port) = free_in(sets, at, 0)
        {
            return Some(port);
        }
        step += full.max(1);
    }
    None
}

/// Returns the first port of a word that is in none of the sets nor `except`.
fn free_in(sets: &[&PortSet], at: u16, except: u64) -> Option<u16> {
    let index = FIRST_WORD + at;
    let taken = sets
        .iter()
        .fold(except, |taken, set| taken | set.word(index));
    let free = u16::try_from(taken.trailing_ones()).ok()?;
    (free < BITS).then(|| index * BITS + free)
}

/// Counts the words from `at` on that some set holds whole.
fn full_words(sets: &[&PortSet], at: u16) -> u16 {
    let summary = usize::from(at / BITS);
    let full = sets.iter().fold(0, |full, set| full | set.full[summary]);
    u16::try_from((full >> (at % BITS)).trailing_ones()).unwrap_or(0)
}

const fn bit(of: u16) -> u64 {
    1 << (of % BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_round_and_ends() {
        let mut set = PortSet::default();
        assert_eq!(first_free(&[], 0), Some(EPHEMERAL));
        assert_eq!(first_free(&[&set], 40_001), Some(40_001));
        for port in 40_000..=u16::MAX {
            set.insert(port);
        }
        assert_eq!(first_free(&[&set], 40_001), Some(EPHEMERAL));
        for port in EPHEMERAL..40_000 {
            set.insert(port);
        }
        assert_eq!(first_free(&[&set], 40_001), None);
        for port in [EPHEMERAL, 39_999, 40_000, 40_001, u16::MAX] {
            set.remove(port);
            assert_eq!(first_free(&[&set], 40_001), Some(port));
            set.insert(port);
        }
    }

    #[test]
    fn sets_that_fill_a_word_together_are_passed_over() {
        let (mut even, mut odd) = (PortSet::default(), PortSet::default());
        for port in EPHEMERAL..=u16::MAX {
            if port % 2 == 0 { &mut even } else { &mut odd }.insert(port);
        }
        assert_eq!(first_free(&[&even, &odd], 50_000), None);
        odd.remove(49_999);
        assert_eq!(first_free(&[&even, &odd], 50_000), Some(49_999));
    }

    #[test]
    fn ports_below_the_range_are_members_but_never_offered() {
        let mut set = PortSet::default();
        set.insert(80);
        assert!(set.contains(80) && !set.contains(81));
        set.remove(80);
        set.remove(80);
        assert!(set.is_empty());
    }
}

/// The first port that is given out where none is asked for; the last is 65535.
pub(super) const EPHEMERAL: u16 = 32_768;

/// How many ports one word of a set holds.
const BITS: u16 = 64;
/// Where the words of the ephemeral ports begin.
const FIRST_WORD: u16 = EPHEMERAL / BITS;
/// How many words hold the ephemeral ports.
const WORDS: u16 = 512;
/// After how many words that several sets fill together all are joined.
const SINGLY: u16 = 8;

/// A set of ports: a bitmap of two levels, so that a free port is found in
/// constant time however many are taken. Words without a port take no memory.
#[derive(Debug, Clone, Default)]
pub(super) struct PortSet {
    /// Which words of the ephemeral ports are full.
    full: [u64; 8],
    /// The words that have a port, in order.
    words: Vec<(u16, u64)>,
}

impl PortSet {
    pub(super) const EMPTY: &'static PortSet = &PortSet {
        full: [0; 8],
        words: Vec::new(),
    };

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn contains(&self, port: u16) -> bool {
        self.word(port / BITS) & bit(port) != 0
    }

    pub(super) fn insert(&mut self, port: u16) {
        let at = match self.position(port / BITS) {
            Ok(at) => at,
            Err(at) => {
                self.words.insert(at, (port / BITS, 0));
                at
            }
        };
        let (_, word) = &mut self.words[at];
        *word |= bit(port);
        if *word == u64::MAX && port >= EPHEMERAL {
            let at = port / BITS - FIRST_WORD;
            self.full[usize::from(at / BITS)] |= bit(at);
        }
    }

    pub(super) fn remove(&mut self, port: u16) {
        let Ok(at) = self.position(port / BITS) else {
            return;
        };
        let (_, word) = &mut self.words[at];
        *word &= !bit(port);
        if *word == 0 {
            self.words.remove(at);
            if self.words.len() < self.words.capacity() / 4 {
                self.words.shrink_to(self.words.len() * 2);
            }
        }
        if port >= EPHEMERAL {
            let at = port / BITS - FIRST_WORD;
            self.full[usize::from(at / BITS)] &= !bit(at);
        }
    }

    fn word(&self, index: u16) -> u64 {
        self.position(index).map_or(0, |at| self.words[at].1)
    }

    /// Returns where the word is, or where it would have to be.
    fn position(&self, index: u16) -> Result<usize, usize> {
        self.words.binary_search_by_key(&index, |(index, _)| *index)
    }
}

impl FromIterator<u16> for PortSet {
    fn from_iter<I: IntoIterator<Item = u16>>(ports: I) -> Self {
        let mut set = PortSet::default();
        ports.into_iter().for_each(|port| set.insert(port));
        set
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
    let (mut step, mut looked_at) = (1, 0);
    while step <= WORDS {
        let at = (start + step) % WORDS;
        let full = full_words(sets, at);
        if full > 0 {
            step += full;
            continue;
        }
        if let Some(port) = free_in(sets, at, 0) {
            return Some(port);
        }
        step += 1;
        looked_at += 1;
        if looked_at == SINGLY {
            return free_in_union(sets, (step..=WORDS).map(|step| (start + step) % WORDS));
        }
    }
    None
}

/// Returns the first port of these words that is in none of the sets, each of
/// which is gone through once.
fn free_in_union(sets: &[&PortSet], mut words: impl Iterator<Item = u16>) -> Option<u16> {
    let mut taken = [0; WORDS as usize];
    for set in sets {
        let first = set.words.partition_point(|(index, _)| *index < FIRST_WORD);
        for (index, word) in &set.words[first..] {
            taken[usize::from(index - FIRST_WORD)] |= word;
        }
    }
    words.find_map(|at| port_in(at, taken[usize::from(at)]))
}

/// Returns the first port of a word that is in none of the sets nor `except`.
fn free_in(sets: &[&PortSet], at: u16, except: u64) -> Option<u16> {
    let words = sets.iter().map(|set| set.word(FIRST_WORD + at));
    port_in(at, words.fold(except, |taken, word| taken | word))
}

/// Returns the first port of a word that is not taken.
fn port_in(at: u16, taken: u64) -> Option<u16> {
    let free = u16::try_from(taken.trailing_ones()).ok()?;
    (free < BITS).then(|| (FIRST_WORD + at) * BITS + free)
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
        for port in [49_999, 50_001, EPHEMERAL + 1, u16::MAX] {
            odd.remove(port);
            assert_eq!(first_free(&[&even, &odd], 50_000), Some(port));
            odd.insert(port);
        }
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

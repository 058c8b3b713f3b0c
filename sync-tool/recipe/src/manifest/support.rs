//! `[upstream.support]`: for how long upstream fixes a line of releases.

use crate::reader::{Reader, Section};

/// For how many major releases upstream supports a line, its own included. A project
/// that releases at fixed times says its policy so without a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support {
    /// For an ordinary line: 2 supports the newest line and the one before it.
    pub releases: u64,
    /// For a long-term line, where upstream has such.
    pub long_term: Option<LongTerm>,
}

/// Which lines are supported for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongTerm {
    /// Those whose number is a multiple of this.
    pub every: u64,
    /// For how many major releases.
    pub releases: u64,
}

impl Support {
    /// Tells whether a line is a long-term one.
    pub fn is_long_term(&self, line: u64) -> bool {
        self.long_term
            .is_some_and(|long| line.is_multiple_of(long.every))
    }

    /// Returns the lines that are supported while `newest` is the newest one, ascending.
    pub fn lines(&self, newest: u64) -> Vec<u64> {
        let longest = self.long_term.map_or(0, |long| long.releases);
        let oldest = newest.saturating_sub(self.releases.max(longest));
        let is_supported = |line: &u64| {
            let releases = match self.long_term {
                Some(long) if self.is_long_term(*line) => long.releases,
                _ => self.releases,
            };
            newest - line < releases
        };
        (oldest..=newest).filter(is_supported).collect()
    }
}

/// Reads the table.
pub(super) fn read(r: &mut Reader, s: &Section<'_>) -> Option<Support> {
    r.keys(s, &["releases"], &["long-term"]);
    let releases = count(r, s, "releases");
    let long_term = match r.below(s, "long-term") {
        None => None,
        Some(s) => {
            r.keys(&s, &["every", "releases"], &[]);
            let (every, releases) = (count(r, &s, "every"), count(r, &s, "releases"));
            Some(LongTerm {
                every: every?,
                releases: releases?,
            })
        }
    };
    Some(Support {
        releases: releases?,
        long_term,
    })
}

/// The most that a count may be: a century of monthly releases.
const MAX_RELEASES: u64 = 1200;

fn count(r: &mut Reader, section: &Section<'_>, key: &str) -> Option<u64> {
    let help = "write it as a number of major releases, without quotes";
    r.count(section, key, MAX_RELEASES, help)
}

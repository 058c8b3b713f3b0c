//! Which series serves a release.

use std::cmp::Ordering;

use semver::Version;

use super::{AppliedSeries, StoredSeries};
use crate::tree::Tree;

/// The series for a release.
#[derive(Debug)]
pub struct Choice<'s> {
    /// `None` where there is no series at all: the fork is upstream renamed.
    pub series: Option<&'s StoredSeries>,
    /// What its patches give on the release; where some do not apply, a merge
    /// starts from it.
    pub fit: AppliedSeries,
}

/// Chooses the nearest series whose every patch applies exactly; else the
/// highest base at or below the release; else the lowest above.
pub fn choose<'s>(all: &'s [StoredSeries], release: &Version, prepared: &Tree) -> Choice<'s> {
    // One without patches fits everything: upstream took them all by its base, and an
    // earlier release lacks them still.
    let is_earlier = |s: &&StoredSeries| s.base > *release && s.patches.is_empty();
    let all: Vec<&StoredSeries> = all.iter().filter(|s| !is_earlier(s)).collect();
    let mut by_distance = all.clone();
    by_distance.sort_by(|a, b| farther(&a.base, &b.base, release));
    for stored in by_distance {
        let fit = stored.apply_to(prepared);
        if fit.rejected.is_empty() {
            let series = Some(stored);
            return Choice { series, fit };
        }
    }
    let (below, above): (Vec<&StoredSeries>, Vec<&StoredSeries>) =
        all.into_iter().partition(|stored| stored.base <= *release);
    let below = below.into_iter().max_by_key(|s| &s.base);
    let series = below.or(above.into_iter().min_by_key(|s| &s.base));
    let fit = series
        .map(|stored| stored.apply_to(prepared))
        .unwrap_or_default();
    Choice { series, fit }
}

/// Tells whether a release is nearer to another than a series' base is.
pub fn is_nearer(a: &Version, base: &Version, release: &Version) -> bool {
    farther(a, base, release) == Ordering::Less
}

/// Compares by distance from a release: by whole release lines first, then those
/// at or below it before those above, then the nearer on the same side.
fn farther(a: &Version, b: &Version, release: &Version) -> Ordering {
    let lines = |base: &Version| base.major.abs_diff(release.major);
    let above = |base: &Version| base > release;
    let by_line = lines(a).cmp(&lines(b)).then(above(a).cmp(&above(b)));
    by_line.then(if above(a) { a.cmp(b) } else { b.cmp(a) })
}

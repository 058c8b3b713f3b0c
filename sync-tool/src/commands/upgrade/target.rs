//! What an upgrade makes of the manifest: pin, the fork's version, the row of history.

use recipe::error::{Error, Kind, Result};
use recipe::manifest::{HistoryRow, Manifest};
use semver::Version;

use crate::open_upgrade::Request;

/// Says where the fork's version may surprise: it goes down although upstream's goes up, or
/// an older line gets a new one, for one version stands for one tree, so that of another
/// release of the line cannot be taken.
pub(super) fn new_number(before: &Manifest, after: &Manifest) -> Option<String> {
    let (upstream, fork) = (&after.fork.pin, &after.fork.version);
    let is_new = before.history.iter().all(|row| row.fork != *fork);
    if *upstream > before.fork.pin && *fork < before.fork.version {
        return Some(format!(
            "the fork's version goes down from {} to {fork}, which the history has for upstream {upstream}; \
             `--fork-version` chooses another",
            before.fork.version
        ));
    }
    if *upstream >= before.fork.pin || !is_new {
        return None;
    }
    let line = upstream.major;
    let of_line = |row: &&HistoryRow| row.upstream.major == line;
    let row = before
        .history
        .iter()
        .filter(of_line)
        .max_by_key(|row| &row.upstream);
    Some(match row {
        Some(row) => format!(
            "{fork} is a new version of the fork, although {} is of line {line} too: that is upstream {}, and a version \
             stands for one tree. To go there instead: `wash-wasi-sync upgrade --to v{}`",
            row.fork, row.upstream, row.upstream
        ),
        None => format!("{fork} is a new version of the fork: the history has none of line {line}"),
    })
}

/// Fails where a release is of a line below all that the series are for: nobody has made
/// patches for it, and those of a later line are not carried down by guessing.
pub(super) fn served(manifest: &Manifest, version: &Version) -> Result<()> {
    let bases = manifest.series.iter().map(|series| &series.base);
    let Some(lowest) = bases.clone().min().filter(|low| version.major < low.major) else {
        return Ok(());
    };
    let bases: Vec<String> = bases.map(Version::to_string).collect();
    Err(Error::general(format!(
        "no series serves upstream {version}: lines from {} on are served, by the series {}",
        lowest.major,
        bases.join(", ")
    ))
    .help("take a release of such a line, or write a `[[series]]` with a base of that line (docs/upgrade-guide.md)"))
}

/// Returns the manifest with the pin and the row of history that an upgrade gives.
pub(super) fn pinned(manifest: &Manifest, request: &Request) -> Result<Manifest> {
    let upstream = &request.to;
    let known = manifest.fork_version_of(upstream);
    let fork = match (&request.fork_version, known) {
        (Some(version), _) => version.clone(),
        (None, Some(version)) => version.clone(),
        (None, None) => manifest.next_fork_version(),
    };
    let row = manifest.history.iter().find(|row| row.fork == fork);
    if let Some(row) = row
        && row.upstream != *upstream
    {
        return Err(Error::new(
            Kind::Usage,
            format!("{fork} is upstream {} by the history", row.upstream),
        )
        .help("choose another with `--fork-version`, or leave it out for the next one"));
    }
    let notes = match (&request.notes, row) {
        (Some(notes), _) => notes.clone(),
        (None, Some(row)) => row.notes.clone(),
        (None, None) => format!("wasmtime {upstream}"),
    };
    let unchanged = row.is_some_and(|row| row.notes == notes);
    let with_row = if unchanged {
        manifest.clone()
    } else {
        manifest.with_history(&HistoryRow {
            fork: fork.clone(),
            upstream: upstream.clone(),
            notes,
        })?
    };
    if with_row.fork.pin == *upstream && with_row.fork.version == fork {
        return Ok(with_row);
    }
    with_row.with_pin(upstream, &fork)
}

//! The releases that are told of.

use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, Release, newest_of_lines};
use semver::Version;
use upstream::Upstream;

use crate::cli::{ForecastArgs, Target};
use crate::commands::release::resolve;

/// A release to be told of.
pub(super) struct Point {
    pub version: Version,
    pub yanked: bool,
    /// The branch, tag or commit that it stands at, where that is no release.
    pub reference: Option<String>,
    /// It, where it is read already.
    pub release: Option<Release>,
}

/// Returns the releases after one and up to the target, ascending: the newest of each line,
/// or all.
///
/// # Errors
///
/// Where there is no such target, or it is not after the release to begin at.
pub(super) fn between(
    upstream: &Upstream<'_>,
    from: &Version,
    args: &ForecastArgs,
) -> Result<Vec<Point>> {
    let listed = upstream.list()?;
    let last = match &args.to {
        Target::Release(wanted) => released(upstream, wanted, &listed, args.pre)?,
        Target::Reference(name) => at_reference(upstream, name)?,
    };
    if last.version < *from {
        let message = format!(
            "{} comes before {from}: a forecast looks ahead",
            last.version
        );
        return Err(Error::new(Kind::Usage, message).help(format!(
            "give the earlier one first: `--from {} --to {from}`",
            last.version
        )));
    }
    let is_between = |one: &&Listed| {
        *from < one.version
            && (one.version < last.version
                || last.reference.is_some() && one.version == last.version)
    };
    let is_wanted = |one: &&Listed| match one.version.pre.is_empty() {
        true => !one.yanked,
        false => args.pre && is_candidate(&one.version, &listed),
    };
    let inside: Vec<Listed> = listed.iter().filter(is_between).cloned().collect();
    let mut inside: Vec<Listed> = match args.every {
        true => inside.iter().filter(is_wanted).cloned().collect(),
        false => {
            let newest = newest_of_lines(&inside, 0);
            let is_newest = |one: &&Listed| newest.contains(&one.version);
            let is_candidate = |one: &Listed| !one.version.pre.is_empty();
            let wanted = inside.iter().filter(is_wanted);
            wanted
                .filter(|one| is_newest(one) || is_candidate(one))
                .cloned()
                .collect()
        }
    };
    // The target stands for its line.
    if last.reference.is_none() && !args.every {
        inside.retain(|one| one.version.major != last.version.major);
    }
    inside.sort();
    let points = inside.into_iter().map(|one| Point {
        version: one.version,
        yanked: one.yanked,
        reference: None,
        release: None,
    });
    let mut points: Vec<Point> = points.collect();
    if last.version != *from || last.reference.is_some() {
        points.push(last);
    }
    Ok(points)
}

/// Tells whether a pre-release stands for a release that is not out yet.
fn is_candidate(version: &Version, listed: &[Listed]) -> bool {
    let released = Version::new(version.major, version.minor, version.patch);
    !listed.iter().any(|one| one.version == released)
}

fn released(
    upstream: &Upstream<'_>,
    wanted: &recipe::release::VersionRequest,
    listed: &[Listed],
    pre: bool,
) -> Result<Point> {
    let newest_pre = || {
        let all = listed.iter().filter(|one| wanted.covers(&one.version));
        let candidates =
            all.filter(|one| !one.version.pre.is_empty() && is_candidate(&one.version, listed));
        candidates.max_by_key(|one| &one.version)
    };
    let version = match newest_pre().filter(|_| pre) {
        // A release of the same line or a later one would be newer.
        Some(candidate)
            if wanted
                .choose(listed)
                .is_none_or(|one| one.version < candidate.version) =>
        {
            candidate.version.clone()
        }
        _ => resolve(upstream, wanted)?,
    };
    let known = listed.iter().find(|one| one.version == version);
    if known.is_none() {
        // What is not listed is refused with what is near.
        upstream.release(&version, upstream::Locked::default())?;
    }
    Ok(Point {
        yanked: known.is_some_and(|one| one.yanked),
        version,
        reference: None,
        release: None,
    })
}

fn at_reference(upstream: &Upstream<'_>, name: &str) -> Result<Point> {
    let history = upstream.history().ok_or_else(|| {
        Error::new(
            Kind::Usage,
            format!("`{name}` is no release, and branches are read from a clone alone"),
        )
        .help("give a release, such as v41.0.0, 41 or latest")
        .help("or clone upstream, `git clone --bare URL DIR`, and give `--upstream DIR`")
    })?;
    let release = history.release(name)?;
    Ok(Point {
        version: release.version.clone(),
        yanked: false,
        reference: Some(name.to_owned()),
        release: Some(release),
    })
}

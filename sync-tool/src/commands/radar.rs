//! The radar: upstream's changes to functions that the fork replaces, mirrors or patches.

use std::collections::{BTreeMap, BTreeSet};

use changes::notes::{Notes, Topic};
use changes::radar::{self, Known, Mirror, Radar};
use recipe::error::{Error, Result};
use recipe::manifest;
use recipe::patch::Patch;
use recipe::release::{Listed, Release, newest_of_lines};
use recipe::tree::TreePath;
use semver::Version;
use upstream::Upstream;
use upstream::git::History;

use super::context::{Access, Context};
use super::project::Project;
use super::release::locked;
use super::report::notes;
use super::status::or_reason;
use crate::cli::CheckArgs;
use crate::report::{RadarFinding, RadarReport, RadarStep, StaleDecision};

/// What of the fork a change of upstream's may concern.
pub(super) struct ForkRadar<'a, 'u> {
    project: &'a Project,
    upstream: &'a Upstream<'u>,
    mirrors: Vec<Mirror>,
    patches: Vec<&'a Patch>,
    /// Upstream's commits, where they are wanted and at hand.
    history: Option<History<'a>>,
    known: Known,
}

impl<'a, 'u> ForkRadar<'a, 'u> {
    /// Reads what the fork mirrors and patches.
    ///
    /// # Errors
    ///
    /// Where the table of mirrored functions is not there or has another form.
    pub(super) fn of(project: &'a Project, upstream: &'a Upstream<'u>) -> Result<Self> {
        let mirrors = match &project.manifest().tests.mirrors {
            None => Vec::new(),
            Some(path) => {
                let text = project.text(path.as_str())?.ok_or_else(|| {
                    Error::general(format!("{path} is not among the fork's files")).help(format!(
                        "correct `mirrors` of `[tests]` in {}",
                        manifest::FILE
                    ))
                })?;
                Mirror::parse(text).map_err(|why| Error::general(format!("{path}: {why}")))?
            }
        };
        let series = project.inputs.series.iter();
        let patches = series.flat_map(|series| series.patches.values());
        Ok(ForkRadar {
            patches: patches.map(|stored| &stored.patch).collect(),
            project,
            upstream,
            mirrors,
            history: None,
            known: Known::default(),
        })
    }

    /// Names the commits as well, where upstream is a clone.
    pub(super) fn with_commits(self) -> Self {
        let history = self.upstream.history();
        ForkRadar { history, ..self }
    }

    /// Compares two releases, at each release in between that a decision names: it is about
    /// what changed up to there, and nothing later. Says what could not be read.
    ///
    /// # Errors
    ///
    /// The interrupt alone.
    pub(super) fn steps(
        &self,
        old: &Release,
        new: &Release,
        notes: &mut Vec<String>,
    ) -> Result<Vec<RadarStep>> {
        let rows = self.project.manifest().radar.iter();
        let between = rows.map(|row| &row.release);
        let between: BTreeSet<&Version> = between
            .filter(|one| old.version < **one && **one < new.version)
            .collect();
        let (mut steps, mut before) = (Vec::new(), old.clone());
        for version in between {
            if let Some(release) = self.read(version, notes)? {
                steps.push(self.step(&before, &release)?);
                before = release;
            }
        }
        steps.push(self.step(&before, new)?);
        Ok(steps)
    }

    fn read(&self, version: &Version, notes: &mut Vec<String>) -> Result<Option<Release>> {
        let locked = locked(self.project.lock.as_ref(), version);
        match or_reason(self.upstream.release(version, locked))? {
            Ok(release) => Ok(Some(release)),
            Err(why) => {
                notes.push(format!(
                    "the radar did not compare upstream {version}: {why}"
                ));
                Ok(None)
            }
        }
    }

    fn step(&self, old: &Release, new: &Release) -> Result<RadarStep> {
        let radar = Radar {
            mirrors: &self.mirrors,
            patches: &self.patches,
            rows: &self.project.manifest().radar,
            known: &self.known,
        };
        let [before, after] = [old, new].map(|release| radar::Release {
            version: &release.version,
            tree: &release.tree,
        });
        let found = radar.step(before, after);
        let items = found.items.into_iter().map(|item| RadarFinding {
            item,
            commits: Vec::new(),
            advisories: BTreeSet::new(),
        });
        let mut step = RadarStep {
            from: old.version.clone(),
            to: new.version.clone(),
            items: items.collect(),
            unreadable: found.unreadable,
            commits_unknown: None,
        };
        let commits = self.add_commits(&mut step, [&old.commit, &new.commit]);
        step.commits_unknown = or_reason(commits)?.err();
        Ok(step)
    }

    /// Finds the commits that changed each item: those whose text of it differs from that of
    /// the commit before.
    fn add_commits(&self, step: &mut RadarStep, range: [&Option<String>; 2]) -> Result<()> {
        let (Some(history), [Some(from), Some(to)]) = (&self.history, range) else {
            return Err(Error::general(
                "no clone with upstream's history is at hand (`--upstream PATH`)",
            ));
        };
        let mut files: BTreeMap<TreePath, Vec<&mut RadarFinding>> = BTreeMap::new();
        for finding in &mut step.items {
            let places = finding.item.new.first().or(finding.item.old.first());
            if let Some(path) = places.and_then(|place| TreePath::new(&place.file).ok()) {
                files.entry(path).or_default().push(finding);
            }
        }
        for (path, mut findings) in files {
            for commit in history.commits_between([from, to], &path)? {
                let read = |at: &str| {
                    let text = history.text(at, &path)?;
                    Ok::<_, Error>(text.map(|text| radar::codes(&text)).unwrap_or_default())
                };
                let (message, parent) = history.message_and_parent(&commit.id)?;
                let before = parent.as_deref().map(read).transpose()?.unwrap_or_default();
                let after = read(&commit.id)?;
                for finding in &mut findings {
                    let item = &finding.item;
                    let mut names = item.new.iter().chain(&item.old).map(|place| &place.name);
                    if names.any(|name| before.get(name) != after.get(name)) {
                        let advisories = radar::advisories(&message);
                        finding.item.is_security |= !advisories.is_empty();
                        finding.advisories.extend(advisories);
                        finding.commits.push(commit.clone());
                    }
                }
            }
        }
        step.sort();
        Ok(())
    }
}

/// Marks what upstream's release notes call a security fix, by its pull request.
pub(super) fn mark_security(steps: &mut [RadarStep], notes: &Notes) {
    let items = notes.releases.iter().flat_map(|release| &release.items);
    let items = items.filter(|item| item.topics.contains(&Topic::Security));
    let numbers: BTreeSet<u64> = items.flat_map(|item| item.pull_requests.clone()).collect();
    for step in steps {
        for finding in &mut step.items {
            let commits = &mut finding.commits.iter();
            let mut named = commits.filter_map(|commit| commit.pull_request);
            finding.item.is_security |= named.any(|number| numbers.contains(&number));
        }
        step.sort();
    }
}

/// Runs `check --radar`: from the fork's first release of upstream to the pin.
///
/// # Errors
///
/// Where the project or the pin cannot be read. Another release that cannot be read is named in
/// a note, and what changed with it is found at the next one.
pub(super) fn check(context: &Context<'_>, args: &CheckArgs) -> Result<RadarReport> {
    let (read_lock, project) = context.open(Access::ReadBesideWriter)?;
    // Upstream may take its time.
    drop(read_lock);
    let manifest = project.manifest();
    let upstream = context.upstream(manifest, &args.source)?;
    let to = &manifest.fork.pin;
    let first = manifest.history.iter().map(|row| &row.upstream).min();
    let from = first.filter(|first| *first < to).unwrap_or(to);
    let radar = ForkRadar::of(&project, &upstream)?.with_commits();
    let mut said = Vec::new();
    let mut points = BTreeSet::from_iter(lines(&upstream, [from, to], &mut said)?);
    points.extend([from.clone(), to.clone()]);
    let rows = manifest.radar.iter().map(|row| &row.release);
    points.extend(rows.filter(|one| from < *one && *one < to).cloned());
    // Without the pin nothing could be found open.
    let last = upstream.release(to, locked(project.lock.as_ref(), to))?;
    let (mut steps, mut before) = (Vec::new(), None);
    for version in points {
        context.host.interrupt().check()?;
        let release = match version == *to {
            true => Some(last.clone()),
            false => radar.read(&version, &mut said)?,
        };
        if let (Some(before), Some(release)) = (&before, &release) {
            steps.extend(radar.steps(before, release, &mut said)?);
        }
        before = release.or(before);
    }
    if radar.history.is_some() {
        mark_security(&mut steps, &notes(&upstream, [from, to])?.0);
    }
    let compared = steps.iter().map(|step| {
        let items: Vec<_> = step.items.iter().map(|one| one.item.clone()).collect();
        (step.to.clone(), items)
    });
    let compared: Vec<_> = compared.collect();
    let stale = radar::stale(&manifest.radar, &compared).into_iter();
    let stale = stale.map(|(row, item)| StaleDecision {
        item: item.to_owned(),
        release: row.release.clone(),
        line: manifest.place(&row.span).position().map(|(line, _)| line),
    });
    Ok(RadarReport {
        from: from.clone(),
        to: to.clone(),
        source: last.source,
        stale: stale.collect(),
        steps,
        notes: said,
    })
}

/// Returns the newest release of each line between two releases.
fn lines(
    upstream: &Upstream<'_>,
    [from, to]: [&Version; 2],
    said: &mut Vec<String>,
) -> Result<Vec<Version>> {
    let listed = match or_reason(upstream.list())? {
        Ok(listed) => listed,
        Err(why) => {
            said.push(format!(
                "which releases lie between {from} and {to} is not known: {why}"
            ));
            return Ok(Vec::new());
        }
    };
    let is_between =
        |one: &Listed| *from < one.version && one.version < *to && one.version.major != to.major;
    let between: Vec<Listed> = listed.into_iter().filter(is_between).collect();
    Ok(newest_of_lines(&between, 0))
}

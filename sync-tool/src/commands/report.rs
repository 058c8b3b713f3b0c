//! `report`: what upstream changed between two releases, and what of it concerns the fork.

mod files;

use changes::api::{Api, ApiReport, ChangeKind};
use changes::notes::{ApiCounts, Notes, drafts, notes_between};
use changes::watch::WatchList;
use recipe::error::{Error, Kind, Result};
use recipe::release::{Listed, Release, newest_of_lines};
use semver::Version;
use upstream::Upstream;

use super::context::{Access, Context};
use super::fork_code::fork_code;
use super::pipeline::Pipeline;
use super::project::Project;
use super::radar::{ForkRadar, mark_security};
use super::release::{locked, resolve};
use super::review;
use crate::cli::ReportArgs;
use crate::render;
use crate::report::UpgradeReport;

/// Runs the command.
///
/// # Errors
///
/// Where a release cannot be read, or they are given the wrong way round; those of the disk.
pub(super) fn run(context: &Context<'_>, args: &ReportArgs) -> Result<UpgradeReport> {
    let (read_lock, project) = context.open(Access::ReadBesideWriter)?;
    review::can_be_written(context, &project, &args.review)?;
    // Upstream may take its time.
    drop(read_lock);
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let pin = &project.manifest().fork.pin;
    let from = match &args.from {
        Some(wanted) => resolve(&upstream, wanted)?,
        None => pin.clone(),
    };
    let to = resolve(&upstream, &args.to)?;
    if to <= from {
        let error = Error::new(
            Kind::Usage,
            format!("{to} is not after {from}: a report is of an upgrade"),
        );
        return Err(match to == from {
            true => error.help("name a later release: `--to VERSION`, or `--to latest`"),
            false => error.help(format!(
                "give the earlier one first: `--from {to} --to {from}`"
            )),
        });
    }
    let report = report(&upstream, &project, [&from, &to])?;
    if args.review.is_wanted() {
        let pipeline = Pipeline {
            upstream: &upstream,
            formatter: &context.formatter(),
            patched: project.inputs.patched(),
        };
        let mut page = files::page(context, &project, &pipeline, [&from, &to])?;
        page.chapters = render::chapters(&report);
        review::write(context, &args.review, &page)?;
    }
    Ok(report)
}

fn report(
    upstream: &Upstream<'_>,
    project: &Project,
    [from, to]: [&Version; 2],
) -> Result<UpgradeReport> {
    let read = |version| upstream.release(version, locked(project.lock.as_ref(), version));
    let (old, new) = (read(from)?, read(to)?);
    let api = api(project, &old, &new)?;
    let watch = WatchList::builtin().findings(&old.tree, &new.tree);
    let radar = ForkRadar::of(project, upstream)?.with_commits();
    let mut radar_unknown = Vec::new();
    let mut radar = radar.steps(&old, &new, &mut radar_unknown)?;
    let (notes, notes_unknown) = notes(upstream, [from, to])?;
    mark_security(&mut radar, &notes);
    let count = |kind| api.public.iter().filter(|one| one.change == kind).count();
    let counts = ApiCounts {
        added: count(ChangeKind::Added),
        gone: count(ChangeKind::Gone),
        changed: count(ChangeKind::Changed) + count(ChangeKind::Moved),
        used: api.used.iter().map(|one| one.change.path.clone()).collect(),
    };
    let fork = project.manifest().next_fork_version().to_string();
    Ok(UpgradeReport {
        drafts: drafts(&fork, [from, to], &watch, &counts, &notes),
        from: from.clone(),
        to: to.clone(),
        api,
        watch,
        radar,
        radar_unknown,
        notes,
        notes_unknown,
    })
}

fn api(project: &Project, old: &Release, new: &Release) -> Result<ApiReport> {
    let inherited = recipe::make::inherited;
    let before = Api::of(&old.tree).inheriting(&inherited(old)?);
    let after = Api::after(&new.tree, &before).inheriting(&inherited(new)?);
    let fork = fork_code(project, &old.version);
    Ok(changes::api::report(&before, &after, &fork))
}

/// Reads the release notes of all releases after one and up to another: each line's, at its
/// newest release. Says what could not be read.
pub(super) fn notes(
    upstream: &Upstream<'_>,
    [from, to]: [&Version; 2],
) -> Result<(Notes, Vec<String>)> {
    let listed = upstream.list()?;
    let is_between =
        |one: &&Listed| *from < one.version && one.version <= *to && one.version.pre.is_empty();
    let between: Vec<Listed> = listed.iter().filter(is_between).cloned().collect();
    let mut newest = newest_of_lines(&between, 0);
    if !newest.contains(to) {
        newest.push(to.clone());
    }
    let (mut texts, mut unknown) = (Vec::new(), Vec::new());
    let mut next_steps: Vec<String> = Vec::new();
    for version in &newest {
        match upstream.notes(version) {
            Ok(text) => texts.push((version.to_string(), text)),
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(e) => {
                unknown.push(format!("{version}: {e}"));
                let step = e.hints().first();
                next_steps.extend(step.filter(|step| !next_steps.contains(step)).cloned());
                // The others would wait as long for the same answer.
                if e.is_unreached() {
                    break;
                }
            }
        }
    }
    unknown.append(&mut next_steps);
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let released = between.into_iter().filter(|one| !one.yanked);
    let released: Vec<Version> = released.map(|one| one.version).collect();
    Ok((notes_between(&texts, &released, from, to), unknown))
}

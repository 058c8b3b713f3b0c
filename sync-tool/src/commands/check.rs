//! `check`: is the vendored tree what upstream, manifest and patches give?

use std::collections::{BTreeMap, BTreeSet};

use recipe::drift::{Drift, DriftKind};
use recipe::error::{Error, Fault, Kind, Result};
use recipe::lock::Lock;
use recipe::make::CARGO_TOML;
use recipe::manifest::Versions;
use recipe::patch::Difference;
use recipe::series::StoredSeries;
use recipe::tree::{Entries, TreePath};
use recipe::{drift, lock};

use super::context::{Access, Context, Steps};
use super::install::Installer;
use super::pipeline::Pipeline;
use super::project::Project;
use super::release::locked;
use super::vendored::Vendored;
use super::verified::Verify;
use super::{export, upstream_tests};
use crate::cli::{CheckArgs, SourceArg};
use crate::report::CheckReport;

/// Runs the command.
///
/// # Errors
///
/// Where there is nothing to compare with, or, for `--deep`, upstream is not as
/// locked. Drift is no error here: the report has it.
pub(super) fn run(context: &Context<'_>, args: &CheckArgs) -> Result<CheckReport> {
    asks_upstream(args)?;
    if let Some(dir) = &args.exported {
        return export::check(context, args, dir);
    }
    let (read_lock, project) = context.open(Access::Read)?;
    let lock = project.locked()?;
    let open = context.open_upgrade(&project).ok().flatten();
    let vendored = there(&project).map_err(|e| match open {
        Some(_) => {
            e.help("an upgrade is open: end it first, `wash-wasi-sync conflicts` or `abort`")
        }
        None => e,
    })?;
    drop(read_lock);
    let inputs = drift::of_inputs(lock, &project.inputs);
    let (mut drift, mut causes) = drift::group_converted(project.manifest(), inputs);
    causes.extend(vendored.causes.iter().cloned());
    let cause = |fault: Fault| format!("{}: {}", fault.message, fault.help.unwrap_or_default());
    let mut notes: Vec<String> = causes.into_iter().map(cause).collect();
    if let Err(e) = project.is_of_the_pin() {
        notes.push(format!("{e}: {}", e.hints().join("; ")));
    }
    notes.extend(skipped(lock));
    if let Some(open) = open {
        let to = &open.state.request.to;
        notes.push(format!(
            "the upgrade to upstream {to} is open: `wash-wasi-sync conflicts` lists what is to be decided"
        ));
    }
    let is_of_the_lock = vendored.of_the_lock().is_ok();
    if is_of_the_lock && is_of_another_commit(&project, lock) {
        drift.push(Drift {
            path: lock::FILE.to_owned(),
            what: DriftKind::Generated,
            kind: None,
        });
    }
    let mut edits = vendored.edits.clone();
    if args.deep {
        // What differs from the lock was named already, unless only the deep look sees it.
        let (mut deep, note) = made_again(context, args, &project, &vendored, lock)?;
        deep.retain(|drift| is_of_the_lock || drift.what.is_of_project());
        notes.extend(note);
        together_with(&mut edits, deep);
    }
    drift.extend(edits);
    Ok(CheckReport {
        pinned: Versions {
            fork: lock.tree.version.clone(),
            upstream: lock.upstream.version.clone(),
        },
        path: project.manifest().fork.path.to_string(),
        exported: false,
        files: lock.files.0.len(),
        digest: lock.tree.digest,
        deep: args.deep,
        drift,
        notes,
        differences: differences(project.series_in_use()),
    })
}

/// Adds what a deep look found to what was named already.
pub(super) fn together_with(edits: &mut Vec<Drift>, deep: Vec<Drift>) {
    // The crate and the project may have files of one name.
    let key = |drift: &Drift| (drift.what.is_of_project(), drift.path.clone());
    let named: BTreeSet<_> = edits.iter().map(key).collect();
    edits.extend(deep.into_iter().filter(|d| !named.contains(&key(d))));
    edits.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Fails where a source of upstream is named and would not be asked.
fn asks_upstream(args: &CheckArgs) -> Result<()> {
    let option = match (&args.source.upstream, args.source.source) {
        _ if args.deep => return Ok(()),
        (Some(_), _) => "--upstream",
        (None, SourceArg::Auto) => return Ok(()),
        (None, _) => "--source",
    };
    let message = format!("`{option}` is given, and `check` asks upstream with `--deep` alone");
    Err(Error::new(Kind::Usage, message)
        .help("add `--deep` to compare with upstream, or leave the option out"))
}

/// Tells whether the tree says of itself that it was made from another commit than the
/// lock does: that is known without upstream.
fn is_of_another_commit(project: &Project, lock: &Lock) -> bool {
    let text = std::fs::read_to_string(project.tree_dir().join(CARGO_TOML));
    let said = text.ok().and_then(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("# commit "))?;
        Some(line.trim_end_matches(" of").to_owned())
    });
    match (said, &lock.upstream.commit) {
        (Some(said), Some(locked)) => said != *locked,
        _ => false,
    }
}

/// Returns what stands where the vendored tree belongs.
pub(super) fn there(project: &Project) -> Result<Vendored> {
    let vendored = project.vendored()?;
    if vendored.found.is_some() {
        return Ok(vendored);
    }
    let path = &project.manifest().fork.path;
    Err(
        Error::new(Kind::Drift, format!("there is no vendored tree in {path}"))
            .help("make it: `wash-wasi-sync vendor`"),
    )
}

/// Makes the tree again from the locked release and compares it with what stands
/// there, and lock and documents with what the tool would write.
/// Tells also where it is not known whether the release's tag moved.
fn made_again(
    context: &Context<'_>,
    args: &CheckArgs,
    project: &Project,
    vendored: &Vendored,
    lock: &Lock,
) -> Result<(Vec<Drift>, Option<String>)> {
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let formatter = context.formatter();
    let pipeline = Pipeline {
        upstream: &upstream,
        formatter: &formatter,
        patched: project.inputs.patched(),
    };
    let mut steps = Steps::default();
    let inputs = project.inputs.clone();
    let version = &inputs.manifest.fork.pin.clone();
    let locked = locked(Some(lock), version);
    let ready = pipeline.ready(&inputs.manifest, version, locked, &mut steps)?;
    let unknown = upstream.compare_tag(version, locked)?.map(|why| {
        format!("whether the tag of {version} moved since it was locked is not known: {why}")
    });
    let forked = pipeline.exact(inputs, ready, &mut steps)?;
    let made = forked.made.tree.entries();
    let nothing = Entries::default();
    let found = vendored.entries().unwrap_or(&nothing);
    let (drift, _) = drift::group_converted(project.manifest(), project.edits(&made, found));
    let installer = Installer {
        context,
        project,
        vendored,
        command: "check",
        verify: Verify::Skip("check"),
        check_only: false,
        upstream: None,
        toolchain: None,
        locked: false,
    };
    let written = installer.outdated(&forked, lock)?.into_iter();
    let written = written.map(|path| Drift {
        path: path.as_str().to_owned(),
        what: DriftKind::Generated,
        kind: None,
    });
    Ok((drift.into_iter().chain(written).collect(), unknown))
}

fn skipped(lock: &Lock) -> Vec<String> {
    let is_skipped = |said: &&String| said.starts_with("skipped");
    let all = lock.gates.len();
    let skipped = lock.gates.values().filter(is_skipped).count();
    let upstreams = lock.gates.get(upstream_tests::KEY).filter(is_skipped);
    match (skipped, upstreams) {
        (0, _) => return Vec::new(),
        (1, Some(said)) => {
            return vec![format!(
                "upstream's own tests did not run on the tree ({said}); to run them: `wash-wasi-sync vendor --verify`, with upstream from git"
            )];
        }
        _ => {}
    }
    vec![format!(
        "{skipped} of {all} gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`"
    )]
}

/// Returns the intentional differences of a series, by file.
pub(super) fn differences(series: Option<&StoredSeries>) -> BTreeMap<TreePath, Vec<Difference>> {
    let mut differences: BTreeMap<TreePath, Vec<Difference>> = BTreeMap::new();
    for (path, difference) in series.into_iter().flat_map(StoredSeries::differences) {
        differences
            .entry(path.clone())
            .or_default()
            .push(difference.clone());
    }
    differences
}

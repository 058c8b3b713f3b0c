//! `refresh`: edits of the vendored tree go back to where their files come from.

use std::collections::BTreeMap;

use gates::diagnosis::Trees;
use host::disk::Found;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::make::{CARGO_LOCK, CARGO_TOML};
use recipe::manifest::SERIES_LIMIT;
use recipe::patch::Difference;
use recipe::refresh::RefreshOptions;
use recipe::series::Inputs;
use recipe::tree::{Tree, TreePath};
use recipe::{drift, refresh};

use super::context::{Access, Context, Steps};
use super::install::Installer;
use super::pipeline::{ForkBuild, Pipeline};
use super::project::{Files, Project, project_path};
use super::release::locked;
use super::upstream_tests::UpstreamTests;
use super::vendored::Vendored;
use super::verified::{Verified, Verify};
use crate::cli::RefreshArgs;
use crate::report::RefreshReport;
use crate::stage::{Change, Committed, WriteLock};

/// Runs the command.
///
/// # Errors
///
/// All edits that cannot be kept, by name; nothing is written then.
pub(super) fn run(context: &Context<'_>, args: &RefreshArgs) -> Result<RefreshReport> {
    let (lock, project) = context.open(Access::unless_dry(args.dry_run))?;
    let options = options(args)?;
    project.is_of_the_pin()?;
    project.not_converted()?;
    let vendored = project.vendored()?;
    vendored.of_the_lock()?;
    vendored.not_converted()?;
    project.lock_is_of_here(&vendored)?;
    let edited = project.vendored_tree()?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let formatter = context.formatter();
    let pipeline = Pipeline {
        upstream: &upstream,
        formatter: &formatter,
        patched: project.inputs.patched(),
    };
    let mut steps = Steps::default();
    let before = make(&pipeline, &project, project.inputs.clone(), &mut steps)?;
    no_newer_inputs(&project, &before.made.tree, &edited)?;
    let outcome = refresh::refresh(&before.inputs, as_made(&before), &edited, &options)?;
    let inputs = project.inputs_with(&outcome.files)?;
    let after = make(&pipeline, &project, inputs, &mut steps)?;
    let following = following(&before.made.tree, &after.made.tree, &edited)?;
    let installer = Installer {
        context,
        project: &project,
        vendored: &Vendored::default(),
        command: "refresh",
        verify: Verify::Skip("refresh"),
        check_only: false,
        upstream: None,
        toolchain: None,
        locked: false,
    };
    let mut files = outcome.files;
    files.extend(installer.texts(&after)?);
    let written = files
        .keys()
        .cloned()
        .chain(in_project(&project, &following)?);
    let has_patch = outcome.edits.iter().any(|edit| edit.patch.is_some());
    let series = after.report.as_ref().filter(|_| has_patch);
    let report = RefreshReport {
        edits: outcome.edits,
        written: written.collect(),
        dry_run: args.dry_run,
        delta: series.map(|series| series.delta),
        budget: series.map_or(SERIES_LIMIT, |series| series.budget),
    };
    if let Some(series) = series.filter(|series| series.delta.total() > series.budget) {
        context.host.status.warn(&format!(
            "the patches of {} change {} lines, more than the {} that they may: move code into fork-owned files, and keep in the patches only what leads to it",
            series.dir,
            series.delta.total(),
            series.budget
        ));
    }
    if let Some(write_lock) = lock.write_lock().filter(|_| !report.written.is_empty()) {
        let made = (!following.is_empty()).then_some(&after);
        context.warn_of(commit(&installer, write_lock, &edited, made, files)?);
    }
    Ok(report)
}

/// Fails where inputs were changed since the tree was made: what the tree has in their place
/// is then older, and no edit, and would be written over them.
fn no_newer_inputs(project: &Project, made: &Tree, edited: &Tree) -> Result<()> {
    let Some(lock) = &project.lock else {
        return Ok(());
    };
    let (made, there) = (made.entries(), edited.entries());
    let newer = drift::compare(&lock.files, &made);
    let newer: Vec<&TreePath> = newer
        .iter()
        .map(|(path, _)| path)
        .filter(|path| made.0.get(*path) != there.0.get(*path))
        .collect();
    if newer.is_empty() {
        return Ok(());
    }
    let inputs = drift::of_inputs(lock, &project.inputs).into_iter();
    let mut faults: Vec<Fault> = inputs
        .map(|input| Fault::new(input.what.description()).at(Location::file(input.path)))
        .collect();
    if faults.is_empty() {
        let file = |path: &&TreePath| {
            Fault::new("is made otherwise now").at(Location::file(path.as_str()))
        };
        faults = newer.iter().map(file).collect();
    }
    let message = "inputs were changed since the tree was made, and `refresh` would undo that";
    Err(Error::faults(Kind::Drift, message, faults)
        .help("where the tree has no edits to keep: `wash-wasi-sync vendor --discard-edits`")
        .help("else put the inputs' changes aside (`git stash`), `wash-wasi-sync refresh`, and bring them back"))
}

fn make(
    pipeline: &Pipeline<'_>,
    project: &Project,
    inputs: Inputs,
    steps: &mut Steps,
) -> Result<ForkBuild> {
    let pin = inputs.manifest.fork.pin.clone();
    let locked = locked(project.lock.as_ref(), &pin);
    let ready = pipeline.ready(&inputs.manifest, &pin, locked, steps)?;
    pipeline.exact(inputs, ready, steps)
}

fn as_made(forked: &ForkBuild) -> refresh::Baseline<'_> {
    refresh::Baseline {
        tree: &forked.made.tree,
        prepared: &forked.ready.prepared.tree,
        upstream: &forked.ready.release.tree,
        series: forked.series.as_ref(),
    }
}

fn options(args: &RefreshArgs) -> Result<RefreshOptions> {
    let mut faults = Vec::new();
    let mut as_patch = Vec::new();
    for text in &args.as_patch {
        match TreePath::new(text) {
            Ok(path) => as_patch.push(path),
            Err(e) => faults.push(Fault::new(e.to_string())),
        }
    }
    let mut differences: BTreeMap<TreePath, Vec<Difference>> = BTreeMap::new();
    for given in args.difference.chunks_exact(3) {
        match TreePath::new(&given[0]) {
            Ok(path) => {
                let difference = Difference::new(&given[1], &given[2]);
                differences.entry(path).or_default().push(difference);
            }
            Err(e) => faults.push(Fault::new(e.to_string())),
        }
    }
    if !faults.is_empty() {
        return Err(Error::faults(
            Kind::Usage,
            "`--as-patch` or `--difference` does not name a file of the crate",
            faults,
        ));
    }
    let sole = args.change.as_ref().zip(args.reason.as_ref());
    Ok(RefreshOptions {
        as_patch,
        sole: sole.map(|(change, reason)| Difference::new(change, reason)),
        differences,
        series_only: args.series_only,
    })
}

/// Makes sure that what is stored gives the very bytes that were edited. Returns
/// the generated files that follow from it: `Cargo.toml` names what is patched and
/// added.
fn following(before: &Tree, after: &Tree, edited: &Tree) -> Result<Vec<TreePath>> {
    let differing = drift::compare(&edited.entries(), &after.entries());
    let follows = |path: &TreePath| {
        let name = path.as_str();
        let is_generated = name == CARGO_TOML || name == CARGO_LOCK;
        is_generated && before.get(name) == edited.get(name)
    };
    let (following, lost): (Vec<TreePath>, Vec<TreePath>) = differing
        .into_iter()
        .map(|(path, _)| path)
        .partition(follows);
    if lost.is_empty() {
        return Ok(following);
    }
    let fault = |path: &TreePath| {
        Fault::new("what would be stored does not give the edit back")
            .at(Location::file(path.as_str()))
    };
    let faults = lost.iter().map(fault).collect();
    Err(Error::faults(Kind::General, "nothing was stored", faults)
        .help("report it, with the edit: it is a fault of the tool"))
}

/// Returns files of the crate as paths of the project.
fn in_project(project: &Project, paths: &[TreePath]) -> Result<Vec<TreePath>> {
    let dir = &project.manifest().fork.path;
    let below = |path: &TreePath| project_path(&format!("{dir}/{path}"));
    paths.iter().map(below).collect()
}

/// Stores the edits, and puts the tree in place where generated files follow from them.
fn commit(
    installer: &Installer<'_, '_>,
    write_lock: &WriteLock,
    edited: &Tree,
    made: Option<&ForkBuild>,
    files: Files,
) -> Result<Committed> {
    let Some(made) = made else {
        let committed = write_lock.commit_files(installer.project.change(files))?;
        write_lock.record_edited(&edited.entries())?;
        return Ok(committed);
    };
    let tree = &made.made.tree;
    let stage = write_lock.stage(tree, installer.context.host.interrupt())?;
    let cargo = installer.cargo()?;
    let verified = Verified::of(
        stage,
        made,
        Trees {
            old: Some(edited),
            new: Some(tree),
            upstream: Some(&made.ready.release.tree),
        },
        installer.verify,
        // As the other gates.
        &UpstreamTests::Skip("refresh"),
        &cargo,
        installer.context,
    )?;
    let committed = verified.commit(Change {
        destination: Some(installer.project.manifest().fork.path.clone()),
        expected: Found {
            entries: edited.entries(),
            strays: Vec::new(),
        },
        ..installer.project.change(files)
    })?;
    write_lock.record_edited(&tree.entries())?;
    Ok(committed)
}

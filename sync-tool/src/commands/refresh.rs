//! `refresh`: edits of the vendored tree go back to where their files come from.

use std::collections::BTreeMap;

use super::context::{Context, Steps};
use super::making::{Forked, Making};
use super::place::Placing;
use super::project::{Project, Vendored, read_manifest};
use super::upgrade::locked;
use super::verified::Verify;
use crate::cli::RefreshArgs;
use crate::core::drift;
use crate::core::patch::Difference;
use crate::core::refresh::{self, Wishes};
use crate::core::report::RefreshReport;
use crate::core::series::Inputs;
use crate::core::tree::{Tree, TreePath};
use crate::error::{Error, Fault, Kind, Place, Result};
use crate::ports::stage::{Change, Turn};

/// Runs the command.
///
/// # Errors
///
/// All edits that cannot be kept, by name; nothing is written then.
pub fn run(context: &Context<'_>, args: &RefreshArgs) -> Result<RefreshReport> {
    let manifest = read_manifest(&context.root)?;
    let hold = context.hold(&manifest, args.dry_run)?;
    // A killed run may just have been finished: what it wrote counts.
    let project = Project::load(&context.root, read_manifest(&context.root)?)?;
    let edited = project.vendored_tree()?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let formatter = context.formatter();
    let making = Making {
        upstream: &upstream,
        formatter: &formatter,
    };
    let mut steps = Steps::default();
    let before = make(&making, &project, project.inputs.clone(), &mut steps)?;
    let outcome = refresh::refresh(&before.inputs, as_made(&before), &edited, &wishes(args)?)?;
    let inputs = with_changes(&project, &outcome.files, outcome.manifest)?;
    let after = make(&making, &project, inputs, &mut steps)?;
    gives_the_edit(&after.made.tree, &edited)?;
    let report = RefreshReport {
        edits: outcome.edits,
        written: outcome.files.keys().cloned().collect(),
        dry_run: args.dry_run,
    };
    if let Some(turn) = hold.turn() {
        commit(context, turn, &project, after, outcome.files, steps)?;
    }
    Ok(report)
}

fn make(
    making: &Making<'_>,
    project: &Project,
    inputs: Inputs,
    steps: &mut Steps,
) -> Result<Forked> {
    let pin = inputs.manifest.fork.pin.clone();
    let locked = locked(project.lock.as_ref(), &pin);
    let ready = making.ready(&inputs.manifest, &pin, locked, steps)?;
    making.exact(inputs, ready, steps)
}

fn as_made(forked: &Forked) -> refresh::Made<'_> {
    refresh::Made {
        tree: &forked.made.tree,
        prepared: &forked.ready.prepared.tree,
        upstream: &forked.ready.release.tree,
        series: forked.series.as_ref(),
    }
}

fn wishes(args: &RefreshArgs) -> Result<Wishes> {
    let mut faults = Vec::new();
    let mut as_patch = Vec::new();
    for text in &args.as_patch {
        match TreePath::new(text) {
            Ok(path) => as_patch.push(path),
            Err(e) => faults.push(Fault::new(e.to_string())),
        }
    }
    if !faults.is_empty() {
        return Err(Error::faults(
            Kind::Usage,
            "`--as-patch` names no file of the crate",
            faults,
        ));
    }
    let difference = args.change.as_ref().zip(args.reason.as_ref());
    Ok(Wishes {
        as_patch,
        difference: difference.map(|(change, reason)| Difference::new(change, reason)),
        series_only: args.series_only,
    })
}

/// Reads the project's inputs as they will be.
fn with_changes(
    project: &Project,
    files: &BTreeMap<TreePath, Option<Vec<u8>>>,
    manifest: crate::core::manifest::Manifest,
) -> Result<Inputs> {
    let read = |dir: &TreePath| {
        let path = dir.below(&project.root);
        let mut tree = if path.exists() {
            crate::ports::disk::read_tree(&path)?
        } else {
            Tree::new()
        };
        let prefix = format!("{dir}/");
        for (path, bytes) in files {
            let Some(inner) = path.as_str().strip_prefix(&prefix) else {
                continue;
            };
            let inner = TreePath::new(inner).map_err(|e| Error::general(e.to_string()))?;
            match bytes {
                Some(bytes) => {
                    tree.insert(inner, crate::core::tree::File::regular(bytes.as_slice()));
                }
                None => {
                    tree.remove(inner.as_str());
                }
            }
        }
        Ok(tree)
    };
    Inputs::load(manifest, read)
}

/// Makes sure that what is stored gives the very bytes that were edited.
fn gives_the_edit(made: &Tree, edited: &Tree) -> Result<()> {
    let differing = drift::between(&edited.entries(), &made.entries());
    if differing.is_empty() {
        return Ok(());
    }
    let fault = |(path, _): &(TreePath, drift::What)| {
        Fault::new("what would be stored does not give the edit back")
            .at(Place::file(path.as_str()))
    };
    let faults = differing.iter().map(fault).collect();
    Err(Error::faults(Kind::General, "nothing was stored", faults)
        .help("report it, with the edit: it is a fault of the tool"))
}

fn commit(
    context: &Context<'_>,
    turn: &Turn,
    project: &Project,
    forked: Forked,
    mut files: BTreeMap<TreePath, Option<Vec<u8>>>,
    steps: Steps,
) -> Result<()> {
    let vendored = Vendored::default();
    let placing = Placing {
        context,
        project,
        vendored: &vendored,
        command: "refresh",
        verify: Verify::Skip("refresh"),
        toolchain: None,
        locked: false,
    };
    let _ = steps;
    files.extend(placing.texts(&forked)?);
    if files.is_empty() {
        return Ok(());
    }
    turn.commit_files(Change {
        files,
        ..Change::default()
    })
}

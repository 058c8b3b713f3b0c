//! From a made tree to a committed one. The vendored tree is committed as a [`Verified`]
//! alone, whose gates ran or were skipped on purpose.

use std::collections::BTreeMap;
use std::path::Path;

use gates::cargo::Cargo;
use gates::diagnosis::Trees;
use gates::gate::{CrateManifest, Gate, GateReport, GateResult, Gates, failures};
use gates::suite::{ControlRuns, ForkTests, Judge, StaleExpectation};
use host::disk;
use recipe::error::{Error, Result};
use recipe::make::{CARGO_LOCK, CARGO_TOML};
use recipe::manifest::Manifest;
use recipe::tree::{File, Tree, TreePath};

use super::context::Context;
use super::pipeline::ForkBuild;
use super::upstream_tests::{self, UpstreamTests};
use crate::stage::{Change, Committed, Stage};

/// What whoever fixes what a gate found does next.
pub(super) const AGAIN: &str = "nothing was changed; fix it, then run the same command again";

/// Whether the gates are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify<'a> {
    /// All of them.
    All,
    /// None, for this reason; the lock records it.
    Skip(&'a str),
}

/// A staged tree whose gates ran, or were skipped on purpose.
pub(super) struct Verified<'t> {
    stage: Stage<'t>,
    /// What the gates said.
    pub gates: Vec<GateReport>,
}

impl<'t> Verified<'t> {
    /// Runs the gates on a staged tree. What fails is explained by these trees: the one
    /// that was there before, the staged one, and upstream's.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Verification`] where a gate fails; the stage is gone then.
    pub(super) fn of(
        stage: Stage<'t>,
        forked: &ForkBuild,
        trees: Trees<'_>,
        verify: Verify<'_>,
        upstream_tests: &UpstreamTests<'_, '_>,
        cargo: &Cargo<'_>,
        context: &Context<'_>,
    ) -> Result<Self> {
        let tree = &forked.made.tree;
        let gates = gates(tree)?;
        let expected = upstream_tests::expected(&forked.inputs.manifest);
        let judge = Judge {
            expected: &expected,
            release: &forked.ready.release.version,
            own: &ForkTests::default(),
            package_dir: "",
        };
        let is_broken = |result: &GateResult| !result.passed() && !result.tests_fail();
        let mut reports = Vec::new();
        let mut results: Vec<GateResult> = Vec::new();
        for gate in &gates.gates {
            let (said, milliseconds) = match verify {
                Verify::Skip(why) => (format!("skipped: {why}"), 0),
                // What does not build has no tests to run.
                Verify::All if gate.tests && results.iter().any(is_broken) => break,
                Verify::All => {
                    let result = judged(stage.dir(), forked, gate, &judge, cargo, context)?;
                    let said = (result.said(), result.milliseconds());
                    results.push(result);
                    said
                }
            };
            reports.push(GateReport {
                gate: gate.key.clone(),
                title: gate.title.clone(),
                said,
                milliseconds,
            });
        }
        if let Some(error) = failures(&results, &stale(&judge, &results), trees) {
            return Err(error.help(AGAIN));
        }
        reports.push(match verify {
            Verify::Skip(why) => upstream_tests::skipped(why),
            Verify::All => upstream_tests.gate(tree, trees, cargo, context)?,
        });
        reports.extend(gates.absent.into_iter().map(|absent| GateReport {
            title: absent.key.clone(),
            gate: absent.key,
            said: format!("absent: {}", absent.why),
            milliseconds: 0,
        }));
        Ok(Verified {
            stage,
            gates: reports,
        })
    }

    /// Returns what the lock keeps where the gates are skipped.
    ///
    /// # Errors
    ///
    /// Where the tree's manifest cannot be read.
    pub(super) fn skipped(tree: &Tree, verify: Verify<'_>) -> Result<BTreeMap<String, String>> {
        let why = match verify {
            Verify::Skip(why) => why,
            Verify::All => "not run yet",
        };
        let gates = gates(tree)?.gates;
        Ok(gates
            .into_iter()
            .map(|gate| gate.key)
            .chain([upstream_tests::KEY.to_owned()])
            .map(|key| (key, format!("skipped: {why}")))
            .collect())
    }

    /// Returns what the lock keeps of the gates.
    pub(super) fn said(&self) -> BTreeMap<String, String> {
        let each = self.gates.iter();
        each.map(|gate| (gate.gate.clone(), gate.said.clone()))
            .collect()
    }

    /// Puts the tree and the project's files in place.
    ///
    /// # Errors
    ///
    /// Those of the disk; nothing is changed then, or the next run finishes it.
    pub(super) fn commit(self, change: Change) -> Result<Committed> {
        self.stage.commit(change)
    }
}

/// Lets cargo check every target of a staged tree: that patches apply exactly says
/// nothing of whether what they give compiles.
///
/// # Errors
///
/// [`recipe::Kind::Verification`] where it does not compile.
pub(super) fn checked(
    stage: &Stage<'_>,
    tree: &Tree,
    trees: Trees<'_>,
    cargo: &Cargo<'_>,
    context: &Context<'_>,
) -> Result<GateReport> {
    let gate = Gates::check(&manifest(tree)?);
    let result = cargo.run(stage.dir(), &gate)?;
    note(&result, context);
    let report = GateReport {
        gate: result.key.clone(),
        title: result.title.clone(),
        said: result.said(),
        milliseconds: result.milliseconds(),
    };
    match failures(&[result], &[], trees) {
        Some(error) => Err(error.help("nothing was changed: this was a dry run")),
        None => Ok(report),
    }
}

/// Returns the expectations that do not hold. A name without a target may be that of a
/// test of upstream's that needs its workspace; whether there is one, that gate tells.
fn stale(judge: &Judge<'_>, results: &[GateResult]) -> Vec<StaleExpectation> {
    if results.is_empty() {
        // Gates that are skipped say nothing of what is expected of them.
        return Vec::new();
    }
    let ids = results.iter().flat_map(|result| &result.runs);
    let ids = ids.map(|run| &run.id);
    judge.stale(ids.clone(), |name| {
        let target = name.split_once(' ').map(|(target, _)| target);
        target.is_some_and(|target| ids.clone().any(|id| id.target.shown() == target))
    })
}

/// Runs a gate and judges its tests, those that fail beside upstream's crate.
fn judged(
    dir: &Path,
    forked: &ForkBuild,
    gate: &Gate,
    judge: &Judge<'_>,
    cargo: &Cargo<'_>,
    context: &Context<'_>,
) -> Result<GateResult> {
    let result = cargo.run(dir, gate)?;
    let mut found = ControlRuns::default();
    if result.wants_control(gate, judge) {
        found.add(&control(forked, gate, cargo, context)?.runs, "");
    }
    let result = result.judged(judge, &found);
    note(&result, context);
    Ok(result)
}

/// Runs a gate without the fork's changes of upstream's files: what fails there too is
/// the machine's doing.
fn control(
    forked: &ForkBuild,
    gate: &Gate,
    cargo: &Cargo<'_>,
    context: &Context<'_>,
) -> Result<GateResult> {
    let mut tree = forked.made.tree.clone();
    let upstreams = forked.ready.prepared.tree.iter();
    for (path, file) in upstreams.filter(|(path, _)| path.as_str() != CARGO_TOML) {
        if tree.get(path.as_str()).is_some() {
            tree.insert(path.clone(), file.clone());
        }
    }
    set_apart(&mut tree, &forked.inputs.manifest);
    let dir = disk::temporary()?;
    disk::write_tree(dir.path(), &tree)?;
    let gate = Gate {
        key: format!("{}-control", gate.key),
        title: format!("{} with upstream's crate", gate.title),
        ..gate.clone()
    };
    let result = cargo.run(dir.path(), &gate)?;
    note(&result, context);
    Ok(result)
}

/// Gives the crate another version. Cargo takes two copies of a package for one, wherever
/// they are, and would give what was built of this one to the next run of the gates.
fn set_apart(tree: &mut Tree, manifest: &Manifest) {
    let (name, version) = (&manifest.fork.name, &manifest.fork.version);
    let joint = if version.build.is_empty() { '+' } else { '.' };
    let line = |end: &str| format!("\nversion = \"{version}{end}\"\n");
    let (old, new) = (line(""), line(&format!("{joint}without-changes")));
    let of_lock = format!("\nname = \"{name}\"");
    for (path, before) in [(CARGO_TOML, ""), (CARGO_LOCK, &*of_lock)] {
        let text = tree.get(path).and_then(File::text);
        let text =
            text.map(|t| t.replacen(&format!("{before}{old}"), &format!("{before}{new}"), 1));
        if let (Some(text), Ok(path)) = (text, TreePath::new(path)) {
            tree.insert(path, File::regular(text.as_bytes()));
        }
    }
}

fn note(result: &GateResult, context: &Context<'_>) {
    let status = &context.host.status;
    status.note(&format!("{}: {}", result.title, result.said()));
}

fn gates(tree: &Tree) -> Result<Gates> {
    Ok(Gates::of(&manifest(tree)?))
}

fn manifest(tree: &Tree) -> Result<CrateManifest> {
    let text = tree.get(CARGO_TOML).and_then(File::text);
    let text = text.ok_or_else(|| Error::general("the made tree has no Cargo.toml"))?;
    CrateManifest::parse(CARGO_TOML, text)
}

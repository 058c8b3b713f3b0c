//! The pipeline up to a made tree: one for every command that needs one.

use std::collections::BTreeMap;

use semver::Version;

use super::context::Steps;
use crate::core::cargo_toml::Inherited;
use crate::core::make::{self, Made, Parts};
use crate::core::manifest::Manifest;
use crate::core::patch::Delta;
use crate::core::plan::Plan;
use crate::core::prepare::{Prepared, prepare};
use crate::core::release::Release;
use crate::core::report::{DELTA_BUDGET, PatchReport, SeriesReport};
use crate::core::series::{self, Applied, Choice, Conflict, Fit, Inputs, Misfit, Stored};
use crate::core::tree::TreePath;
use crate::error::{Error, Result};
use crate::ports::rustfmt::Rustfmt;
use crate::ports::upstream::{Locked, Upstream};

/// Makes trees of upstream releases.
pub struct Making<'a> {
    /// Where releases come from.
    pub upstream: &'a Upstream<'a>,
    /// What formats.
    pub formatter: &'a Rustfmt<'a>,
}

/// A release in the fork's names, before any patch.
pub struct Ready {
    /// The release.
    pub release: Release,
    /// What its manifest inherits.
    pub inherited: Inherited,
    /// Its prepared files.
    pub prepared: Prepared,
}

/// A made tree and all that it came from.
pub struct Forked {
    /// The release.
    pub ready: Ready,
    /// What people wrote, and what a merge added to it.
    pub inputs: Inputs,
    /// The base of the series that serves the release.
    pub series: Option<Version>,
    /// What became of the series.
    pub report: Option<SeriesReport>,
    /// The tree.
    pub made: Made,
}

/// What making a tree came to, where merging is allowed.
pub enum Outcome {
    /// There is a tree.
    Made(Box<Forked>),
    /// Changes contradict each other.
    Conflicts(Box<Ready>, Vec<Conflict>),
}

impl Making<'_> {
    /// Reads a release and prepares it.
    ///
    /// # Errors
    ///
    /// Those of the source, the rules and the formatter.
    pub fn ready(
        &self,
        manifest: &Manifest,
        version: &Version,
        locked: Locked<'_>,
        steps: &mut Steps,
    ) -> Result<Ready> {
        let release = steps.time("fetch", || self.upstream.release(version, locked))?;
        steps.time("prepare", || self.prepared(manifest, release))
    }

    fn prepared(&self, manifest: &Manifest, release: Release) -> Result<Ready> {
        // The registry's package has a copy of such files, which no rule names.
        make::check_paths(&release, manifest)?;
        let plan = Plan::of(manifest, &release.tree)?;
        let inherited = make::inherited(&release)?;
        let edition = inherited.edition.as_str();
        let prepared = prepare(&release.tree, &plan, manifest, edition, self.formatter)?;
        Ok(Ready {
            release,
            inherited,
            prepared,
        })
    }

    /// Makes the tree of a release whose patches must apply exactly.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Conflicts`] with every hunk that does not apply; those of [`make::make`].
    pub fn exact(&self, inputs: Inputs, ready: Ready, steps: &mut Steps) -> Result<Forked> {
        let version = ready.release.version.clone();
        let (stored, fit) = match series::choose(&inputs.series, &version, &ready.prepared.tree) {
            Choice::None => (None, Fit::default()),
            Choice::Exact(stored, fit) => (Some(stored.clone()), fit),
            Choice::Merge(_, misfits) => return Err(Misfit::error(&misfits, &version)),
        };
        let report = stored.as_ref().map(|stored| told(stored, &fit.applied));
        let texts = fit
            .applied
            .into_iter()
            .map(|(path, a)| (path, a.text))
            .collect();
        steps.time("make", || {
            forked(inputs, ready, stored.as_ref(), &texts, report)
        })
    }

    /// Makes the tree of a release, merging patches that do not apply exactly;
    /// what came of that is a series more.
    ///
    /// # Errors
    ///
    /// Where the series to start from is broken at its own base; those of [`make::make`].
    pub fn merged(&self, inputs: Inputs, ready: Ready, steps: &mut Steps) -> Result<Outcome> {
        let version = ready.release.version.clone();
        let choice = series::choose(&inputs.series, &version, &ready.prepared.tree);
        let Choice::Merge(start, _) = choice else {
            return Ok(Outcome::Made(Box::new(self.exact(inputs, ready, steps)?)));
        };
        let start = start.clone();
        let base = self.ready(&inputs.manifest, &start.base, Locked::default(), steps)?;
        let theirs = &ready.prepared.tree;
        let carried = steps.time("merge", || {
            series::carry(&start, &base.prepared.tree, &version, theirs)
        })?;
        if !carried.conflicts.is_empty() {
            return Ok(Outcome::Conflicts(Box::new(ready), carried.conflicts));
        }
        let dir = TreePath::new(&format!("patches/v{version}"))
            .map_err(|e| Error::general(e.to_string()))?;
        let stored = carried.stored(&start, &version, &dir, theirs)?;
        let mut report = told(&stored, &BTreeMap::new());
        report.base = start.base.clone();
        report.dir = start.dir.clone();
        report.stored_as = Some(dir.clone());
        for patch in &mut report.patches {
            patch.merged = carried.merged.contains(&patch.path);
        }
        let mut inputs = inputs;
        inputs.manifest = inputs.manifest.with_series(&version, &dir)?;
        inputs.series.push(stored.clone());
        inputs.series.sort_by(|a, b| a.base.cmp(&b.base));
        let texts = &carried.texts;
        let forked = steps.time("make", || {
            forked(inputs, ready, Some(&stored), texts, Some(report))
        })?;
        Ok(Outcome::Made(Box::new(forked)))
    }
}

fn forked(
    inputs: Inputs,
    ready: Ready,
    stored: Option<&Stored>,
    texts: &BTreeMap<TreePath, String>,
    report: Option<SeriesReport>,
) -> Result<Forked> {
    let parts = Parts {
        release: &ready.release,
        prepared: &ready.prepared.tree,
        patched: texts,
        series: stored,
        inputs: &inputs,
    };
    let made = make::make(parts, &ready.inherited)?;
    Ok(Forked {
        series: stored.map(|stored| stored.base.clone()),
        ready,
        inputs,
        report,
        made,
    })
}

fn told(stored: &Stored, applied: &BTreeMap<TreePath, Applied>) -> SeriesReport {
    let patches = stored.patches.iter().map(|(path, patch)| PatchReport {
        path: path.clone(),
        merged: false,
        moved: applied.get(path).map(moved).unwrap_or_default(),
        delta: patch.patch.delta(),
    });
    let patches: Vec<PatchReport> = patches.collect();
    SeriesReport {
        base: stored.base.clone(),
        dir: stored.dir.clone(),
        stored_as: None,
        delta: patches.iter().map(|p| p.delta).sum::<Delta>(),
        patches,
        budget: DELTA_BUDGET,
    }
}

/// Says which hunks stand elsewhere than their header says.
fn moved(applied: &Applied) -> Vec<String> {
    let moved = applied.places.iter().filter(|place| place.offset() != 0);
    moved.map(ToString::to_string).collect()
}

//! The pipeline up to a made tree: one for every command that needs one.

use std::collections::{BTreeMap, BTreeSet};

use host::parallel;
use recipe::cargo_toml::Inherited;
use recipe::error::{Error, Result};
use recipe::format::Formatter;
use recipe::make::{BuiltTree, TreeParts};
use recipe::manifest::Manifest;
use recipe::patch::{Applied, Delta};
use recipe::plan::Plan;
use recipe::prepare::{Prepared, prepare};
use recipe::release::Release;
use recipe::series::{
    AppliedSeries, Choice, Inputs, Rebase, Rebased, RebasedFile, RejectedPatch, Resolutions,
    StoredPatch, StoredSeries, Texts,
};
use recipe::tree::{Tree, TreePath};
use recipe::{make, series};
use semver::Version;
use upstream::{Locked, Upstream};

use super::context::Steps;
use crate::report::{MergeReport, PatchReport, SeriesReport};
use crate::rustfmt::Rustfmt;

/// Makes trees of upstream releases.
pub(super) struct Pipeline<'a> {
    /// Where releases come from.
    pub upstream: &'a Upstream<'a>,
    /// What formats.
    pub formatter: &'a Rustfmt<'a>,
    /// The files that stored patches change.
    pub patched: BTreeSet<TreePath>,
}

/// What a merge may use beside the inputs.
pub(super) struct Merging<'a> {
    /// The release that the fork comes from, with what the lock has of it.
    pub pin: (&'a Version, Locked<'a>),
    /// Releases on the way, ascending: the series is brought to each in turn.
    pub through: &'a [Version],
    /// What was decided about conflicts.
    pub resolutions: &'a Resolutions,
}

/// A release in the fork's names, before any patch.
#[derive(Clone)]
pub(super) struct PreparedRelease {
    /// The release.
    pub release: Release,
    /// What its manifest inherits.
    pub inherited: Inherited,
    /// Its prepared files.
    pub prepared: Prepared,
}

/// A made tree and all that it came from.
pub(super) struct ForkBuild {
    /// The release.
    pub ready: PreparedRelease,
    /// What people wrote, and what a merge added to it.
    pub inputs: Inputs,
    /// The base of the series that serves the release.
    pub series: Option<Version>,
    /// What became of the series.
    pub report: Option<SeriesReport>,
    /// The files that were brought here from another release, with the texts that met.
    pub rebased: BTreeMap<TreePath, RebasedFile>,
    /// The tree.
    pub made: BuiltTree,
}

/// What making a tree came to, where merging is allowed.
pub(super) enum Outcome {
    /// There is a tree.
    Made(Box<ForkBuild>),
    /// Changes contradict each other, at this release or one on the way.
    Conflicts(Box<PreparedRelease>, Box<Rebased>),
}

impl ForkBuild {
    /// Returns the patched files of a tree whose patches all apply, for review.
    pub(super) fn exact_files(&self) -> BTreeMap<TreePath, RebasedFile> {
        let series = self
            .series
            .as_ref()
            .and_then(|base| self.inputs.series_of(base));
        let patches = series.into_iter().flat_map(|stored| &stored.patches);
        let file = |(path, stored): (&TreePath, &StoredPatch)| {
            let text = |tree: &Tree| Some(tree.get(path.as_str())?.text()?.to_owned());
            let theirs = text(&self.ready.prepared.tree)?;
            let ours = text(&self.made.tree)?;
            let file = RebasedFile {
                sources: vec![path.clone()],
                text: ours.clone(),
                merged: None,
                texts: Texts {
                    base: theirs.clone(),
                    ours,
                    theirs: Some(theirs),
                },
                patch: stored.file.clone(),
                differences: stored.patch.differences.clone(),
            };
            Some((path.clone(), file))
        };
        patches.filter_map(file).collect()
    }
}

impl Pipeline<'_> {
    /// Reads a release and prepares it.
    ///
    /// # Errors
    ///
    /// Those of the source, the rules and the formatter.
    pub(super) fn ready(
        &self,
        manifest: &Manifest,
        version: &Version,
        locked: Locked<'_>,
        steps: &mut Steps,
    ) -> Result<PreparedRelease> {
        let fetch = || steps.time("fetch", || self.upstream.release(version, locked));
        let ((), release) = parallel::both(|| self.formatter.look_ahead(), fetch);
        let release = release?;
        steps.time("prepare", || self.prepared(manifest, release))
    }

    /// Prepares a release that was read.
    ///
    /// # Errors
    ///
    /// Those of the rules and the formatter.
    pub(super) fn prepared(
        &self,
        manifest: &Manifest,
        release: Release,
    ) -> Result<PreparedRelease> {
        // The registry's package has a copy of such files, which no rule names.
        make::check_paths(&release, manifest)?;
        let plan = Plan::of(manifest, &release.tree, &self.patched)?;
        let inherited = make::inherited(&release)?;
        let edition = inherited.edition.as_str();
        let prepared = prepare(&release.tree, &plan, manifest, edition, self.formatter)?;
        Ok(PreparedRelease {
            release,
            inherited,
            prepared,
        })
    }

    /// Makes the tree of a release whose patches must apply exactly.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Conflicts`] with every hunk that does not apply; those of [`make::make`].
    pub(super) fn exact(
        &self,
        inputs: Inputs,
        ready: PreparedRelease,
        steps: &mut Steps,
    ) -> Result<ForkBuild> {
        steps.time("make", || exact(inputs, ready))
    }

    /// Makes the tree of a release, merging patches that do not apply exactly; what
    /// came of that is a series more, and the tree is made from that series.
    ///
    /// # Errors
    ///
    /// Where the series to start from is broken at its own base; those of [`make::make`].
    pub(super) fn merged(
        &self,
        mut inputs: Inputs,
        ready: PreparedRelease,
        with: &Merging<'_>,
        steps: &mut Steps,
    ) -> Result<Outcome> {
        let version = ready.release.version.clone();
        let theirs = &ready.prepared.tree;
        let Choice { series, fit } = series::choose(&inputs.series, &version, theirs);
        let series = series.cloned();
        let Some(start) = series.as_ref().filter(|_| !fit.rejected.is_empty()) else {
            let forked = steps.time("make", || forked(inputs, ready, series, fit))?;
            return Ok(Outcome::Made(Box::new(forked)));
        };
        let mut base = self.merge_base(start, &inputs.manifest, with.pin, &version, steps)?;
        let mut stored = start.clone();
        let mut merges = Vec::new();
        let mut used = Vec::new();
        let mut files = BTreeMap::new();
        let first = base.release.version.clone();
        let between = |v: &&Version| first < **v && **v < version;
        let through: Vec<&Version> = with.through.iter().filter(between).collect();
        for to in through.into_iter().map(Some).chain([None]) {
            let on_the_way =
                to.map(|to| self.ready(&inputs.manifest, to, Locked::default(), steps));
            let on_the_way = on_the_way.transpose()?;
            let at = on_the_way.as_ref().unwrap_or(&ready);
            let rebased = steps.time("merge", || {
                let manifest = &inputs.manifest;
                rebased(
                    &stored,
                    manifest,
                    &base,
                    at,
                    with.resolutions,
                    self.formatter,
                )
            })?;
            if !rebased.conflicts.is_empty() {
                return Ok(Outcome::Conflicts(Box::new(ready), Box::new(rebased)));
            }
            let (from, to) = (&base.release.version, &at.release.version);
            let dir = TreePath::new(&format!("patches/v{to}"))
                .map_err(|e| Error::general(e.to_string()))?;
            let next = rebased.stored(&stored, to, &dir, &at.prepared.tree)?;
            merges.push(MergeReport::of(from, to, &stored, &next, &rebased));
            used.extend(rebased.used);
            files = rebased.files;
            stored = next;
            if let Some(ready) = on_the_way {
                base = ready;
            }
        }
        let fit = stored.apply_to(theirs);
        let report = rebase_report(start, &stored, merges);
        inputs.manifest = inputs
            .manifest
            .with_series(&version, &stored.dir, start.limit)?;
        for path in stored.patches.keys() {
            inputs.manifest = inputs.manifest.with_patched(path)?;
        }
        inputs
            .resolutions
            .extend(used.into_iter().map(|one| (one.key, one)));
        inputs.series.push(stored.clone());
        inputs.series.sort_by(|a, b| a.base.cmp(&b.base));
        let mut forked = steps.time("make", || forked(inputs, ready, Some(stored), fit))?;
        forked.report = Some(report);
        forked.rebased = files;
        Ok(Outcome::Made(Box::new(forked)))
    }

    /// Returns the release that a merge takes for its base: the pin, where it is nearer
    /// than the series' own base and the series applies there exactly. The less upstream
    /// changed in between, the fewer conflicts there are.
    fn merge_base(
        &self,
        start: &StoredSeries,
        manifest: &Manifest,
        (pin, locked): (&Version, Locked<'_>),
        to: &Version,
        steps: &mut Steps,
    ) -> Result<PreparedRelease> {
        if series::is_nearer(pin, &start.base, to) {
            let ready = self.ready(manifest, pin, locked, steps)?;
            if start.apply_to(&ready.prepared.tree).rejected.is_empty() {
                return Ok(ready);
            }
        }
        self.ready(manifest, &start.base, Locked::default(), steps)
    }
}

/// Makes the tree of a release whose patches must apply exactly.
///
/// # Errors
///
/// As [`Pipeline::exact`].
pub(super) fn exact(inputs: Inputs, ready: PreparedRelease) -> Result<ForkBuild> {
    let version = &ready.release.version;
    let Choice { series, fit } = series::choose(&inputs.series, version, &ready.prepared.tree);
    let series = series.cloned();
    forked(inputs, ready, series, fit)
}

/// Makes a tree with the patches of a series: whatever came before, the tree comes
/// from what is stored, so that a later run cannot make another one.
fn forked(
    inputs: Inputs,
    ready: PreparedRelease,
    series: Option<StoredSeries>,
    fit: AppliedSeries,
) -> Result<ForkBuild> {
    if !fit.rejected.is_empty() {
        return Err(RejectedPatch::error(&fit.rejected, &ready.release.version));
    }
    let report = series
        .as_ref()
        .map(|stored| report_for(stored, &fit.applied));
    let texts = fit.applied.into_iter().map(|(path, a)| (path, a.text));
    let parts = TreeParts {
        release: &ready.release,
        prepared: &ready.prepared.tree,
        patched: &texts.collect(),
        series: series.as_ref(),
        inputs: &inputs,
    };
    let made = make::make(parts, &ready.inherited)?;
    Ok(ForkBuild {
        series: series.map(|stored| stored.base),
        ready,
        inputs,
        report,
        rebased: BTreeMap::new(),
        made,
    })
}

fn report_for(stored: &StoredSeries, applied: &BTreeMap<TreePath, Applied>) -> SeriesReport {
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
        merge_base: None,
        delta: patches.iter().map(|p| p.delta).sum::<Delta>(),
        patches,
        taken: Vec::new(),
        merges: Vec::new(),
        budget: stored.limit,
    }
}

/// Brings a series from one release to another.
fn rebased(
    stored: &StoredSeries,
    manifest: &Manifest,
    from: &PreparedRelease,
    to: &PreparedRelease,
    resolutions: &Resolutions,
    formatter: &dyn Formatter,
) -> Result<Rebased> {
    let renames = manifest.renames_between(&from.release.version, &to.release.version);
    let theirs = &to.prepared.tree;
    let rebase = Rebase {
        from: &from.release.version,
        base: &from.prepared.tree,
        to: &to.release.version,
        theirs,
        exact: &stored.apply_to(theirs).applied,
        resolutions,
        renames: &renames,
        formatter: Some((formatter, &to.inherited.edition)),
    };
    rebase.rebase(stored)
}

/// Says what became of a series that was merged into another.
fn rebase_report(
    start: &StoredSeries,
    stored: &StoredSeries,
    merges: Vec<MergeReport>,
) -> SeriesReport {
    let mut report = report_for(stored, &BTreeMap::new());
    report.merge_base = merges.first().map(|merge| merge.from.clone());
    report.base = start.base.clone();
    report.dir = start.dir.clone();
    report.stored_as = Some(stored.dir.clone());
    let files = || merges.iter().flat_map(|merge| &merge.files);
    for patch in &mut report.patches {
        patch.merged = files().any(|file| file.path == patch.path);
    }
    report.taken = merges
        .iter()
        .flat_map(|merge| merge.taken.clone())
        .collect();
    report.merges = merges;
    report
}

/// Says which hunks stand elsewhere than their header says.
fn moved(applied: &Applied) -> Vec<String> {
    let moved = applied.places.iter().filter(|place| place.offset() != 0);
    moved.map(ToString::to_string).collect()
}

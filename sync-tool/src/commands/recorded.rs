//! What is made against what is recorded: by the lock, and by the inputs as they will
//! be on disk.

use std::collections::BTreeMap;

use recipe::drift::DriftKind;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::lock::{Lock, LockedRelease, LockedTree};
use recipe::tree::{Digest, Entries, TreePath};
use recipe::{drift, lock};

use super::install::Installer;
use super::pipeline::{ForkBuild, PreparedRelease, exact};
use super::project::{Files, Project};

impl Installer<'_, '_> {
    /// Fails where the same inputs gave something else than they once did.
    pub(super) fn as_locked(&self, forked: &ForkBuild) -> Result<()> {
        let Some(old) = &self.project.lock else {
            return self.refuse_if_locked(lock::FILE);
        };
        let new = self.lock(forked, &BTreeMap::new());
        let is_same = old.upstream.version == new.upstream.version
            && old.tree.rules == new.tree.rules
            && old.inputs == new.inputs;
        let recorded = if is_same {
            old.disagreements(&new)
        } else {
            Vec::new()
        };
        let is_another_tree = self.locked && old.tree.digest != new.tree.digest;
        if recorded.is_empty() && !is_another_tree {
            return Ok(());
        }
        let mut faults = differing(&old.files, &new.files);
        let is_same_tree = faults.is_empty();
        if is_same_tree {
            let fault = |what: &str| {
                let message = format!("another {what} is recorded than the same inputs give now");
                Fault::new(message).at(Location::file(lock::FILE))
            };
            faults.extend(recorded.into_iter().map(fault));
        }
        let mut error = Error::faults(Kind::Drift, "the tree is not as locked", faults);
        if old.tree.formatter != new.tree.formatter {
            let of =
                |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
            error = error.help(format!(
                "it was formatted with {}, now with {}: take the same",
                of(&old.tree.formatter),
                of(&new.tree.formatter)
            ));
        }
        Err(error.help(match is_same_tree {
            true => "the lock was edited: restore it from version control",
            false => "run `wash-wasi-sync check` to see which inputs changed since it was locked",
        }))
    }

    /// Returns the project's files that are not what a run would write now: documents,
    /// and the lock where it records something that its inputs do not give.
    ///
    /// # Errors
    ///
    /// Those of the documents.
    pub(super) fn outdated(&self, forked: &ForkBuild, old: &Lock) -> Result<Vec<TreePath>> {
        let mut paths: Vec<TreePath> = self.documents(forked)?.into_keys().collect();
        let new = self.lock(forked, &BTreeMap::new());
        // What follows from other inputs is named with them.
        let is_same = old.tree.rules == new.tree.rules && old.inputs == new.inputs;
        if is_same && !old.agrees_with(&new) {
            paths.push(super::project::project_path(lock::FILE)?);
        }
        Ok(paths)
    }

    pub(super) fn lock(&self, forked: &ForkBuild, said: &BTreeMap<String, String>) -> Lock {
        let PreparedRelease {
            release, prepared, ..
        } = &forked.ready;
        let manifest = &forked.inputs.manifest;
        let files = forked.made.tree.entries();
        let upstream_digest = release.tree.digest();
        let old = self.project.lock.as_ref();
        let same_release = old.filter(|lock| lock.upstream.digest == upstream_digest);
        let same_tree = old.filter(|lock| lock.tree.digest == files.digest());
        let upstream = LockedRelease {
            name: manifest.upstream.name.clone(),
            version: release.version.clone(),
            // Git knows no checksum, and a package may lack the commit: what the other
            // source once said stays.
            commit: (release.commit.clone())
                .or_else(|| same_release.and_then(|lock| lock.upstream.commit.clone())),
            checksum: (release.checksum.clone())
                .or_else(|| same_release.and_then(|lock| lock.upstream.checksum.clone())),
            digest: upstream_digest,
        };
        let tree = LockedTree {
            version: manifest.fork.version.clone(),
            digest: files.digest(),
            rules: manifest.rules_digest(),
            series: forked.series.clone(),
            // Another formatter that gives the same is no reason to write the lock.
            formatter: prepared.formatter.clone().map(|now| {
                let before = same_tree.and_then(|lock| lock.tree.formatter.clone());
                before.unwrap_or(now)
            }),
        };
        let gates = match same_tree {
            Some(lock) => lock.gates_after(said),
            None => said.clone(),
        };
        let mut lock = Lock::new(upstream, tree, gates, input_digests(forked), files);
        // One of an older tree stays: by it edits of that export are known.
        lock.exported = old.and_then(|lock| lock.exported.clone());
        lock
    }
}

/// Makes the tree again from the inputs as they will be on disk. What a later run would
/// make differently is not committed.
///
/// # Errors
///
/// Names the files that differ; those of reading and making.
pub(super) fn made_again(project: &Project, forked: &ForkBuild, files: &Files) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let inputs = project.read_again()?.inputs_with(files)?;
    let again = exact(inputs, forked.ready.clone())?;
    let faults = differing(&forked.made.tree.entries(), &again.made.tree.entries());
    let of = |forked: &ForkBuild| {
        let rules = forked.inputs.manifest.rules_digest();
        (rules, forked.series.clone(), input_digests(forked))
    };
    if faults.is_empty() && of(forked) == of(&again) {
        return Ok(());
    }
    let message = "the files to be stored do not give the tree that was made";
    Err(Error::faults(Kind::General, message, faults)
        .help("run the same command again, if a file of the project was edited meanwhile")
        .help("else report it, with the release: it is a fault of the tool"))
}

fn input_digests(forked: &ForkBuild) -> BTreeMap<TreePath, Digest> {
    let base = forked.series.as_ref();
    let series = base.and_then(|base| forked.inputs.series_of(base));
    forked.inputs.digests(&forked.ready.release.version, series)
}

pub(super) fn differing(expected: &Entries, found: &Entries) -> Vec<Fault> {
    let fault = |(path, what): &(TreePath, DriftKind)| {
        Fault::new(what.description()).at(Location::file(path.as_str()))
    };
    drift::compare(expected, found).iter().map(fault).collect()
}

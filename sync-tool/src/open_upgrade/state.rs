//! What `state.json` holds.

use std::collections::BTreeMap;

use recipe::merge::{Chunk, Merge};
use recipe::series::{ConflictKind, FileConflict, Rebased, RebasedFile, Texts};
use recipe::tree::{Digest, TreePath};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::SCHEMA;

/// What an upgrade was asked to do, for `continue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The release.
    pub to: Version,
    /// The fork's version, if one was named.
    pub fork_version: Option<Version>,
    /// The notes of the history's row.
    pub notes: Option<String>,
    /// Whether the series climbs by release lines.
    pub step: bool,
    /// Whether the gates are left out.
    pub no_verify: bool,
    /// Whether upstream's own tests are left out.
    pub no_upstream_tests: bool,
    /// The toolchain that was asked for.
    pub toolchain: Option<String>,
    /// Where upstream is taken from, as on the command line.
    pub source: String,
    /// Another repository, as on the command line; not one with a password or token.
    pub upstream: Option<String>,
    /// Whether there was one with a password or token.
    pub upstream_has_secrets: bool,
}

impl Request {
    /// Asks for a release, and for nothing else.
    pub(crate) fn plain(to: &Version) -> Self {
        Request {
            to: to.clone(),
            fork_version: None,
            notes: None,
            step: false,
            no_verify: false,
            no_upstream_tests: false,
            toolchain: None,
            source: "auto".to_owned(),
            upstream: None,
            upstream_has_secrets: false,
        }
    }

    /// Drops all but what is asked for: what runs here, and from where it comes, nobody
    /// elsewhere decides. Returns the options that were dropped.
    pub(crate) fn keep_what_is_asked(&mut self) -> Vec<String> {
        let kept = Request {
            fork_version: self.fork_version.clone(),
            notes: self.notes.clone(),
            step: self.step,
            ..Request::plain(&self.to)
        };
        let before = std::mem::replace(self, kept);
        let flag = |is_set: bool, name: &str| is_set.then(|| name.to_owned());
        let value =
            |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
        let source = Some(before.source).filter(|source| *source != self.source);
        let options = [
            flag(before.no_verify, "--no-verify"),
            flag(before.no_upstream_tests, "--no-upstream-tests"),
            value("--toolchain", before.toolchain),
            value("--source", source),
            value("--upstream", before.upstream),
        ];
        options.into_iter().flatten().collect()
    }
}

/// What `state.json` holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(super) schema: u32,
    /// The fork's crate.
    pub fork: String,
    /// The release that the fork is at.
    pub pin: Version,
    /// What was asked for.
    pub request: Request,
    /// How often it met conflicts.
    pub round: u32,
    /// The releases on the way, where the series climbs.
    pub through: Vec<Version>,
    /// Upstream's files at the release that it met conflicts at.
    pub tree: Vec<TreePath>,
    /// The release that the merge took for its base.
    pub from: Version,
    /// The release that it met conflicts at: the one asked for, or one on the way.
    pub onto: Version,
    /// The digests of the project's inputs.
    pub inputs: BTreeMap<TreePath, Digest>,
    /// The files in conflict.
    pub conflicts: Vec<OpenConflict>,
    /// The files that merged, for review.
    pub merged: BTreeMap<TreePath, RebasedFile>,
}

/// A file in conflict.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpenConflict {
    /// What is in the way.
    #[serde(flatten)]
    pub conflict: FileConflict,
    /// The texts that meet.
    pub texts: Texts,
    /// The digest of the file as it was written for editing.
    pub written: Digest,
}

impl State {
    /// Tells whether another one has the same files to decide about, with the same texts.
    pub(super) fn is_about(&self, other: &State) -> bool {
        let all = |state: &State| -> Vec<_> {
            let all = state.all().into_iter();
            all.map(|one| (one.conflict.path, one.texts, one.written))
                .collect()
        };
        all(self) == all(other)
    }

    /// Makes the state of an upgrade that met conflicts.
    pub(crate) fn new(
        fork: &str,
        pin: &Version,
        request: Request,
        inputs: BTreeMap<TreePath, Digest>,
        through: Vec<Version>,
        rebased: Rebased,
    ) -> Self {
        let release =
            |of: fn(&FileConflict) -> &Version| rebased.conflicts.first().map(of).cloned();
        let (from, to) = (release(|one| &one.from), release(|one| &one.to));
        State {
            from: from.unwrap_or_else(|| pin.clone()),
            onto: to.unwrap_or_else(|| request.to.clone()),
            round: 1,
            through,
            tree: rebased.paths,
            schema: SCHEMA,
            fork: fork.to_owned(),
            pin: pin.clone(),
            request,
            inputs,
            conflicts: rebased
                .conflicts
                .into_iter()
                .map(OpenConflict::from)
                .collect(),
            merged: rebased.files,
        }
    }

    /// Returns the files in conflict, and those that merged: a person may decide about
    /// these as well.
    pub(crate) fn all(&self) -> Vec<OpenConflict> {
        let merged = |(path, file): (&TreePath, &RebasedFile)| {
            let mut conflicts = self.conflicts.iter();
            if conflicts.any(|open| open.conflict.path == *path) {
                return None;
            }
            let merged = file.merged.as_ref()?;
            let merge = Merge {
                chunks: vec![Chunk::Resolved(file.text.clone())],
                agreed: merged.agreed,
            };
            Some(OpenConflict::from(FileConflict {
                path: path.clone(),
                patch: file.patch.clone(),
                differences: file.differences.clone(),
                from: self.from.clone(),
                to: self.onto.clone(),
                texts: file.texts.clone(),
                kind: ConflictKind::Lines { merge },
                hunks: merged.hunks.clone(),
                notes: merged.notes.clone(),
            }))
        };
        let merged = self.merged.iter().filter_map(merged);
        self.conflicts.iter().cloned().chain(merged).collect()
    }
}

impl From<FileConflict> for OpenConflict {
    fn from(conflict: FileConflict) -> Self {
        OpenConflict {
            written: Digest::of(conflict.with_markers()),
            texts: conflict.texts.clone(),
            conflict,
        }
    }
}

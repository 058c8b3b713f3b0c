//! Where an edit of the vendored tree belongs: a patch, a series' file, a shared file.

use std::collections::BTreeMap;

use semver::Version;
use serde::Serialize;

use super::compare::Changed;
use super::drift::{self, DriftKind};
use super::manifest::{FILE, FileKind, Manifest};
use super::patch::{Delta, Difference, Patch};
use super::series::{Inputs, Owned, StoredSeries};
use super::tree::{File, Mode, Tree, TreePath};
use crate::error::{Fault, Location, Result, no_faults};

/// An edit of the vendored tree.
#[derive(Debug, Clone, Serialize)]
pub struct Edit {
    /// The path in the crate.
    pub path: TreePath,
    /// What was done to it.
    pub what: Changed,
    /// The file of the project that has it now.
    pub stored: TreePath,
    /// The bases of the series that share that file.
    pub shared_by: Vec<Version>,
    /// What became of its patch, where it has one.
    pub patch: Option<PatchEdit>,
}

/// What an edit made of a patch.
#[derive(Debug, Clone, Serialize)]
pub struct PatchEdit {
    /// The lines that it changed before.
    pub before: Delta,
    /// The lines that it changes now.
    pub after: Delta,
    /// What its head says now.
    pub differences: Vec<Difference>,
    /// Whether the head says more than before.
    pub explained: bool,
}

/// What the inputs gave before the edits.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Baseline<'a> {
    pub tree: &'a Tree,
    pub prepared: &'a Tree,
    pub upstream: &'a Tree,
    /// The base of the series in use.
    pub series: Option<&'a Version>,
}

/// What the user asks for.
#[derive(Debug, Clone, Default)]
pub struct RefreshOptions {
    /// Direct files whose edits become patches.
    pub as_patch: Vec<TreePath>,
    /// What the only patch that is edited changes besides.
    pub sole: Option<Difference>,
    /// What the patches of these files change besides.
    pub differences: BTreeMap<TreePath, Vec<Difference>>,
    /// Whether edits of shared files go into this series alone.
    pub series_only: bool,
}

/// Where the edits went.
#[derive(Debug)]
pub struct Refreshed {
    /// Each edit.
    pub edits: Vec<Edit>,
    /// The project's files to write, or to remove (`None`).
    pub files: BTreeMap<TreePath, Option<Vec<u8>>>,
    /// The manifest, with what became patched.
    pub manifest: Manifest,
}

/// Finds the place of every edit.
///
/// # Errors
///
/// All together: edits of direct and generated files, new files that belong to
/// nobody, new patches without a head, one head for several patches, patches where
/// there is no series.
pub fn refresh(
    inputs: &Inputs,
    made: Baseline<'_>,
    edited: &Tree,
    options: &RefreshOptions,
) -> Result<Refreshed> {
    let mut refresh = Refresh {
        inputs,
        made,
        edited,
        options,
        done: Refreshed {
            edits: Vec::new(),
            files: BTreeMap::new(),
            manifest: inputs.manifest.clone(),
        },
        of_sole: Vec::new(),
        faults: Vec::new(),
    };
    for (path, what) in drift::compare(&made.tree.entries(), &edited.entries()) {
        if let Err(fault) = refresh.edit(&path, what) {
            refresh.faults.push(fault);
        }
    }
    refresh.unedited();
    refresh.sole_is_for_one();
    no_faults(refresh.faults, "edits cannot be kept")?;
    Ok(refresh.done)
}

struct Refresh<'a> {
    inputs: &'a Inputs,
    made: Baseline<'a>,
    edited: &'a Tree,
    options: &'a RefreshOptions,
    done: Refreshed,
    /// The edited patches of files that no difference is given for.
    of_sole: Vec<TreePath>,
    faults: Vec<Fault>,
}

impl Refresh<'_> {
    fn edit(&mut self, path: &TreePath, what: DriftKind) -> Result<(), Fault> {
        if let Some(owned) = self.inputs.owned_file(self.pin(), path) {
            return self.shared(path, what, owned);
        }
        let series = self.series();
        if series.is_some_and(|series| series.files.get(path.as_str()).is_some()) {
            return self.of_series(path, what);
        }
        if self.made.upstream.get(path.as_str()).is_none() {
            return self.new_file(path, what);
        }
        match self.inputs.manifest.kind_of(path) {
            Some(FileKind::Patched) => self.patched(path, what),
            Some(FileKind::Direct) if self.options.as_patch.contains(path) => {
                let with = self.done.manifest.with_patched(path);
                self.done.manifest = with.map_err(|e| Fault::new(e.to_string()))?;
                let text = self.done.manifest.text.as_bytes().to_vec();
                let file = TreePath::new(FILE).map_err(|e| Fault::new(e.to_string()))?;
                self.done.files.insert(file, Some(text));
                self.patched(path, what)
            }
            Some(FileKind::Generated) => Err(at(path, "the tool generates it")
                .help(format!("change what it is made from, in {FILE}"))),
            _ => Err(upstreams_own(path, what)),
        }
    }

    /// Takes up what is said of files that have no edit: a stored patch can be given
    /// another difference.
    fn unedited(&mut self) {
        let options = self.options;
        let is_edited =
            |path: &TreePath| self.made.tree.get(path.as_str()) != self.edited.get(path.as_str());
        let named = options.as_patch.iter().map(|path| (path, "--as-patch"));
        let explained = options
            .differences
            .keys()
            .map(|path| (path, "--difference"));
        let unedited: Vec<_> = named
            .chain(explained)
            .filter(|(path, _)| !is_edited(path))
            .collect();
        for (path, flag) in unedited {
            let has_patch = |series: &StoredSeries| series.patches.contains_key(path);
            let done = match flag {
                "--difference" if self.series().is_some_and(has_patch) => {
                    self.patched(path, DriftKind::Changed)
                }
                _ => Err(at(path, &format!("`{flag}` names it, but it has no edit"))
                    .help("edit the file, or leave it out")),
            };
            self.faults.extend(done.err());
        }
    }

    /// One text must not explain several patches, nor be lost.
    fn sole_is_for_one(&mut self) {
        if self.options.sole.is_none() || self.of_sole.len() == 1 {
            return;
        }
        if self.of_sole.is_empty() && self.faults.is_empty() {
            let fault = Fault::new("`--change` is given, but no edit changes a patch");
            let help = "leave it out, or name the patch's file: `--difference FILE CHANGE REASON`";
            self.faults.push(fault.help(help));
        }
        for path in &self.of_sole {
            let fault = at(
                path,
                "`--change` is for one patch, and this is one of several",
            );
            self.faults.push(fault.help(format!(
                "say it for each file: `--difference {path} CHANGE REASON`"
            )));
        }
    }

    fn pin(&self) -> &Version {
        &self.inputs.manifest.fork.pin
    }

    fn series(&self) -> Option<&StoredSeries> {
        self.inputs.series_of(self.made.series?)
    }

    /// A file that every series shares.
    fn shared(&mut self, path: &TreePath, what: DriftKind, owned: Owned<'_>) -> Result<(), Fault> {
        let kept = self.inputs.manifest.owned_source(owned.stored.as_str());
        let has_row = self.has_row(path);
        if has_row && (self.options.series_only || what == DriftKind::Missing) {
            let why = format!("a row of {FILE} says which releases have it");
            let help = format!("change that `[[owned]]` and `{kept}` by hand");
            return Err(at(path, &why).help(help));
        }
        if !self.options.series_only {
            let bases = self.inputs.series.iter().map(|s| s.base.clone()).collect();
            return self.keep(path, what, kept, bases);
        }
        let (home, _) = self.inputs.manifest.owned_home(owned.stored.as_str());
        if *home != self.inputs.manifest.fork.owned {
            // It may be a crate, which a file that leaves it would break.
            let why = format!("`{home}` is kept whole, for all series");
            let help = format!(
                "leave out `--series-only`, or write an `[[owned]]` row and a form of `{kept}` by hand"
            );
            return Err(at(path, &why).help(help));
        }
        let series = self.series().ok_or_else(|| no_series(path))?;
        let (base, own) = (series.base.clone(), series.owned_path(path));
        // The others keep what they had: one path stands in one place only.
        let old = Some(owned.file.bytes().to_vec());
        let others = self.inputs.series.iter().filter(|other| other.base != base);
        let others = others.map(|other| (other.owned_path(path), old.clone()));
        self.done.files.extend(others);
        self.done.files.insert(kept, None);
        self.keep(path, what, own, vec![base])
    }

    fn has_row(&self, path: &TreePath) -> bool {
        let mut rows = self.inputs.manifest.owned.iter();
        rows.any(|row| row.path == *path)
    }

    fn of_series(&mut self, path: &TreePath, what: DriftKind) -> Result<(), Fault> {
        let series = self.series().ok_or_else(|| no_series(path))?;
        let (base, stored) = (series.base.clone(), series.owned_path(path));
        self.keep(path, what, stored, vec![base])
    }

    fn new_file(&mut self, path: &TreePath, what: DriftKind) -> Result<(), Fault> {
        if self.made.tree.get(path.as_str()).is_some() {
            let locks = &self.inputs.manifest.fork.locks;
            return Err(at(path, "the tool makes it").help(format!(
                "change what it is made from; the crate's lock is kept in `{locks}`"
            )));
        }
        if let Some(fault) = self.inputs.manifest.not_owned(path) {
            return Err(fault.at(Location::file(path.as_str())));
        }
        if self.has_row(path) {
            let why = format!("a row of {FILE} says which releases have another file there");
            return Err(at(path, &why).help("give it an `[[owned]]` of its own"));
        }
        if self.options.series_only {
            return self.of_series(path, what);
        }
        let bases = self.inputs.series.iter().map(|s| s.base.clone()).collect();
        let stored = self.inputs.manifest.owned_source(path.as_str());
        self.keep(path, what, stored, bases)
    }

    fn patched(&mut self, path: &TreePath, what: DriftKind) -> Result<(), Fault> {
        if what == DriftKind::Missing {
            return Err(
                at(path, "it is upstream's file, and a patch cannot remove it")
                    .help("restore it, or omit it by a `[[files]]` rule"),
            );
        }
        if what == DriftKind::Mode {
            return Err(at(path, "a patch cannot change a mode").help("restore the mode"));
        }
        let series = self.series().ok_or_else(|| no_series(path))?;
        let stored = series.patch_path(path);
        let base = series.base.clone();
        let old = series.patches.get(path).map(|stored| stored.patch.clone());
        let text = |tree: &Tree| {
            tree.get(path.as_str())
                .and_then(File::text)
                .map(str::to_owned)
        };
        let no_text = || at(path, "it is not UTF-8").help("restore it");
        let upstream = text(self.made.prepared).ok_or_else(no_text)?;
        let new = text(self.edited).ok_or_else(no_text)?;
        let mut differences = old
            .as_ref()
            .map_or(Vec::new(), |old| old.differences.clone());
        let known = differences.len();
        match self.options.differences.get(path) {
            Some(given) => differences.extend(given.iter().cloned()),
            None => {
                differences.extend(self.options.sole.clone());
                self.of_sole.push(path.clone());
            }
        }
        if differences.is_empty() {
            return Err(
                at(path, "it has no patch yet, and a new one needs a head").help(format!(
                    "say what it changes and why: `--difference {path} CHANGE REASON`"
                )),
            );
        }
        let before = old.as_ref().map(Patch::delta).unwrap_or_default();
        let patch = Patch::between(path.as_str(), &upstream, &new, differences)
            .map_err(|e| at(path, &e.to_string()).help(e.help()))?;
        let patch = patch.map(|patch| Patch {
            notes: old.map(|old| old.notes).unwrap_or_default(),
            ..patch
        });
        let change = patch.as_ref().map(|patch| PatchEdit {
            before,
            after: patch.delta(),
            differences: patch.differences.clone(),
            explained: patch.differences.len() > known,
        });
        let text = patch.map(|patch| patch.render().into_bytes());
        self.done.files.insert(stored.clone(), text);
        self.record(path, what, stored, vec![base], change);
        Ok(())
    }

    /// Stores the edited file as it is.
    fn keep(
        &mut self,
        path: &TreePath,
        what: DriftKind,
        stored: TreePath,
        bases: Vec<Version>,
    ) -> Result<(), Fault> {
        let file = self.edited.get(path.as_str());
        if file.is_some_and(|file| file.mode() == Mode::Executable) {
            return Err(at(path, "the mode of a fork-owned file is not kept").help("make it 644"));
        }
        let bytes = file.map(|file| file.bytes().to_vec());
        self.done.files.insert(stored.clone(), bytes);
        self.record(path, what, stored, bases, None);
        Ok(())
    }

    fn record(
        &mut self,
        path: &TreePath,
        what: DriftKind,
        stored: TreePath,
        shared_by: Vec<Version>,
        patch: Option<PatchEdit>,
    ) {
        let what = match what {
            DriftKind::Unknown => Changed::New,
            DriftKind::Missing => Changed::Gone,
            _ => Changed::Changed,
        };
        self.done.edits.push(Edit {
            path: path.clone(),
            what,
            stored,
            shared_by,
            patch,
        });
    }
}

fn at(path: &TreePath, why: &str) -> Fault {
    Fault::new(why).at(Location::file(path.as_str()))
}

fn upstreams_own(path: &TreePath, what: DriftKind) -> Fault {
    let fault = at(
        path,
        "it is upstream's own, and must stay as upstream wrote it",
    );
    fault.help(match what {
        DriftKind::Missing | DriftKind::Mode => {
            "restore it: no patch can keep that; or omit it by a `[[files]]` rule".to_owned()
        }
        _ => format!(
            "undo the edit, or keep it as a patch: \
             `wash-wasi-sync refresh --as-patch {path} --difference {path} CHANGE REASON`"
        ),
    })
}

fn no_series(path: &TreePath) -> Fault {
    at(path, "there is no series to keep it in").help(format!(
        "add a `[[series]]` to {FILE}, and a README.md to its directory"
    ))
}

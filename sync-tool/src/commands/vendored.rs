//! What stands where the vendored tree belongs, and whether anybody has edited it.

use host::disk::Found;
use recipe::drift::{Drift, DriftKind};
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::manifest::Manifest;
use recipe::tree::Entries;
use recipe::{lock, manifest};

/// What stands where the vendored tree belongs.
#[derive(Debug, Clone, Default)]
pub(super) struct Vendored {
    /// What is there; `None` where there is no directory.
    pub found: Option<Found>,
    /// What is not as locked.
    pub edits: Vec<Drift>,
    /// What is behind some of that, with the next step.
    pub causes: Vec<Fault>,
    /// Whether there is no lock, so that nobody can tell edits apart.
    pub unlocked: bool,
    /// Whether what is there was never the vendored tree: nothing of it is as locked,
    /// and most of what is locked is not there.
    pub is_other: bool,
}

impl Vendored {
    /// Returns a tree that has no edits, but is not that of the lock: a pull brought
    /// another lock. `path` is where users know it.
    pub(super) fn of_another_lock(found: Found, path: &str) -> Self {
        let earlier = Drift {
            path: path.to_owned(),
            what: DriftKind::Earlier,
            kind: None,
        };
        Vendored {
            found: Some(found),
            edits: vec![earlier],
            ..Vendored::default()
        }
    }

    /// Returns the files; `None` where there is no directory.
    pub(super) fn entries(&self) -> Option<&Entries> {
        self.found.as_ref().map(|found| &found.entries)
    }

    /// Tells whether the tree has anything that no run has put there.
    pub(super) fn is_edited(&self) -> bool {
        self.edits
            .iter()
            .any(|edit| edit.what != DriftKind::Earlier)
    }

    /// Fails where the tree is of another lock: its differences are no edits to store.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with the next step.
    pub(super) fn of_the_lock(&self) -> Result<()> {
        match self
            .edits
            .iter()
            .find(|edit| edit.what == DriftKind::Earlier)
        {
            None => Ok(()),
            Some(edit) => {
                let message = format!("{} {}", edit.path, edit.what.description());
                Err(Error::new(Kind::Drift, message).help("make it anew: `wash-wasi-sync vendor`"))
            }
        }
    }

    /// Fails where git converted the tree: nothing of it can be stored as it stands.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], with the cause and the next step.
    pub(super) fn not_converted(&self) -> Result<()> {
        if self.causes.is_empty() {
            return Ok(());
        }
        let message = "the vendored tree is not as locked";
        Err(Error::faults(Kind::Drift, message, self.causes.clone()))
    }

    /// Fails where the tree has edits that would be lost.
    ///
    /// # Errors
    ///
    /// [`Kind::Drift`], naming each edit, and how to keep or drop them.
    pub(super) fn no_edits(&self, manifest: &Manifest, discard: bool) -> Result<()> {
        if self.is_other {
            let path = &manifest.fork.path;
            let message =
                format!("{path} holds other files than the vendored tree, and they would be lost");
            return Err(Error::new(Kind::Drift, message).help(format!(
                "name the tree's directory in `path` of `[fork]` ({}), or move the files away",
                manifest::FILE
            )));
        }
        if !self.is_edited() || discard {
            return Ok(());
        }
        if self.unlocked {
            let (path, lock) = (&manifest.fork.path, lock::FILE);
            let message = format!(
                "there is no {lock}, so it is not known whether the tree in {path} has edits that would be lost"
            );
            return Err(Error::new(Kind::Drift, message)
                .help(format!("restore {lock} from version control"))
                .help("or, to keep edits it may have: `wash-wasi-sync refresh`")
                .help("or, to make the tree anew: the same command with `--discard-edits`"));
        }
        let fault = |edit: &Drift| {
            let path = format!("{}/{}", manifest.fork.path, edit.path);
            Fault::new(edit.what.description()).at(Location::file(path))
        };
        let others = self.edits.iter().filter(|e| e.what != DriftKind::LineEnds);
        let others: Vec<Fault> = others.map(fault).collect();
        if others.is_empty() {
            return self.not_converted();
        }
        let message = "the vendored tree has edits that would be lost";
        let faults = [others, self.causes.clone()].concat();
        Err(Error::faults(Kind::Drift, message, faults)
            .help("to keep them: `wash-wasi-sync refresh`")
            .help("to drop them: the same command with `--discard-edits`"))
    }
}

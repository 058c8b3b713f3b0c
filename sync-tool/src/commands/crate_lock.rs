//! The crate's `Cargo.lock`: the one that is stored for the release, where it
//! still fits what was made of it, else a new one.

use std::sync::Arc;

use toml_edit::DocumentMut;

use super::making::Forked;
use super::place::Placing;
use crate::core::cargo_lock;
use crate::core::make::{CARGO_LOCK, put};
use crate::error::{Error, Result};
use crate::ports::cargo::{Cargo, Seed};

impl Placing<'_> {
    /// Sees to it that the tree has a `Cargo.lock` that fits its manifest.
    ///
    /// # Errors
    ///
    /// Those of cargo, and where a new lock would be needed and `--locked` forbids it.
    pub(super) fn cargo_lock(&self, forked: &mut Forked) -> Result<()> {
        let version = forked.ready.release.version.clone();
        let lock = match self.kept(forked)? {
            Some(kept) if forked.inputs.locks.get(&version) == Some(&kept) => return Ok(()),
            Some(kept) => kept,
            None => Arc::from(self.new_lock(forked)?),
        };
        self.refuse_if_locked("the crate's Cargo.lock")?;
        put(&mut forked.made.tree, CARGO_LOCK, &lock)?;
        forked.inputs.locks.insert(version, lock);
        Ok(())
    }

    /// Returns the stored lock, with the fork's version as it is now; `None` where
    /// there is none, or the crate depends on others than it was made for.
    fn kept(&self, forked: &Forked) -> Result<Option<Arc<str>>> {
        let Some(stored) = forked.inputs.locks.get(&forked.ready.release.version) else {
            return Ok(None);
        };
        let manifest = document(&forked.made.cargo.text)?;
        let fork = &forked.inputs.manifest.fork;
        match cargo_lock::kept(stored, &fork.name, &fork.version, &manifest) {
            Ok(kept) => Ok(kept.map(Arc::from)),
            Err(e) => {
                let path = forked.inputs.lock_path(&forked.ready.release.version);
                let path = path.map_or_else(String::new, |path| path.to_string());
                Err(Error::general(format!("{path} cannot be used: {e}"))
                    .help("restore it from version control, or remove it: a new one is made then"))
            }
        }
    }

    fn new_lock(&self, forked: &Forked) -> Result<String> {
        self.refuse_if_locked("the crate's Cargo.lock")?;
        let seed = forked.ready.release.cargo_lock.as_deref().map(|text| Seed {
            package: &forked.inputs.manifest.upstream.name,
            text,
        });
        let made = &forked.made;
        self.cargo()?.make_lock(&made.cargo.text, seed, &made.tree)
    }

    /// Returns cargo, with the directories that its runs share.
    pub(super) fn cargo(&self) -> Result<Cargo<'_>> {
        let host = self.context.host;
        let own = host
            .env
            .var("CARGO_TARGET_DIR")
            .map(|dir| host.env.dir().join(dir));
        let name = &self.project.manifest().fork.name;
        let target = own.unwrap_or_else(|| self.project.root.join("target").join(name));
        let work = super::context::work_dir(self.project.manifest())?;
        let logs = work.below(&self.project.root).join("logs");
        Ok(Cargo::new(host, target, self.toolchain.clone()).log_to(logs))
    }
}

fn document(manifest: &str) -> Result<DocumentMut> {
    manifest.parse().map_err(|e: toml_edit::TomlError| {
        Error::general(format!("Cargo.toml is not TOML: {}", e.message())).caused_by(e)
    })
}

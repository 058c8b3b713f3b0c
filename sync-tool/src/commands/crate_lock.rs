//! The crate's `Cargo.lock`: the one that is stored for the release, where it
//! still fits what was made of it, else a new one.

use std::sync::Arc;

use gates::cargo::{Cargo, UpstreamLock};
use recipe::error::Result;
use recipe::make::{CARGO_LOCK, put_lock};

use super::install::Installer;
use super::pipeline::ForkBuild;

impl Installer<'_, '_> {
    /// Makes the crate's `Cargo.lock` where none is stored that fits its manifest.
    ///
    /// # Errors
    ///
    /// Those of cargo, and where a new lock would be needed and `--locked` forbids it.
    pub(super) fn cargo_lock(&self, forked: &mut ForkBuild) -> Result<()> {
        let version = forked.ready.release.version.clone();
        let made = &mut forked.made;
        if made.tree.get(CARGO_LOCK).is_some() {
            return Ok(());
        }
        self.refuse_if_locked("the crate's Cargo.lock")?;
        let seed = forked
            .ready
            .release
            .cargo_lock
            .as_deref()
            .map(|text| UpstreamLock {
                package: &forked.inputs.manifest.upstream.name,
                text,
            });
        let cargo = self.cargo()?;
        let root = &self.project.root;
        let lock = cargo.make_lock(root, &made.cargo.text, seed, &made.tree)?;
        put_lock(&mut made.tree, &lock, &forked.inputs, &version)?;
        forked.inputs.locks.insert(version, Arc::from(lock));
        Ok(())
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

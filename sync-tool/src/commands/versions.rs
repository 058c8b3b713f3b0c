//! `versions`: the table of fork and upstream versions.

use recipe::documents::{Block, version_table};
use recipe::error::Result;
use recipe::manifest::Versions;

use super::context::{Access, Context};
use super::documents::documents;
use crate::cli::VersionsArgs;
use crate::report::VersionsReport;

/// Runs the command.
///
/// # Errors
///
/// Where a listed document is not there or lacks its markers.
pub(super) fn run(context: &Context<'_>, args: &VersionsArgs) -> Result<VersionsReport> {
    let (lock, project) = context.open(match args.write {
        true => Access::Write,
        false => Access::ReadBesideWriter,
    })?;
    let mut written = Vec::new();
    if let Some(write_lock) = lock.write_lock() {
        let table = version_table(project.manifest());
        let files = documents(&project, &[(Block::Versions, &table)])?;
        written = files.keys().cloned().collect();
        if !files.is_empty() {
            context.warn_of(write_lock.commit_files(project.change(files))?);
        }
    }
    Ok(VersionsReport {
        pinned: Versions {
            fork: project.manifest().fork.version.clone(),
            upstream: project.manifest().fork.pin.clone(),
        },
        rows: project.manifest().history.clone(),
        written,
    })
}

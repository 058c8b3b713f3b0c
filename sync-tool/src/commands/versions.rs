//! `versions`: the table of fork and upstream versions.

use super::context::Context;
use super::place::documents;
use super::project::{Project, read_manifest};
use crate::cli::VersionsArgs;
use crate::core::documents::{Block, version_table};
use crate::core::report::{Versions, VersionsReport};
use crate::error::Result;
use crate::ports::stage::Change;

/// Runs the command.
///
/// # Errors
///
/// Where a listed document is not there or lacks its markers.
pub fn run(context: &Context<'_>, args: &VersionsArgs) -> Result<VersionsReport> {
    let manifest = read_manifest(&context.root)?;
    let hold = context.hold(&manifest, !args.write)?;
    let project = Project::load(&context.root, read_manifest(&context.root)?)?;
    let mut written = Vec::new();
    if let Some(turn) = hold.turn() {
        let table = version_table(project.manifest());
        let files = documents(&project, &[(Block::Versions, &table)])?;
        written = files.keys().cloned().collect();
        if !files.is_empty() {
            turn.commit_files(Change {
                files,
                ..Change::default()
            })?;
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

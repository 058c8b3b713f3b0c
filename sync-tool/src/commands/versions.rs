//! `versions`: the table of fork and upstream versions.

use std::fs;
use std::path::Path;

use recipe::documents::{Block, TestedRelease, parse_tested, version_table};
use recipe::error::{Error, Result};
use recipe::manifest::Versions;

use super::context::{Access, Context};
use super::documents::{documents, put_tested};
use super::project::Files;
use crate::cli::VersionsArgs;
use crate::report::VersionsReport;

/// Runs the command.
///
/// # Errors
///
/// Where a listed document is not there or lacks its markers, or tested releases cannot be
/// read or do not fit into their table.
pub(super) fn run(context: &Context<'_>, args: &VersionsArgs) -> Result<VersionsReport> {
    let (lock, project) = context.open(match args.write || args.tested.is_some() {
        true => Access::Write,
        false => Access::ReadBesideWriter,
    })?;
    let mut written = Vec::new();
    if let Some(write_lock) = lock.write_lock() {
        let mut files = Files::new();
        if args.write {
            let table = version_table(project.manifest());
            files = documents(&project, &[(Block::Versions, &table)])?;
        }
        if let Some(file) = &args.tested {
            let tested = read_tested(&context.host.env.dir().join(file))?;
            put_tested(&project, &mut files, &tested)?;
        }
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

fn read_tested(path: &Path) -> Result<Vec<TestedRelease>> {
    let text = fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
    parse_tested(&text).map_err(|what| {
        Error::general(format!("{}: {what}", path.display()))
            .help("give what `ci/matrix` writes: on each line a JSON object, the columns' names with texts")
    })
}

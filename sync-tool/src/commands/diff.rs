//! `diff`: the fork against pristine upstream, or two upstream releases.

use super::context::Context;
use super::project::{Project, read_manifest};
use super::upgrade::{locked, resolve};
use crate::cli::DiffArgs;
use crate::core::compare;
use crate::core::make::CARGO_LOCK;
use crate::core::report::DiffReport;
use crate::core::tree::{Tree, TreePath};
use crate::error::{Error, Kind, Result};

/// Runs the command.
///
/// # Errors
///
/// Where a side cannot be had, or neither has the file that is named.
pub fn run(context: &Context<'_>, args: &DiffArgs) -> Result<DiffReport> {
    let look = context.peek(&read_manifest(&context.root)?)?;
    let project = Project::load(&context.root, read_manifest(&context.root)?)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let read = |version: &semver::Version| {
        let locked = locked(project.lock.as_ref(), version);
        Ok::<Tree, Error>(upstream.release(version, locked)?.tree)
    };
    let name = &project.manifest().upstream.name;
    let (old, new, sides) = match (&args.from, &args.to) {
        (Some(from), Some(to)) => {
            drop(look);
            let (from, to) = (resolve(&upstream, from)?, resolve(&upstream, to)?);
            let sides = (format!("{name} {from}"), format!("{name} {to}"));
            (read(&from)?, read(&to)?, sides)
        }
        _ => {
            let pin = &project.manifest().fork.pin;
            let fork = &project.manifest().fork;
            let sides = (
                format!("{name} {pin}"),
                format!("{} {}", fork.name, fork.version),
            );
            let mut tree = project.vendored_tree()?;
            drop(look);
            if args.file.as_deref() != Some(CARGO_LOCK) {
                // Upstream has none of its own: it would hide everything else.
                tree.remove(CARGO_LOCK);
            }
            (read(pin)?, tree, sides)
        }
    };
    let wanted = |path: &TreePath| args.file.as_ref().is_none_or(|file| is_below(path, file));
    if !old.paths().chain(new.paths()).any(wanted) {
        let file = args.file.as_deref().unwrap_or_default();
        return Err(
            Error::new(Kind::General, format!("neither side has `{file}`"))
                .help("name a file or directory from the crate's root, such as `src/sockets`"),
        );
    }
    Ok(DiffReport {
        old: sides.0,
        new: sides.1,
        files: compare::diffs(&old, &new, wanted),
        stat: args.stat,
    })
}

fn is_below(path: &TreePath, file: &str) -> bool {
    let rest = path.as_str().strip_prefix(file.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

//! `diff`: the fork against pristine upstream, or two upstream releases.

use recipe::compare;
use recipe::error::{Error, Fault, Kind, Result};
use recipe::make::CARGO_LOCK;
use recipe::tree::{Tree, TreePath};

use super::context::{Access, Context};
use super::release::{locked, resolve};
use super::show::near;
use crate::cli::DiffArgs;
use crate::report::DiffReport;

/// Runs the command.
///
/// # Errors
///
/// Where a side is unavailable, or neither has the files that are named, all together.
pub(super) fn run(context: &Context<'_>, args: &DiffArgs) -> Result<DiffReport> {
    let (read_lock, project) = context.open(Access::ReadBesideWriter)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let read = |version: &semver::Version| {
        let locked = locked(project.lock.as_ref(), version);
        Ok::<Tree, Error>(upstream.release(version, locked)?.tree)
    };
    let name = &project.manifest().upstream.name;
    let (old, new, sides) = match (&args.from, &args.to) {
        (Some(from), Some(to)) => {
            drop(read_lock);
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
            project.vendored()?.of_the_lock()?;
            let mut tree = project.vendored_tree()?;
            drop(read_lock);
            if !args.files.iter().any(|file| file == CARGO_LOCK) {
                // Upstream has none of its own: it would hide everything else.
                tree.remove(CARGO_LOCK);
            }
            (read(pin)?, tree, sides)
        }
    };
    all_there(&old, &new, &sides, &args.files)?;
    let is_all = args.files.is_empty();
    let wanted = |path: &TreePath| is_all || args.files.iter().any(|file| is_below(path, file));
    Ok(DiffReport {
        old: sides.0,
        new: sides.1,
        files: compare::diffs(&old, &new, wanted),
        stat: args.stat,
    })
}

/// Checks that each file or directory that is named is on one side at least.
fn all_there(old: &Tree, new: &Tree, sides: &(String, String), files: &[String]) -> Result<()> {
    let mut paths: Vec<&TreePath> = old.paths().chain(new.paths()).collect();
    paths.sort();
    paths.dedup();
    let unknown = files
        .iter()
        .filter(|file| !paths.iter().any(|path| is_below(path, file)));
    let fault =
        |file: &String| Fault::new(format!("`{file}`")).help(near(paths.iter().copied(), file));
    let faults: Vec<Fault> = unknown.map(fault).collect();
    if faults.is_empty() {
        return Ok(());
    }
    let message = format!("neither {} nor {} has", sides.0, sides.1);
    Err(Error::faults(Kind::General, message, faults))
}

fn is_below(path: &TreePath, file: &str) -> bool {
    let rest = path.as_str().strip_prefix(file.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

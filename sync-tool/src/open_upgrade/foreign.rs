//! Open upgrades that go to another machine, or come from one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use host::{disk, failpoint};
use recipe::error::{Error, Fault, Location, Result};
use recipe::tree::TreePath;

use super::{DECISIONS, FILES, FINISHING, OpenUpgrade, STATE, make_dir, put};

/// Copies an open upgrade.
///
/// # Errors
///
/// Where the disk fails, or something else is at the destination.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let Some(found) = disk::read_entries(from)? else {
        return Ok(());
    };
    if let Ok(mut there) = fs::read_dir(to)
        && there.next().is_some()
    {
        return Err(
            Error::general(format!("{} is not empty", to.display())).help("name a new directory")
        );
    }
    make_dir(to)?;
    let names = found.entries.0.keys().filter(|name| name.as_str() != STATE);
    // The state makes the copy one: it comes last.
    for name in names.map(TreePath::as_str).chain([STATE]) {
        let place = from.join(name);
        let bytes = fs::read(&place).map_err(|e| Error::io("read", &place, e))?;
        put(&to.join(name), &bytes)?;
        failpoint::hit("conflicts.copied");
    }
    Ok(())
}

/// Checks what was brought from elsewhere: that it holds nothing but what an open upgrade
/// does, and that each decision is about one of its conflicts.
///
/// # Errors
///
/// All that is wrong, together.
pub(crate) fn check_foreign(open: &OpenUpgrade) -> Result<()> {
    let mut faults = Vec::new();
    let known = open
        .state
        .conflicts
        .iter()
        .map(|one| one.conflict.path.clone());
    let known: BTreeSet<String> = known.map(|path| format!("{FILES}/{path}")).collect();
    let found = disk::read_entries(&open.dir)?.unwrap_or_default();
    for (name, _) in &found.strays {
        faults.push(Fault::new("it is not a plain file").at(Location::file(name.clone())));
    }
    for path in found.entries.0.keys().map(TreePath::as_str) {
        let is_known = [STATE, FINISHING].contains(&path)
            || path.starts_with(&format!("{DECISIONS}/"))
            || known.contains(path);
        if !is_known {
            faults.push(Fault::new("no conflict has such a file").at(Location::file(path)));
        }
    }
    let keys: BTreeSet<_> = open
        .state
        .conflicts
        .iter()
        .map(|one| one.texts.key())
        .collect();
    for resolution in open
        .decisions
        .values()
        .filter(|one| !keys.contains(&one.key))
    {
        let place = Location::file(format!("{DECISIONS}/{}", resolution.file_name()));
        faults.push(Fault::new("it decides about other texts than those in conflict").at(place));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => {
            let message = format!("{} is not as it was exported", open.dir.display());
            Err(Error::faults(recipe::Kind::General, message, faults)
                .help("export it again where it was made"))
        }
    }
}

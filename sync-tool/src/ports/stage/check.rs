//! Looks at everything that could stop a change, before it is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::Change;
use super::journal::{Plan, Remove, Swap, Write};
use super::staged::{differences, fingerprint};
use super::work::{Work, look};
use crate::core::tree::{Digest, Entries, TreePath};
use crate::error::{Error, Fault, Kind, Place, Result};
use crate::ports::disk::{self, Found, TARGET};

/// Makes the plan of a change, and returns it with what stands at the destination.
///
/// # Errors
///
/// Fails where the change cannot be made as a whole.
pub(super) fn plan(
    work: &Work,
    change: &Change,
    staged: Option<&Entries>,
) -> Result<(Plan, Option<Found>)> {
    refuse_overlaps(work, change)?;
    let mut replaced = None;
    let tree = match (&change.destination, staged) {
        (Some(destination), Some(staged)) => {
            replaced = destination_now(work, destination, change.expected.as_ref())?;
            let new = Found {
                entries: staged.clone(),
                strays: Vec::new(),
            };
            Some(Swap {
                destination: destination.clone(),
                old: replaced.as_ref().map(fingerprint),
                new: fingerprint(&new),
            })
        }
        (None, None) => None,
        (Some(_), None) => return Err(Error::general("there is no staged tree to put in place")),
        (None, Some(_)) => return Err(Error::general("the staged tree has no destination")),
    };
    let removes = removes(work, &change.files)?;
    let writes = writes(work, &change.files, &removes)?;
    let plan = Plan {
        tree,
        removes,
        writes,
    };
    Ok((plan, replaced))
}

fn refuse_overlaps(work: &Work, change: &Change) -> Result<()> {
    let apart = |a: &TreePath, b: &TreePath| {
        if a.is_within(b) || b.is_within(a) {
            let message =
                format!("`{a}` and `{b}` cannot both be written: one is inside the other");
            return Err(Error::general(message));
        }
        Ok(())
    };
    let written = change.files.iter().filter(|(_, bytes)| bytes.is_some());
    let mut last: Option<&TreePath> = None;
    // In the order of their parts, what lies below a path follows it at once.
    let sorted: BTreeMap<Vec<&str>, &TreePath> = written
        .map(|(path, _)| (path.as_str().split('/').collect(), path))
        .collect();
    for path in sorted.into_values() {
        last.map_or(Ok(()), |last| apart(path, last))?;
        last = Some(path);
    }
    let trees = change.destination.iter().chain([work.path()]);
    for tree in trees {
        change.files.keys().try_for_each(|path| apart(path, tree))?;
    }
    let destination = change.destination.as_ref();
    destination.map_or(Ok(()), |d| apart(d, work.path()))
}

fn destination_now(
    work: &Work,
    path: &TreePath,
    expected: Option<&Entries>,
) -> Result<Option<Found>> {
    let place = work.place(path)?;
    let found = match look(&place)? {
        None => {
            ancestor(work, path, &BTreeSet::new())?;
            None
        }
        Some(there) if there.is_dir() => {
            writable(&place)?;
            writable(place.parent().unwrap_or(work.root()))?;
            movable(work, path, &place, &there)?;
            disk::read_entries(&place)?
        }
        Some(_) => {
            return Err(
                Error::general(format!("`{path}` is not a directory")).help(format!(
                    "move it away: `{path}` is where the vendored tree goes"
                )),
            );
        }
    };
    if let Some(expected) = expected {
        refuse_edits(path, expected, &found.clone().unwrap_or_default())?;
    }
    Ok(found)
}

fn refuse_edits(path: &TreePath, expected: &Entries, found: &Found) -> Result<()> {
    let faults: Vec<Fault> = differences(expected, found)
        .into_iter()
        .map(|words| Fault::new(words).at(Place::file(path.as_str())))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let message = format!("`{path}` was changed while this run was at work; nothing was replaced");
    Err(Error::faults(Kind::Drift, message, faults)
        .help("keep the edits: `wash-wasi-sync refresh`, then run the same command again")
        .help(format!(
            "drop the edits: delete `{path}` and run `wash-wasi-sync vendor`"
        )))
}

/// Refuses what is mounted: it can be neither renamed nor exchanged.
fn movable(work: &Work, path: &TreePath, place: &Path, there: &Metadata) -> Result<()> {
    let refuse = |what: String| {
        let message = format!("{what} is mounted, so `{path}` cannot be put in place as a whole");
        Err(Error::general(message).help(format!(
            "unmount {what}, or mount a directory above `{path}`"
        )))
    };
    let stage =
        fs::symlink_metadata(work.dir()).map_err(|e| Error::io("look at", work.dir(), e))?;
    if mounted(place) || !same_device(&stage, there) {
        return refuse(format!("`{path}`"));
    }
    let target = place.join(TARGET);
    match look(&target)? {
        Some(found) if mounted(&target) || !same_device(&stage, &found) => {
            refuse(format!("`{path}/{TARGET}`"))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn same_device(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    a.dev() == b.dev()
}

#[cfg(not(unix))]
fn same_device(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn mounted(place: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, place, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|s| s.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn mounted(_place: &Path) -> bool {
    false
}

/// Refuses a directory that this user, or nobody, can write.
///
/// # Errors
///
/// Fails where it cannot be written.
pub(super) fn writable(dir: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        access(dir, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|e| Error::io("write into", dir, e.into()))?;
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

type Files = BTreeMap<TreePath, Option<Vec<u8>>>;

fn removes(work: &Work, files: &Files) -> Result<Vec<Remove>> {
    let mut removes = Vec::new();
    for (path, _) in files.iter().filter(|(_, bytes)| bytes.is_none()) {
        let place = work.place(path)?;
        let Some(there) = look(&place)? else {
            continue;
        };
        if !there.is_file() {
            return Err(in_the_way(path, path, "is not a file"));
        }
        writable(place.parent().unwrap_or(work.root()))?;
        let old = digest(&place)?;
        removes.push(Remove {
            path: path.clone(),
            old,
        });
    }
    Ok(removes)
}

fn writes(work: &Work, files: &Files, removes: &[Remove]) -> Result<Vec<Write>> {
    let going: BTreeSet<&str> = removes.iter().map(|r| r.path.as_str()).collect();
    let mut writes = Vec::new();
    for (path, bytes) in files {
        let Some(bytes) = bytes else { continue };
        let place = work.place(path)?;
        let new = Digest::of(bytes);
        let old = match look(&place)? {
            Some(there) if there.is_file() => Some(digest(&place)?),
            Some(there) if there.is_dir() => {
                empties(path, &place, &going)?;
                None
            }
            Some(_) => return Err(in_the_way(path, path, "is not a file")),
            None => None,
        };
        if old == Some(new) {
            continue;
        }
        ancestor(work, path, &going)?;
        writes.push(Write {
            path: path.clone(),
            old,
            new,
        });
    }
    Ok(writes)
}

fn in_the_way(path: &TreePath, what: impl std::fmt::Display, why: &str) -> Error {
    Error::general(format!("cannot write `{path}`: `{what}` {why}")).help(format!(
        "move `{what}` away, then run the same command again"
    ))
}

/// Checks that the nearest directory above a path can be written, and that no
/// file that stays is in the way.
fn ancestor(work: &Work, path: &TreePath, going: &BTreeSet<&str>) -> Result<()> {
    let mut end = path.as_str().len();
    while let Some(slash) = path.as_str()[..end].rfind('/') {
        end = slash;
        let above = &path.as_str()[..end];
        match look(&work.root().join(above))? {
            Some(there) if there.is_dir() => return writable(&work.root().join(above)),
            Some(_) if !going.contains(above) => {
                return Err(in_the_way(path, above, "is not a directory"));
            }
            _ => {}
        }
    }
    writable(work.root())
}

/// Checks that a directory holds nothing but files that go.
fn empties(path: &TreePath, place: &Path, going: &BTreeSet<&str>) -> Result<()> {
    for entry in walkdir::WalkDir::new(place) {
        let entry = entry.map_err(|e| Error::io("read", place, e.into()))?;
        let below: PathBuf = entry.path().strip_prefix(place).unwrap_or(place).into();
        let name = format!("{path}/{}", below.display());
        if !entry.file_type().is_dir() && !going.contains(name.as_str()) {
            return Err(in_the_way(path, name, "would be lost"));
        }
    }
    Ok(())
}

/// Returns the digest of a file's content.
///
/// # Errors
///
/// Fails where it cannot be read.
pub(super) fn digest(place: &Path) -> Result<Digest> {
    let bytes = fs::read(place).map_err(|e| Error::io("read", place, e))?;
    Ok(Digest::of(bytes))
}

//! Looks at everything that could stop a change, before it is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use host::disk;
use host::disk::{Found, TARGET};
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree::{Digest, Entries, TreePath};

use super::Change;
use super::journal::{Plan, Remove, Swap, Write};
use super::rights::{mounted, replaceable, same_device, writable};
use super::staged::{differences, fingerprint};
use super::work::{Work, look};

/// Makes the plan of a change.
///
/// # Errors
///
/// Fails where the change cannot be made as a whole, or would replace something else
/// than the run has read: all that is another now is named.
pub(super) fn plan(work: &Work, change: &Change, staged: Option<&Entries>) -> Result<Plan> {
    refuse_overlaps(work, change)?;
    let mut edits = Vec::new();
    let tree = match (&change.destination, staged) {
        (Some(destination), Some(staged)) => Some(Swap {
            destination: destination.clone(),
            old: destination_now(work, destination, &change.expected, &mut edits)?,
            new: fingerprint(&Found {
                entries: staged.clone(),
                strays: Vec::new(),
            }),
        }),
        (None, None) => None,
        (Some(_), None) => return Err(Error::general("there is no staged tree to put in place")),
        (None, Some(_)) => return Err(Error::general("the staged tree has no destination")),
    };
    let is_tree = !edits.is_empty();
    let removes = removes(work, change, &mut edits)?;
    let writes = writes(work, change, &removes, &mut edits)?;
    refuse(edits, change.destination.as_ref().filter(|_| is_tree))?;
    Ok(Plan {
        tree,
        removes,
        writes,
    })
}

/// Refuses to replace what was edited since the run has read it.
fn refuse(edits: Vec<Fault>, tree: Option<&TreePath>) -> Result<()> {
    if edits.is_empty() {
        return Ok(());
    }
    let message = "files were changed while this run was at work; nothing was replaced";
    let error = Error::faults(Kind::Drift, message, edits);
    Err(match tree {
        None => error.help("run the same command again: it reads what stands there now"),
        Some(path) => error
            .help("keep the edits: `wash-wasi-sync refresh`, then run the same command again")
            .help(format!(
                "drop the edits: delete `{path}` and run `wash-wasi-sync vendor`"
            )),
    })
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

/// Returns the digest of what stands at the destination.
fn destination_now(
    work: &Work,
    path: &TreePath,
    expected: &Found,
    edits: &mut Vec<Fault>,
) -> Result<Option<Digest>> {
    let place = work.place(path)?;
    let found = match look(&place)? {
        None => {
            ancestor(work, path, &BTreeSet::new())?;
            Found::default()
        }
        Some(there) if there.is_dir() => {
            writable(&place)?;
            replaceable(work, &place, &there)?;
            movable(work, path, &place, &there)?;
            disk::read_entries(&place)?.unwrap_or_default()
        }
        Some(_) => {
            return Err(
                Error::general(format!("`{path}` is not a directory")).help(format!(
                    "move it away: `{path}` is where the vendored tree goes"
                )),
            );
        }
    };
    let differences = differences(expected, &found).into_iter();
    edits.extend(
        differences
            .map(|(name, what)| Fault::new(what).at(Location::file(format!("{path}/{name}")))),
    );
    Ok(of_found(&found))
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
    let Some(found) = look(&target)? else {
        return Ok(());
    };
    if mounted(&target) || !same_device(&stage, &found) {
        return refuse(format!("`{path}/{TARGET}`"));
    }
    let cannot_move = |e: Error| {
        e.context(format!(
            "`{path}/{TARGET}` cannot be moved into the new tree"
        ))
        .help(format!("or delete `{path}/{TARGET}`: cargo makes it anew"))
    };
    replaceable(work, &target, &found).map_err(cannot_move)?;
    // A directory that moves gets another parent, and that is written into it.
    match found.is_dir() {
        true => writable(&target).map_err(cannot_move),
        false => Ok(()),
    }
}

fn removes(work: &Work, change: &Change, edits: &mut Vec<Fault>) -> Result<Vec<Remove>> {
    let mut removes = Vec::new();
    for (path, _) in change.files.iter().filter(|(_, bytes)| bytes.is_none()) {
        let place = work.place(path)?;
        let Some(there) = look(&place)? else {
            continue;
        };
        if !there.is_file() {
            return Err(in_the_way(path, path, "is not a file"));
        }
        replaceable(work, &place, &there)?;
        let old = digest(&place)?;
        edits.extend(edited(change, path, Some(old)));
        removes.push(Remove {
            path: path.clone(),
            old,
        });
    }
    Ok(removes)
}

fn writes(
    work: &Work,
    change: &Change,
    removes: &[Remove],
    edits: &mut Vec<Fault>,
) -> Result<Vec<Write>> {
    let going: BTreeSet<&str> = removes.iter().map(|r| r.path.as_str()).collect();
    let mut writes = Vec::new();
    for (path, bytes) in &change.files {
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
        if let Some(there) = look(&place)? {
            replaceable(work, &place, &there)?;
        }
        edits.extend(edited(change, path, old));
        ancestor(work, path, &going)?;
        writes.push(Write {
            path: path.clone(),
            old,
            new,
        });
    }
    Ok(writes)
}

/// Returns what happened to a file since the run has read it.
fn edited(change: &Change, path: &TreePath, now: Option<Digest>) -> Option<Fault> {
    let read = change.read.0.get(path).map(|entry| entry.digest);
    let what = match (read, now) {
        _ if read == now => return None,
        (None, _) => "was added",
        (_, None) => "was removed",
        _ => "was edited",
    };
    Some(Fault::new(what).at(Location::file(path.as_str())))
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
fn digest(place: &Path) -> Result<Digest> {
    let bytes = fs::read(place).map_err(|e| Error::io("read", place, e))?;
    Ok(Digest::of(bytes))
}

/// Returns the digest of what stands at a path: a file, or all files of a tree. `None`
/// where there is nothing to lose: nothing at all, or directories without files.
///
/// # Errors
///
/// Fails where it cannot be read.
pub(super) fn content(place: &Path) -> Result<Option<Digest>> {
    Ok(match look(place)? {
        None => None,
        Some(there) if there.is_file() => Some(digest(place)?),
        Some(there) if there.is_dir() => of_found(&disk::read_entries(place)?.unwrap_or_default()),
        // A link or a device: no run has put it there.
        Some(there) => Some(Digest::of(format!("{:?}", there.file_type()))),
    })
}

fn of_found(found: &Found) -> Option<Digest> {
    (*found != Found::default()).then(|| fingerprint(found))
}

//! The two header lines that name the file.

use super::super::between::is_nameable;
use super::super::{DiffSide, PatchFaultKind};
use super::Faults;

/// What a diff names where there is no file.
const NO_FILE: &str = "/dev/null";

/// Reads the header lines from `start` on; returns the path, where it could be
/// read, and the first line after them, counted from 0.
pub(super) fn read(lines: &[&str], start: usize, faults: &mut Faults) -> (Option<String>, usize) {
    let mut named: [Option<(usize, &str)>; 2] = [None, None];
    let mut next = start;
    while let Some((side, name)) = lines.get(next).and_then(|line| side_of(line)) {
        match &mut named[side as usize] {
            Some(_) => faults.add(next, PatchFaultKind::DuplicateHeader { side }),
            slot => *slot = Some((next, name)),
        }
        next += 1;
    }
    let mut path = |side: DiffSide| {
        let Some((line, name)) = named[side as usize] else {
            faults.add(
                start.min(lines.len() - 1),
                PatchFaultKind::MissingHeader { side },
            );
            return None;
        };
        let path = path_of(side, name);
        path.inspect_err(|kind| faults.add(line, kind.clone())).ok()
    };
    let (old, new) = (path(DiffSide::Old), path(DiffSide::New));
    if let (Some(old), Some(new)) = (&old, &new)
        && old != new
    {
        let (old, new) = (old.clone(), new.clone());
        faults.add(start, PatchFaultKind::PathsDiffer { old, new });
    }
    (old.or(new), next)
}

/// Returns which side a header line names, and what follows its sign, without a time.
fn side_of(line: &str) -> Option<(DiffSide, &str)> {
    let signs = [("--- ", DiffSide::Old), ("+++ ", DiffSide::New)];
    let (side, rest) = signs
        .iter()
        .find_map(|(sign, side)| Some((*side, line.strip_prefix(sign)?)))?;
    // A tab ends the name: a time follows, or nothing, which git writes after a name with a space.
    Some((side, rest.split('\t').next().unwrap_or(rest)))
}

fn path_of(side: DiffSide, name: &str) -> Result<String, PatchFaultKind> {
    if name == NO_FILE {
        return Err(PatchFaultKind::CreatesOrDeletes { side });
    }
    let prefix = match side {
        DiffSide::Old => "a/",
        DiffSide::New => "b/",
    };
    let path = name.strip_prefix(prefix).filter(|path| is_nameable(path));
    path.map(str::to_owned)
        .ok_or_else(|| PatchFaultKind::BadPath {
            side,
            path: name.to_owned(),
        })
}

//! The head of a patch: differences, remarks, and what git writes above a diff.

use super::super::{DiffSide, Difference, HeadKey, PatchFaultKind};
use super::Faults;

/// Lines that git writes above a diff and that say nothing more than it.
const TOLERATED: [&str; 2] = ["diff --git ", "index "];

/// Lines that git writes above a diff that gives a file another name or mode.
const RENAMING: [&str; 7] = [
    "old mode ",
    "new mode ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "similarity index ",
];

/// What the head says.
pub(super) struct PatchHead {
    pub differences: Vec<Difference>,
    pub notes: Vec<String>,
    /// The first line after the head, counted from 0.
    pub end: usize,
    /// Whether a diff of lines follows, and not one of bytes.
    pub is_text: bool,
}

/// A key with its value, as far as it has been read.
struct HeadField {
    key: HeadKey,
    /// Counted from 0.
    line: usize,
    value: String,
}

/// Reads the head.
pub(super) fn read(lines: &[&str], faults: &mut Faults) -> PatchHead {
    let is_diff = |line: &&str| {
        ["--- ", "+++ ", "@@"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let end = lines.iter().position(is_diff).unwrap_or(lines.len());
    let binary = lines[..end].iter().position(|line| is_binary(line));
    if let Some(line) = binary {
        faults.add(line, PatchFaultKind::Binary);
    }
    let mut fields: Vec<HeadField> = Vec::new();
    let mut notes = Vec::new();
    let mut is_open = false;
    for (at, line) in lines[..binary.unwrap_or(end)].iter().enumerate() {
        if let Some((key, value)) = key_of(line) {
            let value = value.to_owned();
            fields.push(HeadField {
                key,
                line: at,
                value,
            });
            is_open = true;
            continue;
        }
        match fields.last_mut() {
            Some(field) if is_open && is_continuation(line) => {
                field.value.push('\n');
                field.value.push_str(line);
                continue;
            }
            _ => is_open = false,
        }
        if let Some(note) = line.strip_prefix('#') {
            notes.push(note.trim_end().to_owned());
        } else if let Some(kind) = fault_of(line) {
            faults.add(at, kind);
        }
    }
    PatchHead {
        differences: paired(&fields, faults),
        notes,
        end,
        is_text: binary.is_none(),
    }
}

fn is_binary(line: &str) -> bool {
    line == "GIT binary patch" || line.starts_with("Binary files ")
}

fn key_of(line: &str) -> Option<(HeadKey, &str)> {
    [HeadKey::Change, HeadKey::Reason]
        .into_iter()
        .find_map(|key| {
            let value = line.strip_prefix(key.name())?.strip_prefix(':')?;
            Some((key, value))
        })
}

fn is_continuation(line: &str) -> bool {
    line.starts_with([' ', '\t']) && !line.trim().is_empty()
}

/// Returns what is wrong with a line of the head that is neither key, value nor remark.
fn fault_of(line: &str) -> Option<PatchFaultKind> {
    let is_any = |starts: &[&str]| starts.iter().any(|start| line.starts_with(start));
    if line.trim().is_empty() || is_any(&TOLERATED) {
        None
    } else if line.starts_with("new file mode ") {
        Some(PatchFaultKind::CreatesOrDeletes {
            side: DiffSide::Old,
        })
    } else if line.starts_with("deleted file mode ") {
        Some(PatchFaultKind::CreatesOrDeletes {
            side: DiffSide::New,
        })
    } else if is_any(&RENAMING) {
        Some(PatchFaultKind::RenamesOrChangesMode)
    } else {
        Some(PatchFaultKind::UnknownHeadLine)
    }
}

/// Makes differences of each `Change:` with the `Reason:` that follows it.
fn paired(fields: &[HeadField], faults: &mut Faults) -> Vec<Difference> {
    if fields.is_empty() {
        faults.add(0, PatchFaultKind::NoDifference);
    }
    for field in fields.iter().filter(|field| field.value.trim().is_empty()) {
        faults.add(field.line, PatchFaultKind::EmptyValue { key: field.key });
    }
    let mut differences = Vec::new();
    let mut open: Option<&HeadField> = None;
    for field in fields {
        match (field.key, open.take()) {
            (HeadKey::Reason, Some(change)) => {
                differences.push(Difference::new(&change.value, &field.value));
            }
            (HeadKey::Reason, None) => faults.add(field.line, PatchFaultKind::ReasonWithoutChange),
            (HeadKey::Change, before) => {
                if let Some(before) = before {
                    faults.add(before.line, PatchFaultKind::ChangeWithoutReason);
                }
                open = Some(field);
            }
        }
    }
    if let Some(change) = open {
        faults.add(change.line, PatchFaultKind::ChangeWithoutReason);
    }
    differences
}

//! `[[rename]]`: names that upstream changed, for merges.

use std::ops::Range;

use semver::Version;

use super::Manifest;
use crate::merge::Rename;
use crate::reader::{Reader, Section};

/// One row: a name that upstream changed with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRename {
    /// The old and the new name, or path.
    pub rename: Rename,
    /// The first upstream version that has the new one.
    pub upstream: Version,
    /// The row's place in the manifest.
    pub span: Range<usize>,
}

impl Manifest {
    /// Returns what was renamed from one upstream version to another, in the order in which
    /// it is to be applied; the way back, where the second is the lower one.
    pub fn renames_between(&self, from: &Version, to: &Version) -> Vec<Rename> {
        let (low, high) = (from.min(to), from.max(to));
        let between = self.renames.iter();
        let between = between.filter(|row| *low < row.upstream && row.upstream <= *high);
        let renames = between.map(|row| row.rename.clone());
        if from <= to {
            return renames.collect();
        }
        let back = renames.map(|Rename { from, to }| Rename { from: to, to: from });
        back.rev().collect()
    }
}

/// Reads all rows, ascending by version.
pub(super) fn read(r: &mut Reader, root: &Section<'_>) -> Vec<DeclaredRename> {
    let mut rows: Vec<DeclaredRename> = Vec::new();
    for section in r.sections(root, "rename") {
        let Some(new) = row(r, &section) else {
            continue;
        };
        let is_same = |row: &DeclaredRename| {
            row.rename.from == new.rename.from && row.upstream == new.upstream
        };
        if rows.iter().any(is_same) {
            let message = format!("`{}` is renamed twice at {}", new.rename.from, new.upstream);
            r.fault(new.span.clone(), message, "keep one of the rows");
        }
        rows.push(new);
    }
    rows.sort_by(|a, b| a.upstream.cmp(&b.upstream));
    rows
}

fn row(r: &mut Reader, s: &Section<'_>) -> Option<DeclaredRename> {
    r.keys(s, &["from", "to", "upstream"], &[]);
    let (from, to) = (name(r, s, "from"), name(r, s, "to"));
    let upstream = r.version(s, "upstream");
    let (from, to) = (from?, to?);
    if from == to {
        let message = format!("`{from}` is renamed to itself");
        r.fault(s.span_of("to"), message, "correct it, or remove the row");
    }
    Some(DeclaredRename {
        rename: Rename { from, to },
        upstream: upstream?,
        span: s.span.clone(),
    })
}

fn name(r: &mut Reader, s: &Section<'_>, key: &str) -> Option<String> {
    let name = r.string(s, key)?;
    if !Rename::is_path(&name) {
        let message = format!("`{name}` is not an identifier, nor a path of them");
        let help = "write it as `name` or `module::Name`; a keyword cannot be renamed";
        r.fault(s.span_of(key), message, help);
    }
    Some(name)
}

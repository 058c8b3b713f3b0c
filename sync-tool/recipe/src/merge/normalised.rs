//! Brings base and ours to the names and the layout of theirs, so that a merge by lines
//! meets only what was changed otherwise.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::Sides;
use super::renames::{self, Names, Rename};
use crate::format::{Formatter, same_code};
use crate::tree::TreePath;

/// Base and ours as they would be with theirs' names and layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alike {
    pub base: String,
    pub ours: String,
    /// What was done, a sentence each.
    pub notes: Vec<String>,
}

/// Applies the declared renames and those that are found, then formats with the formatter,
/// which is given with its edition; `None` where that changes nothing.
pub(super) fn alike(
    sides: Sides<'_>,
    renames: &[Rename],
    formatter: Option<(&dyn Formatter, &str)>,
) -> Option<Alike> {
    let mut alike = Alike {
        base: sides.base.to_owned(),
        ours: sides.ours.to_owned(),
        notes: Vec::new(),
    };
    for rename in renames {
        alike.apply(rename);
    }
    alike.follow(&renames::find(&alike.base, sides.theirs));
    if let Some(texts) =
        formatter.and_then(|(f, edition)| alike.formatted(sides.theirs, f, edition))
        && texts != [&*alike.base, &*alike.ours]
    {
        let [base, ours] = texts;
        (alike.base, alike.ours) = (base, ours);
        alike
            .notes
            .push("Base and ours are formatted as theirs.".to_owned());
    }
    let is_changed = alike.base != sides.base || alike.ours != sides.ours;
    is_changed.then_some(alike)
}

impl Alike {
    fn apply(&mut self, rename: &Rename) {
        let [in_base, in_ours] = [&self.base, &self.ours].map(|text| renames::count(text, rename));
        self.note(rename, if in_ours == 0 { in_base } else { in_ours });
        for text in [&mut self.base, &mut self.ours] {
            *text = renames::apply(text, rename);
        }
    }

    fn note(&mut self, Rename { from, to }: &Rename, count: usize) {
        if count > 0 {
            let s = if count == 1 { "" } else { "s" };
            let note = format!("`{from}` is `{to}` now in {count} place{s}.");
            self.notes.push(note);
        }
    }

    /// Applies those of the renames that were found that mean in ours what they mean in base:
    /// ours does not use the new name for something of its own, nor, where the definition is
    /// elsewhere, the old one at further places, which may have to keep it.
    fn follow(&mut self, found: &[Rename]) {
        if found.is_empty() {
            return;
        }
        let [base, ours] = [&self.base, &self.ours].map(|text| Names::of(text));
        let is_safe = |rename: &&Rename| {
            let is_moved = ours.count(&rename.from) > base.count(&rename.from);
            ours.count(&rename.to) == 0 && (!is_moved || base.defines(&rename.from))
        };
        let safe: Vec<&Rename> = found.iter().filter(is_safe).collect();
        let renamed = [&base, &ours].map(|names| names.renamed(&safe));
        let counts = safe.iter().map(|rename| match ours.count(&rename.from) {
            0 => base.count(&rename.from),
            count => count,
        });
        let counts: Vec<usize> = counts.collect();
        [self.base, self.ours] = renamed;
        for (rename, count) in safe.into_iter().zip(counts) {
            self.note(rename, count);
        }
    }

    /// Formats base and ours; `None` where theirs is not stable under the formatter, or one
    /// of them cannot be formatted.
    fn formatted(
        &self,
        theirs: &str,
        formatter: &dyn Formatter,
        edition: &str,
    ) -> Option<[String; 2]> {
        let texts = [theirs, &self.base, &self.ours];
        let names = ["theirs.rs", "base.rs", "ours.rs"];
        let files = names.iter().zip(texts).map(|(name, text)| {
            let path = TreePath::new(name).ok()?;
            Some((path, Arc::from(text)))
        });
        let files: Vec<(TreePath, Arc<str>)> = files.collect::<Option<_>>()?;
        let formatted = formatter.format(edition, &files).ok()?.texts;
        let [same, base, ours] = formatted.as_slice() else {
            return None;
        };
        let is_code = same_code(&self.base, base) && same_code(&self.ours, ours);
        (**same == *theirs && is_code).then(|| [base.to_string(), ours.to_string()])
    }
}

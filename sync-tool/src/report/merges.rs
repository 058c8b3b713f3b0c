//! What a merge did, as it is reported.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use recipe::merge::{Layer, MergedHunk};
use recipe::series::{Rebased, Resolution, StoredSeries};
use recipe::text::{code_span, markdown};
use recipe::tree::TreePath;
use semver::Version;
use serde::Serialize;

use super::{TakenReport, by_layer};

/// What was merged to bring a series from one release to another.
#[derive(Debug, Clone, Serialize)]
pub struct MergeReport {
    /// The release that the merge took for its base.
    pub from: Version,
    /// The release that the series was brought to.
    pub to: Version,
    /// The files that had to be merged.
    pub files: Vec<MergedReport>,
    /// What upstream has of the patches by now.
    pub taken: Vec<TakenReport>,
    /// The resolutions that were used.
    pub resolutions: Vec<Resolution>,
}

/// How the fork's changes came into a file of another release.
#[derive(Debug, Clone, Serialize)]
pub struct MergedReport {
    /// The file of the crate.
    pub path: TreePath,
    /// The files that the changes come from, where these are others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<TreePath>,
    /// The changes, with the layer that merged each.
    pub hunks: Vec<MergedHunk>,
    /// What else a reviewer should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl MergeReport {
    /// Reports what a series was rebased from, and what came of it.
    pub fn of(
        from: &Version,
        to: &Version,
        old: &StoredSeries,
        new: &StoredSeries,
        rebased: &Rebased,
    ) -> Self {
        let merged = rebased.files.iter();
        let merged = || {
            let files = merged.clone();
            files.filter_map(|(path, file)| Some((path, file, file.merged.as_ref()?)))
        };
        let files = merged().map(|(path, file, merged)| MergedReport {
            path: path.clone(),
            sources: match &file.sources[..] {
                [only] if only == path => Vec::new(),
                all => all.to_vec(),
            },
            hunks: merged.hunks.clone(),
            notes: merged.notes.clone(),
        });
        let taken = merged().filter(|(_, _, merged)| merged.agreed.total() > 0);
        let taken = taken.filter_map(|(path, _, merged)| {
            Some(TakenReport {
                path: path.clone(),
                patch: old.patches.get(path)?.file.clone(),
                left: new.patches.get(path).map(|left| left.file.clone()),
                lines: merged.agreed,
            })
        });
        MergeReport {
            from: from.clone(),
            to: to.clone(),
            files: files.collect(),
            taken: taken.collect(),
            resolutions: rebased.used.clone(),
        }
    }

    /// Counts the merged changes by layer, the simplest first.
    pub fn layers(&self) -> BTreeMap<Layer, usize> {
        by_layer(self.files.iter().flat_map(|file| &file.hunks))
    }
}

/// Says in Markdown what was merged into a series, and how: the series' own remarks.
pub fn remarks(merges: &[MergeReport]) -> String {
    let mut text = String::new();
    for merge in merges {
        let _ = writeln!(
            text,
            "Merged from upstream {} to {}:\n",
            merge.from, merge.to
        );
        for file in &merge.files {
            let path = code_span(file.path.as_str());
            for hunk in &file.hunks {
                let item = hunk
                    .item
                    .as_ref()
                    .map(|item| format!(", {}", code_span(item)));
                let (line, layer) = (hunk.lines.start, hunk.layer.name());
                let _ = writeln!(
                    text,
                    "- {path} line {line}{}: {layer}",
                    item.unwrap_or_default()
                );
            }
            for note in &file.notes {
                let _ = writeln!(text, "- {path}: {}", markdown(note));
            }
        }
        for one in &merge.resolutions {
            let _ = writeln!(
                text,
                "- {}: decided, {}",
                code_span(one.path.as_str()),
                one.decision
            );
        }
        text.push('\n');
    }
    text
}

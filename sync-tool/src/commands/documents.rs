//! The documents with generated blocks.

use std::collections::BTreeMap;

use recipe::documents::Block;
use recipe::error::Result;
use recipe::tree::TreePath;

use super::project::{Files, Project};

/// Returns the listed documents whose blocks differ from what they should hold.
///
/// # Errors
///
/// All together: documents that are not there or lack the markers.
pub(super) fn documents(project: &Project, blocks: &[(Block, &str)]) -> Result<Files> {
    let listed = &project.manifest().documents;
    let mut texts: BTreeMap<&TreePath, (&str, String)> = BTreeMap::new();
    for (block, content) in blocks {
        let paths = match block {
            Block::Versions => &listed.versions,
            Block::Differences => &listed.differences,
        };
        for path in paths {
            if !texts.contains_key(path) {
                let text = project.document(path)?;
                texts.insert(path, (text, text.to_owned()));
            }
            if let Some((_, text)) = texts.get_mut(path) {
                *text = block.replace(path.as_str(), text, content)?;
            }
        }
    }
    let changed = texts.into_iter().filter(|(_, (old, new))| old != new);
    Ok(changed
        .map(|(path, (_, new))| (path.clone(), Some(new.into_bytes())))
        .collect())
}

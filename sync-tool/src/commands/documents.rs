//! The documents with generated blocks.

use std::collections::BTreeMap;

use recipe::documents::{Block, TestedRelease, with_tested};
use recipe::error::{Error, Result};
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
            Block::Releases => &listed.releases,
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

/// Puts tested releases into the listed documents, on top of what changed in them already.
///
/// # Errors
///
/// Where no document is listed, one is not there or lacks the table, or a release does not
/// fit into it.
pub(super) fn put_tested(
    project: &Project,
    files: &mut Files,
    tested: &[TestedRelease],
) -> Result<()> {
    let listed = &project.manifest().documents.releases;
    if listed.is_empty() {
        return Err(Error::general("no document has the table of tested releases")
            .help("name it in manifest.toml, below `[documents]`: `releases = [\"docs/releases.md\"]`"));
    }
    for path in listed {
        let old = project.document(path)?;
        let changed = files.get(path).cloned().flatten();
        let text = changed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let new = with_tested(path.as_str(), text.as_deref().unwrap_or(old), tested)?;
        if new != old {
            files.insert(path.clone(), Some(new.into_bytes()));
        }
    }
    Ok(())
}

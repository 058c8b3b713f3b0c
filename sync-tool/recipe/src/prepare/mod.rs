//! From upstream's text to the text that patches are taken against: names
//! rewritten, attributes inserted, what a rewrite touched formatted.

mod insert;
mod rewrite;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use rewrite::{RuleCount, word};

use super::format::Formatter;
use super::manifest::Manifest;
use super::plan::Plan;
use super::tree::{Tree, TreePath};
use crate::error::Result;

/// Upstream's files in the fork's names.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The files that the fork takes.
    pub tree: Tree,
    /// What each rule of the manifest did.
    pub rules: Vec<RuleCount>,
    /// The formatter's version; `None` where nothing was to be formatted.
    pub formatter: Option<String>,
    /// The files whose text formatting changed.
    pub reformatted: Vec<TreePath>,
    /// The files that are not UTF-8, copied as they are.
    pub binary: Vec<TreePath>,
}

/// Prepares the files that a plan takes.
///
/// # Errors
///
/// Rules that match nothing, files that are no Rust, and those of the formatter.
pub fn prepare(
    upstream: &Tree,
    plan: &Plan,
    manifest: &Manifest,
    edition: &str,
    formatter: &dyn Formatter,
) -> Result<Prepared> {
    let taken: Tree = plan
        .taken()
        .filter_map(|path| Some((path.clone(), upstream.get(path.as_str())?.clone())))
        .collect();
    let rewritten = rewrite::rewrite(&taken, manifest)?;
    let mut tree = rewritten.tree;
    let mut rules = rewritten.counts;
    rules.extend(insert::insert(&mut tree, manifest)?);
    let sources = |path: &&TreePath| path.as_str().ends_with(".rs");
    let touched: Vec<TreePath> = rewritten.touched.iter().filter(sources).cloned().collect();
    let (formatter, reformatted) = format(&mut tree, touched, edition, formatter)?;
    Ok(Prepared {
        tree,
        rules,
        formatter,
        reformatted,
        binary: rewritten.binary,
    })
}

/// Formats files in place; returns the formatter's version and what changed.
fn format(
    tree: &mut Tree,
    paths: Vec<TreePath>,
    edition: &str,
    formatter: &dyn Formatter,
) -> Result<(Option<String>, Vec<TreePath>)> {
    let text = |path: TreePath| {
        let text = tree.get(path.as_str())?.text()?;
        Some((path, Arc::from(text)))
    };
    let files: Vec<(TreePath, Arc<str>)> = paths.into_iter().filter_map(text).collect();
    if files.is_empty() {
        return Ok((None, Vec::new()));
    }
    let formatted = formatter.format(edition, &files)?;
    let mut changed = Vec::new();
    for ((path, before), after) in files.into_iter().zip(formatted.texts) {
        if before == after {
            continue;
        }
        if let Some(file) = tree.get(path.as_str()) {
            let file = file.with_bytes(after.as_bytes());
            tree.insert(path.clone(), file);
            changed.push(path);
        }
    }
    Ok((Some(formatted.version), changed))
}

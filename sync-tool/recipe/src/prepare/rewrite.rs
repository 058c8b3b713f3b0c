//! Names: what upstream calls itself, and what the fork calls it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use regex::Regex;
use serde::Serialize;

use crate::error::{Error, Fault, Result, no_faults};
use crate::manifest::{Manifest, Rewrite};
use crate::tree::{Tree, TreePath};

/// What a rule of the manifest did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RuleCount {
    pub rule: String,
    pub matches: usize,
    pub files: usize,
}

/// Rewritten files, and what was done to them.
pub(super) struct Rewritten {
    pub tree: Tree,
    pub counts: Vec<RuleCount>,
    /// The files that a rule changed.
    pub touched: BTreeSet<TreePath>,
    /// The files that are not UTF-8, copied as they are.
    pub binary: Vec<TreePath>,
}

/// Puts the fork's names in the place of upstream's, in all files that are UTF-8.
///
/// A name is bounded by words: `wasmtime_wasi` is not found in `wasmtime_wasi_io`.
pub(super) fn rewrite(tree: &Tree, manifest: &Manifest) -> Result<Rewritten> {
    let rules = rules(manifest)?;
    let mut done = Rewritten {
        tree: Tree::new(),
        counts: manifest.rewrites.iter().map(none_yet).collect(),
        touched: BTreeSet::new(),
        binary: Vec::new(),
    };
    for (path, file) in tree.iter() {
        let Some(text) = file.text() else {
            done.binary.push(path.clone());
            done.tree.insert(path.clone(), file.clone());
            continue;
        };
        let mut text = Cow::Borrowed(text);
        for ((rule, pattern), count) in rules.iter().zip(&mut done.counts) {
            let found = matches(&text, rule, pattern);
            if found > 0 {
                text = Cow::Owned(pattern.replace_all(&text, rule.to.as_str()).into_owned());
                count.matches += found;
                count.files += 1;
                done.touched.insert(path.clone());
            }
        }
        let file = match text {
            Cow::Borrowed(_) => file.clone(),
            Cow::Owned(text) => file.with_bytes(text.into_bytes()),
        };
        done.tree.insert(path.clone(), file);
    }
    let faults: Vec<Fault> = stale(manifest, &done.counts).collect();
    no_faults(faults, "upstream's names cannot be rewritten")?;
    Ok(done)
}

fn none_yet(rule: &Rewrite) -> RuleCount {
    RuleCount {
        rule: format!("rewrite {} to {}", rule.from, rule.to),
        matches: 0,
        files: 0,
    }
}

/// Makes the pattern of each rule.
fn rules(manifest: &Manifest) -> Result<Vec<(&Rewrite, Regex)>> {
    let rules = manifest.rewrites.iter().map(|rule| {
        let pattern = word(&rule.from)?;
        Ok((rule, pattern))
    });
    rules.collect()
}

/// Makes the pattern of a name, bounded by words.
///
/// # Errors
///
/// Fails for a name of many thousand characters, which is too long for an expression.
pub fn word(name: &str) -> Result<Regex> {
    let pattern = Regex::new(&format!(r"\b{}\b", regex::escape(name)));
    pattern
        .map_err(|e| Error::general(format!("`{name}` cannot be searched for: {e}")).caused_by(e))
}

fn matches(text: &str, rule: &Rewrite, pattern: &Regex) -> usize {
    // Most files have no match at all, and a plain search is the fastest way to see it.
    if text.contains(&rule.from) {
        pattern.find_iter(text).count()
    } else {
        0
    }
}

fn stale<'m>(manifest: &'m Manifest, counts: &'m [RuleCount]) -> impl Iterator<Item = Fault> + 'm {
    let rules = manifest.rewrites.iter().zip(counts);
    let stale = rules.filter(|(rule, count)| count.matches == 0 && !rule.optional);
    stale.map(|(rule, _)| {
        Fault::new(format!("`{}` stands in no upstream file", rule.from))
            .at(manifest.place(&rule.span))
            .help("remove the rule, or say `optional = true` in it")
    })
}

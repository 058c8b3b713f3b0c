//! Globs over paths of a tree.

use std::ops::Range;

use globset::{GlobBuilder, GlobMatcher};
use serde::Serialize;

use crate::reader::{Reader, Section};
use crate::tree::TreePath;

/// A glob over paths of a tree: `*` stays within a directory, `**` does not.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The text.
    pub text: String,
    /// Its place in the manifest.
    pub span: Range<usize>,
    matcher: GlobMatcher,
}

impl Pattern {
    /// Makes one of a text that stands at a place of the manifest.
    pub(super) fn new(text: &str, span: Range<usize>) -> Result<Self, globset::Error> {
        let glob = GlobBuilder::new(text).literal_separator(true).build()?;
        Ok(Pattern {
            matcher: glob.compile_matcher(),
            text: text.to_owned(),
            span,
        })
    }

    /// Tells whether a path matches.
    pub fn matches(&self, path: &TreePath) -> bool {
        self.matcher.is_match(path.as_str())
    }

    /// Tells whether the pattern is one path, without wildcards.
    pub fn is_literal(&self) -> bool {
        !self.text.contains(['*', '?', '[', '{'])
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}

/// Reads patterns of paths below a root, which messages name.
pub(super) fn read(r: &mut Reader, s: &Section<'_>, key: &str, root: &str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (text, span) in r.texts(s, key) {
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            let message = format!("the pattern `{text}` leaves the {root}");
            let help = format!("write it relative to the {root}'s root, without `..`");
            r.fault(span, message, help);
            continue;
        }
        match Pattern::new(&text, span.clone()) {
            Ok(pattern) => patterns.push(pattern),
            Err(e) => r.fault(
                span,
                format!("`{text}` is not a glob: {}", e.kind()),
                "`*` stays within a directory, `**` crosses them",
            ),
        }
    }
    patterns
}

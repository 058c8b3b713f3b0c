//! Which of a crate's files are in its package, by the rules that cargo has.
//!
//! The patterns are those of `.gitignore`, as the `ignore` crate reads them,
//! which is what cargo uses ("The exclude and include fields" of its manual).

use globset::{GlobBuilder, GlobMatcher};
use recipe::error::{Error, Result};

/// Patterns in the order of the manifest.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    glob: GlobMatcher,
    negated: bool,
    directories_only: bool,
}

impl Patterns {
    /// Reads patterns.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Upstream`] where cargo could not read one either.
    pub(super) fn parse(lines: &[String]) -> Result<Self> {
        let patterns = lines.iter().filter_map(|line| {
            Pattern::parse(line)
                .map_err(|e| {
                    Error::upstream(format!("`{line}` in Cargo.toml is not a pattern: {e}"))
                        .caused_by(e)
                })
                .transpose()
        });
        Ok(Patterns(patterns.collect::<Result<_>>()?))
    }

    /// Tells whether there is no pattern at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a file matches: by itself or by the nearest directory above
    /// it that any pattern speaks of, where the last pattern counts.
    pub(super) fn matches(&self, file: &str) -> bool {
        let above = file
            .rmatch_indices('/')
            .map(|(end, _)| (&file[..end], true));
        std::iter::once((file, false))
            .chain(above)
            .find_map(|(path, is_directory)| self.verdict(path, is_directory))
            .unwrap_or(false)
    }

    fn verdict(&self, path: &str, is_directory: bool) -> Option<bool> {
        let speaks = |p: &&Pattern| (is_directory || !p.directories_only) && p.glob.is_match(path);
        self.0.iter().rev().find(speaks).map(|p| !p.negated)
    }
}

impl Pattern {
    /// Reads a line; a comment or an empty one is not a pattern.
    fn parse(line: &str) -> Result<Option<Self>, globset::Error> {
        let line = if line.ends_with("\\ ") {
            line
        } else {
            line.trim_end()
        };
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let (negated, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let escaped = !negated && (rest.starts_with("\\!") || rest.starts_with("\\#"));
        let rest = if escaped { &rest[1..] } else { rest };
        let (anchored, rest) = match rest.strip_prefix('/') {
            Some(rest) if !escaped => (true, rest),
            _ => (false, rest),
        };
        let (directories_only, rest) = match rest.strip_suffix('/') {
            Some(rest) => (true, rest.strip_suffix('\\').unwrap_or(rest)),
            None => (false, rest),
        };
        Ok(Some(Pattern {
            glob: glob(rest, anchored)?,
            negated,
            directories_only,
        }))
    }
}

/// Makes the glob of a pattern; what has no slash and is not anchored, matches anywhere.
fn glob(text: &str, anchored: bool) -> Result<GlobMatcher, globset::Error> {
    let anywhere = !anchored && !text.contains('/') && text != "**";
    let mut glob = if anywhere {
        format!("**/{text}")
    } else {
        text.to_owned()
    };
    if glob.ends_with("/**") {
        // Everything inside, not the directory itself.
        glob.push_str("/*");
    }
    let glob = GlobBuilder::new(&glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()?;
    Ok(glob.compile_matcher())
}

#[cfg(test)]
#[path = "include_tests.rs"]
mod tests;

//! The `include` and `exclude` of a package: which files go into it.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Patterns of `.gitignore`, read by the crate that cargo reads them with
/// (<https://doc.rust-lang.org/cargo/reference/manifest.html#the-exclude-and-include-fields>).
#[derive(Debug)]
pub struct PackagePatterns(Gitignore);

/// A text that is not a pattern.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` in Cargo.toml is not a pattern: {cause}")]
pub struct PatternError {
    pattern: String,
    #[source]
    cause: ignore::Error,
}

impl PackagePatterns {
    /// Reads patterns in the order of the manifest.
    ///
    /// # Errors
    ///
    /// The first that cannot be read.
    pub fn parse(patterns: &[String]) -> Result<Self, PatternError> {
        let (read, errors) = PackagePatterns::parse_each(patterns);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(read),
        }
    }

    /// Reads the patterns that can be read, and returns an error for each other.
    fn parse_each(patterns: &[String]) -> (Self, Vec<PatternError>) {
        let error = |pattern: &String, cause| PatternError {
            pattern: pattern.clone(),
            cause,
        };
        let mut errors = Vec::new();
        let mut builder = GitignoreBuilder::new("");
        // A `[` without its `]` is a mistake rather than a name.
        builder.allow_unclosed_class(false);
        for pattern in patterns {
            errors.extend(
                builder
                    .add_line(None, pattern)
                    .map_err(|e| error(pattern, e))
                    .err(),
            );
        }
        let built = builder.build().unwrap_or_else(|e| {
            errors.extend(patterns.first().map(|first| error(first, e)));
            Gitignore::empty()
        });
        (PackagePatterns(built), errors)
    }

    /// Tells whether there is no pattern at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a file matches: by itself or by the nearest directory above
    /// it that any pattern matches, where the last pattern counts.
    pub fn matches(&self, file: &str) -> bool {
        // A rooted path, also behind `./`, would panic there; only a crafted git tree has one.
        let is_plain = !file.starts_with('/') && !file.contains("//");
        let file = Path::new(file);
        let is_plain = is_plain && !file.has_root();
        is_plain && self.0.matched_path_or_any_parents(file, false).is_ignore()
    }
}

/// Returns the entries to add to a package's `include` so that files are covered.
///
/// A file in a directory gets an entry for all Rust files of its first
/// directory, since a target may have modules beside it.
pub(super) fn lacking(include: &[String], files: &[String]) -> Vec<String> {
    let mut all = include.to_vec();
    for file in files {
        // A pattern that cannot be read covers nothing: the file gets an entry of its own.
        if PackagePatterns::parse_each(&all).0.matches(file) {
            continue;
        }
        all.push(match file.split_once('/') {
            Some((directory, _)) => format!("{directory}/**/*"),
            None => file.clone(),
        });
    }
    all.split_off(include.len())
}

#[cfg(test)]
#[path = "include_tests.rs"]
mod tests;

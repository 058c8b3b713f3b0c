//! The list of files that go into the crate's package.

use globset::GlobBuilder;

/// Returns the entries to add to a package's `include` so that files are covered.
///
/// A file in a directory gets an entry for all Rust files of its first
/// directory, since a target may have modules beside it.
pub(super) fn lacking(include: &[String], files: &[String]) -> Vec<String> {
    let mut added: Vec<String> = Vec::new();
    for file in files {
        if covers(include, file) || covers(&added, file) {
            continue;
        }
        added.push(match file.split_once('/') {
            Some((directory, _)) => format!("{directory}/**/*"),
            None => file.clone(),
        });
    }
    added
}

/// Tells whether a file is included. The patterns are those of `.gitignore`, as
/// cargo's manual has it for `include`: the last that matches wins.
fn covers(include: &[String], file: &str) -> bool {
    let last = include.iter().rev().find(|pattern| {
        let pattern = pattern.strip_prefix('!').unwrap_or(pattern);
        matches(pattern, file)
    });
    last.is_some_and(|pattern| !pattern.starts_with('!'))
}

/// Tells whether a pattern matches a file or a directory above it.
fn matches(pattern: &str, file: &str) -> bool {
    let bare = pattern.strip_suffix('/').unwrap_or(pattern);
    let anchored = match bare.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if bare.contains('/') => bare.to_owned(),
        None => format!("**/{bare}"),
    };
    // A pattern that cannot be read covers nothing: the file gets an entry of its own.
    let Ok(glob) = GlobBuilder::new(&anchored).literal_separator(true).build() else {
        return false;
    };
    let matcher = glob.compile_matcher();
    let mut above = file.match_indices('/').map(|(at, _)| &file[..at]);
    let itself = pattern == bare && matcher.is_match(file);
    itself || above.any(|directory| matcher.is_match(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn included(include: &[&str], file: &str) -> bool {
        let include: Vec<String> = include.iter().map(ToString::to_string).collect();
        covers(&include, file)
    }

    #[test]
    fn patterns_are_read_as_gitignore_has_them() {
        assert!(included(&["tests/*"], "tests/loopback.rs"));
        assert!(included(&["tests/*"], "tests/loopback/main.rs"));
        assert!(!included(&["tests/*"], "benches/loopback.rs"));
        assert!(included(&["src/**/*"], "src/a/b.rs"));
        assert!(included(&["/examples"], "examples/net.rs"));
        assert!(included(&["examples/"], "examples/net.rs"));
        assert!(!included(&["net.rs/"], "net.rs"));
        assert!(included(&["*.rs"], "examples/net.rs"));
        assert!(!included(&["/*.rs"], "examples/net.rs"));
        assert!(!included(
            &["examples/*", "!examples/net.rs"],
            "examples/net.rs"
        ));
        assert!(!included(&["examples/[net.rs"], "examples/net.rs"));
        assert!(!included(&[], "examples/net.rs"));
    }

    #[test]
    fn an_entry_is_added_once_and_only_where_needed() {
        let include = ["tests/*".to_owned()];
        let files = ["tests/a.rs", "benches/a.rs", "benches/b.rs", "one.rs"].map(str::to_owned);
        assert_eq!(lacking(&include, &files), ["benches/**/*", "one.rs"]);
    }
}

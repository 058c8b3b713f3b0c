//! `[tests]`: how upstream's own tests are run on the fork, and what is known of them.

use std::collections::BTreeSet;
use std::ops::Range;

use semver::Version;

use super::pattern::{self, Pattern};
use crate::reader::{Reader, Section};
use crate::tree::TreePath;

/// The directories that upstream's guests are built from, where the manifest
/// does not say: the guests, and the adapter that makes components of them.
pub const PROGRAMS: [&str; 2] = [
    "crates/test-programs/**",
    "crates/wasi-preview1-component-adapter/**",
];

/// `[tests]`.
#[derive(Debug, Clone)]
pub struct Tests {
    /// The tests of upstream's that are known to fail on the fork.
    pub expected_failures: Vec<ExpectedFailure>,
    /// The directories of upstream's workspace that the guests are built from,
    /// besides the crates that the fork's crate is built from.
    pub programs: Vec<Pattern>,
    /// The file of the project that says which functions of upstream's the fork's own code
    /// mirrors.
    pub mirrors: Option<TreePath>,
}

/// A test of upstream's that is known to fail on the fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFailure {
    /// Its name, as the test harness gives it: `p2::async_::p2_tcp_bind`.
    pub name: String,
    /// Why it fails, and why that is accepted.
    pub reason: String,
    /// The first upstream release that it passes at again, where known.
    pub until: Option<Version>,
    /// The entry's place in the manifest.
    pub span: Range<usize>,
}

impl Default for Tests {
    fn default() -> Self {
        // They are globs, so none is left out.
        let programs = PROGRAMS.iter().filter_map(|p| Pattern::new(p, 0..0).ok());
        Tests {
            expected_failures: Vec::new(),
            programs: programs.collect(),
            mirrors: None,
        }
    }
}

/// Reads the table; its absence means that nothing is expected to fail.
pub(super) fn read(r: &mut Reader, root: &Section<'_>) -> Tests {
    let mut tests = Tests::default();
    let Some(s) = r.below(root, "tests") else {
        return tests;
    };
    r.keys(&s, &[], &["expected-failures", "programs", "mirrors"]);
    tests.expected_failures = r.each(&s, "expected-failures", expected_failure);
    let mut names = BTreeSet::new();
    for test in &tests.expected_failures {
        if !names.insert(&test.name) {
            let message = format!("`{}` is expected to fail twice", test.name);
            r.fault(test.span.clone(), message, "keep one of the entries");
        }
    }
    if s.get("programs").is_some() {
        tests.programs = pattern::read(r, &s, "programs", "repository");
    }
    if s.get("mirrors").is_some() {
        tests.mirrors = r.path(&s, "mirrors");
    }
    tests
}

fn expected_failure(r: &mut Reader, s: &Section<'_>) -> Option<ExpectedFailure> {
    r.keys(s, &["name", "reason"], &["until"]);
    let mut filled = |key: &str, help: &str| {
        let text = r.string(s, key)?;
        if text.trim().is_empty() {
            r.fault(s.span_of(key), format!("`{key}` is empty"), help);
            return None;
        }
        Some(text.trim().to_owned())
    };
    let name = filled("name", "write the name that the test harness gives it");
    let reason = filled("reason", "say why it fails, and why that is accepted");
    let until = r.version(s, "until");
    Some(ExpectedFailure {
        name: name?,
        reason: reason?,
        until,
        span: s.span.clone(),
    })
}

//! What the tests against git share: git itself, texts, random edits of them,
//! and upstream's real files.

#[path = "../../changes/tests/support/mod.rs"]
mod releases;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
/// A release of wasmtime-wasi from the registry that cargo uses.
pub(crate) use releases::release as upstream;

/// Returns the settings of random tests: the same cases at every run.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        rng_seed: RngSeed::Fixed(0x41),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Runs git in a directory that is no repository, without anyone's settings.
pub(crate) fn git<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Output {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            git.env_remove(name);
        }
    }
    git.current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", dir.join("no-such-file"))
        .env("GIT_CEILING_DIRECTORIES", dir.parent().unwrap_or(dir))
        .env("LC_ALL", "C")
        .args(["-c", "core.autocrlf=false"])
        .args(args)
        .output()
        .expect("this test needs git")
}

/// Texts like those of a crate: code whose lines repeat, other line ends, no last one.
pub(crate) const TEXTS: &[&str] = &[
    "use std::io;\n\n/// A seam.\npub struct Seam {\n    name: String,\n    at: usize,\n}\n\nimpl Seam {\n    pub fn name(&self) -> &str {\n        &self.name\n    }\n\n    pub fn at(&self) -> usize {\n        self.at\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn one() {\n        assert_eq!(1, 1);\n    }\n\n    #[test]\n    fn two() {\n        assert_eq!(1, 1);\n    }\n}\n",
    "match kind {\n    Kind::Tcp => {\n        open();\n    }\n    Kind::Udp => {\n        open();\n    }\n    Kind::Both => {\n        open();\n    }\n}\n\nfn open() {\n}\n",
    "a\na\na\na\na\na\na\na\na\na\n",
    "}\n\n}\n\n}\n\nx\n}\n\n}\n\n}\n",
    "one\r\ntwo\r\n\r\nthree\r\ntwo\r\n\r\nfour\r\n",
    "one\r\ntwo\nthree\r\n\nfour\n",
    "package a:b;\n\ninterface c {\n  d: func();\n}\n\nworld e {\n  import c;\n}",
    "alone",
    "\n",
    "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n\\ No newline at end of file\ndiff --git a/f b/f\n",
    "<<<<<<< ours\n=======\n>>>>>>> theirs\n||||||| base\n<<<<<<<<<<\n",
    "\u{feff}text\u{2028}more\n\ttab \n  \n\u{e9}\n",
];

/// One edit: where, how many lines go, and what comes.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    at: Index,
    removed: usize,
    added: Vec<Added>,
}

/// A line that an edit adds.
#[derive(Debug, Clone)]
enum Added {
    /// One that stands nowhere else, as likely as not.
    New(u8),
    /// One that stands in many places.
    Common(&'static str),
    /// One of the text itself.
    Copied(Index),
    /// A part of the text, moved here.
    Moved(Index, usize),
}

/// Makes up to `most` edits.
pub(crate) fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    let common = vec!["}\n", "\n", "    }\n", "a\n", "open();\n", "x\r\n", "end"];
    let added = prop_oneof![
        3 => any::<u8>().prop_map(Added::New),
        2 => prop::sample::select(common).prop_map(Added::Common),
        1 => any::<Index>().prop_map(Added::Copied),
        1 => (any::<Index>(), 1..8_usize).prop_map(|(at, count)| Added::Moved(at, count)),
    ];
    let added = prop::collection::vec(added, 0..4);
    let edit = (any::<Index>(), 0..4_usize, added).prop_map(|(at, removed, added)| Edit {
        at,
        removed,
        added,
    });
    prop::collection::vec(edit, 0..=most)
}

/// Makes edits of a text.
pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let original: Vec<&str> = text.split_inclusive('\n').collect();
    let mut lines: Vec<String> = original.iter().map(|line| (*line).to_owned()).collect();
    for Edit { at, removed, added } in edits {
        let at = at.index(lines.len() + 1);
        let new = added.iter().flat_map(|added| match added {
            Added::New(number) => vec![format!("    let new_{number} = {number};\n")],
            Added::Common(line) => vec![(*line).to_owned()],
            Added::Copied(index) if !original.is_empty() => {
                vec![original[index.index(original.len())].to_owned()]
            }
            Added::Moved(index, count) if !original.is_empty() => {
                let from = index.index(original.len());
                let lines = original.iter().skip(from).take(*count);
                lines.map(|line| (*line).to_owned()).collect()
            }
            Added::Copied(_) | Added::Moved(..) => Vec::new(),
        });
        let new: Vec<String> = new.collect();
        lines.splice(at..(at + removed).min(lines.len()), new);
    }
    lines.concat()
}

//! Line ends that git converted to CRLF: files are read as they stand, so this is drift.

use crate::error::Fault;
use crate::tree::{Digest, TreePath};

/// Returns a text with the line ends that git turned into CRLF as they were; `None`
/// where it has none of these.
fn without_crlf(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            plain.push(*byte);
        }
    }
    (plain.len() < bytes.len()).then_some(plain)
}

/// Tells whether bytes differ from what has a digest by their line ends alone.
pub fn is_converted(bytes: &[u8], expected: Digest) -> bool {
    without_crlf(bytes).is_some_and(|plain| Digest::of(plain) == expected)
}

/// Returns what is told of files of a directory whose line ends git converted.
pub(crate) fn fault(files: usize, dir: &str, tree: &TreePath) -> Fault {
    let noun = if files == 1 { "file" } else { "files" };
    let anew = if dir == tree.as_str() {
        "make the tree anew: `wash-wasi-sync vendor --discard-edits`, after a commit of edits that are to be kept".to_owned()
    } else {
        format!("delete them and check them out again: `git checkout -- {dir}`")
    };
    Fault::new(format!(
        "git converted the line ends of {files} {noun} in {dir} to CRLF (`core.autocrlf`, or an attribute)"
    ))
    .help(format!("add the line `/{dir}/** -text` to .gitattributes, then {anew}"))
}

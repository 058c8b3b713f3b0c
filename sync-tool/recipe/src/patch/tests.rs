//! What parsing, applying and making patches promise.

mod apply;
mod between;
mod mutated;
mod parse;

use super::{Difference, Patch};

/// Puts a head and header lines for `src/ctx.rs` above hunks.
fn with_head(hunks: &str) -> String {
    format!(
        "Change: a seam\nReason: the loopback network\n\n--- a/src/ctx.rs\n+++ b/src/ctx.rs\n{hunks}"
    )
}

/// Parses what must be a good patch.
fn parsed(text: &str) -> Patch {
    Patch::parse(text.as_bytes()).expect("a good patch")
}

/// The differences of patches that tests make.
fn differences() -> Vec<Difference> {
    vec![Difference::new("a seam", "the loopback network")]
}

//! The oldest Rust that a release needs.

use semver::Version;

/// Reads a `rust-version`, of which cargo lets the last parts be left out.
pub fn parse(text: &str) -> Option<Version> {
    let missing = 2_usize.saturating_sub(text.matches('.').count());
    Version::parse(&format!("{text}{}", ".0".repeat(missing))).ok()
}

/// Tells whether a compiler is as new as is wanted. As cargo does: a nightly counts as
/// the release it becomes.
pub fn is_new_enough(rustc: &Version, wanted: &Version) -> bool {
    let numbers = |v: &Version| (v.major, v.minor, v.patch);
    numbers(rustc) >= numbers(wanted)
}

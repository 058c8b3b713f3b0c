//! The loader of upstream's releases.

#[path = "releases/radar.rs"]
mod radar;
mod support;

use support::release;

#[test]
fn a_release_has_the_crate() {
    for version in ["40.0.0", "41.0.0"] {
        assert!(release(version).get("src/lib.rs").is_some(), "{version}");
    }
}

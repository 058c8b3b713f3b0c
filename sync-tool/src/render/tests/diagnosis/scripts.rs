use super::*;

const LINKER: &str = include_str!("output/linker.txt");
const GUEST_CODE: &str = include_str!("output/guest_code.txt");

#[test]
fn guests_that_a_new_linker_made() {
    insta::assert_snapshot!(shown(LINKER, Trees::default()), @r#"
    crates/test-programs/artifacts/build.rs:234: `test-programs-artifacts` cannot make components of its guests: the linker of this Rust writes a section (8) that the component tools of this release do not read
      next: build with a Rust whose linker is older: `--toolchain <name>`, or `CARGO` and `RUSTC`; Debian's packages do for 38.0.4 (`ci/install-guest-targets --from debian`)
    "#);
}

#[test]
fn errors_in_a_guest_are_those_that_count() {
    insta::assert_snapshot!(shown(GUEST_CODE, Trees::default()), @r#"
    error[E0433]: failed to resolve: use of undeclared type `Socket`
     --> crates/test-programs/src/bin/p2_two.rs:2:5
      |
    2 |     Socket::new();
      |     ^^^^^^ use of undeclared type `Socket`

    For more information about this error, try `rustc --explain E0433`.
    "#);
}

#[test]
fn what_a_script_tells_cargo_is_no_part_of_its_failure() {
    let other = LINKER.replace("unsupported section", "another section");
    insta::assert_snapshot!(shown(&other, Trees::default()), @r#"
    error: failed to run custom build command for `test-programs-artifacts v0.0.0 (/w/crates/test-programs/artifacts)`
    note: To improve backtraces for build dependencies, set the CARGO_PROFILE_TEST_BUILD_OVERRIDE_DEBUG=true environment variable to enable debug information generation.

    Caused by:
      process didn't exit successfully: `/t/debug/build/test-programs-artifacts-4f37d761043526a6/build-script-build` (exit status: 101)
      --- stdout
      --- stderr

      thread 'main' (1765) panicked at crates/test-programs/artifacts/build.rs:234:14:
      module can be translated to a component: failed to decode world from module

      Caused by:
          0: failed to reduce input adapter module to its minimal size
          1: another section `8` in adapter
    "#);
}

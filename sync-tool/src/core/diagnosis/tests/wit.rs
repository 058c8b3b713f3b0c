use super::*;

/// As `bindgen!` tells that a package's file is gone.
pub(super) const MISSING: &str = include_str!("output/wit.txt");

const TYPE: &str = "error: failed to locate a WIT error type corresponding to the `trappable_error_type` name `wasi:sockets/network.error-kode` provided
   --> src/p2/bindings.rs:150:5
    |
150 | /     wasmtime::component::bindgen!({
    | |______^
";

const DIRECTORY: &str = "error: failed to read path for WIT [/home/a/crate/src/p2/nowit]
       
       Caused by:
           No such file or directory (os error 2)
   --> src/p2/bindings.rs:150:5
    |
";

const INTERFACE: &str =
    "error: failed to resolve directory while parsing WIT for path [/home/a/crate/src/p2/wit]
       
       Caused by:
           0: failed to parse dependency directory: /home/a/crate/src/p2/wit/deps
           1: interface or world `wall-clock` not found in package
                   --> /home/a/crate/src/p2/wit/deps/clocks.wit:98:7
   --> src/p2/bindings.rs:150:5
    |
";

const RULES: &str = "error: unused `imports` rules found: [\"\\\"wasi:sockets/types.[method]tcp-socket.bint\\\": FunctionFlags(ASYNC | TRAPPABLE | TRACING)\"]
  --> src/p2/bindings.rs:78:5
   |
";

fn wits() -> Tree {
    let sockets = "package wasi:sockets@0.2.6;
interface network {
  enum error-code { unknown }
}
";
    tree(&[
        (
            "src/p2/bindings.rs",
            "\"wasi:sockets/types.[method]tcp-socket.bind\": async",
        ),
        (
            "src/p2/wit/deps/clocks.wit",
            "package wasi:clocks@0.2.6;\ninterface wall-clock {}\n",
        ),
        ("src/p2/wit/deps/sockets.wit", sockets),
        (
            "src/p3/wit/deps/sockets.wit",
            &sockets.replace("network", "types"),
        ),
    ])
}

#[test]
fn a_trappable_error_type_that_is_gone() {
    let before =
        "package wasi:sockets@0.2.5;\ninterface network {\n  enum error-kode { unknown }\n}\n";
    let old = tree(&[("src/p2/wit/sockets.wit", before)]);
    insta::assert_snapshot!(shown(TYPE, at_upgrade(&old, &wits(), &wits())), @r#"
    src/p2/bindings.rs:150: `trappable_error_type` names `wasi:sockets/network.error-kode`, which the WIT files do not have: it is gone or renamed
      before: `wasi:sockets/network.error-kode` (src/p2/wit/sockets.wit:3)
      now: `wasi:sockets/network.error-code` (src/p2/wit/deps/sockets.wit:3)
      next: name the type that took its place, such as `wasi:sockets/network.error-code`
    "#);
    // The WIT of the tree that was built is of another release than upstream's.
    let text = TYPE.replace("kode", "code");
    insta::assert_snapshot!(shown(&text, at_test(&wits(), &wits())), @r#"
    src/p2/bindings.rs:150: `trappable_error_type` names `wasi:sockets/network.error-code`, which the WIT files do not have: it is gone or renamed
      now: `wasi:sockets/network.error-code` (src/p2/wit/deps/sockets.wit:3)
      next: take src/p2/wit/deps/sockets.wit as upstream has it at this release
    "#);
}

#[test]
fn a_package_that_is_gone_and_what_follows_from_it() {
    insta::assert_snapshot!(shown(MISSING, at_test(&wits(), &wits())), @r#"
    src/p2/bindings.rs:150: the WIT package `wasi:clocks@0.2.6` is not found in src/p2/wit
      looked in: src/p2/wit
      upstream has: `wasi:clocks@0.2.6` (src/p2/wit/deps/clocks.wit)
      one more error most likely follows from it
      next: take src/p2/wit/deps/clocks.wit as upstream has it
    "#);
    let other = MISSING.replace("clocks@0.2.6", "clocks@0.3.0");
    let diagnosis = explain_text(&other, at_test(&wits(), &wits()));
    assert!(
        diagnosis.explained[0]
            .next
            .starts_with("ask for `wasi:clocks@0.2.6`")
    );
    assert_eq!(
        (diagnosis.explained[0].follow, diagnosis.unknown.len()),
        (1, 0)
    );
}

#[test]
fn directories_interfaces_and_rules() {
    let all = [DIRECTORY, INTERFACE, RULES].concat();
    insta::assert_snapshot!(shown(&all, at_test(&wits(), &wits())), @r#"
    src/p2/bindings.rs:150: the WIT interface or world `wall-clock` is not found in src/p2/wit
      looked in: src/p2/wit
      upstream has: `wasi:clocks@0.2.6` (src/p2/wit/deps/clocks.wit)
      next: take it from src/p2/wit/deps/clocks.wit, as upstream has it

    src/p2/bindings.rs:150: the WIT directory src/p2/nowit is not there
      upstream has: src/p2/wit
      next: let `path` name it as upstream does: `src/p2/wit`

    src/p2/bindings.rs:78: `imports` of `bindgen!` names what the WIT files do not have: `wasi:sockets/types.[method]tcp-socket.bint`
      upstream's `bindgen!` has none of these rules
      next: in src/p2/bindings.rs, take the rules that upstream has at this release
    "#);
}

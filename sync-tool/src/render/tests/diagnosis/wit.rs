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

/// What is built where a rule leaves a file out, or someone deleted it.
fn without(path: &str) -> Tree {
    let mut tree = wits();
    tree.remove(path).expect("it was there");
    tree
}

#[test]
fn a_trappable_error_type_that_is_gone() {
    let before =
        "package wasi:sockets@0.2.5;\ninterface network {\n  enum error-kode { unknown }\n}\n";
    let old = tree(&[("src/p2/wit/sockets.wit", before)]);
    insta::assert_snapshot!(shown(TYPE, at_upgrade(&old, &wits(), &wits())), @"
    src/p2/bindings.rs:150: `trappable_error_type` names `wasi:sockets/network.error-kode`, which the WIT files do not have: it is gone or renamed
      before: `wasi:sockets/network.error-kode` (src/p2/wit/sockets.wit:3)
      nearest: `wasi:sockets/network.error-code` (src/p2/wit/deps/sockets.wit:3)
      next: name the type that took its place, or drop the entry: upstream's WIT has no type of that name
    ");
    // The WIT of the tree that was built is of another release than upstream's.
    let text = TYPE.replace("kode", "code");
    let built = without("src/p2/wit/deps/sockets.wit");
    insta::assert_snapshot!(shown(&text, at_test(&built, &wits())), @"
    src/p2/bindings.rs:150: `trappable_error_type` names `wasi:sockets/network.error-code`, which the WIT files do not have: it is gone or renamed
      upstream has: `wasi:sockets/network.error-code` (src/p2/wit/deps/sockets.wit:3)
      next: take src/p2/wit/deps/sockets.wit as upstream has it at this release
    ");
}

#[test]
fn a_package_that_is_gone_and_what_follows_from_it() {
    let built = without("src/p2/wit/deps/clocks.wit");
    insta::assert_snapshot!(shown(MISSING, at_test(&built, &wits())), @"
    src/p2/bindings.rs:150: the WIT package, interface or world `wasi:clocks@0.2.6` is not found in src/p2/wit
      upstream has: `wasi:clocks@0.2.6` (src/p2/wit/deps/clocks.wit:1)
      one more error most likely follows from it
      next: take src/p2/wit/deps/clocks.wit as upstream has it
    ");
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
fn packages_of_another_part_of_the_crate_are_not_meant() {
    let mut upstream = without("src/p2/wit/deps/clocks.wit");
    let path = TreePath::new("src/p3/wit/deps/clocks.wit").expect("a path");
    upstream.insert(
        path,
        File::regular("package wasi:clocks@0.3.0;\n".as_bytes()),
    );
    let next = explain_text(MISSING, at_test(&upstream, &upstream)).explained[0]
        .next
        .clone();
    assert_eq!(
        next,
        "upstream does not have it there: see what its `bindgen!` asks for now"
    );
}

#[test]
fn directories_interfaces_and_rules() {
    let all = [DIRECTORY, INTERFACE, RULES].concat();
    let built = without("src/p2/wit/deps/clocks.wit");
    insta::assert_snapshot!(shown(&all, at_test(&built, &wits())), @"
    src/p2/bindings.rs:150: the WIT package, interface or world `wall-clock` is not found in src/p2/wit
      upstream has: `wasi:clocks/wall-clock` (src/p2/wit/deps/clocks.wit:2)
      next: take src/p2/wit/deps/clocks.wit as upstream has it

    src/p2/bindings.rs:150: the WIT directory src/p2/nowit is not there
      next: let `path` of `bindgen!` name the directory that upstream's names

    src/p2/bindings.rs:78: `imports` of `bindgen!` names what the WIT files do not have: `wasi:sockets/types.[method]tcp-socket.bint`
      next: take the WIT files and, in src/p2/bindings.rs, the rules of one release of upstream's
    ");
}

#[test]
fn nothing_is_said_of_upstream_where_its_files_are_not_known() {
    let built = wits();
    let trees = Trees {
        new: Some(&built),
        ..Trees::default()
    };
    for text in [TYPE, MISSING, DIRECTORY, INTERFACE, RULES] {
        let diagnosis = explain_text(text, trees);
        let said = diagnosis.explained[0].upstream.join("\n");
        assert!(!said.contains("upstream"), "{said}");
        let next = &diagnosis.explained[0].next;
        assert!(!next.contains("has it") && !next.contains("drop"), "{next}");
    }
}

#[test]
fn what_upstream_does_not_have_there_is_said_so() {
    let upstream = without("src/p2/wit/deps/clocks.wit");
    let next = |text: &str| {
        let diagnosis = explain_text(text, at_test(&wits(), &upstream));
        diagnosis.explained[0].next.clone()
    };
    for text in [MISSING, INTERFACE] {
        assert_eq!(
            next(text),
            "upstream does not have it there: see what its `bindgen!` asks for now"
        );
    }
    let text = TYPE.replace("wasi:sockets", "wasi:http");
    assert_eq!(
        next(&text),
        "name the type that took its place, or drop the entry: upstream's WIT has no type of that name"
    );
}

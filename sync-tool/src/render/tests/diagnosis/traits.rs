//! Methods that a trait lost, gained, or gave to its twin.

use super::*;

/// Returns the error that an implementation in a file lacks methods.
fn lacks(file: &str, head: &str, methods: &[&str]) -> String {
    let methods: Vec<String> = methods.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "error[E0046]: not all trait items implemented, missing: {missing}
 --> {file}:7:1
  |
7 | {head} {{
  | ^^^^ missing {missing} in implementation
",
        missing = methods.join(", ")
    )
}

/// Returns the error that a method is none of a trait's.
fn strays(file: &str, of: &str, method: &str) -> String {
    format!(
        "error[E0407]: method `{method}` is not a member of trait `{of}`
 --> {file}:9:5
  |
9 |     fn {method}(&mut self) {{}}
  |     ^^^ not a member of trait `{of}`
"
    )
}

/// Returns a tree with implementations: file, head, method.
fn having(impls: &[(&str, &str, &str)]) -> Tree {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (file, head, method) in impls {
        let text = files.entry(file).or_default();
        text.push_str(&format!("{head} {{\n    fn {method}(&mut self) {{}}\n}}\n"));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(f, text)| (*f, text.as_str())).collect();
    tree(&files)
}

const FILE: &str = "src/p3/tcp.rs";
const PLAIN: &str = "impl types::HostTcpSocket for Ctx<'_>";
const STORE: &str = "impl HostTcpSocketWithStore for Sockets";

/// What no explanation changes.
fn stays(text: &str, trees: Trees<'_>) {
    assert_eq!(shown(text, trees).trim_end(), text.trim_end());
}

#[test]
fn what_an_implementation_lacks_did_not_move_unless_the_twin_had_it() {
    let text = lacks(FILE, PLAIN, &["foo"]);
    let others = having(&[(FILE, STORE, "listen"), ("src/p2/tcp.rs", PLAIN, "foo")]);
    stays(&text, Trees::default());
    stays(&text, at_upgrade(&others, &others, &others));
    let display = lacks(FILE, "impl std::fmt::Display for Ctx<'_>", &["fmt"]);
    let debug = having(&[(FILE, "impl std::fmt::Debug for Ctx<'_>", "fmt")]);
    stays(&display, at_upgrade(&debug, &debug, &debug));
    // The twin still has it: both do now.
    let twin = having(&[(FILE, STORE, "foo")]);
    stays(&text, at_upgrade(&twin, &twin, &twin));
}

#[test]
fn what_upstreams_implementation_has_is_named() {
    let old = having(&[(FILE, PLAIN, "listen")]);
    let upstream = having(&[("src/p2/tcp.rs", PLAIN, "foo"), (FILE, PLAIN, "foo")]);
    let text = lacks(&format!("crates/wasi/{FILE}"), PLAIN, &["foo"]);
    insta::assert_snapshot!(shown(&text, at_upgrade(&old, &old, &upstream)), @"
    crates/wasi/src/p3/tcp.rs:7: the implementation of `HostTcpSocket` lacks `foo`, which upstream's has
      upstream has: `fn foo(&mut self)` of `HostTcpSocket for Ctx` (src/p3/tcp.rs:2)
      next: write it as upstream has it at this release
    ");
    // Of two that are missing, upstream has one: the error is shown as well.
    let text = lacks(FILE, PLAIN, &["foo", "bar"]);
    let diagnosis = explain_text(&text, at_test(&old, &upstream));
    assert_eq!(diagnosis.explained.len(), 1);
    assert_eq!(diagnosis.unknown[0].rendered.trim_end(), text.trim_end());
}

#[test]
fn what_the_twin_had_before_moved() {
    let (old, new) = (having(&[(FILE, STORE, "foo")]), having(&[]));
    let upstream = having(&[(FILE, PLAIN, "foo")]);
    let text = lacks(FILE, PLAIN, &["foo"]);
    insta::assert_snapshot!(shown(&text, at_upgrade(&old, &new, &upstream)), @"
    src/p3/tcp.rs:7: `foo` moved from the trait `HostTcpSocketWithStore` to `HostTcpSocket`
      before: `fn foo(&mut self)` of `HostTcpSocketWithStore for Sockets` (src/p3/tcp.rs:2)
      now: `fn foo(&mut self)` of `HostTcpSocket for Ctx` (src/p3/tcp.rs:2)
      next: move it to the implementation of `HostTcpSocket`, with the signature that it has there
    ");
}

#[test]
fn a_method_that_is_no_member_moved_where_upstreams_twin_has_it() {
    let text = strays(FILE, "types::HostTcpSocketWithStore", "foo");
    let own = having(&[(FILE, STORE, "foo")]);
    let upstream = having(&[(FILE, PLAIN, "foo")]);
    insta::assert_snapshot!(shown(&text, at_upgrade(&own, &own, &upstream)), @"
    src/p3/tcp.rs:9: `foo` moved from the trait `HostTcpSocketWithStore` to `HostTcpSocket`
      before: `fn foo(&mut self)` of `HostTcpSocketWithStore for Sockets` (src/p3/tcp.rs:2)
      now: `fn foo(&mut self)` of `HostTcpSocket for Ctx` (src/p3/tcp.rs:2)
      next: move it to the implementation of `HostTcpSocket`, with the signature that it has there
    ");
    let both = having(&[(FILE, STORE, "foo"), (FILE, PLAIN, "foo")]);
    let diagnosis = explain_text(&text, at_test(&both, &upstream));
    assert_eq!(
        diagnosis.explained[0].next,
        "drop it from the implementation of `HostTcpSocketWithStore`: that of `HostTcpSocket` has it"
    );
}

#[test]
fn a_method_that_is_no_member_goes_nowhere_unless_something_shows_it() {
    let text = strays(FILE, "HostTcpSocketWithStore", "foo");
    let own = having(&[(FILE, STORE, "foo")]);
    let both = having(&[(FILE, STORE, "foo"), (FILE, PLAIN, "foo")]);
    let twin = having(&[(FILE, PLAIN, "foo")]);
    let elsewhere = having(&[("src/p2/tcp.rs", PLAIN, "foo")]);
    stays(&text, Trees::default());
    stays(&text, at_upgrade(&own, &own, &own));
    stays(&text, at_upgrade(&own, &own, &elsewhere));
    // The built tree alone tells nothing of upstream.
    stays(&text, at_upgrade(&own, &both, &own));
    // It was not there before, or in both.
    stays(&text, at_upgrade(&twin, &own, &twin));
    stays(&text, at_upgrade(&both, &both, &twin));
}

#[test]
fn namesakes_of_other_traits_are_told_apart() {
    let text = [
        strays(FILE, "HostTcpSocketWithStore", "drop"),
        lacks(FILE, PLAIN, &["drop"]),
        lacks("src/p2/tcp.rs", PLAIN, &["drop"]),
        strays("src/p3/udp.rs", "HostUdpSocketWithStore", "drop"),
        lacks("src/p3/udp.rs", "impl HostUdpSocket for Ctx", &["drop"]),
    ];
    let diagnosis = explain_text(&text.join("\n"), Trees::default());
    let told: Vec<(&str, usize)> = diagnosis
        .explained
        .iter()
        .map(|one| (one.title.as_str(), one.covers.len()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "`drop` moved from the trait `HostTcpSocketWithStore` to `HostTcpSocket`",
                2
            ),
            (
                "`drop` moved from the trait `HostUdpSocketWithStore` to `HostUdpSocket`",
                2
            ),
        ]
    );
    assert_eq!(diagnosis.unknown.len(), 1);
}

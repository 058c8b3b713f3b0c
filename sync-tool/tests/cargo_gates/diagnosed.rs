//! Real errors of real compilers, and what is told of them.

use gates::diagnosis::{Diagnosis, explain};
use recipe::tree::{File, Tree, TreePath};

use super::*;

/// Makes a tree of texts.
fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter();
    files
        .map(|(path, text)| {
            let path = TreePath::new(path).expect("a path");
            (path, File::regular(text.as_bytes()))
        })
        .collect()
}

/// Builds a crate of these files and explains what fails; `before` is what it was,
/// `upstream` what upstream has.
fn diagnosed(
    key: &str,
    files: &[(&str, &str)],
    before: &[(&str, &str)],
    upstream: &[(&str, &str)],
) -> Diagnosis {
    let targets = "\n[[test]]\nname = \"all\"\npath = \"tests/all/main.rs\"\n";
    let has_tests = files.iter().any(|(path, _)| path.starts_with("tests/"));
    let manifest = format!("{MANIFEST}{}", if has_tests { targets } else { "" });
    let sandbox = sample(&manifest, LIB);
    for (path, text) in files {
        sandbox.write(&format!("crate/{path}"), text);
    }
    let result = run(&sandbox, key).expect("cargo runs");
    let trees = Trees {
        old: Some(&tree(before)),
        new: Some(&tree(files)),
        upstream: Some(&tree(upstream)),
    };
    // A failed gate tells the same, before what is not known.
    let error = result.error(trees).expect("the gate failed");
    let diagnosis = explain(&failure(&result).diagnostics, trees);
    let told = error.all_faults().iter().map(|fault| &fault.message);
    let known = diagnosis.explained.iter().map(|one| &one.title);
    let unknown = diagnosis.unknown.iter().map(|one| &one.message);
    assert!(told.eq(known.chain(unknown)));
    diagnosis
}

/// The entries that tell something, each with what it is about.
fn told(diagnosis: &Diagnosis) -> Vec<(&str, &str)> {
    let each = diagnosis.explained.iter();
    each.map(|one| (one.name, one.title.as_str())).collect()
}

#[test]
fn missing_tests_are_found_behind_the_macros_that_ask_for_them() {
    let main = "macro_rules! assert_test_exists {
    ($name:ident) => {
        use self::$name as _;
    };
}
mod sync;
";
    let sync = "macro_rules! foreach_p2 {
    ($mac:ident) => {
        $mac!(p2_one);
        $mac!(p2_two);
        $mac!(p2_three);
    };
}
foreach_p2!(assert_test_exists);
#[test]
fn p2_one() {}
";
    let files = [
        ("src/lib.rs", LIB),
        ("tests/all/main.rs", main),
        ("tests/all/sync.rs", sync),
    ];
    let diagnosis = diagnosed("fork-tests", &files, &[], &files);
    assert_eq!(diagnosis.unknown, []);
    let [one] = diagnosis.explained.as_slice() else {
        panic!("{diagnosis:?}");
    };
    assert_eq!(
        one.title,
        "2 test functions are missing: `p2_three`, `p2_two`"
    );
    assert_eq!(one.place().as_deref(), Some("tests/all/sync.rs:8"));
    assert_eq!(one.covers.len(), 2);
    assert_eq!(one.patches[0].file.as_str(), "tests/all/sync.rs");
    assert!(one.patches[0].patch.contains("+fn p2_two() {}\n"));
}

#[test]
fn modules_signatures_and_traits_that_changed_are_told_by_both_trees() {
    let lib = "pub mod net;\nmod user;\n";
    let net = "pub struct Socket;
impl Socket {
    pub fn connect(&mut self, _to: u32, _more: bool) {}
}
pub fn canonical(of: u32) -> u32 { of }
pub trait HostSocket { fn bind(&mut self); }
pub trait HostSocketWithStore { fn listen(&mut self); }
";
    let user = "use crate::net::util::canonical;
use crate::net::{HostSocket, HostSocketWithStore, Socket};
pub fn go() { Socket.connect(canonical(1)); }
impl HostSocket for Socket {}
impl HostSocketWithStore for Socket { fn listen(&mut self) {} fn bind(&mut self) {} }
";
    let before = [
        (
            "src/net.rs",
            "pub mod util;\npub struct Socket;\nimpl Socket { pub fn connect(&mut self, _to: u32) {} }\n",
        ),
        (
            "src/net/util.rs",
            "pub fn canonical(of: u32) -> u32 { of }\n",
        ),
    ];
    let names = [
        ("src/lib.rs", lib),
        ("src/net.rs", net),
        ("src/user.rs", user),
    ];
    let diagnosis = diagnosed("build-p1-p2", &names, &before, &names);
    assert_eq!(
        told(&diagnosis),
        [
            (
                "trait-method",
                "`bind` moved from the trait `HostSocketWithStore` to `HostSocket`"
            ),
            ("moved-name", "`util` is no longer in `net`"),
            ("signature", "`connect` is no longer as the code expects it"),
        ]
    );
    assert_eq!(diagnosis.unknown, []);
    assert_eq!(diagnosis.explained[1].next, "import it from `crate::net`");
    assert_eq!(
        diagnosis.explained[2].upstream,
        [
            "before: `fn connect(&mut self, _to: u32)` of `Socket` (src/net.rs:3)",
            "now: `fn connect(&mut self, _to: u32, _more: bool)` of `Socket` (src/net.rs:3)",
        ]
    );
}

#[test]
fn a_method_that_is_missing_or_too_many_moved_only_where_that_is_seen() {
    let lib = "pub mod net {
    pub trait HostSocket { fn bind(&mut self); fn poll(&mut self); }
    pub trait HostSocketWithStore<T> { fn listen(&mut self); }
}
pub mod host;
";
    let own = "use crate::net;
pub struct Socket;
impl net::HostSocket for &mut Socket { fn poll(&mut self) {} }
impl<T> net::HostSocketWithStore<T> for Socket {
    fn listen(&mut self) {}
    fn peer(&mut self) {}
}
impl std::fmt::Display for Socket {}
";
    let files = [("src/lib.rs", lib), ("src/host.rs", own)];
    let nothing = diagnosed("build-p1-p2", &files, &files, &files);
    assert_eq!(told(&nothing), []);
    assert_eq!(nothing.unknown.len(), 3);
    let theirs = "impl net::HostSocket for &mut Socket {
    fn poll(&mut self) {}
    fn bind(&mut self) {}
    fn peer(&mut self) {}
}
";
    let upstream = [("src/host.rs", theirs)];
    let diagnosis = diagnosed("build-p1-p2", &files, &files, &upstream);
    let mut titles: Vec<&str> = told(&diagnosis)
        .into_iter()
        .map(|(_, title)| title)
        .collect();
    titles.sort_unstable();
    assert_eq!(
        titles,
        [
            "`peer` moved from the trait `HostSocketWithStore` to `HostSocket`",
            "the implementation of `HostSocket` lacks `bind`, which upstream's has",
        ]
    );
    let [left] = diagnosis.unknown.as_slice() else {
        panic!("{diagnosis:?}");
    };
    assert!(left.rendered.contains("Display"), "{left:?}");
}

#[test]
fn what_a_macro_of_wit_complains_of_is_told_and_what_follows_is_not() {
    // As a procedural macro does that fails: an error without a code, and no code.
    let lib = "pub mod bindings {
    compile_error!(\"failed to locate a WIT error type corresponding to the `trappable_error_type` name `a:net/types.error` provided\");
}
compile_error!(\"there is nothing to build on\");
";
    let wit = "package a:net@1.0.0;\n\ninterface types {\n  enum error-code { a }\n}\n";
    let files = [("src/lib.rs", lib)];
    let upstream = [("src/wit/net.wit", wit)];
    let diagnosis = diagnosed("build-p1-p2", &files, &[], &upstream);
    let [one] = diagnosis.explained.as_slice() else {
        panic!("{diagnosis:?}");
    };
    assert_eq!((one.name, one.follow), ("trappable-error-type", 1));
    assert_eq!(
        one.upstream,
        ["nearest: `a:net/types.error-code` (src/wit/net.wit:4)"]
    );
    assert_eq!(diagnosis.unknown, []);
}

#[test]
fn what_nobody_knows_stays_as_cargo_shows_it() {
    let files = [("src/lib.rs", "pub fn one() -> u32 {\n    \"one\"\n}\n")];
    let diagnosis = diagnosed("build-p1-p2", &files, &[], &files);
    assert_eq!(diagnosis.explained, []);
    assert!(diagnosis.unknown[0].rendered.contains("2 |     \"one\""));
}

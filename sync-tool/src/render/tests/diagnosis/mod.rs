//! Real errors, as compilers print them, and what is made of them.

mod failed;
mod scripts;
mod traits;
mod wit;

use std::collections::BTreeMap;

use gates::diagnosis::*;
use recipe::testing::tree;
use recipe::tree::{File, Tree, TreePath};

use crate::render::{Human, Styles};

const HOST: &str = include_str!("output/host.txt");
const IMPORTS: &str = include_str!("output/imports.txt");
const GUESTS: &str = include_str!("output/guests.txt");

/// What the compiled sample was before: one file for sockets, and another trait each.
fn old() -> Tree {
    let net = "pub mod util;
pub struct Socket;
impl Socket {
    pub(crate) fn finish_listen(&mut self) {}
    pub(crate) fn connect(&mut self, address: u32) -> Result<(), ()> { Ok(()) }
}
pub enum Kind { A }
";
    tree(&[
        ("src/lib.rs", "pub mod net;\npub mod host;\n"),
        ("src/net.rs", net),
        (
            "src/net/util.rs",
            "pub enum Family { V4 }\npub fn to_canonical(of: u32) -> u32 { of }\npub fn gone() {}\n",
        ),
        (
            "src/host.rs",
            "pub struct Ctx;
impl HostSocketWithStore for Ctx {
    async fn bind<T>(at: &Access<T>, port: u32) -> u32 { port }
}
",
        ),
    ])
}

/// What it is now.
fn new() -> Tree {
    let net = "pub struct Socket;
pub enum Family { V4 }
pub fn to_canonical(of: u32) -> u32 { of }
impl Socket {
    pub(crate) fn finish_listen_p2(&mut self) {}
    pub(crate) fn connect(
        &mut self,
        address: u32,
        options: &str,
    ) -> Result<(), ()> { Ok(()) }
}
";
    tree(&[
        ("src/lib.rs", "pub mod net;\npub mod host;\n"),
        ("src/net.rs", net),
        ("src/bad.rs", "fn ("),
        ("src/kinds/mod.rs", "pub enum Kind { A }\n"),
        (
            "src/host.rs",
            "pub struct Ctx;
impl HostSocket for Ctx {
    async fn bind(&mut self, port: u32) -> u32 { port }
    fn poll(&mut self, at: u32) {}
}
",
        ),
        (
            "tests/all/p2/sync.rs",
            "use programs::*;\nforeach_p2!(assert_test_exists);\n#[test]\nfn p2_one() {}\n",
        ),
    ])
}

/// What is built: upstream's files but for one, which still is as it was.
fn built() -> Tree {
    let mut tree = new();
    let host = "pub struct Ctx;
impl HostSocket for Ctx {
    fn poll(&mut self, at: u32, more: u32) {}
    fn size(&mut self, of: u32) -> u64 { 0 }
}
impl HostSocketWithStore for Ctx {
    fn bind(&mut self, at: u32) -> u32 { at }
}
";
    let path = TreePath::new("src/host.rs").expect("a path");
    tree.insert(path, File::regular(host.as_bytes()));
    tree
}

/// The trees that an upgrade has: what the fork was, what is built, what upstream has.
fn at_upgrade<'t>(old: &'t Tree, new: &'t Tree, upstream: &'t Tree) -> Trees<'t> {
    Trees {
        old: Some(old),
        ..at_test(new, upstream)
    }
}

/// The trees that `test` has: what is built, and what upstream has.
fn at_test<'t>(new: &'t Tree, upstream: &'t Tree) -> Trees<'t> {
    Trees {
        old: None,
        new: Some(new),
        upstream: Some(upstream),
    }
}

fn shown(text: &str, trees: Trees<'_>) -> String {
    let diagnosis = explain_text(text, trees);
    Human::new(Styles::new(false)).diagnosis(&diagnosis)
}

#[test]
fn calls_and_traits_that_changed() {
    insta::assert_snapshot!(shown(HOST, at_upgrade(&old(), &built(), &new())), @"
    src/host.rs:9: `bind` moved from the trait `HostSocketWithStore` to `HostSocket`
      before: `async fn bind<T>(at: &Access<T>, port: u32) -> u32` of `HostSocketWithStore for Ctx` (src/host.rs:3)
      now: `async fn bind(&mut self, port: u32) -> u32` of `HostSocket for Ctx` (src/host.rs:3)
      also: src/host.rs:3
      next: move it to the implementation of `HostSocket`, with the signature that it has there

    src/host.rs:4: `poll` is no longer as the code expects it
      before: `fn poll(&mut self, at: u32, more: u32)` of `HostSocket for Ctx` (src/host.rs:3)
      now: `fn poll(&mut self, at: u32)` of `HostSocket for Ctx` (src/host.rs:4)
      next: fit src/host.rs to the new one

    src/host.rs:11: `HostTyped` is no longer as the code expects it
      now: `pub trait HostTyped<T>` (src/bindings.rs:9:11)
      next: fit src/host.rs to the new one

    src/user.rs:4: `finish_listen` is no longer as the code expects it
      before: `fn finish_listen(&mut self)` of `Socket` (src/net.rs:4)
      nearest: `fn finish_listen_p2(&mut self)` of `Socket` (src/net.rs:5)
      next: fit src/user.rs to the new one

    src/user.rs:5: `connect` is no longer as the code expects it
      before: `fn connect(&mut self, address: u32) -> Result<(), ()>` of `Socket` (src/net.rs:5)
      now: `fn connect(&mut self, address: u32, options: &str) -> Result<(), ()>` of `Socket` (src/net.rs:6)
      also: src/user.rs:6
      next: fit src/user.rs to the new one

    error[E0053]: method `size` has an incompatible type for trait
     --> src/host.rs:5:28
      |
    5 |     fn size(&mut self, of: u32) -> u64 { 0 }
      |                            ^^^ expected `u64`, found `u32`
      |
    note: type in trait
     --> src/bindings.rs:4:28
      |
    4 |     fn size(&mut self, of: u64) -> u64;
      |                            ^^^
      = note: expected signature `fn(&mut Ctx, u64) -> _`
                 found signature `fn(&mut Ctx, u32) -> _`
    help: change the parameter type to match the trait
      |
    5 -     fn size(&mut self, of: u32) -> u64 { 0 }
    5 +     fn size(&mut self, of: u64) -> u64 { 0 }
      |
    ");
}

#[test]
fn without_trees_the_compilers_own_words_are_taken() {
    let diagnosis = explain_text(HOST, Trees::default());
    insta::assert_snapshot!(Human::new(Styles::new(false)).explained(&diagnosis.explained), @"
    src/host.rs:9: `bind` moved from the trait `HostSocketWithStore` to `HostSocket`
      also: src/host.rs:3
      next: move it to the implementation of `HostSocket`, with the signature that it has there

    src/host.rs:11: `HostTyped` is no longer as the code expects it
      now: `pub trait HostTyped<T>` (src/bindings.rs:9:11)
      next: fit src/host.rs to the new one

    src/user.rs:5: `connect` is no longer as the code expects it
      now: `pub(crate) fn connect(` (src/net.rs:4:19)
      also: src/user.rs:6
      next: fit src/user.rs to the new one
    ");
    let unknown = diagnosis.unknown.iter().map(|error| error.code.as_deref());
    let codes: Vec<&str> = unknown.flatten().collect();
    assert_eq!(codes, ["E0050", "E0053", "E0599"]);
    let mut shown = diagnosis
        .unknown
        .iter()
        .map(|error| error.rendered.trim_end());
    assert!(shown.all(|error| HOST.contains(error)));
}

#[test]
fn names_that_moved() {
    insta::assert_snapshot!(shown(IMPORTS, at_upgrade(&old(), &built(), &new())), @r#"
    src/user.rs:1: `util` is no longer in `net`
      before: `crate::net::util` (src/net.rs:1)
      now: `crate::net` has 2 of its 3 names
      also: src/user.rs:4
      next: import it from `crate::net`

    src/user.rs:5: `Kind` is no longer in `net`
      before: `crate::net::Kind` (src/net.rs:7)
      now: `crate::kinds::Kind` (src/kinds/mod.rs:1)
      next: import it from `crate::kinds::Kind`
    "#);
}

#[test]
fn names_of_which_nothing_is_known_stay_as_they_are() {
    let diagnosis = explain_text(IMPORTS, Trees::default());
    assert_eq!(diagnosis.explained, []);
    assert_eq!(diagnosis.unknown.len(), 3);
    assert!(IMPORTS.contains(&diagnosis.unknown[1].rendered));
    // Of another crate's module, whatever the fork has of that name.
    let other = IMPORTS
        .replace("`net`", "`tokio`")
        .replace("crate::net", "tokio");
    let diagnosis = explain_text(&other, at_upgrade(&old(), &built(), &new()));
    assert_eq!(diagnosis.explained, []);
}

#[test]
fn missing_tests_are_told_together_with_their_stubs() {
    insta::assert_snapshot!(shown(GUESTS, at_test(&new(), &new())), @r#"
    crates/wasi/tests/all/p2/sync.rs:2: 2 test functions are missing: `p2_three`, `p2_two`
      crates/wasi/tests/all/p2/sync.rs:2: `foreach_p2!` asks for `p2_two`
      crates/wasi/tests/all/p2/sync.rs:2: `foreach_p2!` asks for `p2_three`
      next: take the stubs: save it as `<series>/tests/all/p2/sync.rs.patch` and give tests/all/p2/sync.rs a `[[files]]` rule with `kind = "patched"`; or write the stubs into the vendored file and run `wash-wasi-sync refresh --as-patch tests/all/p2/sync.rs --change "Stubs stand for tests of guests that are run elsewhere." --reason "A macro of upstream's asks for a function of each guest's name."`

      a patch for tests/all/p2/sync.rs:

        Change: Stubs stand for tests of guests that are run elsewhere.
        Reason: A macro of upstream's asks for a function of each guest's name.

        --- a/tests/all/p2/sync.rs
        +++ b/tests/all/p2/sync.rs
        @@ -2,3 +2,15 @@
         foreach_p2!(assert_test_exists);
         #[test]
         fn p2_one() {}
        +
        +#[expect(
        +    dead_code,
        +    reason = "tested in the wasi-cli crate, satisfying foreach_api! macro"
        +)]
        +fn p2_three() {}
        +
        +#[expect(
        +    dead_code,
        +    reason = "tested in the wasi-cli crate, satisfying foreach_api! macro"
        +)]
        +fn p2_two() {}
    "#);
    let diagnosis = explain_text(GUESTS, Trees::default());
    assert_eq!(diagnosis.explained[0].patches, []);
    assert_eq!(diagnosis.explained[0].covers.len(), 2);
}

/// A function of another crate: its own definition counts, no namesake of ours.
const FOREIGN: &str = "error[E0061]: this method takes 3 arguments but 2 arguments were supplied
  --> src/p1.rs:7:12
   |
 7 |     linker.func_new_async(module, name);
   |            ^^^^^^^^^^^^^^-------------- argument #3 of type `FuncType` is missing
   |
note: method defined here
  --> /home/a/.cargo/registry/src/example.org-1/wasmtime-42.0.0/src/runtime/linker.rs:411:12
   |
411 |     pub fn func_new_async(&mut self, module: &str, name: &str, ty: FuncType) -> Result<&mut Self>
   |            ^^^^^^^^^^^^^^
";

#[test]
fn a_changed_function_of_another_crate() {
    let own = |sig: &str| tree(&[("src/lib.rs", &format!("fn func_new_async({sig}) {{}}\n"))]);
    let (old, new) = (own(""), own("a: u8"));
    insta::assert_snapshot!(shown(FOREIGN, at_upgrade(&old, &new, &new)), @r#"
    src/p1.rs:7: `func_new_async` is no longer as the code expects it
      now: `pub fn func_new_async(&mut self, module: &str, name: &str, ty: FuncType) -> Result<&mut Self>` (/home/a/.cargo/registry/src/example.org-1/wasmtime-42.0.0/src/runtime/linker.rs:411:12)
      next: fit src/p1.rs to the new one
    "#);
}

/// Returns a tree where `net` has no module and no `connect`: an edit, or a rule, took them.
fn without_net() -> Tree {
    let net = "pub struct Socket;\n";
    tree(&[("src/lib.rs", "pub mod net;\n"), ("src/net.rs", net)])
}

#[test]
fn what_upstream_still_has_is_taken_from_there() {
    let upstream = old();
    insta::assert_snapshot!(shown(IMPORTS, at_upgrade(&upstream, &without_net(), &upstream)), @"
    src/user.rs:1: `util` is no longer in `net`
      before: `crate::net::util` (src/net.rs:1)
      upstream has: `crate::net::util` (src/net.rs:1)
      also: src/user.rs:4
      next: take `crate::net::util` as upstream has it

    src/user.rs:5: `Kind` is no longer in `net`
      before: `crate::net::Kind` (src/net.rs:7)
      upstream has: `crate::net::Kind` (src/net.rs:7)
      next: take `crate::net::Kind` as upstream has it
    ");
    // `test` knows no tree before.
    let next = |name: &str| {
        let built = without_net();
        let all = explain_text(&[IMPORTS, HOST].concat(), at_test(&built, &upstream)).explained;
        let one = all.into_iter().find(|one| one.title.contains(name));
        one.map(|one| one.next)
    };
    insta::assert_snapshot!(next("`util`").unwrap(), @"take `crate::net::util` as upstream has it");
    let text = HOST.split("error[E0599]").nth(1).unwrap();
    let text = format!("error[E0599]{}", text.split("error[").next().unwrap());
    insta::assert_snapshot!(shown(&text, at_upgrade(&upstream, &without_net(), &upstream)), @"
    src/user.rs:4: `finish_listen` is no longer as the code expects it
      before: `fn finish_listen(&mut self)` of `Socket` (src/net.rs:4)
      upstream has: `fn finish_listen(&mut self)` of `Socket` (src/net.rs:4)
      next: take `finish_listen` as upstream has it, in src/net.rs
    ");
}

#[test]
fn that_upstream_has_nothing_is_said_only_where_its_files_are_known() {
    let (old, built) = (old(), without_net());
    let nothing = tree(&[]);
    let known = |upstream| Trees {
        old: Some(&old),
        new: Some(&built),
        upstream,
    };
    let text = [IMPORTS, HOST].concat();
    let told = |upstream| {
        let explained = explain_text(&text, known(upstream)).explained;
        let lines = explained.into_iter().flat_map(|one| one.upstream);
        lines
            .filter(|line| line.contains("upstream"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(Some(&nothing)),
        [
            "now: upstream's sources define no `util`",
            "now: upstream's sources define no `Kind`",
            "now: upstream's sources define no `finish_listen`",
            "now: upstream's sources define no `connect`",
        ]
    );
    assert_eq!(told(None), Vec::<String>::new());
}

#[test]
fn no_sentence_has_a_value_left_open() {
    // Not every message names the directory.
    let nowhere = wit::MISSING.replace("[/home/a/crate/src/p2/wit]", "");
    for text in [HOST, IMPORTS, GUESTS, wit::MISSING, &nowhere] {
        for explained in explain_text(text, at_upgrade(&old(), &new(), &new())).explained {
            for sentence in [&explained.title, &explained.next] {
                assert!(!sentence.contains('{'), "{sentence}");
                assert!(!sentence.is_empty(), "{explained:?}");
            }
        }
    }
}

#[test]
fn an_explanation_is_json_too() {
    let diagnosis = explain_text(IMPORTS, at_upgrade(&old(), &new(), &new()));
    let json = serde_json::to_value(&diagnosis).unwrap();
    assert_eq!(json["explained"][0]["name"], "moved-name");
    assert_eq!(json["explained"][0]["file"], "src/user.rs");
    assert_eq!(json["explained"][0]["covers"][1]["line"], 4);
    assert_eq!(json["unknown"].as_array().unwrap().len(), 0);
}

#[test]
fn an_explanation_is_a_finding_of_an_error() {
    let diagnosis = explain_text(IMPORTS, at_upgrade(&old(), &new(), &new()));
    let fault = diagnosis.explained[0].fault();
    assert_eq!(fault.place.unwrap().file, "src/user.rs:1");
    assert_eq!(fault.message, "`util` is no longer in `net`");
    let help = fault.help.unwrap();
    assert!(help.starts_with("before: `crate::net::util`"), "{help}");
    assert!(help.contains("import it from `crate::net`"), "{help}");
}

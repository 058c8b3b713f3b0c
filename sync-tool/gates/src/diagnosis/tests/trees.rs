use super::super::index::{Kind, definitions, one_line};
use super::*;

#[test]
fn definitions_are_found_with_their_modules() {
    let lib = "pub mod net { pub use self::inner::{A, B as C}; mod inner { pub struct A; } }
pub trait Host<T>: Sized {
    fn get(&self) -> T;
    const async_free: u8 = 0;
}
impl<T> Host<T> for &Wrapped<T> { async fn get(&self, ) -> T { todo() } }
";
    let tree = tree(&[
        ("src/lib.rs", lib),
        ("src/a/mod.rs", "const X: u8 = 1;"),
        ("tests/t.rs", "fn t() {}"),
    ]);
    let found: Vec<(String, Kind, String, String)> = definitions(&tree)
        .into_iter()
        .map(|d| (d.path(), d.kind, d.of, d.signature))
        .collect();
    let shown: Vec<String> = found.iter().map(|f| format!("{f:?}")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    ("crate::a::X", Item, "", "")
    ("crate::net", Module, "", "")
    ("crate::net::A", Reexport, "", "")
    ("crate::net::C", Reexport, "", "")
    ("crate::net::inner", Module, "", "")
    ("crate::net::inner::A", Item, "", "")
    ("crate::Host", Trait, "", "trait Host<T>: Sized")
    ("crate::get", Method, "Host", "fn get(&self) -> T")
    ("crate::get", Method, "Host for Wrapped", "async fn get(&self) -> T")
    "#);
}

#[test]
fn a_signature_over_several_lines_is_one() {
    assert_eq!(
        one_line("fn a(\n    &self,\n    b: u8,\n) -> u8"),
        "fn a(&self, b: u8) -> u8"
    );
    assert_eq!(
        one_line("fn a<\n    T: Copy,\n>(b: T)"),
        "fn a<T: Copy>(b: T)"
    );
}

#[test]
fn types_of_wit_are_found_in_both_layouts() {
    let sockets = "package wasi:sockets@0.2.6;
interface network {
  enum error-code { unknown }
  type a = u8;
}
interface tcp {
  use network.{error-code};
  resource tcp-socket { }
}
";
    let tree = tree(&[
        ("src/wit/deps/sockets.wit", sockets),
        (
            "src/wit/deps/io/world.wit",
            "package wasi:io;\nworld imports {}\n",
        ),
        (
            "src/wit/deps/io/streams.wit",
            "interface streams {\n  variant stream-error { closed }\n}\n",
        ),
        ("src/wit/lone.wit", "interface x { enum %enum { a } }\n"),
    ]);
    let all = definitions(&tree);
    let of_kind = |kind: Kind| -> Vec<String> {
        let found = all.iter().filter(|d| d.kind == kind);
        found.map(|d| format!("{} {}", d.path(), d.line)).collect()
    };
    assert_eq!(
        of_kind(Kind::WitType),
        [
            "wasi:io/streams.stream-error 2",
            "wasi:sockets/network.error-code 3",
            "wasi:sockets/network.a 4",
            "wasi:sockets/tcp.tcp-socket 8",
        ]
    );
    assert_eq!(
        of_kind(Kind::WitPackage),
        ["wasi:io 1", "wasi:sockets@0.2.6 1"]
    );
    assert_eq!(
        of_kind(Kind::WitInterface),
        [
            "wasi:io/streams 1",
            "wasi:io/imports 2",
            "wasi:sockets/network 2",
            "wasi:sockets/tcp 6",
        ]
    );
}

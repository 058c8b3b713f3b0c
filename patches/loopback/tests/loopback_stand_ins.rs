//! No file of upstream's names sockets of the system but through the stand-ins of
//! `sockets::loopback::os`: what forgets the import would compile, and its guests
//! would be on the host's own network without a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What is meant here has nothing to do with sockets.
const HARMLESS: [(&str, &str); 2] = [
    ("cap_net_ext::AddressFamily", "names a family"),
    ("tokio::net::lookup_host", "resolves names"),
];

/// What is meant to be the system's, and why. Not all releases have all of it.
const SYSTEM: [(&str, &str, &str); 7] = [
    ("sockets/util.rs", "cap_net_ext::Blocking", MAKES),
    ("sockets/util.rs", "cap_net_ext::UdpSocketExt", MAKES),
    ("sockets/util.rs", "cap_std::net::UdpSocket", MAKES),
    (
        "sockets/udp.rs",
        "std::net::UdpSocket::from_raw_socketlike",
        "is that of the stand-in's trait",
    ),
    ("sockets/tcp.rs", "tokio::net::TcpStream", INHERITS),
    ("sockets/tcp.rs", "rustix::net::sockopt", INHERITS),
    (
        "sockets/util.rs",
        "std::net::TcpStream::connect",
        "readies the sockets of Windows",
    ),
];
const MAKES: &str = "makes the system's part of a UDP socket, when a stand-in asks for it";
const INHERITS: &str = "gives accepted sockets of the system the options of their listener";

type Segments = Vec<String>;

/// The names that the `use` lines of a module bring in, and what they mean.
type Imports = BTreeMap<String, Segments>;

/// What a module and the modules in it name.
#[derive(Default)]
struct Module {
    imports: Imports,
    paths: Vec<Segments>,
    modules: Vec<Module>,
}

impl Module {
    /// Takes in the tokens of a module, or of a block in it.
    fn read(&mut self, tokens: TokenStream, is_block: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [word, _, TokenTree::Group(body), ..]
                    if is(word, "mod") && body.delimiter() == Delimiter::Brace =>
                {
                    let mut module = Module::default();
                    module.read(body.stream(), false);
                    self.modules.push(module);
                    at += 3;
                }
                [word, ..] if is(word, "use") => {
                    at += 1;
                    self.read_tree(&tokens, &mut at, &[], Some(is_block));
                }
                [TokenTree::Ident(_) | TokenTree::Punct(_), ..] => {
                    self.read_tree(&tokens, &mut at, &[], None);
                }
                [TokenTree::Group(group), ..] => {
                    self.read(group.stream(), true);
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// Takes in a path from `at` on, in a `use` line with all that branches off it. One
    /// that begins with `::` has an empty first segment.
    fn read_tree(
        &mut self,
        tokens: &[TokenTree],
        at: &mut usize,
        root: &[String],
        used: Option<bool>,
    ) {
        let mut path = root.to_vec();
        let mut after_colons = true;
        if root.is_empty() && is_colons(tokens, *at) {
            path.push(String::new());
            *at += 2;
        }
        loop {
            match tokens.get(*at) {
                Some(TokenTree::Ident(word)) if after_colons => path.push(word.to_string()),
                Some(star) if after_colons && used.is_some() && is(star, "*") => {
                    path.push("*".to_owned());
                }
                Some(TokenTree::Group(branches)) if after_colons && used.is_some() => {
                    *at += 1;
                    return self.read_branches(branches.stream(), &path, used);
                }
                _ => break,
            }
            *at += 1;
            after_colons = is_colons(tokens, *at);
            *at += if after_colons { 2 } else { 0 };
        }
        if path.len() == root.len() {
            *at += 1;
            return;
        }
        let mut name = path[path.len() - 1].clone();
        if name == "self" {
            path.pop();
            name = path.last().cloned().unwrap_or_default();
        }
        if used.is_some() && tokens.get(*at).is_some_and(|word| is(word, "as")) {
            name = tokens[*at + 1].to_string();
            *at += 2;
        }
        // A block's own import holds for the block alone.
        if used == Some(false) || used == Some(true) && !is_inside(&path) {
            self.imports.insert(name, path.clone());
        }
        self.paths.push(path);
    }

    fn read_branches(&mut self, branches: TokenStream, root: &[String], used: Option<bool>) {
        let branches: Vec<_> = branches.into_iter().collect();
        for branch in branches.split(|token| is(token, ",")) {
            self.read_tree(branch, &mut 0, root, used);
        }
    }

    /// Collects what means sockets of the system.
    fn find(&self, parent: &Imports, found: &mut Vec<String>) {
        let views = self.meaning(&["io_lifetimes".to_owned()], parent);
        for path in &self.paths {
            let meaning = self.meaning(path, parent);
            // A view of a stand-in as a socket of the standard library is the stand-in.
            let is_view = is_inside(&views) && meaning.len() == 3 && meaning[0] == "std";
            if is_socket(&meaning) && !is_view {
                found.push(meaning.join("::"));
            }
        }
        self.modules
            .iter()
            .for_each(|module| module.find(&self.imports, found));
    }

    /// Returns what a path means: its first name is looked up among the imports.
    fn meaning(&self, path: &[String], parent: &Imports) -> Segments {
        let mut path = path.to_vec();
        // An import may rest on another one.
        for _ in 0..8 {
            let (imports, own) = match path.first().map(String::as_str) {
                Some("super") => (parent, 1),
                Some("self") => (&self.imports, 1),
                _ => (&self.imports, 0),
            };
            let Some(import) = path.get(own).and_then(|name| imports.get(name)) else {
                break;
            };
            path = [import, &path[own + 1..]].concat();
        }
        path.retain(|segment| !segment.is_empty());
        path
    }
}

fn is(token: &TokenTree, text: &str) -> bool {
    token.to_string() == text
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at..at + 2), Some([one, other]) if is(one, ":") && is(other, ":"))
}

/// Returns whether a path is one of the crate itself, as those of the stand-ins.
fn is_inside(path: &[String]) -> bool {
    matches!(
        path.first().map(String::as_str),
        Some("crate" | "self" | "super")
    )
}

/// Returns whether a path leads to the sockets of a crate.
fn is_socket(path: &[String]) -> bool {
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    match &path[..] {
        ["cap_net_ext" | "mio" | "socket2", ..] => true,
        ["tokio" | "rustix" | "cap_std", "net" | "*", ..] => true,
        [
            "std",
            "net",
            "TcpStream" | "TcpListener" | "UdpSocket" | "*",
            ..,
        ] => true,
        _ => false,
    }
}

/// Returns what a file names of the system's sockets without a reason.
fn unlisted(file: &str, source: &str) -> Vec<String> {
    let mut module = Module::default();
    module.read(source.parse().unwrap(), false);
    let mut found = Vec::new();
    module.find(&Imports::new(), &mut found);
    let names = |found: &str, listed: &str| {
        found
            .strip_prefix(listed)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    found.retain(|found| {
        let harmless = HARMLESS.iter().any(|(path, _)| names(found, path));
        let system = SYSTEM
            .iter()
            .any(|(at, path, _)| *at == file && names(found, path));
        !harmless && !system
    });
    found
}

/// Calls `visit` with each of upstream's source files: its path and its text.
fn sources(under: &Path, root: &Path, visit: &mut impl FnMut(&str, &str)) {
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        let file = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        if path.is_dir() && file != "sockets/loopback" {
            sources(&path, root, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&file, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn no_file_names_sockets_of_the_system() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    let mut taken_away = 0;
    sources(&root, &root, &mut |file, source| {
        let found = unlisted(file, source);
        all.extend(found.iter().map(|path| format!("src/{file}: {path}")));
        // Would it be noticed? So must it be without the import.
        let imports = |line: &&str| line.contains("use crate::sockets::loopback::os::");
        if source.lines().any(|line| imports(&line)) {
            let without: Vec<_> = source.lines().filter(|line| !imports(line)).collect();
            let found = unlisted(file, &without.join("\n"));
            assert!(!found.is_empty(), "src/{file} without its import");
            taken_away += 1;
        }
    });
    assert!(
        taken_away >= 3,
        "only {taken_away} files import the stand-ins"
    );
    assert!(
        all.is_empty(),
        "these are sockets of the system; import the stand-ins of \
         `crate::sockets::loopback::os`, or list them here with a reason:\n{}",
        all.join("\n")
    );
}

const STAND_INS: &str = "use crate::sockets::loopback::os::{io_lifetimes, rustix, tokio};\n";

#[test]
fn what_goes_through_the_stand_ins_is_let_pass() {
    for source in [
        "use std::net::{IpAddr, SocketAddr}; use tokio::{io, sync::Mutex};",
        "use std::net; fn f(a: net::SocketAddr) -> net::IpAddr { a.ip() }",
        "fn f() { let tokio = 1; a.tokio::<u8>(); own::tokio::net::f(); } // tokio::net",
        "const WORDS: &str = \"tokio::net::TcpStream\";",
        "use crate::sockets::loopback::os::tokio; mod inner { use super::tokio::net::f; }",
    ] {
        assert_eq!(unlisted("new.rs", source), [""; 0], "{source}");
    }
    for source in [
        "use tokio::net::{TcpListener, TcpStream}; fn f() { rustix::net::bind() }",
        "fn f() { s.as_socketlike_view::<std::net::TcpStream>().shutdown(how); }",
    ] {
        let source = format!("{STAND_INS}{source}");
        assert_eq!(unlisted("new.rs", &source), [""; 0], "{source}");
        assert_ne!(
            unlisted("new.rs", &source.replace(STAND_INS, "")),
            [""; 0],
            "{source}"
        );
    }
}

#[test]
fn what_goes_to_the_system_is_found() {
    for (source, found) in [
        (
            "use tokio::net::{TcpListener as L, *};",
            "tokio::net::TcpListener tokio::net::*",
        ),
        (
            "use tokio::{io, net::{self, UdpSocket}};",
            "tokio::net tokio::net::UdpSocket",
        ),
        (
            "use tokio as t; type S = t::net::TcpStream;",
            "tokio::net::TcpStream",
        ),
        (
            "fn f() { select! { _ = ::tokio::net::TcpStream::connect(a) => {} } }",
            "tokio::net::TcpStream::connect",
        ),
        (
            "use std::net::TcpStream; fn f() { TcpStream::connect(a) }",
            "std::net::TcpStream std::net::TcpStream::connect",
        ),
        (
            "use std::{io, net}; fn f() -> net::UdpSocket {}",
            "std::net::UdpSocket",
        ),
        (
            "fn f() { use rustix::net::sockopt; }",
            "rustix::net::sockopt",
        ),
        (
            "use cap_net_ext::{AddressFamily, TcpListenerExt as _};",
            "cap_net_ext::TcpListenerExt",
        ),
    ] {
        assert_eq!(unlisted("new.rs", source).join(" "), found, "{source}");
    }
    for (source, found) in [
        (
            "fn f() { ::tokio::net::UdpSocket::bind(a) }",
            "tokio::net::UdpSocket::bind",
        ),
        (
            "mod inner { use tokio::net::TcpStream; }",
            "tokio::net::TcpStream",
        ),
        (
            "fn f() { std::net::TcpStream::connect(a) }",
            "std::net::TcpStream::connect",
        ),
    ] {
        let source = format!("{STAND_INS}{source}");
        assert_eq!(unlisted("new.rs", &source).join(" "), found, "{source}");
    }
    let inner = "fn f() { use crate::sockets::loopback::os::tokio; } fn g() { tokio::net::f() }";
    assert_eq!(unlisted("new.rs", inner), ["tokio::net::f"]);
}

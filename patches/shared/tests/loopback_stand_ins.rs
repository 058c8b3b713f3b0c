//! No file of upstream's names sockets of the system but through the stand-ins of
//! `sockets::loopback::os`: what forgets the import would compile, and its guests
//! would be on the host's own network without a word. So would what the stand-in of a
//! module lacks, for the crate's own is there instead. And what upstream does around the
//! stand-ins must be what they were written for: see `loopback_stand_ins/mirrors.toml`.

#[path = "loopback_stand_ins/mirrors.rs"]
mod mirrors;
#[path = "loopback_stand_ins/paths.rs"]
mod paths;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use paths::{Imports, Module, is_inside};

/// What is meant here has nothing to do with sockets.
const HARMLESS: [(&str, &str); 11] = [
    ("cap_net_ext::AddressFamily", NAMES),
    ("rustix::io::Errno", NAMES),
    ("rustix::net::AddressFamily", NAMES),
    ("rustix::net::Shutdown", NAMES),
    ("rustix::net::SocketFlags", NAMES),
    ("rustix::net::SocketType", NAMES),
    ("std::net::SocketAddr", NAMES),
    ("std::net::SocketAddrV4", NAMES),
    ("std::net::Ipv4Addr", NAMES),
    ("tokio::net::lookup_host", "resolves names"),
    ("tokio::sync::oneshot", "joins tasks"),
];
const NAMES: &str = "names something, and does nothing";

/// What is meant to be the system's, and why. Not all releases have all of it.
const SYSTEM: [(&str, &str, &str); 8] = [
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
    ("sockets/util.rs", "std::net::TcpStream::connect", READIES),
    ("sockets/udp.rs", "std::net::TcpStream::connect", READIES),
];
const READIES: &str = "readies the sockets of Windows";
const MAKES: &str = "makes the system's part of a UDP socket, when a stand-in asks for it";
const INHERITS: &str = "gives accepted sockets of the system the options of their listener";

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

static STAND_INS: LazyLock<StandIns> = LazyLock::new(StandIns::read);

/// The stand-in modules, by the names of the crates in whose place they stand.
struct StandIns(BTreeMap<String, Module>);

impl StandIns {
    fn read() -> StandIns {
        let mut all = BTreeMap::new();
        let root = sources().join("sockets/loopback/os");
        each_source(&root, &root, &mut |file, source| {
            let mut module = Module::default();
            module.read(source.parse().unwrap(), false);
            all.insert(file.trim_end_matches(".rs").to_owned(), module);
        });
        StandIns(all)
    }

    /// Returns what a path through a stand-in means of the crate itself: what the
    /// stand-in of a module does not have. Modules without one are the crate's anyway.
    fn lacks<'a>(&self, path: &'a [String]) -> Option<&'a [String]> {
        let place = ["crate", "sockets", "loopback", "os"];
        let path = path
            .get(place.len()..)
            .filter(|_| path.starts_with(&place.map(String::from)))?;
        let mut module = self.0.get(path.first()?)?;
        for (depth, name) in path.iter().enumerate().skip(1) {
            match module.modules.iter().find(|(own, _)| own == name) {
                Some((_, inner)) => module = inner,
                None => {
                    let has = module.items.contains(name) || module.imports.contains_key(name);
                    return (depth > 1 && !has).then_some(path);
                }
            }
        }
        None
    }

    /// Collects what means sockets of the system.
    fn find(&self, module: &Module, parent: &Imports, found: &mut Vec<String>) {
        let views = module.meaning(&["io_lifetimes".to_owned()], parent);
        for path in &module.paths {
            let meaning = module.meaning(path, parent);
            // A view of a stand-in as a socket of the standard library is the stand-in.
            let is_view = is_inside(&views) && meaning.len() == 3 && meaning[0] == "std";
            if let Some(own) = self.lacks(&meaning) {
                found.push(own.join("::"));
            } else if is_socket(&meaning) && !is_view {
                found.push(meaning.join("::"));
            }
        }
        for (_, inner) in &module.modules {
            self.find(inner, &module.imports, found);
        }
    }
}

/// Returns what a file names of the system's sockets without a reason.
fn unlisted(file: &str, source: &str) -> Vec<String> {
    let mut module = Module::default();
    module.read(source.parse().unwrap(), false);
    let mut found = Vec::new();
    STAND_INS.find(&module, &Imports::new(), &mut found);
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

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Calls `visit` with each source file but the fork's own: its path and its text.
fn each_source(under: &Path, root: &Path, visit: &mut impl FnMut(&str, &str)) {
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        let file = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        if path.is_dir() && file != "sockets/loopback" {
            each_source(&path, root, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&file, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn no_file_names_sockets_of_the_system() {
    let root = sources();
    let mut all = Vec::new();
    let mut taken_away = 0;
    each_source(&root, &root, &mut |file, source| {
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
        "these are of the system; import the stand-ins of \
         `crate::sockets::loopback::os`, write what they lack, or list it here with a \
         reason:\n{}",
        all.join("\n")
    );
}

const IMPORT: &str = "use crate::sockets::loopback::os::{io_lifetimes, rustix, tokio};\n";

#[test]
fn what_goes_through_the_stand_ins_is_let_pass() {
    for source in [
        "use std::net::{IpAddr, SocketAddr}; use tokio::{io, sync::Mutex};",
        "use std::net; fn f(a: net::SocketAddr) -> net::IpAddr { a.ip() }",
        "fn f() { let tokio = 1; a.tokio::<u8>(); own::tokio::net::f(); } // tokio::net",
        "const WORDS: &str = \"tokio::net::TcpStream\";",
        "use crate::sockets::loopback::os::tokio; mod inner { use super::tokio::net::TcpStream; }",
    ] {
        assert_eq!(unlisted("new.rs", source), [""; 0], "{source}");
    }
    for source in [
        "use tokio::net::{TcpListener, TcpStream}; fn f() { rustix::net::bind() }",
        "fn f() { s.as_socketlike_view::<std::net::TcpStream>().shutdown(how); }",
    ] {
        let source = format!("{IMPORT}{source}");
        assert_eq!(unlisted("new.rs", &source), [""; 0], "{source}");
        assert_ne!(
            unlisted("new.rs", &source.replace(IMPORT, "")),
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
        let source = format!("{IMPORT}{source}");
        assert_eq!(unlisted("new.rs", &source).join(" "), found, "{source}");
    }
    for (source, found) in [
        (
            "fn f(s: &S) { rustix::net::getsockname(s); rustix::net::bind(s, a) }",
            "rustix::net::getsockname",
        ),
        (
            "use rustix::net::sockopt as o; fn f() { o::set_ip_ttl(s, 1); o::ip_tos(s) }",
            "rustix::net::sockopt::ip_tos",
        ),
        (
            "use tokio::net::{TcpStream, UnixStream}; use tokio::io::split;",
            "tokio::net::UnixStream",
        ),
    ] {
        let source = format!("{IMPORT}{source}");
        assert_eq!(unlisted("new.rs", &source).join(" "), found, "{source}");
    }
    let inner = "fn f() { use crate::sockets::loopback::os::tokio; } fn g() { tokio::net::f() }";
    assert_eq!(unlisted("new.rs", inner), ["tokio::net::f"]);
}

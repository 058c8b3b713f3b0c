//! Packages that would write elsewhere, or do not end.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::world::{NEXT, World};

/// An entry: what it is, its name as it stands in the archive, where it leads, its bytes.
type Entry = (EntryType, String, &'static str, Vec<u8>);

const UPGRADE: [&str; 6] = [
    "upgrade",
    "--no-verify",
    "--to",
    NEXT,
    "--source",
    "registry",
];

fn packed(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (kind, name, link, bytes) in entries {
        let mut header = Header::new_gnu();
        // As it is: tar's own setters refuse what is tested here.
        let raw = header.as_mut_bytes();
        raw[..name.len()].copy_from_slice(name.as_bytes());
        raw[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append(&header, &bytes[..]).unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

/// Returns everything that stands around the project, but for the caches.
fn around(world: &World) -> Vec<String> {
    let walk = walkdir::WalkDir::new(world.path(""))
        .sort_by_file_name()
        .into_iter();
    let walk = walk.filter_entry(|e| e.path() != world.path("cache"));
    walk.map(|e| e.unwrap().path().display().to_string())
        .collect()
}

/// Returns a name that is below the package's directory.
fn below(name: &str) -> String {
    format!("wasmtime-wasi-{NEXT}/{name}")
}

/// Returns packages that name places elsewhere, with what is said of each.
fn elsewhere(outside: &str) -> Vec<(&'static str, Vec<Entry>)> {
    let file = |name: String| (EntryType::Regular, name, "", b"evil".to_vec());
    let link = (EntryType::Symlink, below("src"), "../../..", Vec::new());
    vec![
        (
            "`../../outside` leaves the tree",
            vec![file(below("../../outside"))],
        ),
        (
            "/outside` is not below `wasmtime-wasi-40.0.0/`",
            vec![file(outside.to_owned())],
        ),
        (
            "`elsewhere/lib.rs` is not below `wasmtime-wasi-40.0.0/`",
            vec![file("elsewhere/lib.rs".to_owned())],
        ),
        ("is a link", vec![link, file(below("src/outside"))]),
    ]
}

/// Returns packages of what is no file, is there twice, or does not end.
fn odd() -> Vec<(&'static str, Vec<Entry>)> {
    let file = |name: &str, bytes| (EntryType::Regular, below(name), "", bytes);
    let special = |kind, name: &str, link| (kind, below(name), link, Vec::new());
    vec![
        (
            "is a link",
            vec![special(EntryType::Link, "a", "/etc/passwd")],
        ),
        (
            "null` is a device",
            vec![special(EntryType::Char, "null", "")],
        ),
        (
            "pipe` is a device",
            vec![special(EntryType::Fifo, "pipe", "")],
        ),
        (
            "`src/lib.rs` is there twice",
            vec![
                file("src/lib.rs", b"one".to_vec()),
                file("src/lib.rs", b"two".to_vec()),
            ],
        ),
        (
            "it unpacks to more than 100 times its size",
            vec![file("bomb", vec![0; 65 << 20])],
        ),
    ]
}

#[test]
fn nothing_is_written_elsewhere() {
    let world = World::new();
    let there = around(&world);
    let outside = world.path("outside").display().to_string();
    for (said, entries) in elsewhere(&outside).into_iter().chain(odd()) {
        // One that is cached is not asked for again.
        std::fs::remove_dir_all(world.path("cache")).unwrap();
        world.both.publish(&[(NEXT, packed(&entries))]);
        let ran = world.fails(&UPGRADE, 13);
        ran.says(&["is not as cargo makes it", said, "help:"]);
        assert_eq!(around(&world), there, "{said}");
    }
}

#[test]
fn what_is_no_package_is_told() {
    let world = World::new();
    for bytes in [&b""[..], b"not packed", b"\x1f\x8b\x08\0\0\0\0\0"] {
        std::fs::remove_dir_all(world.path("cache")).unwrap();
        world.both.publish(&[(NEXT, bytes.to_vec())]);
        world.fails(&UPGRADE, 13).says(&["help:"]);
    }
}

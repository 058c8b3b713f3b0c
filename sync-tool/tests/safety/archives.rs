//! Packages that would write elsewhere, or do not end.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::world::{NEXT, World};

/// An entry: what it is, its name as it stands in the archive, where it leads, its bytes.
type Entry<'e> = (EntryType, &'e str, &'e str, Vec<u8>);

fn packed(entries: &[Entry<'_>]) -> Vec<u8> {
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

#[test]
fn nothing_is_written_elsewhere() {
    let world = World::new();
    let outside = world.path("outside");
    let file = EntryType::Regular;
    let evil = || b"evil".to_vec();
    let absolute = outside.display().to_string();
    let bomb = vec![0; 65 << 20];
    let cases: Vec<(&str, Vec<Entry<'_>>)> = vec![
        (
            "..",
            vec![(file, "wasmtime-wasi-40.0.0/../../outside", "", evil())],
        ),
        (
            "/outside` is not below `wasmtime-wasi-40.0.0/`",
            vec![(file, &absolute, "", evil())],
        ),
        (
            "`elsewhere/src/lib.rs` is not below `wasmtime-wasi-40.0.0/`",
            vec![(file, "elsewhere/src/lib.rs", "", evil())],
        ),
        (
            "is a link",
            vec![
                (
                    EntryType::Symlink,
                    "wasmtime-wasi-40.0.0/src",
                    "../../..",
                    Vec::new(),
                ),
                (file, "wasmtime-wasi-40.0.0/src/outside", "", evil()),
            ],
        ),
        (
            "is a link",
            vec![(
                EntryType::Link,
                "wasmtime-wasi-40.0.0/a",
                "/etc/passwd",
                Vec::new(),
            )],
        ),
        (
            "null` is a device",
            vec![(EntryType::Char, "wasmtime-wasi-40.0.0/null", "", Vec::new())],
        ),
        (
            "pipe` is a device",
            vec![(EntryType::Fifo, "wasmtime-wasi-40.0.0/pipe", "", Vec::new())],
        ),
        (
            "`src/lib.rs` is there twice",
            vec![
                (file, "wasmtime-wasi-40.0.0/src/lib.rs", "", b"one".to_vec()),
                (file, "wasmtime-wasi-40.0.0/src/lib.rs", "", b"two".to_vec()),
            ],
        ),
        (
            "it unpacks to more than 100 times its size",
            vec![(file, "wasmtime-wasi-40.0.0/bomb", "", bomb)],
        ),
    ];
    let before = world.state();
    let upgrade = [
        "upgrade",
        "--no-verify",
        "--to",
        NEXT,
        "--source",
        "registry",
    ];
    let there = around(&world);
    for (said, entries) in cases {
        // One that is cached is not asked for again.
        std::fs::remove_dir_all(world.path("cache")).unwrap();
        world.both.publish(&[(NEXT, packed(&entries))]);
        let ran = world.run(&upgrade).ends(13);
        ran.says(&["is not as cargo makes it", said, "help:"]);
        assert_eq!(world.state(), before, "{said}");
        assert_eq!(around(&world), there, "{said}");
    }
}

#[test]
fn what_is_no_package_is_told() {
    let world = World::new();
    let upgrade = [
        "upgrade",
        "--no-verify",
        "--to",
        NEXT,
        "--source",
        "registry",
    ];
    let before = world.state();
    for bytes in [&b""[..], b"not packed", b"\x1f\x8b\x08\0\0\0\0\0"] {
        std::fs::remove_dir_all(world.path("cache")).unwrap();
        world.both.publish(&[(NEXT, bytes.to_vec())]);
        world.run(&upgrade).ends(13).says(&["help:"]);
        assert_eq!(world.state(), before);
    }
}

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, Header};

use super::*;

const SMALL: UnpackLimits = UnpackLimits {
    total: 1 << 20,
    file: 4096,
    entries: 8,
    ratio: 100,
    ratio_from: 64 << 10,
};

/// Builds a package entry by entry, however evil.
struct HostileArchive(Builder<Vec<u8>>);

impl HostileArchive {
    fn new() -> Self {
        HostileArchive(Builder::new(Vec::new()))
    }

    /// Adds an entry whose name is written as it is, with no check of tar's own.
    fn entry(self, kind: EntryType, name: &str, bytes: &[u8]) -> Self {
        self.claiming(kind, name, bytes.len() as u64, bytes)
    }

    fn claiming(mut self, kind: EntryType, name: &str, size: u64, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, bytes)
    }

    fn tar(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    fn packed(self) -> Vec<u8> {
        gzip(&self.tar())
    }

    fn errors(self) -> Vec<String> {
        errors(&self.packed())
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn errors(packed: &[u8]) -> Vec<String> {
    let error = unpack(packed, "c-1.0.0", "c.crate", SMALL).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error
            .all_faults()
            .iter()
            .all(|f| f.place.as_ref().is_some_and(|p| p.file == "c.crate"))
    );
    error
        .all_faults()
        .iter()
        .map(|f| f.message.clone())
        .collect()
}

#[test]
fn files_come_with_their_modes_normalised() {
    let mut tar = Builder::new(Vec::new());
    let long = format!("c-1.0.0/{}/file", "long/".repeat(30).trim_end_matches('/'));
    for (path, mode) in [
        ("c-1.0.0/a", 0o600),
        ("c-1.0.0/b", 0o4777),
        (long.as_str(), 0o444),
    ] {
        let mut header = Header::new_gnu();
        header.set_size(1);
        header.set_mode(mode);
        tar.append_data(&mut header, path, &b"x"[..]).unwrap();
    }
    let mut directory = Header::new_gnu();
    directory.set_entry_type(EntryType::Directory);
    directory.set_size(0);
    tar.append_data(&mut directory, "c-1.0.0/d/", &b""[..])
        .unwrap();
    let tree = unpack(
        &gzip(&tar.into_inner().unwrap()),
        "c-1.0.0",
        "c.crate",
        SMALL,
    )
    .unwrap();
    let modes: Vec<Mode> = tree.iter().map(|(_, file)| file.mode()).collect();
    assert_eq!(modes, [Mode::Regular, Mode::Executable, Mode::Regular]);
    assert!(tree.get(&long["c-1.0.0/".len()..]).is_some());
}

#[test]
fn all_that_is_no_plain_file_below_the_root_is_told_together() {
    let told = HostileArchive::new()
        .file("c-1.0.0/../x", b"")
        .file("/etc/x", b"")
        .file("c-1.0.0x/y", b"")
        .entry(EntryType::Symlink, "c-1.0.0/s", b"")
        .entry(EntryType::Link, "c-1.0.0/h", b"")
        .entry(EntryType::Fifo, "c-1.0.0/f", b"")
        .entry(EntryType::Char, "c-1.0.0/c", b"")
        .entry(EntryType::Directory, "c-1.0.0/../d/", b"")
        .errors();
    let parts = [
        "leaves the tree",
        "`/etc/x` is not below",
        "`c-1.0.0x/y` is not below",
        "`c-1.0.0/s` is a link",
        "`c-1.0.0/h` is a link",
        "`c-1.0.0/f` is a device",
        "`c-1.0.0/c` is a device",
        "leaves the tree",
    ];
    assert_eq!(told.len(), parts.len(), "{told:?}");
    for (message, part) in told.iter().zip(parts) {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn names_that_one_disk_cannot_hold_together_are_told() {
    let told = HostileArchive::new()
        .file("c-1.0.0/a", b"1")
        .file("c-1.0.0/a", b"2")
        .file("c-1.0.0/B", b"")
        .file("c-1.0.0/b", b"")
        .file("c-1.0.0/A/x", b"")
        .file("c-1.0.0/.git/config", b"")
        .errors();
    assert_eq!(
        told,
        [
            "`a` is there twice",
            "`.git/config` is not portable: `.git` is git's own",
            "`B` and `b` are one file where case is folded",
            "`a` is a file, and yet `A/x` is below it",
        ]
    );
}

#[test]
fn long_names_and_extended_headers_cannot_mislead() {
    let long = EntryType::GNULongName;
    assert!(
        HostileArchive::new()
            .entry(long, "././@LongLink", b"c-1.0.0/../x\0")
            .file("c-1.0.0/a", b"")
            .errors()[0]
            .contains("leaves")
    );
    let twice = HostileArchive::new()
        .entry(long, "l", b"c-1.0.0/x\0")
        .entry(long, "l", b"c-1.0.0/y\0")
        .file("c-1.0.0/a", b"");
    assert_eq!(
        twice.errors(),
        ["a long name stands before nothing that it could name"]
    );
    let loose = HostileArchive::new()
        .file("c-1.0.0/a", b"")
        .entry(long, "l", b"c-1.0.0/x\0");
    assert_eq!(
        loose.errors(),
        ["a long name stands before nothing that it could name"]
    );
    let endless = HostileArchive::new()
        .entry(long, "l", &[b'x'; 5000])
        .file("c-1.0.0/a", b"");
    assert!(endless.errors()[0].contains("longer than 4096 bytes"));
    let inner = HostileArchive::new()
        .entry(long, "l", b"c-1.0.0/a\0b")
        .file("c-1.0.0/a", b"");
    assert!(inner.errors()[0].contains("not portable"));
    for kind in [
        EntryType::XHeader,
        EntryType::XGlobalHeader,
        EntryType::GNULongLink,
    ] {
        let told = HostileArchive::new()
            .entry(kind, "c-1.0.0/p", b"19 path=../evil.rs\n")
            .file("c-1.0.0/a", b"")
            .errors();
        assert_eq!(
            told,
            ["`c-1.0.0/p` has an extended header, which cargo never writes"]
        );
    }
}

#[test]
fn a_size_is_a_claim_until_the_bytes_came() {
    let huge = HostileArchive::new()
        .claiming(EntryType::Regular, "c-1.0.0/a", u64::MAX / 2, b"x")
        .errors();
    assert!(huge[0].contains("more than 4096 bytes"), "{huge:?}");
    let short = HostileArchive::new()
        .claiming(EntryType::Regular, "c-1.0.0/a", 4000, b"x")
        .tar();
    let told = errors(&gzip(&short[..1024]));
    assert_eq!(told, ["`a` is cut short"]);
    let large = HostileArchive::new()
        .file("c-1.0.0/a", &[7; 5000])
        .file("c-1.0.0/../b", b"")
        .errors();
    assert_eq!(
        large.len(),
        2,
        "reading goes on after a large file: {large:?}"
    );
}

#[test]
fn a_bomb_is_stopped_by_what_it_unpacks_to() {
    assert_eq!(
        errors(&gzip(
            &HostileArchive::new()
                .file("c-1.0.0/a", &vec![0; 900 << 10])
                .tar()
        ))[1],
        "it unpacks to more than 100 times its size"
    );
    // Content that does not shrink passes the ratio, not the total.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(2 << 20)
    .collect();
    assert_eq!(
        errors(&HostileArchive::new().file("c-1.0.0/a", &noise).packed())[1],
        "it unpacks to more than 1048576 bytes"
    );
    let many = (0..9).fold(HostileArchive::new(), |evil, n| {
        evil.file(&format!("c-1.0.0/{n}"), b"")
    });
    assert_eq!(many.errors(), ["it has more than 8 entries"]);
}

#[test]
fn what_is_cut_or_has_more_than_it_should_is_told() {
    let whole = HostileArchive::new()
        .file("c-1.0.0/a", b"some text that is there")
        .packed();
    assert!(unpack(&whole, "c-1.0.0", "c.crate", SMALL).is_ok());
    for cut in [0, 5, whole.len() / 2, whole.len() - 1] {
        assert!(
            errors(&whole[..cut])[0].starts_with("it cannot be read to its end"),
            "cut at {cut}"
        );
    }
    let after = [&whole[..], b"x"].concat();
    assert_eq!(
        errors(&after),
        ["it has bytes that are no part of the gzip after its end"]
    );
    let second = [&whole[..], &whole[..]].concat();
    assert_eq!(
        errors(&second),
        ["it has bytes that are no part of the gzip after its end"]
    );
    let hidden = [
        HostileArchive::new().file("c-1.0.0/a", b"").tar(),
        HostileArchive::new().file("c-1.0.0/b", b"").tar(),
    ]
    .concat();
    assert_eq!(
        errors(&gzip(&hidden)),
        ["it has more than padding after its end"]
    );
    let mut damaged = HostileArchive::new().file("c-1.0.0/a", b"").tar();
    damaged[0] ^= 1;
    assert!(errors(&gzip(&damaged))[0].contains("checksum"));
}

proptest! {
    #[test]
    fn whatever_bytes_come_the_outcome_is_a_tree_or_faults(
        tar in prop::collection::vec(any::<u8>(), 0..2048),
        change in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let _ = unpack(&tar, "c-1.0.0", "c.crate", SMALL);
        let _ = unpack(&gzip(&tar), "c-1.0.0", "c.crate", SMALL);
        let mut near = HostileArchive::new().file("c-1.0.0/a", b"text").entry(EntryType::Directory, "c-1.0.0/d", b"").tar();
        for (at, byte) in change {
            let at = at.index(near.len());
            near[at] = byte;
        }
        if let Ok(tree) = unpack(&gzip(&near), "c-1.0.0", "c.crate", SMALL) {
            prop_assert!(tree.len() <= 2);
        }
    }
}

//! What paths and digests promise.

use proptest::prelude::*;

use super::*;

#[test]
fn paths_that_leave_or_mislead_are_refused() {
    for bad in [
        "",
        "/a",
        "C:/a",
        "..",
        "a/../b",
        "a//b",
        "./a",
        "a/.git/b",
        "a\\b",
        "a\0",
        "a.",
        "x/CON:",
        "a/",
        "a\tb",
        "a\u{7f}",
        "a\u{85}",
        "src/a\u{202e}sr.b",
        "a\u{2066}b",
        "a\u{2028}b",
        "src/nul",
        "Aux.rs",
        "com1.tar.gz",
        "LPT³",
        "con .rs/a",
        "CONIN$",
    ] {
        assert!(TreePath::new(bad).is_err(), "{bad:?}");
    }
    for good in [
        "a",
        "src/lib.rs",
        "a/..b/c",
        ".cargo/config.toml",
        "with space/x",
        "auxiliary.rs",
        "com.rs",
        "com10",
        "src/null",
        "\u{e9}\u{5d0}.rs",
    ] {
        assert!(TreePath::new(good).is_ok(), "{good:?}");
    }
}

#[test]
fn a_name_is_shown_without_what_a_terminal_obeys() {
    assert_eq!(
        shown("a\u{1b}[2J\u{202e}b\u{e9}"),
        r"a\u{1b}[2J\u{202e}b\u{e9}".replace(r"\u{e9}", "\u{e9}")
    );
    let fault = TreePath::new("a\u{1b}b").unwrap_err().to_string();
    assert!(fault.starts_with(r"`a\u{1b}b` is not portable"), "{fault}");
}

#[test]
fn digest_of_nothing_is_the_known_one() {
    let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Digest::of(b"").to_string(), known);
    assert_eq!(Tree::new().digest().to_string(), known);
    assert_eq!(Digest::parse(known), Some(Digest::of(b"")));
    assert_eq!(
        Digest::parse(&format!("sha256:{known}")),
        Some(Digest::of(b""))
    );
    assert_eq!(
        Digest::parse("é0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        None
    );
}

#[test]
fn names_that_one_disk_cannot_hold_are_named_once() {
    let paths = [
        "src/A.rs",
        "src/a.rs",
        "src/b.rs",
        "src/B.rs/c/d",
        "src/b.rs/e",
        "f",
        "f.rs",
    ];
    let files = paths.map(|p| (TreePath::new(p).unwrap(), File::regular(*b"")));
    let told = Tree::from_iter(files).collisions().into_iter();
    let told: Vec<String> = told.map(|collision| collision.to_string()).collect();
    assert_eq!(
        told,
        [
            "`src/A.rs` and `src/a.rs` are one file where case is folded",
            "`src/b.rs` is a file, and yet `src/B.rs/c/d` is below it",
        ]
    );
}

proptest! {
    #[test]
    fn a_path_that_is_taken_stays_below_its_root(
        text in "(a|\\.\\.|\\.|/|\\\\|:|C:|\\.git| |\0|\n|\u{e9}|\\PC){0,8}",
    ) {
        if let Ok(path) = TreePath::new(&text) {
            let root = std::path::Path::new("/some/root");
            let below = path.below(root);
            let rest = below.strip_prefix(root).expect("below the root");
            let is_normal = |part| matches!(part, std::path::Component::Normal(_));
            prop_assert!(rest.components().all(is_normal));
            prop_assert_eq!(rest.components().count(), text.split('/').count());
            prop_assert_eq!(TreePath::new(path.as_str()), Ok(path.clone()));
            let json = serde_json::to_string(&path).unwrap();
            prop_assert_eq!(serde_json::from_str::<TreePath>(&json).unwrap(), path);
        } else {
            prop_assert!(serde_json::from_value::<TreePath>(text.into()).is_err());
        }
    }

    #[test]
    fn a_renamed_file_changes_the_digest_and_the_order_of_insertion_does_not(
        paths in prop::collection::btree_set("[a-c]{1,2}(/[a-c]{1,2})?", 2..8),
        to in "[d-f]{1,3}",
    ) {
        let file = |path: &str| (TreePath::new(path).unwrap(), File::regular(path.as_bytes()));
        let tree: Tree = paths.iter().map(|path| file(path)).collect();
        let backwards: Tree = paths.iter().rev().map(|path| file(path)).collect();
        prop_assert_eq!(backwards.digest(), tree.digest());
        let first = paths.first().unwrap();
        let mut renamed = tree.clone();
        let moved = renamed.remove(first).unwrap();
        renamed.insert(TreePath::new(&to).unwrap(), moved);
        prop_assert_ne!(renamed.digest(), tree.digest());
        // Two files that change places are two changes.
        let last = paths.last().unwrap();
        let mut swapped = tree.clone();
        swapped.insert(TreePath::new(first).unwrap(), tree.get(last).unwrap().clone());
        swapped.insert(TreePath::new(last).unwrap(), tree.get(first).unwrap().clone());
        prop_assert_ne!(swapped.digest(), tree.digest());
    }

    #[test]
    fn any_one_change_changes_the_digest(
        files in prop::collection::btree_map("[d-m]{1,8}", prop::collection::vec(any::<u8>(), 0..20), 1..8),
        pick in any::<prop::sample::Index>(),
    ) {
        let tree: Tree = files.iter()
            .map(|(p, b)| (TreePath::new(p).unwrap(), File::regular(b.clone())))
            .collect();
        let path = pick.get(&tree.paths().cloned().collect::<Vec<_>>()).clone();
        let file = tree.get(path.as_str()).unwrap().clone();

        let mut longer = tree.clone();
        longer.insert(path.clone(), file.with_bytes([file.bytes(), b"x"].concat()));
        prop_assert_ne!(longer.digest(), tree.digest());

        let mut executable = tree.clone();
        executable.insert(path.clone(), File::new(file.bytes(), Mode::Executable));
        prop_assert_ne!(executable.digest(), tree.digest());

        let mut gone = tree.clone();
        gone.remove(path.as_str());
        prop_assert_ne!(gone.digest(), tree.digest());
    }
}

#[test]
fn a_path_is_joined_by_its_names() {
    for (dir, path, leads) in [
        ("src/a", "../b.rs", Some("src/b.rs")),
        ("src", "./b//c.rs", Some("src/b/c.rs")),
        ("src", "..", Some("")),
        ("", "a/../b", Some("b")),
        ("src", "../../b.rs", None),
        ("src", "x/../../..", None),
        ("", "..\\b.rs", None),
        ("src", "/b.rs", None),
        ("src", "C:/b.rs", None),
    ] {
        assert_eq!(joined(dir, path).as_deref(), leads, "{dir} {path}");
    }
}

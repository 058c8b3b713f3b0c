use std::fs;

use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

fn write(dir: &Path, path: &str, bytes: &[u8]) {
    let place = dir.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, bytes).unwrap();
}

fn paths(entries: &Entries) -> Vec<&str> {
    entries.0.keys().map(TreePath::as_str).collect()
}

#[test]
fn an_absent_directory_is_told_from_an_empty_one() {
    let dir = tempdir().unwrap();
    assert_eq!(read_entries(&dir.path().join("none")).unwrap(), None);
    assert_eq!(read_entries(dir.path()).unwrap(), Some(Found::default()));
    let error = read_tree(&dir.path().join("none")).unwrap_err();
    assert!(error.message().contains("none"), "{error}");
}

#[test]
fn a_file_in_the_place_of_the_directory_is_an_error() {
    let dir = tempdir().unwrap();
    write(dir.path(), "f", b"");
    assert!(read_entries(&dir.path().join("f")).is_err());
}

#[test]
fn only_a_target_directory_at_the_top_is_left_out() {
    let dir = tempdir().unwrap();
    write(dir.path(), "target/debug/x", b"");
    write(dir.path(), "src/target/x", b"");
    write(dir.path(), ".cargo-ok", b"");
    let found = read_entries(dir.path()).unwrap().unwrap();
    assert_eq!(paths(&found.entries), [".cargo-ok", "src/target/x"]);
    assert_eq!(read_tree(dir.path()).unwrap().entries(), found.entries);

    let dir = tempdir().unwrap();
    write(dir.path(), "target", b"a file");
    let found = read_entries(dir.path()).unwrap().unwrap();
    assert_eq!(paths(&found.entries), ["target"]);
}

#[cfg(unix)]
#[test]
fn modes_are_those_of_the_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempdir().unwrap();
    for (name, bits) in [("a", 0o600), ("b", 0o744), ("c", 0o655)] {
        write(dir.path(), name, b"");
        let permissions = fs::Permissions::from_mode(bits);
        fs::set_permissions(dir.path().join(name), permissions).unwrap();
    }
    let tree = read_tree(dir.path()).unwrap();
    let modes: Vec<Mode> = tree.iter().map(|(_, f)| f.mode()).collect();
    assert_eq!(modes, [Mode::Regular, Mode::Executable, Mode::Regular]);
}

#[cfg(unix)]
#[test]
fn everything_that_no_tree_holds_is_named_at_once() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tempdir().unwrap();
    write(dir.path(), "src/lib.rs", b"x");
    write(dir.path(), "src/.git/config", b"x");
    write(dir.path(), "src/a:b", b"x");
    std::os::unix::fs::symlink("lib.rs", dir.path().join("src/link")).unwrap();
    std::os::unix::fs::symlink("/", dir.path().join("root")).unwrap();
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"\xff")), b"").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("sock")).unwrap();

    let found = read_entries(dir.path()).unwrap().unwrap();
    assert_eq!(paths(&found.entries), ["src/lib.rs"]);
    let expected = [
        ("root", "a symbolic link"),
        ("sock", "neither a file nor a directory"),
        ("src/.git", "the name is not portable"),
        ("src/a:b", "the name is not portable"),
        ("src/link", "a symbolic link"),
        ("\u{fffd}", "the name is not UTF-8"),
    ];
    let strays: Vec<(&str, &str)> = found.strays.iter().map(|(n, w)| (&**n, *w)).collect();
    assert_eq!(strays, expected);

    let error = read_tree(dir.path()).unwrap_err();
    assert_eq!(error.all_faults().len(), expected.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_on_disk_is_read(
        files in prop::collection::btree_map(
            "[a-c]{1,2}(/[d-f]{3}){0,2}", prop::collection::vec(any::<u8>(), 0..40), 0..8),
    ) {
        let dir = tempdir().unwrap();
        // Where one path is another's parent, only the first can be there.
        let mut kept: Vec<(String, Vec<u8>)> = Vec::new();
        for (path, bytes) in files {
            if kept.iter().all(|(k, _)| !path.starts_with(&format!("{k}/"))) {
                write(dir.path(), &path, &bytes);
                kept.push((path, bytes));
            }
        }
        let tree = read_tree(dir.path()).unwrap();
        let read: Vec<(String, Vec<u8>)> = tree
            .iter()
            .map(|(p, f)| (p.to_string(), f.bytes().to_vec()))
            .collect();
        prop_assert_eq!(read, kept);
        prop_assert_eq!(read_entries(dir.path()).unwrap().unwrap().entries, tree.entries());
    }
}

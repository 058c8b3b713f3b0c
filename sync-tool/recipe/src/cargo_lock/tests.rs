use toml_edit::DocumentMut;

use super::*;

/// A workspace: two members, one of them ours to follow, and the registry's.
const WORKSPACE: &str = r#"# generated
version = 3

[[package]]
name = "followed"
version = "41.0.0"
dependencies = ["runtime", "log 0.4.20", "unpublished"]

[[package]]
name = "runtime"
version = "41.0.0"
dependencies = ["environ"]

[[package]]
name = "environ"
version = "0.128.0"

[[package]]
name = "unpublished"
version = "0.0.0"

[[package]]
name = "log"
version = "0.4.20"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"

[[package]]
name = "environ"
version = "0.90.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn pins(pins: &[(&str, &str)]) -> Pins {
    pins.iter()
        .map(|(name, version)| ((*name).to_owned(), Version::parse(version).unwrap()))
        .collect()
}

#[test]
fn the_crates_of_the_workspace_that_the_fork_asks_for_are_pinned_first() {
    let lock = CargoLock::parse(WORKSPACE).unwrap();
    let root = lock.own("followed").unwrap();
    assert_eq!(root.dependencies, names(&["runtime", "log", "unpublished"]));
    let wanted = names(&["runtime", "log", "divan"]);
    assert_eq!(
        lock.first_pins(root, &wanted),
        pins(&[("runtime", "41.0.0")])
    );
}

#[test]
fn what_strays_from_the_release_is_pinned_and_nothing_else() {
    let lock = CargoLock::parse(WORKSPACE).unwrap();
    let made = r#"
[[package]]
name = "fork"
version = "1.0.0"
[[package]]
name = "environ"
version = "0.128.4"
source = "registry+x"
[[package]]
name = "environ"
version = "0.90.1"
source = "registry+x"
[[package]]
name = "environ"
version = "0.91.0"
source = "registry+x"
[[package]]
name = "log"
version = "0.4.29"
source = "registry+x"
"#;
    let strayed = lock.strayed(&CargoLock::parse(made).unwrap());
    assert_eq!(strayed, pins(&[("environ", "0.128.0")]));
}

#[test]
fn what_moves_is_told_with_both_versions() {
    let lock = CargoLock::parse(WORKSPACE).unwrap();
    let later = WORKSPACE.replace("version = \"0.4.20\"", "version = \"0.4.29\"");
    let moved = VersionChange {
        name: "log".to_owned(),
        from: Version::new(0, 4, 20),
        to: Version::new(0, 4, 29),
    };
    assert_eq!(lock.moved(&CargoLock::parse(&later).unwrap()), [moved]);
    assert_eq!(lock.moved(&lock), []);
}

#[test]
fn a_lock_of_something_else_is_told() {
    let lock = CargoLock::parse(WORKSPACE).unwrap();
    assert_eq!(
        lock.own("log"),
        Err(CargoLockError::NotOf("log".to_owned()))
    );
    assert!(matches!(
        CargoLock::parse("[[package]"),
        Err(CargoLockError::Unreadable(_))
    ));
    assert!(matches!(
        CargoLock::parse("[[package]]\nname = 'a'\n"),
        Err(CargoLockError::Unreadable(_))
    ));
}

#[test]
fn only_the_format_of_an_old_lock_changes() {
    let ours = in_our_format(WORKSPACE);
    assert_eq!(ours, WORKSPACE.replacen("version = 3", "version = 4", 1));
    assert_eq!(in_our_format(&ours), ours);
    let newer = WORKSPACE.replacen("version = 3", "version = 5", 1);
    assert_eq!(in_our_format(&newer), newer);
}

#[test]
fn additions_leave_every_table_and_pins_come_in() {
    let text = r#"[package]
name = "fork"

[dependencies]
runtime = "41"
short = { package = "log", version = "0.4" }

[dev-dependencies]
divan = "0.1"
log = "0.4"

[target.'cfg(unix)'.dependencies]
rustix = "1"

[target.'cfg(unix)'.dev-dependencies]
divan = "0.1"
"#;
    let mut manifest: DocumentMut = text.parse().unwrap();
    assert_eq!(
        packages(&manifest),
        names(&["runtime", "log", "divan", "rustix"])
    );
    let upstream = names(&["runtime", "log", "rustix"]);
    upstream_only(&mut manifest, &upstream, &pins(&[("runtime", "41.0.0")]));
    insta::assert_snapshot!(manifest.to_string(), @r#"
    [package]
    name = "fork"

    [dependencies]
    runtime = "41"
    short = { package = "log", version = "0.4" }
    pinned-runtime = { package = "runtime", version = "=41.0.0", default-features = false }

    [dev-dependencies]
    log = "0.4"

    [target.'cfg(unix)'.dependencies]
    rustix = "1"

    [target.'cfg(unix)'.dev-dependencies]
    "#);
}

#[test]
fn a_lock_is_current_while_it_has_what_the_manifest_asks_for() {
    let lock = r#"version = 4

[[package]]
name = "fork"
version = "2.0.0"
dependencies = [
 "log",
 "runtime",
]

[[package]]
name = "log"
version = "0.4.22"
source = "registry"

[[package]]
name = "runtime"
version = "41.0.0"
source = "registry"
"#;
    let manifest = "[package]\nname = \"fork\"\n[dependencies]\nruntime = \"41\"\n\
                    [dev-dependencies]\nshort = { package = \"log\", version = \"0.4\" }\n";
    assert_eq!(is_current(lock, manifest), Ok(true));
    for (from, to) in [
        ("\"41\"", "\"42\""),
        ("\"0.4\"", "\"=0.4.1\""),
        ("runtime = \"41\"", "runtime = \"41\"\ndivan = \"1\""),
        ("runtime = \"41\"\n", ""),
        ("\"fork\"", "\"other\""),
    ] {
        assert_eq!(
            is_current(lock, &manifest.replacen(from, to, 1)),
            Ok(false),
            "{to}"
        );
    }
    let newer = with_own_version(lock, "fork", &Version::new(3, 1, 0));
    assert_eq!(newer, lock.replace("2.0.0", "3.1.0"));
}

/// Adds text to the workspace's lock.
fn later(lock: &str, more: &str) -> Vec<String> {
    let before = CargoLock::parse(WORKSPACE).unwrap();
    let after = CargoLock::parse(&format!("{lock}{more}")).unwrap();
    let strays = before.strays(&after, "fork");
    strays.iter().map(ToString::to_string).collect()
}

const FORK: &str = r#"
[[package]]
name = "fork"
version = "2.0.0"
dependencies = ["runtime", "new"]

[[package]]
name = "new"
version = "1.0.0"
source = "registry+x"
dependencies = ["below"]

[[package]]
name = "below"
version = "0.1.0"
source = "registry+x"
"#;

#[test]
fn a_member_and_what_it_needs_are_no_strays() {
    assert_eq!(later(WORKSPACE, FORK), [""; 0]);
}

#[test]
fn packages_that_moved_went_or_came_uncalled_are_strays() {
    let moved = WORKSPACE.replace("0.4.20", "0.4.21");
    assert_eq!(later(&moved, FORK), ["`log` moved from 0.4.20 to 0.4.21"]);
    let source = WORKSPACE.replacen("source = \"registry", "source = \"git", 1);
    assert_eq!(later(&source, FORK), ["`log` moved from 0.4.20 to 0.4.20"]);
    let (without, _) = WORKSPACE.rsplit_once("[[package]]").unwrap();
    assert_eq!(later(without, FORK), ["`environ` 0.90.1 is gone"]);
    let uncalled = format!("{FORK}\n[[package]]\nname = \"odd\"\nversion = \"1.0.0\"\n");
    assert_eq!(
        later(WORKSPACE, &uncalled),
        ["`odd` 1.0.0 is new, and `fork` does not need it"]
    );
    assert_eq!(later(WORKSPACE, ""), ["`fork` is not in it"]);
}

#[test]
fn packages_that_name_each_other_are_followed_once() {
    let circle = FORK.replace(
        "version = \"0.1.0\"\nsource = \"registry+x\"\n",
        "version = \"0.1.0\"\nsource = \"registry+x\"\ndependencies = [\"new\"]\n",
    );
    assert_eq!(later(WORKSPACE, &circle), [""; 0]);
}

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
    let lock = Lock::parse(WORKSPACE).unwrap();
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
    let lock = Lock::parse(WORKSPACE).unwrap();
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
    let strayed = lock.strayed(&Lock::parse(made).unwrap());
    assert_eq!(strayed, pins(&[("environ", "0.128.0")]));
}

#[test]
fn what_moves_is_told_with_both_versions() {
    let lock = Lock::parse(WORKSPACE).unwrap();
    let later = WORKSPACE.replace("version = \"0.4.20\"", "version = \"0.4.29\"");
    let moved = Moved {
        name: "log".to_owned(),
        from: Version::new(0, 4, 20),
        to: Version::new(0, 4, 29),
    };
    assert_eq!(lock.moved(&Lock::parse(&later).unwrap()), [moved]);
    assert_eq!(lock.moved(&lock), []);
}

#[test]
fn a_lock_of_something_else_is_told() {
    let lock = Lock::parse(WORKSPACE).unwrap();
    assert_eq!(lock.own("log"), Err(Fault::NotOf("log".to_owned())));
    assert!(matches!(
        Lock::parse("[[package]"),
        Err(Fault::Unreadable(_))
    ));
    assert!(matches!(
        Lock::parse("[[package]]\nname = 'a'\n"),
        Err(Fault::Unreadable(_))
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
fn a_stored_lock_is_kept_as_long_as_the_crate_names_the_same_packages() {
    let text = "version = 4\n\n[[package]]\nname = \"fork\"\nversion = \"1.0.0\"\n\
                dependencies = [\n \"log\",\n]\n\n[[package]]\nname = \"log\"\n\
                version = \"1.0.0\"\nsource = \"registry+x\"\n";
    let kept = |version: &str, manifest: &str| {
        let version = version.parse().unwrap();
        kept(text, "fork", &version, &manifest.parse().unwrap())
    };
    let same = "[dependencies]\nlog = \"1\"\n";
    assert_eq!(kept("1.0.0", same), Ok(Some(text.to_owned())));
    let other = text.replacen("1.0.0", "2.0.0-rc.1", 1);
    assert_eq!(kept("2.0.0-rc.1", same), Ok(Some(other)));
    let more = "[dependencies]\nlog = \"1\"\n[dev-dependencies]\nnew = \"1\"\n";
    assert_eq!(kept("1.0.0", more), Ok(None));
    assert_eq!(kept("1.0.0", ""), Ok(None));
    let not_of = Err(Fault::NotOf("other".to_owned()));
    let version = Version::new(1, 0, 0);
    let manifest = DocumentMut::new();
    assert_eq!(super::kept(text, "other", &version, &manifest), not_of);
}

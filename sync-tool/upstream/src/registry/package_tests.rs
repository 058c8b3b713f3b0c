use super::*;

const VCS: &str =
    r#"{"git":{"sha1":"0123456789abcdef0123456789abcdef01234567"},"path_in_vcs":"crates/c"}"#;
const MANIFEST: &str = "[package]\nname = \"c\"\nversion = \"1.2.3\"\n";

fn read(files: &[(&str, &[u8])]) -> Result<Release> {
    let tree = files
        .iter()
        .map(|(path, bytes)| (TreePath::new(path).unwrap(), File::regular(*bytes)))
        .collect();
    let version = Version::new(1, 2, 3);
    let expected = ExpectedPackage {
        name: "c",
        version: &version,
        path_in_vcs: "crates/c",
        checksum: Digest::of(b""),
    };
    release(tree, expected, "c.crate")
}

fn faults(files: &[(&str, &[u8])]) -> Vec<String> {
    let error = read(files).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(!error.hints().is_empty());
    error
        .all_faults()
        .iter()
        .map(|f| f.message.clone())
        .collect()
}

#[test]
fn cargos_own_files_are_taken_out_and_the_manifest_is_upstreams() {
    let release = read(&[
        (".cargo-ok", b"ok"),
        (".cargo_vcs_info.json", VCS.as_bytes()),
        ("Cargo.lock", b"lock"),
        ("Cargo.toml", MANIFEST.as_bytes()),
        ("Cargo.toml.orig", b"original"),
        ("tests/Cargo.lock", b"upstream's"),
    ])
    .unwrap();
    let paths: Vec<&str> = release.tree.paths().map(TreePath::as_str).collect();
    assert_eq!(paths, ["Cargo.toml", "tests/Cargo.lock"]);
    assert_eq!(
        release.tree.get("Cargo.toml").unwrap().text(),
        Some("original")
    );
    assert_eq!(
        release.commit.as_deref(),
        Some("0123456789abcdef0123456789abcdef01234567")
    );
    assert_eq!(release.cargo_lock.as_deref(), Some("lock"));
    assert_eq!(release.checksum, Some(Digest::of(b"").to_string()));
}

#[test]
fn a_package_made_without_version_control_has_no_commit() {
    let release = read(&[
        ("Cargo.toml", MANIFEST.as_bytes()),
        ("Cargo.toml.orig", b""),
    ])
    .unwrap();
    assert_eq!((release.commit, release.cargo_lock), (None, None));
}

#[test]
fn all_that_is_wrong_is_told_together() {
    let other = MANIFEST.replace("1.2.3", "1.2.4").replace("\"c\"", "\"d\"");
    let vcs = VCS.replace("crates/c", "crates/d").replace("0123", "HEAD");
    let told = faults(&[
        (".cargo_vcs_info.json", vcs.as_bytes()),
        ("Cargo.lock", b"\xff"),
        ("Cargo.toml", other.as_bytes()),
    ]);
    let parts = [
        "name is `d`, not `c`",
        "version is `1.2.4`, not `1.2.3`",
        "made from `crates/d`, not from `crates/c`",
        "is not a commit",
        "not UTF-8",
        "it is missing",
    ];
    assert_eq!(told.len(), parts.len(), "{told:?}");
    for (message, part) in told.iter().zip(parts) {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn malformed_metadata_is_told() {
    let orig: (&str, &[u8]) = ("Cargo.toml.orig", b"");
    assert!(faults(&[("Cargo.toml", b"[package"), orig])[0].contains("not TOML"));
    assert_eq!(
        faults(&[("Cargo.toml", b""), orig]),
        ["it has no name", "it has no version"]
    );
    assert_eq!(faults(&[orig]), ["it is missing"]);
    assert!(
        faults(&[
            ("Cargo.toml", MANIFEST.as_bytes()),
            orig,
            (".cargo_vcs_info.json", b"{}")
        ])[0]
            .contains("malformed")
    );
}

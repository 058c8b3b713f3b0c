use super::*;
use crate::testing::tree;

fn lock() -> Lock {
    let files = tree(&[("src/a.rs", "a"), ("Cargo.toml", "")]).entries();
    let upstream = LockedRelease {
        name: "up-net".into(),
        version: Version::new(41, 0, 0),
        commit: Some("0".repeat(40)),
        checksum: None,
        digest: Digest::of("up"),
    };
    let made = LockedTree {
        version: Version::new(2, 0, 0),
        digest: files.digest(),
        rules: Digest::of("rules"),
        series: None,
        formatter: Some("rustfmt 1".into()),
    };
    let gates = BTreeMap::from([("unit".to_owned(), "passed, 15 tests".to_owned())]);
    Lock::new(upstream, made, gates, BTreeMap::new(), files)
}

#[test]
fn a_lock_reads_what_it_writes() {
    let text = lock().render().unwrap();
    assert_eq!(Lock::parse(&text).unwrap(), lock());
    assert!(text.contains("\"src/a.rs\" = \"644 ca978112"), "{text}");
}

#[test]
fn locks_agree_on_the_tree_whatever_the_gates_said() {
    let mut other = lock();
    other.gates.clear();
    other.upstream.checksum = Some("a".repeat(64));
    assert!(lock().agrees_with(&other) && other.agrees_with(&lock()));
    let mut third = other.clone();
    third.upstream.checksum = Some("b".repeat(64));
    assert!(!third.agrees_with(&other));
    let mut fourth = lock();
    fourth.tree.rules = Digest::of("other rules");
    assert!(!fourth.agrees_with(&lock()));
}

#[test]
fn what_passed_is_not_forgotten_where_it_is_skipped() {
    let map = |said: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pair = |(gate, said): &(&str, &str)| ((*gate).to_owned(), (*said).to_owned());
        said.iter().map(pair).collect()
    };
    let mut before = lock();
    before.gates = map(&[
        ("unit", "passed, 1 test"),
        ("upstream-tests", "passed, 9 of 9 tests"),
        ("doc", "skipped: no time"),
    ]);
    let skipped = map(&[
        ("unit", "skipped: a"),
        ("doc", "skipped: a"),
        ("build-p0", "absent: a"),
    ]);
    assert_eq!(before.gates_after(&skipped), before.gates);
    assert_eq!(before.gates_after(&map(&[])), before.gates);
    let some = map(&[
        ("unit", "passed, 2 tests"),
        ("upstream-tests", "skipped: registry"),
        ("doc", "skipped: no programs"),
    ]);
    assert_eq!(
        before.gates_after(&some),
        map(&[
            ("unit", "passed, 2 tests"),
            ("upstream-tests", "passed, 9 of 9 tests"),
            ("doc", "skipped: no programs"),
        ])
    );
}

#[test]
fn a_lock_that_was_changed_is_refused() {
    let text = lock().render().unwrap();
    for (from, to) in [
        ("644", "755"),
        ("form = 1", "form = 2"),
        ("[tree]", "[three]"),
        ("ca978112", "ca97811"),
    ] {
        let error = Lock::parse(&text.replacen(from, to, 1)).unwrap_err();
        assert!(!error.hints().is_empty(), "{from}");
    }
    let newer = text.replacen("form = 1", "form = 2\nunheard-of = true", 1);
    let error = Lock::parse(&newer).unwrap_err();
    assert!(error.to_string().contains("the form 2"), "{error}");
    assert!(Lock::parse("<<<<<<< ours").is_err());
}

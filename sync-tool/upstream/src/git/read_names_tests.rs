use std::path::Path;

use git2::{ObjectType, Oid, Signature};

use super::tests::{TestRepository, made_with, refused};

#[test]
fn names_that_no_disk_or_terminal_can_hold_are_named_together() {
    let made = made_with(&[
        (b"crates/wasi/src/aux.rs", 0o100644, b""),
        (b"crates/wasi/src/\x1b[31mred.rs", 0o100644, b""),
        ("crates/wasi/src/\u{202e}sr.x".as_bytes(), 0o100644, b""),
        (b"crates/wasi/src/P2/a.rs", 0o100644, b""),
        (b"crates/wasi/src/p2", 0o100644, b""),
        // No package has them.
        (b"crates/wasi/docs/nul", 0o100644, b""),
    ]);
    let error = refused(made.read());
    let faults = error.all_faults().iter();
    let told = faults.map(|f| format!("{}: {}\n", f.place.as_ref().unwrap(), f.message));
    insta::assert_snapshot!(told.collect::<String>(), @r#"
    crates/wasi/src/\u{1b}[31mred.rs: `src/\u{1b}[31mred.rs` is not portable: it has a character that is not shown, or that changes how others are shown
    crates/wasi/src/aux.rs: `src/aux.rs` is not portable: a part is the name of a device on Windows
    crates/wasi/src/\u{202e}sr.x: `src/\u{202e}sr.x` is not portable: it has a character that is not shown, or that changes how others are shown
    crates/wasi/src/p2: `src/p2` is a file, and yet `src/P2/a.rs` is below it
    "#);
}

#[test]
fn a_name_that_a_directory_has_twice_is_named() {
    let made = made_with(&[(b"crates/wasi/src/a.rs", 0o100644, b"// a\n")]);
    let blob = made.object("crates/wasi/src/a.rs").0;
    let tree = |entries: &[(&str, &str, Oid)]| {
        let entries = entries.iter().map(|(mode, name, id)| {
            [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat()
        });
        let content = entries.collect::<Vec<_>>().concat();
        made.repo
            .odb()
            .unwrap()
            .write(ObjectType::Tree, &content)
            .unwrap()
    };
    let root = made.repo.find_commit(made.commit).unwrap().tree().unwrap();
    let id = |path: &str| root.get_path(Path::new(path)).unwrap().id();
    let inner = tree(&[("100644", "x.rs", blob)]);
    let src = tree(&[
        ("100644", "lib.rs", blob),
        ("100644", "p2", blob),
        ("100644", "p2", blob),
        ("40000", "p3", inner),
        ("100644", "p3", blob),
        ("40000", "p4", inner),
        ("40000", "p4", inner),
    ]);
    let wasi = tree(&[
        ("100644", "Cargo.toml", id("crates/wasi/Cargo.toml")),
        ("40000", "src", src),
    ]);
    let crates = tree(&[("40000", "wasi", wasi)]);
    let root = tree(&[
        ("100644", "Cargo.toml", id("Cargo.toml")),
        ("40000", "crates", crates),
    ]);
    let who = Signature::new("a", "a@example.org", &git2::Time::new(0, 0)).unwrap();
    let root = made.repo.find_tree(root).unwrap();
    let commit = made
        .repo
        .commit(None, &who, &who, "twice", &root, &[])
        .unwrap();
    let twice = TestRepository {
        commit,
        ..made.opened_anew()
    };
    let error = refused(twice.read());
    let faults = error.all_faults().iter();
    let told = faults.map(|f| format!("{}: {}\n", f.place.as_ref().unwrap(), f.message));
    insta::assert_snapshot!(told.collect::<String>(), @"
    crates/wasi/src/p2: it is there twice
    crates/wasi/src/p3: it is there twice
    crates/wasi/src/p4: it is there twice
    ");
}

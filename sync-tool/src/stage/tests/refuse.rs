//! What is refused; nothing is changed then, and nothing is left.

use recipe::error::Kind;

use super::*;

/// Commits, expects an error, and looks that nothing has changed.
fn refused(project: &Project, change: Change) -> Error {
    let write_lock = project.write_lock();
    let before = project.see();
    let error = match &change.destination {
        Some(_) => write_lock
            .stage(&tree(&[("a", "new")]), &go())
            .unwrap()
            .commit(change),
        None => write_lock.commit_files(change),
    };
    let error = error.unwrap_err();
    assert_eq!(project.see(), before);
    let left = project.left();
    assert!(
        left.iter()
            .all(|n| ["lock", "placed", "times.json"].contains(&n.as_str())),
        "{left:?}"
    );
    error
}

#[test]
fn a_second_run_is_told_who_is_at_work() {
    let project = Project::with(&[]);
    let write_lock = project.write_lock();
    let error = WriteLock::take(project.root(), &path(WORK), "second").unwrap_err();
    assert_eq!(error.kind(), Kind::General);
    let who = format!("process {}: a test, since now", std::process::id());
    assert!(error.message().ends_with(&who), "{error}");
    assert!(error.hints()[0].contains("wait"), "{:?}", error.hints());
    drop(write_lock);
    WriteLock::take(project.root(), &path(WORK), "second").unwrap();
}

#[test]
fn an_interrupt_before_the_seal_leaves_nothing() {
    let project = Project::with(&[("manifest.toml", "old")]);
    let write_lock = project.write_lock();
    let error = write_lock
        .stage(&tree(&[("a", "new")]), &Interrupt::fixed(true))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert_eq!(project.left(), ["lock"]);
    let (stop, interrupt) = Interrupt::channel();
    let stage = write_lock
        .stage(&tree(&[("a", "new")]), &interrupt)
        .unwrap();
    stop.send(true).unwrap();
    let error = stage
        .commit(project.change(&[("manifest.toml", Some("new"))]))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert_eq!(project.left(), ["lock", "times.json"]);
    assert_eq!(project.see()["manifest.toml"], "old");
}

#[test]
fn a_stage_that_something_wrote_into() {
    let project = Project::with(&[("vendor/wash-wasi/a", "old")]);
    let before = project.see();
    let write_lock = project.write_lock();
    let stage = write_lock
        .stage(&tree(&[("a", "new"), ("b/c", "new")]), &go())
        .unwrap();
    fs::write(stage.dir().join("a"), "other").unwrap();
    fs::remove_file(stage.dir().join("b/c")).unwrap();
    fs::write(stage.dir().join("b/d"), "more").unwrap();
    let words = ["a was edited", "b/c was removed", "b/d was added"];
    assert_eq!(stage.unchanged().unwrap(), words);
    let error = stage.commit(project.change(&[])).unwrap_err();
    assert_eq!(error.kind(), Kind::Verification);
    assert!(error.message().contains("b/d was added"), "{error}");
    assert_eq!(project.see(), before);
}

#[test]
fn an_edit_of_the_tree_to_be_replaced() {
    let project = Project::with(&[("vendor/wash-wasi/a", "edited"), ("vendor/wash-wasi/b", "")]);
    let expected = found(&tree(&[("a", "as vendored")]));
    let error = refused(
        &project,
        Change {
            expected,
            ..project.change(&[("x", Some("y"))])
        },
    );
    assert_eq!(error.kind(), Kind::Drift);
    let faults = error.all_faults().iter();
    let faults: Vec<String> = faults
        .map(|f| format!("{} {}", f.place.as_ref().unwrap(), f.message))
        .collect();
    let said = [
        "vendor/wash-wasi/a was edited",
        "vendor/wash-wasi/b was added",
    ];
    assert_eq!(faults, said);

    let project = Project::with(&[]);
    let expected = found(&tree(&[("a", "as vendored")]));
    let error = refused(
        &project,
        Change {
            expected,
            ..project.change(&[])
        },
    );
    assert_eq!(error.kind(), Kind::Drift);
}

#[test]
fn the_expected_tree_is_replaced() {
    let project = Project::with(&[("vendor/wash-wasi/a", "old")]);
    let write_lock = project.write_lock();
    for (before, after) in [("old", "new"), ("new", "newer")] {
        let expected = found(&tree(&[("a", before)]));
        let stage = write_lock.stage(&tree(&[("a", after)]), &go()).unwrap();
        done(stage.commit(Change {
            expected,
            ..project.change(&[])
        }));
        assert_eq!(project.see()["vendor/wash-wasi/a"], after);
    }
    fs::remove_dir_all(project.place(TREE)).unwrap();
    let stage = write_lock.stage(&tree(&[("a", "again")]), &go()).unwrap();
    let expected = Found::default();
    done(stage.commit(Change {
        expected,
        ..project.change(&[])
    }));
    assert_eq!(project.see()["vendor/wash-wasi/a"], "again");
}

#[test]
fn files_that_are_in_the_way() {
    let project = Project::with(&[("patches/a", "a file"), ("docs/b/c", "stays")]);
    let cases = [
        (
            ("patches/a/x", Some("new")),
            "`patches/a` is not a directory",
        ),
        (("docs/b", Some("new")), "`docs/b/c` would be lost"),
        (("docs/b", None), "`docs/b` is not a file"),
    ];
    for (file, why) in cases {
        let error = refused(&project, project.files_only(&[("ok", Some("fine")), file]));
        assert!(error.message().contains(why), "{error}");
        assert!(!error.hints().is_empty());
    }
    let project = Project::with(&[(TREE, "a file")]);
    let error = refused(&project, project.change(&[]));
    assert!(error.message().contains("not a directory"), "{error}");
}

#[test]
fn places_inside_each_other() {
    let project = Project::with(&[]);
    let inside_work = format!("{WORK}/x");
    let inside_tree = format!("{TREE}/x");
    let cases: [&[(&str, Option<&str>)]; 4] = [
        &[("a", Some("1")), ("a-b", Some("2")), ("a/b", Some("3"))],
        &[(&inside_work, Some("1"))],
        &[(&inside_tree, None)],
        &[("vendor", Some("1"))],
    ];
    for files in cases {
        let error = refused(&project, project.change(files));
        assert!(error.message().contains("inside the other"), "{error}");
    }
    let within = Change {
        destination: Some(path(&inside_work)),
        ..Change::default()
    };
    assert!(
        refused(&project, within)
            .message()
            .contains("inside the other")
    );
}

#[test]
fn a_destination_without_a_tree_and_a_tree_without_a_destination() {
    let project = Project::with(&[]);
    let write_lock = project.write_lock();
    let error = write_lock.commit_files(project.change(&[])).unwrap_err();
    assert!(error.message().contains("no staged tree"), "{error}");
    let stage = write_lock.stage(&tree(&[("a", "new")]), &go()).unwrap();
    let error = stage.commit(project.files_only(&[])).unwrap_err();
    assert!(error.message().contains("no destination"), "{error}");
    let error = write_lock
        .stage(&tree(&[("target/a", "new")]), &go())
        .unwrap_err();
    assert!(error.message().contains("target/a"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_on_the_way() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("file"), "not ours").unwrap();
    fs::create_dir(elsewhere.path().join("tree")).unwrap();
    let project = Project::with(&[("vendor/x", "")]);
    symlink(elsewhere.path(), project.place("patches")).unwrap();
    symlink(
        elsewhere.path().join("file"),
        project.place("manifest.toml"),
    )
    .unwrap();
    symlink(elsewhere.path().join("tree"), project.place(TREE)).unwrap();
    let cases = [
        project.files_only(&[("patches/new", Some("1"))]),
        project.files_only(&[("patches/file", None)]),
        project.files_only(&[("manifest.toml", Some("1"))]),
        project.files_only(&[("manifest.toml", None)]),
        project.change(&[]),
    ];
    for change in cases {
        let error = refused(&project, change);
        assert!(error.message().contains("is a symbolic link"), "{error}");
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 2);

    let project = Project::with(&[]);
    symlink(elsewhere.path(), project.place("vendor")).unwrap();
    let error = WriteLock::take(project.root(), &path(WORK), "test").unwrap_err();
    assert!(
        error.message().contains("vendor is a symbolic link"),
        "{error}"
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 2);
}

//! What a commit does when all goes well.

use recipe::tree::Mode;

use super::*;

#[test]
fn tree_and_files_are_in_place_and_nothing_else_is_left() {
    let project = Project::with(&[
        ("vendor/wash-wasi/src/old.rs", "old"),
        ("vendor/wash-wasi/target/built", "slow to build"),
        ("manifest.toml", "old"),
        ("patches/v41/a.patch", "old"),
    ]);
    let write_lock = project.write_lock();
    let stage = write_lock
        .stage(&tree(&[("src/new.rs", "new")]), &go())
        .unwrap();
    assert_eq!(
        stage.dir(),
        project.place("vendor/.wash-wasi-sync/stage/tree")
    );
    assert_eq!(
        fs::read_to_string(stage.dir().join("src/new.rs")).unwrap(),
        "new"
    );
    // Cargo may have run in the stage.
    fs::create_dir(stage.dir().join("target")).unwrap();
    fs::write(stage.dir().join("target/staged"), "of the stage").unwrap();
    assert_eq!(stage.unchanged().unwrap(), Vec::<String>::new());
    let files = [
        ("manifest.toml", Some("new")),
        ("manifest.lock", Some("lock")),
        ("patches/v41/a.patch", None),
        ("patches/v48/a.patch", Some("new")),
    ];
    done(stage.commit(project.change(&files)));

    let expected = [
        ("manifest.lock", "lock"),
        ("manifest.toml", "new"),
        ("patches/", ""),
        ("patches/v48/", ""),
        ("patches/v48/a.patch", "new"),
        ("vendor/", ""),
        ("vendor/wash-wasi/", ""),
        ("vendor/wash-wasi/src/", ""),
        ("vendor/wash-wasi/src/new.rs", "new"),
        ("vendor/wash-wasi/target/", ""),
        ("vendor/wash-wasi/target/built", "slow to build"),
    ];
    let seen = project.see();
    let seen: Vec<(&str, &str)> = seen.iter().map(|(n, t)| (&**n, &**t)).collect();
    assert_eq!(seen, expected);
    assert_eq!(project.left(), ["lock", "placed", "times.json"]);
    assert_eq!(write_lock.recover().unwrap(), None);
}

#[test]
fn a_stage_that_is_dropped_is_gone() {
    let project = Project::with(&[("vendor/wash-wasi/a", "old")]);
    let before = project.see();
    let write_lock = project.write_lock();
    drop(write_lock.stage(&tree(&[("a", "new")]), &go()).unwrap());
    assert_eq!(project.see(), before);
    assert_eq!(project.left(), ["lock", "times.json"]);
}

#[test]
fn a_directory_gives_way_to_a_file_and_back() {
    let project = Project::with(&[("patches/a/b/c", "1"), ("patches/d", "2"), ("top/x", "3")]);
    fs::create_dir_all(project.place("docs/empty/deep")).unwrap();
    let files = [
        ("patches/a/b/c", None),
        ("patches/a", Some("file")),
        ("patches/d", None),
        ("patches/d/e", Some("deep")),
        ("top/x", None),
        ("top", Some("file")),
        ("docs/empty", Some("file")),
    ];
    done(
        project
            .write_lock()
            .commit_files(project.files_only(&files)),
    );
    let seen = project.see();
    let names: Vec<&str> = seen.keys().map(String::as_str).collect();
    let expected = [
        "docs/",
        "docs/empty",
        "patches/",
        "patches/a",
        "patches/d/",
        "patches/d/e",
        "top",
        "vendor/",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_top_directory_stays_when_it_becomes_empty() {
    let project = Project::with(&[("patches/v41/src/x", "1"), ("patches/y", "2")]);
    let files = [("patches/v41/src/x", None), ("patches/y", None)];
    done(
        project
            .write_lock()
            .commit_files(project.files_only(&files)),
    );
    assert_eq!(
        project.see().keys().collect::<Vec<_>>(),
        ["patches/", "vendor/"]
    );
}

#[test]
fn what_is_the_same_is_not_written() {
    let project = Project::with(&[("manifest.toml", "same")]);
    let when = || {
        fs::metadata(project.place("manifest.toml"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    let file = fs::File::options()
        .write(true)
        .open(project.place("manifest.toml"));
    file.unwrap().set_modified(long_ago).unwrap();
    let files = [("manifest.toml", Some("same")), ("not/there", None)];
    done(
        project
            .write_lock()
            .commit_files(project.files_only(&files)),
    );
    assert_eq!(when(), long_ago);
    assert!(!project.place("not").exists());
}

#[cfg(unix)]
#[test]
fn modes_are_those_of_the_tree_and_of_the_file_before() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::with(&[("ci.sh", "old"), ("patches/x", "old")]);
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(project.place("ci.sh"), private).unwrap();
    let run = File::new(*b"#!", Mode::Executable);
    let tree = Tree::from_iter([(path("run"), run), (path("text"), File::regular(*b""))]);
    let write_lock = project.write_lock();
    let stage = write_lock.stage(&tree, &go()).unwrap();
    done(stage.commit(project.change(&[("ci.sh", Some("new"))])));
    assert_eq!(disk::read_tree(&project.place(TREE)).unwrap(), tree);
    let mode = fs::metadata(project.place("ci.sh"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// Returns the seconds a file was last written, since 1970.
fn seconds(place: &Path) -> u64 {
    let time = fs::metadata(place).unwrap().modified().unwrap();
    time.duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[test]
fn a_file_keeps_its_time_only_while_the_stage_holds_the_same_bytes() {
    let project = Project::with(&[]);
    let write_lock = project.write_lock();
    let known = |text: &str| {
        let digest = recipe::tree::Digest::of(text);
        let entry = format!("{{\"digest\":\"{digest}\",\"time\":{{\"secs\":1000,\"nanos\":5}}}}");
        project.write(&format!("{WORK}/times.json"), &format!("{{\"a\":{entry}}}"));
    };
    known("one");
    let stage = write_lock
        .stage(&tree(&[("a", "one"), ("b", "new")]), &go())
        .unwrap();
    assert_eq!(seconds(&stage.dir().join("a")), 1000);
    assert_ne!(seconds(&stage.dir().join("b")), 1000);
    // There is no tree that it could be taken for, or an older build of it.
    done(stage.commit(project.change(&[])));
    let committed = seconds(&project.place("vendor/wash-wasi/a"));
    assert_ne!(committed, 1000);

    // The next stage agrees with the tree, and so it stays as it is.
    let stage = write_lock
        .stage(&tree(&[("a", "one"), ("b", "newer")]), &go())
        .unwrap();
    assert_eq!(seconds(&stage.dir().join("a")), committed);
    done(stage.commit(project.change(&[])));
    assert_eq!(seconds(&project.place("vendor/wash-wasi/a")), committed);

    known("one");
    let stage = write_lock.stage(&tree(&[("a", "two")]), &go()).unwrap();
    assert_ne!(seconds(&stage.dir().join("a")), 1000);
    // What wrote into the stage may have been built.
    fs::write(stage.dir().join("a"), "by a test").unwrap();
    assert_eq!(stage.unchanged().unwrap(), ["a was edited"]);
    drop(stage);
    assert_eq!(project.left(), ["lock", "placed"]);
}

#[cfg(unix)]
#[test]
fn what_stands_in_the_place_of_the_record_is_in_nobodys_way() {
    let project = Project::with(&[("outside", "kept")]);
    let record = project.place(&format!("{WORK}/placed"));
    let commit = |text: &str| {
        let write_lock = project.write_lock();
        let tree = tree(&[("a", text)]);
        let stage = write_lock.stage(&tree, &go()).unwrap();
        done(stage.commit(project.change(&[])));
        assert!(is_as_placed(project.root(), &path(WORK), &found(&tree)));
    };
    commit("one");
    fs::remove_file(&record).unwrap();
    std::os::unix::fs::symlink(project.place("outside"), &record).unwrap();
    commit("two");
    assert_eq!(project.see()["outside"], "kept");
    fs::remove_file(&record).unwrap();
    project.write(&format!("{WORK}/placed/file"), "");
    commit("three");
}

//! What is found of a killed run, and what of a journal that is not whole.

use super::*;
use crate::stage::{check, journal, staged};

/// Leaves a project as a run does that is killed right after the seal.
fn decide(write_lock: &WriteLock, files: &Tree, change: &Change) {
    let stage = write_lock.stage(files, &go()).unwrap();
    let plan = check::plan(&write_lock.work, change, stage.entries()).unwrap();
    staged::stage_files(&write_lock.work, &plan, change).unwrap();
    journal::seal(&write_lock.work, &plan).unwrap();
    // The stage stays: its journal is sealed.
    drop(stage);
}

fn decided() -> (Project, WriteLock) {
    let project = Project::with(&[
        ("vendor/wash-wasi/a", "old"),
        ("vendor/wash-wasi/target/built", "slow"),
        ("manifest.toml", "old"),
        ("patches/v41/gone", "old"),
        ("patches/v41/also", "old"),
    ]);
    let write_lock = project.write_lock();
    let files = [
        ("manifest.toml", Some("new")),
        ("patches/v41/gone", None),
        ("patches/v41/also", None),
    ];
    decide(&write_lock, &tree(&[("a", "new")]), &project.change(&files));
    (project, write_lock)
}

#[test]
fn nothing_is_found_where_nothing_was_left() {
    let project = Project::with(&[]);
    assert_eq!(project.write_lock().recover().unwrap(), None);
}

#[test]
fn a_stage_without_a_journal_is_removed() {
    let project = Project::with(&[("vendor/wash-wasi/a", "old")]);
    let write_lock = project.write_lock();
    std::mem::forget(write_lock.stage(&tree(&[("a", "new")]), &go()).unwrap());
    let found = write_lock.recover().unwrap().unwrap();
    assert_eq!(found, Recovered::OldKept);
    assert!(
        found.to_string().contains("as it is before")
            || found.to_string().contains("is as it was before"),
        "{found}"
    );
    assert_eq!(project.see()["vendor/wash-wasi/a"], "old");
    assert_eq!(project.left(), ["lock", "times.json"]);
}

#[test]
fn a_decided_change_is_finished() {
    let (project, write_lock) = decided();
    let found = write_lock.recover().unwrap().unwrap();
    assert_eq!(found, Recovered::NewFinished { kept: Vec::new() });
    assert!(found.to_string().contains("finished now"), "{found}");
    let seen = project.see();
    assert_eq!(seen["vendor/wash-wasi/a"], "new");
    assert_eq!(seen["vendor/wash-wasi/target/built"], "slow");
    assert_eq!(seen["manifest.toml"], "new");
    assert!(!project.place("patches/v41").exists());
    assert_eq!(project.left(), ["lock", "placed", "times.json"]);
}

#[test]
fn no_new_change_begins_before_a_decided_one_is_finished() {
    let (project, write_lock) = decided();
    let error = write_lock
        .stage(&tree(&[("a", "other")]), &go())
        .unwrap_err();
    assert!(error.message().contains("not finished"), "{error}");
    assert!(project.place(WORK).join("journal.json").exists());
    write_lock.recover().unwrap().unwrap();
    assert_eq!(project.see()["vendor/wash-wasi/a"], "new");
}

#[test]
fn edits_made_in_between_are_kept() {
    let (project, write_lock) = decided();
    project.write("vendor/wash-wasi/a", "edited");
    project.write("manifest.toml", "edited");
    project.write("patches/v41/gone", "edited");
    let found = write_lock.recover().unwrap().unwrap();
    let names = [
        "1-manifest.toml",
        "1-patches-v41-gone",
        "1-vendor-wash-wasi",
    ];
    let kept = names.map(|n| format!("{WORK}/kept/{n}")).to_vec();
    assert_eq!(found, Recovered::NewFinished { kept: kept.clone() });
    assert!(found.to_string().contains(&kept[0]), "{found}");
    for place in [&kept[0], &kept[1], &format!("{}/a", kept[2])] {
        assert_eq!(fs::read_to_string(project.place(place)).unwrap(), "edited");
    }
    let seen = project.see();
    assert_eq!(seen["vendor/wash-wasi/a"], "new");
    assert_eq!(seen["vendor/wash-wasi/target/built"], "slow");
    assert_eq!(seen["manifest.toml"], "new");
    assert!(!project.place("patches/v41").exists());
}

#[test]
fn a_link_put_in_the_way_in_between_is_refused() {
    let (project, write_lock) = decided();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::remove_dir_all(project.place("patches")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(elsewhere.path(), project.place("patches")).unwrap();
        fs::create_dir(elsewhere.path().join("v41")).unwrap();
        fs::write(elsewhere.path().join("v41/gone"), "not ours").unwrap();
        let error = write_lock.recover().unwrap_err();
        assert!(error.message().contains("symbolic link"), "{error}");
        assert!(error.message().contains("decided"), "{error}");
        assert!(elsewhere.path().join("v41/gone").exists());
        fs::remove_file(project.place("patches")).unwrap();
    }
    write_lock.recover().unwrap().unwrap();
    assert_eq!(project.see()["manifest.toml"], "new");
}

#[test]
fn a_journal_that_is_not_whole_or_not_ours_stops_and_loses_nothing() {
    let (project, write_lock) = decided();
    let journal = project.place(WORK).join("journal.json");
    let whole = fs::read_to_string(&journal).unwrap();
    let before = project.see();
    let mut damaged: Vec<(String, &str)> = vec![
        (
            whole.replace("\"version\": 2", "\"version\": 3"),
            "version 3",
        ),
        (whole.replace("manifest.toml", "manifest.lock"), "digest"),
        (
            whole.replace("manifest.toml", "../outside"),
            "leaves the tree",
        ),
        (whole.replace("\"plan\"", "\"plans\""), "damaged"),
        ("{}".to_owned(), "not a journal"),
        (String::new(), "damaged"),
    ];
    damaged.extend(
        (1..whole.len() - 1)
            .step_by(37)
            .map(|n| (whole[..n].to_owned(), "damaged")),
    );
    for (text, why) in damaged {
        fs::write(&journal, &text).unwrap();
        let error = write_lock.recover().unwrap_err();
        assert!(error.message().contains("journal.json"), "{error}");
        assert!(error.message().contains(why), "{why}: {error}");
        assert!(
            error.hints().iter().any(|h| h.contains("stage")),
            "{:?}",
            error.hints()
        );
        assert_eq!(fs::read_to_string(&journal).unwrap(), text);
        assert_eq!(project.see(), before);
    }
    fs::write(&journal, whole).unwrap();
    write_lock.recover().unwrap().unwrap();
    assert_eq!(project.see()["vendor/wash-wasi/a"], "new");
}

//! What is no decision, and what changes meanwhile: nothing is lost.

use super::*;

#[test]
fn what_cannot_be_a_decision_is_refused_and_nothing_is_lost() {
    let (world, _) = open();
    let refused = |line: &str, code: i32| world.refused(line, code).err;
    shown!(refused("resolve src/sockets/mod.rs", 1), @r"
    error: vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs still has 4 lines of conflict markers, from line 15 on
    help: edit it, then `wash-wasi-sync resolve src/sockets/mod.rs` again
    help: nothing was decided
    ");
    shown!(refused("resolve src/lib.rs --ours", 2), @r"
    error: `src/lib.rs` is neither in conflict nor merged
    help: in conflict are: src/sockets/mod.rs
    ");
    shown!(refused("resolve", 2), @r"
    error: no file was edited
    help: edit them below vendor/.wash-wasi-sync/conflicts/files, or name one and how: `wash-wasi-sync resolve FILE --ours`
    ");
    shown!(refused("resolve src/sockets/mod.rs --remembered", 1), @r"
    error: nothing is remembered about the conflict of `src/sockets/mod.rs`
    help: decide it: `wash-wasi-sync conflicts` shows how
    help: nothing was decided
    ");
    shown!(refused("resolve src/sockets/mod.rs --drop", 2), @r"
    error: the following required arguments were not provided:
        --reason <TEXT>
    help: Usage: wash-wasi-sync resolve --drop --reason <TEXT> <FILE>...
    help: For more information, try '--help'.
    ");
    shown!(refused("resolve src/sockets/mod.rs --moved-to ../x", 1), @r"
    error: `../x` leaves the tree
    help: nothing was decided
    ");
    shown!(refused("conflicts show 2", 2), @"error: there is no conflict 2: they are numbered from 1 to 1");
    shown!(refused("conflicts open", 1), @r"
    error: neither VISUAL nor EDITOR names an editor
    help: edit vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs by other means, then `wash-wasi-sync resolve src/sockets/mod.rs`
    ");
    edit_by_hand(&world);
    let text = world.read(MOD);
    world.write(MOD, text.replace("pub mod", "pub mod mod"));
    shown!(refused("resolve", 1), @r"
    error: vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs does not parse as Rust: 7:9: expected identifier, found keyword `mod`
    help: correct it and resolve it again
    help: nothing was decided
    ");
    world.write(MOD, b"\xff");
    shown!(refused("resolve", 1), @r"
    error: [project]/vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs is not UTF-8
    help: save it as UTF-8
    help: nothing was decided
    ");
    world.remove(MOD);
    shown!(refused("resolve src/sockets/mod.rs", 1), @r"
    error: cannot read [project]/vendor/.wash-wasi-sync/conflicts/files/src/sockets/mod.rs: No such file or directory (os error 2)
    help: take a side with `--ours` or `--theirs`, or drop the change with `--drop`
    help: nothing was decided
    ");
    world.run("resolve src/sockets/mod.rs --theirs").done();
    world.run("continue").done();
}

#[test]
fn inputs_that_changed_meanwhile_make_only_their_conflict_new() {
    let (world, _) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    world.edit(patch, "+pub mod loopback;", "+pub mod loopback; // ours");
    let ran = world.run("continue").ended(11);
    let said = "note: changed since the conflicts were found: patches/v38.0.1/src/sockets/mod.rs.patch; decisions hold where the same texts meet";
    assert!(
        ran.out.contains("not resolved") && ran.out.contains(said),
        "{ran}"
    );
    // What was edited for the other text is not taken for this one.
    let second = MOD.replace("files/", "files-2/");
    assert!(world.read(&second).contains("// ours"));
    world.run("resolve src/sockets/mod.rs --ours").done();
    world.run("continue").done();
    world.run("check --deep").done();
}

#[test]
fn a_file_that_is_edited_after_it_was_resolved_is_not_lost() {
    let (world, _) = open();
    edit_by_hand(&world);
    world.run("resolve").done();
    world.edit(MOD, "//! Sockets.", "//! All sockets.");
    let ran = world.refused("continue", 11);
    assert!(
        ran.err.contains("not resolved since: src/sockets/mod.rs"),
        "{ran}"
    );
    world.run("resolve").done();
    world.run("continue").done();
    assert!(
        world
            .read("vendor/wash-wasi/src/sockets/mod.rs")
            .contains("//! All sockets.")
    );
}

#[test]
fn what_is_damaged_stops_only_what_needs_it() {
    let (world, _) = open();
    let state = format!("{OPEN}/state.json");
    world.edit(&state, "{", "");
    let ran = world.run("status --offline --source registry").done();
    assert!(
        ran.err.contains("state.json cannot be used: it is damaged"),
        "{ran}"
    );
    let ran = world.refused("conflicts", 1);
    assert!(ran.err.contains("wash-wasi-sync abort"), "{ran}");
    world.run("abort").done();
    world.write("patches/resolutions/src/x.rs.0.patch", "nothing\n");
    world.run("check").done();
    world.run("vendor").done();
    let ran = world.refused("upgrade --to 42 --no-verify", 1);
    shown!(ran.err, @r"
    listing the tags of [upstream]
    error: what was decided about conflicts cannot be read
      patches/resolutions/src/x.rs.0.patch: it is not a stored resolution: remarks with Path, From, To, Base, Ours, Theirs, Decision are expected
        help: restore the file, or remove it: the conflict is then decided again
    ");
}

#[test]
fn nothing_of_the_project_is_written_over() {
    let (world, _) = open();
    for (line, code, says) in [
        (
            "conflicts --html manifest.toml",
            2,
            "belongs to the project",
        ),
        (
            "conflicts --html vendor/wash-wasi/x.html",
            2,
            "belongs to the project",
        ),
        ("conflicts --html x --markdown x", 2, "cannot be one file"),
        ("conflicts export patches/x", 0, ""),
        (
            "conflicts export patches/locks/x",
            2,
            "the project reads or writes",
        ),
        (
            "conflicts export vendor/.wash-wasi-sync/x",
            2,
            "the project reads or writes",
        ),
    ] {
        let ran = world.run(line).ended(code);
        assert!(ran.err.contains(says), "{line}: {ran}");
    }
}

#[test]
fn what_an_editor_may_leave_is_not_taken_for_a_decision() {
    let (world, _) = open();
    edit_by_hand(&world);
    let text = world.read(MOD);
    for (bytes, says) in [
        (String::new(), "is empty"),
        (text.replace('\n', "\r\n"), "has line ends of Windows"),
        (format!("\u{feff}{text}"), "has a byte order mark"),
    ] {
        world.write(MOD, bytes);
        let ran = world.run("resolve").ended(1);
        assert!(ran.err.contains(says), "{ran}");
    }
    world.remove(MOD);
    let made = std::process::Command::new("mkfifo")
        .arg(world.path(MOD))
        .status();
    assert!(made.unwrap().success());
    let ran = world.run("resolve src/sockets/mod.rs").ended(1);
    assert!(ran.err.contains("is not a plain file"), "{ran}");
    world.remove(MOD);
    let vars = [("EDITOR", "true")];
    let ran = world
        .run_in(&world.root(), &vars, &["conflicts", "open"])
        .done();
    assert!(ran.out.contains("4 lines of conflict markers"), "{ran}");
    let staged = world.path(MOD).display().to_string();
    world
        .run_args(&["resolve", &staged, &staged, "--theirs"])
        .done();
    let json = world
        .run("conflicts export ../sent --format json")
        .done()
        .json();
    assert!(
        json["done"]
            .as_str()
            .unwrap()
            .contains("exported to ../sent")
    );
    assert!(world.run("abort --format json").done().json()["done"].is_string());
}

#[test]
fn whoever_edits_and_then_takes_a_side_goes_on() {
    let (world, _) = open();
    let marked = world.read(MOD);
    world.write(MOD, format!("// begun\n{marked}"));
    world.run("resolve src/sockets/mod.rs --theirs").done();
    let aside = world.read(&format!("{MOD}.edited-1"));
    assert!(aside.starts_with("// begun"));
    assert!(!world.read(MOD).contains("<<<<<<<"));
    world.run("continue").done();
    world.run("check --deep").done();
}

#[test]
fn a_run_that_meets_the_same_conflicts_leaves_the_files_where_they_are() {
    let (world, _) = open();
    let before = world.read(MOD);
    for line in ["continue --no-verify", "continue --no-verify"] {
        let ran = world.run(line).ended(11);
        assert!(ran.out.contains("src/sockets/mod.rs"), "{ran}");
        assert_eq!(world.read(MOD), before);
    }
    edit_by_hand(&world);
    world.run("resolve").done();
    world.run("continue --no-verify").done();
}

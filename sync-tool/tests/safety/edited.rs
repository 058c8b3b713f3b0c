//! Files that somebody edits while a run is at work: at every step of the run, and
//! of the recovery of one that was killed there. An edit stays where it was made, or
//! is moved aside and named; or the run stops and has changed nothing.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use crate::killed::at_points::{Point, points_without};
use crate::killed::{UPGRADE, world};
use crate::world::{PATCH, Ran, State, TREE, WORK, World};

/// What somebody wrote.
const MARK: &str = "edited meanwhile";

/// How an edit is made.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// The file is opened, and written to.
    InPlace,
    /// Another file takes its place.
    Renamed,
}

/// Returns the shell's commands that edit files, of which some may be new. What is
/// added is a remark in each of them.
fn script(paths: &[&str], way: Way) -> String {
    let edit = |path: &&str| {
        let dir = path.rsplit_once('/').map_or(".", |(dir, _)| dir);
        let put = match way {
            Way::InPlace => format!("cat .edit > '{path}'; rm .edit"),
            Way::Renamed => format!("mv .edit '{path}'"),
        };
        format!(
            "mkdir -p '{dir}'; echo '# {MARK}' > .edit; \
             cat '{path}' >> .edit 2> /dev/null || :; {put}"
        )
    };
    paths.iter().map(edit).collect::<Vec<_>>().join("\n")
}

/// A command, and the files that are edited while it runs.
struct Case<'a> {
    world: &'a World,
    args: &'a [&'a str],
    edited: &'a [&'a str],
    old: &'a State,
    new: &'a State,
}

impl Case<'_> {
    /// Runs the command with edits at a point; killed there, the next run as well.
    fn run(&self, (name, nth): &Point, way: Way, is_killed: bool, without: &str) -> Ran {
        let mut command = self.world.command(self.args);
        let point = format!("{name}:{nth}");
        command
            .env("WASH_WASI_SYNC_WITHOUT", without)
            .env("WASH_WASI_SYNC_EDIT_AT", &point)
            .env("WASH_WASI_SYNC_EDIT", script(self.edited, way));
        if !is_killed {
            return command.output().unwrap().into();
        }
        let killed = command.env("WASH_WASI_SYNC_FAIL", &point).output().unwrap();
        assert_eq!(killed.status.signal(), Some(6), "{point}: {killed:?}");
        let mut next = self.world.command(&["status", "--offline"]);
        next.env("WASH_WASI_SYNC_WITHOUT", without);
        next.output().unwrap().into()
    }

    /// Checks that every edit is there, and named where it is not in its place; and
    /// that all else is as before the run, or as after it.
    fn check(&self, ran: &Ran, at: &str) {
        let state = self.world.state();
        let kept = kept(self.world);
        for (path, files) in &kept {
            assert!(
                ran.err.contains(path),
                "{at}: {path} is not named: {ran:#?}"
            );
            assert!(!files.is_empty(), "{at}: nobody edited {path}");
        }
        let is_marked = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(MARK);
        for path in self.edited {
            let in_place = state.get(*path).is_some_and(|(bytes, _)| is_marked(bytes));
            let flat = path.replace('/', "-");
            let is_kept = kept.iter().any(|(_, files)| files.contains(&flat));
            assert!(in_place || is_kept, "{at}: {path} is lost: {ran:#?}");
        }
        let is_as = |other: &State| {
            let names = state.keys().chain(other.keys());
            names.into_iter().all(|name| {
                state.get(name) == other.get(name)
                    || state.get(name).is_some_and(|(bytes, _)| is_marked(bytes))
            })
        };
        match ran.code {
            Some(0) => assert!(is_as(self.new) || is_as(self.old), "{at}: {ran:#?}"),
            Some(10) => {
                assert!(is_as(self.old), "{at}: {ran:#?}");
                assert!(ran.err.contains("while this run was at work"), "{ran:#?}");
                for path in self.edited {
                    assert!(
                        ran.err.contains(path),
                        "{at}: {path} is not named: {ran:#?}"
                    );
                }
            }
            // It was seen before anything was staged.
            Some(1) if ran.err.contains("a new series goes to `patches/v41.0.0`") => {
                assert!(is_as(self.old), "{at}: {ran:#?}");
            }
            _ => panic!("{at}: {ran:#?}"),
        }
    }

    fn everywhere(&self, before: &Path, way: Way, is_killed: bool, without: &str) {
        self.world.restore(before);
        let points = points_without(self.world, self.args, 0, without);
        let read = points.iter().rposition(|(name, _)| name.ends_with(".read"));
        let (mut stopped, mut kept_aside) = (0, 0);
        for point in &points[read.unwrap()..] {
            self.world.restore(before);
            let ran = self.run(point, way, is_killed, without);
            let at = format!("{point:?} {way:?}, killed: {is_killed}, without `{without}`");
            self.check(&ran, &at);
            stopped += u32::from(ran.code == Some(10));
            kept_aside += u32::from(!kept(self.world).is_empty());
        }
        assert!(kept_aside > 0, "none of {points:?} was late enough");
        assert!(
            is_killed || stopped > 0,
            "none of {points:?} was early enough"
        );
        eprintln!(
            "{} points: {stopped} stopped, {kept_aside} kept",
            points.len()
        );
    }
}

/// Returns what was moved aside, by its path from the project, with the edited files
/// in it; `/` is `-` in their names, as in those of what is moved aside.
fn kept(world: &World) -> Vec<(String, Vec<String>)> {
    let dir = world.project().join(WORK).join("kept");
    let tops = std::fs::read_dir(&dir).into_iter().flatten();
    let of_top = |top: std::fs::DirEntry| {
        let files = walkdir::WalkDir::new(top.path()).into_iter();
        let files = files.map(|e| e.unwrap()).filter(|e| {
            e.file_type().is_file()
                && String::from_utf8_lossy(&std::fs::read(e.path()).unwrap()).contains(MARK)
        });
        let flat = |e: walkdir::DirEntry| {
            let below = e.path().strip_prefix(&dir).unwrap().display().to_string();
            let (_number, name) = below.split_once('-').unwrap();
            name.replace('/', "-")
        };
        let name = top.file_name().into_string().unwrap();
        (format!("{WORK}/kept/{name}"), files.map(flat).collect())
    };
    tops.map(|top| of_top(top.unwrap())).collect()
}

const OF_UPGRADE: [&str; 7] = [
    "manifest.toml",
    "manifest.lock",
    "README.md",
    "docs/differences.md",
    "patches/v41.0.0/src/sockets/mod.rs.patch",
    "vendor/fork/src/lib.rs",
    "vendor/fork/src/extra.rs",
];

fn upgrade(way: Way, is_killed: bool, without: &str) {
    let (world, before, states) = world(0);
    let case = Case {
        world: &world,
        args: &UPGRADE,
        edited: &OF_UPGRADE,
        old: &states.old,
        new: &states.new,
    };
    case.everywhere(before.path(), way, is_killed, without);
}

#[test]
fn edits_during_an_upgrade() {
    upgrade(Way::InPlace, false, "");
    upgrade(Way::Renamed, false, "");
}

#[test]
fn edits_during_an_upgrade_that_is_killed() {
    upgrade(Way::Renamed, true, "");
}

#[test]
fn edits_during_an_upgrade_where_nothing_can_be_exchanged() {
    upgrade(Way::Renamed, false, "exchange");
    upgrade(Way::InPlace, true, "exchange");
}

#[test]
fn edits_of_what_refresh_replaces() {
    let world = World::new();
    for (path, from, to) in [
        ("mod.rs", "mod loopback;", "mod loopback;\npub mod more;"),
        ("loopback.rs", "Ours", "All ours"),
    ] {
        world.edit(&format!("{TREE}/src/sockets/{path}"), from, to);
    }
    edited(
        &world,
        &["refresh"],
        &[
            PATCH,
            "patches/loopback/src/sockets/loopback.rs",
            "manifest.lock",
        ],
    );
}

#[test]
fn edits_of_a_document_that_gets_another_table() {
    let world = World::new();
    world.edit("manifest.toml", "\"First\"", "\"The first\"");
    edited(&world, &["versions", "--write"], &["README.md"]);
}

#[test]
fn a_tree_that_somebody_makes_where_vendor_is_about_to() {
    let world = World::new();
    std::fs::remove_dir_all(world.project().join(TREE)).unwrap();
    edited(&world, &["vendor"], &["vendor/fork/src/extra.rs"]);
}

fn edited(world: &World, args: &[&str], edited: &[&str]) {
    let (before, old) = (world.copy(), world.state());
    world.run(args).ends(0);
    let new = world.state();
    let case = Case {
        world,
        args,
        edited,
        old: &old,
        new: &new,
    };
    case.everywhere(before.path(), Way::Renamed, false, "");
    case.everywhere(before.path(), Way::InPlace, true, "");
}

#[test]
fn what_is_decided_and_cannot_be_finished_says_so() {
    let (world, before, states) = world(0);
    world.restore(before.path());
    let mut command = world.command(&UPGRADE);
    command.env("WASH_WASI_SYNC_EDIT_AT", "journal.sealed").env(
        "WASH_WASI_SYNC_EDIT",
        "mv docs elsewhere; ln -s elsewhere docs",
    );
    let ran = Ran::from(command.output().unwrap()).ends(14);
    ran.says(&[
        "the change is decided, but not all of it is in place yet",
        "docs is a symbolic link",
        "help: the next run finishes it",
    ]);
    // One that finds the same ends in the same way.
    world.run(&["vendor"]).ends(14);
    let link = world.project().join("docs");
    std::fs::remove_file(&link).unwrap();
    std::fs::rename(world.project().join("elsewhere"), link).unwrap();
    world
        .run(&["check"])
        .ends(0)
        .says(&["that is finished now"]);
    assert_eq!(world.state(), states.new);
}

#[test]
fn a_second_interrupt_does_not_hide_what_was_decided() {
    let (world, before, states) = world(0);
    world.restore(before.path());
    let mut command = world.command(&UPGRADE);
    let twice = "for i in 1 2; do kill -INT $PPID; sleep 0.3; done";
    command
        .env("WASH_WASI_SYNC_EDIT_AT", "journal.sealed")
        .env("WASH_WASI_SYNC_EDIT", twice);
    Ran::from(command.output().unwrap()).ends(0);
    assert_eq!(world.state(), states.new);
    assert_eq!(world.left(), [""; 0]);
}

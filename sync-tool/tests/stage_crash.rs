//! Kills runs at every point of the transaction, and their recovery too, and looks
//! whether what is there is the old state or the new one. Needs the feature
//! `failpoints`.

#![cfg(all(unix, feature = "failpoints"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/stage_project.rs"]
mod project;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use project::{Story, WORK, path, see};
use wash_wasi_sync::stage::{Recovered, WriteLock};

const ACT: &str = "STAGE_CRASH_ACT";
const DIR: &str = "STAGE_CRASH_DIR";

/// What a child process does when this binary is started again; nothing otherwise.
#[test]
fn child() {
    let Ok(act) = std::env::var(ACT) else { return };
    let root = PathBuf::from(std::env::var_os(DIR).unwrap());
    if act == "recover" {
        recover(&root);
    } else {
        Story::named(&act).run(&root).unwrap();
    }
}

/// A point of the transaction: its name and the how-manieth hit of it.
type Point = (String, usize);

struct Child {
    act: String,
    root: PathBuf,
    without: &'static str,
}

impl Child {
    fn command(&self) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]);
        command.env(ACT, &self.act).env(DIR, &self.root);
        command.env("WASH_WASI_SYNC_WITHOUT", self.without);
        command.env_remove("WASH_WASI_SYNC_FAIL");
        command
    }

    /// Runs to the end and returns the points that were passed, in order.
    fn points(&self) -> Vec<Point> {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = self.command();
        let output = command.env("WASH_WASI_SYNC_FAIL_LOG", log.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", told(&output));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let names = fs::read_to_string(log.path()).unwrap();
        let number = |name: &str| {
            let count = counts.entry(name.to_owned()).or_default();
            *count += 1;
            (name.to_owned(), *count)
        };
        names.lines().map(number).collect()
    }

    /// Runs until a point, where the process is killed.
    fn die_at(&self, (name, nth): &Point) {
        let mut command = self.command();
        command.env("WASH_WASI_SYNC_FAIL", format!("{name}:{nth}"));
        let output = command.output().unwrap();
        let signal = output.status.signal();
        assert_eq!(signal, Some(6), "at {name}:{nth}: {}", told(&output));
    }
}

/// Makes a directory in memory where there is such a place: a kill needs no disk,
/// and hundreds of runs that sync one take minutes.
fn room() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::tempdir_in(memory);
    made.or_else(|_| tempfile::tempdir()).unwrap()
}

fn told(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    format!("{}: {}", output.status, String::from_utf8_lossy(&text))
}

fn recover(root: &Path) -> Option<Recovered> {
    let turn = WriteLock::take(root, &path(WORK), "recovery").unwrap();
    let recovered = turn.recover().unwrap();
    // A second look finds nothing more, and nothing is left but the lock and the times.
    assert_eq!(turn.recover().unwrap(), None);
    for entry in fs::read_dir(root.join(WORK)).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            ["lock", "placed", "times.json"]
                .iter()
                .any(|known| *known == name),
            "{name:?} is left"
        );
    }
    recovered
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(place).unwrap();
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Checks that what was recovered is what is there.
fn check(found: Option<&Recovered>, is_staged: bool, is_new: bool, at: &str) {
    match found {
        Some(Recovered::OldKept) => assert!(!is_new, "at {at}: the new state called old"),
        Some(Recovered::NewFinished { kept }) => {
            assert!(is_new, "at {at}: the old state called new");
            assert!(kept.is_empty(), "at {at}: {kept:?}");
        }
        // Nothing of a run was left: only at its very beginning and its very end.
        None => assert!(is_new || !is_staged, "at {at}: nothing was said"),
    }
}

fn kill_everywhere(story: Story, without: &'static str) {
    let fresh = || {
        let dir = room();
        story.set_up(dir.path());
        dir
    };
    let child = |act: &str, root: &Path| Child {
        act: act.to_owned(),
        root: root.to_owned(),
        without,
    };
    let story_name = format!("{story:?}");
    let whole = fresh();
    let old = see(whole.path());
    let points = child(&story_name, whole.path()).points();
    let new = see(whole.path());
    assert_ne!(old, new);
    let position = |point: &str| points.iter().position(|(name, _)| name == point);
    let staged = position("stage.made").expect("each run has a stage");
    let sealed = position("journal.sealed").expect("each run seals its journal");

    let (mut first, mut second) = (0, 0);
    for (index, point) in points.iter().enumerate() {
        let expected = if index < sealed { &old } else { &new };
        let killed = fresh();
        child(&story_name, killed.path()).die_at(point);
        first += 1;

        let trial = room();
        copy(killed.path(), trial.path());
        let again = child("recover", trial.path()).points();
        assert_eq!(&see(trial.path()), expected, "at {point:?}");
        for twice in &again {
            let at = format!("{story:?} {point:?}, then {twice:?}");
            let trial = room();
            copy(killed.path(), trial.path());
            child("recover", trial.path()).die_at(twice);
            let found = recover(trial.path());
            assert_eq!(&see(trial.path()), expected, "at {at}");
            if let Some(found) = found {
                let says_new = found != Recovered::OldKept;
                assert_eq!(says_new, index >= sealed, "at {at}");
            }
            second += 1;
        }
        let found = recover(killed.path());
        let at = format!("{story:?} {point:?}");
        assert_eq!(&see(killed.path()), expected, "at {at}");
        check(found.as_ref(), index >= staged, index >= sealed, &at);
    }
    assert!(
        first > 15 && second > first,
        "{first} points, {second} twice"
    );
    eprintln!(
        "{story:?} without `{without}`: killed at {first} points, {second} times in recovery"
    );
}

#[test]
fn an_upgrade_killed_anywhere_is_old_or_new() {
    kill_everywhere(Story::Upgrade, "");
}

#[test]
fn an_upgrade_without_exchange_killed_anywhere_is_old_or_new() {
    kill_everywhere(Story::Upgrade, "exchange");
}

#[test]
fn a_first_tree_killed_anywhere_is_old_or_new() {
    kill_everywhere(Story::First, "");
}

#[test]
fn a_change_of_files_killed_anywhere_is_old_or_new() {
    kill_everywhere(Story::Files, "");
}

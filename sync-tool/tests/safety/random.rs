//! Upgrades and refreshes that are killed at any moment, while another process edits
//! the files that they replace. Every edit is there afterwards, in its place or moved
//! aside, and all else is old or new.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::killed::{Seeded, UPGRADE, differing, world};
use crate::world::{PATCH, Ran, State, TREE, WORK, World};

/// How many runs there are: three of four are killed, and during two of four somebody
/// edits, once in a run that is killed and once in one that is not.
const ROUNDS: &str = "SAFETY_ROUNDS";
const USUAL_ROUNDS: u32 = 48;
/// How many files somebody edits in one run.
const EDITS: usize = 3;
/// How many runs are measured, to spread the moments over the slowest.
const MEASURED: u32 = 3;

const OF_UPGRADE: [&str; 6] = [
    "manifest.toml",
    "README.md",
    "docs/differences.md",
    "vendor/fork/src/lib.rs",
    "vendor/fork/src/sockets/mod.rs",
    "vendor/fork/src/extra.rs",
];
const OF_REFRESH: [&str; 5] = [
    "manifest.toml",
    "README.md",
    "docs/differences.md",
    PATCH,
    "vendor/fork/src/sockets/mod.rs",
];

/// A command with the states before and after it, and what is edited meanwhile.
struct Story {
    args: &'static [&'static str],
    before: tempfile::TempDir,
    old: State,
    new: State,
    edited: &'static [&'static str],
    lasts: Duration,
}

impl Story {
    fn new(
        world: &World,
        args: &'static [&'static str],
        before: tempfile::TempDir,
        edited: &'static [&'static str],
    ) -> Story {
        world.restore(before.path());
        let old = world.state();
        let mut lasts = Duration::ZERO;
        for _ in 0..MEASURED {
            world.restore(before.path());
            let start = Instant::now();
            world.run(args).ends(0);
            lasts = lasts.max(start.elapsed());
        }
        let new = world.state();
        assert_ne!(differing(&old, &new), [""; 0]);
        Story {
            args,
            before,
            old,
            new,
            edited,
            lasts,
        }
    }
}

/// An upgrade from an empty cache, one from a full one, and a refresh.
fn stories() -> (World, [Story; 3]) {
    // With files enough for moments between the first and the last.
    let (world, before, _) = world(80);
    world.restore(before.path());
    world.run(&[&UPGRADE[..], &["--dry-run"]].concat()).ends(0);
    let cached = world.copy();
    world.edit(
        &format!("{TREE}/src/sockets/mod.rs"),
        "pub mod loopback;",
        "pub mod loopback;\npub mod more;",
    );
    let edited = world.copy();
    let stories = [
        Story::new(&world, &UPGRADE, before, &OF_UPGRADE),
        Story::new(&world, &UPGRADE, cached, &OF_UPGRADE),
        Story::new(&world, &["refresh"], edited, &OF_REFRESH),
    ];
    (world, stories)
}

/// What happened in a run.
#[derive(Default)]
struct Round {
    /// The edits that were made, by the word that is in each, with their files.
    edits: BTreeMap<String, &'static str>,
    killed: bool,
}

impl Round {
    /// Runs a command, and edits and kills at random moments.
    fn play(world: &World, story: &Story, number: u32, seeded: &mut Seeded) -> (Round, Ran) {
        let (is_killed, is_edited) = (number % 4 != 3, number % 2 == 1);
        let mut command = world.command(story.args);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let start = Instant::now();
        let mut child = child.unwrap();
        let mut round = Round::default();
        let mut moment = || story.lasts.mul_f64(seeded.next());
        let (kill, mut edits) = (moment(), vec![moment(), moment(), moment()]);
        edits.truncate(if is_edited { EDITS } else { 0 });
        edits.sort_unstable();
        let mut is_alive = true;
        for (nth, at) in edits.into_iter().enumerate() {
            if is_alive && is_killed && kill < at {
                wait_until(start + kill);
                is_alive = !end(&mut child);
                round.killed = !is_alive;
            }
            wait_until(start + at);
            // Each of the files in turn.
            let index = usize::try_from(number).unwrap() / 2 + nth * 2;
            let path = story.edited[index % story.edited.len()];
            let word = format!("edit {number}-{nth}");
            if edit(world, path, &word) {
                round.edits.insert(word, path);
            }
        }
        if is_alive && is_killed {
            wait_until(start + kill);
            round.killed = end(&mut child);
        }
        let ran = Ran::from(child.wait_with_output().unwrap());
        (round, ran)
    }

    fn check(&self, world: &World, story: &Story, ran: &Ran, at: &str) {
        let next = world.run(&["status", "--offline"]);
        let at = format!("{at} {:?}: {ran:#?}, then {next:#?}", self.edits);
        if !self.killed {
            // Edited before it was read, the tree is told to have edits; or the edit is
            // one that `refresh` cannot keep.
            assert!(matches!(ran.code, Some(0 | 1 | 10)), "{at}");
            assert!(!next.err.contains("earlier run"), "{at}");
        }
        assert_eq!(next.code, Some(0), "{at}");
        let state = world.state();
        let kept = kept(world);
        for (path, _) in &kept {
            let told = ran.err.contains(path) || next.err.contains(path);
            assert!(told, "{path} is not named, {at}");
        }
        let has = |bytes: &[u8], word: &str| String::from_utf8_lossy(bytes).contains(word);
        for (word, path) in &self.edits {
            let in_place = state.values().any(|(bytes, _)| has(bytes, word));
            let is_kept = kept
                .iter()
                .any(|(_, files)| files.iter().any(|f| has(f, word)));
            assert!(in_place || is_kept, "{word} of {path} is lost, {at}");
        }
        // What was edited before it was read is in what follows from it.
        let from_patch = ["manifest.lock", PATCH, "docs/differences.md"];
        let follows = |name: &str| story.args == ["refresh"] && from_patch.contains(&name);
        let strange = |other: &State| {
            let mut names = differing(&state, other);
            names.retain(|name| {
                let edited = self.edits.values().any(|path| path == name);
                !(edited || follows(name) && !self.edits.is_empty())
            });
            names
        };
        let (old, new) = (strange(&story.old), strange(&story.new));
        assert!(old.is_empty() || new.is_empty(), "{old:?}, {new:?}, {at}");
    }
}

fn wait_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}

/// Kills a run. Returns whether it had not ended before.
fn end(child: &mut Child) -> bool {
    let runs = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    runs
}

/// Edits a file as editors do: what is written takes its place at once. Returns whether
/// it could be: the directory may just be on its way.
fn edit(world: &World, path: &str, word: &str) -> bool {
    let (place, new) = (world.project().join(path), world.path("being-edited"));
    let old = fs::read_to_string(&place).unwrap_or_default();
    fs::write(&new, format!("# {word}\n{old}")).unwrap();
    fs::rename(new, place).is_ok()
}

/// Returns what was moved aside: its path from the project, and its files.
fn kept(world: &World) -> Vec<(String, Vec<Vec<u8>>)> {
    let dir = world.project().join(WORK).join("kept");
    let tops = fs::read_dir(dir).into_iter().flatten().map(Result::unwrap);
    let of_top = |top: fs::DirEntry| {
        let files = walkdir::WalkDir::new(top.path()).into_iter();
        let files = files
            .map(|e| e.unwrap())
            .filter(|e| e.file_type().is_file());
        let name = top.file_name().into_string().unwrap();
        let path = format!("{WORK}/kept/{name}");
        (path, files.map(|e| fs::read(e.path()).unwrap()).collect())
    };
    tops.map(of_top).collect()
}

#[test]
fn kills_and_edits_at_random_moments_lose_nothing() {
    let rounds = std::env::var(ROUNDS).map_or(USUAL_ROUNDS, |text| text.parse().unwrap());
    let (world, stories) = stories();
    let mut seeded = Seeded(0x9e37_79b9_7f4a_7c15);
    let (mut kills, mut edits, mut aside) = (0, 0, 0);
    for number in 0..rounds {
        let story = &stories[usize::try_from(number).unwrap() / 4 % stories.len()];
        world.restore(story.before.path());
        let (round, ran) = Round::play(&world, story, number, &mut seeded);
        round.check(&world, story, &ran, &format!("round {number}"));
        kills += u32::from(round.killed);
        edits += round.edits.len();
        aside += kept(&world).len();
    }
    assert!(edits > 0 && kills > 0, "{edits} edits, {kills} kills");
    eprintln!("{rounds} runs, {kills} killed; {edits} edits, {aside} times moved aside");
}

//! Clones that lack history, objects or tags: what is lacking is named, with git's command
//! that fetches it. The tool itself asks nobody for it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::world::Ran;
use super::*;

/// Clones that lack something, and how they came to it: `git clone`'s flags, and what is
/// removed afterwards.
const CLONES: [(&str, &str, &str); 8] = [
    ("shallow", "--depth=1 --branch=v42.0.0", ""),
    ("two-tags", "--depth=1 --branch=v41.0.0", ""),
    ("blobless", "--filter=blob:none", ""),
    ("treeless", "--filter=tree:0", ""),
    ("tagless", "--no-tags", ""),
    ("no-commit", "", "v42.0.0^{commit}"),
    ("no-root", "", "v42.0.0^{tree}"),
    ("no-file", "", "v42.0.0:crates/wasi/src/sockets/mod.rs"),
];

const RUNS: [&str; 3] = [
    "forecast --to 44 --bisect",
    "report --to 42",
    "upgrade --to 42 --dry-run",
];

/// Makes a clone that lacks something.
fn lacking(world: &World, (name, flags, removed): (&str, &str, &str)) {
    let git = &world.both.git;
    let (root, url) = (git.dir.path(), git.url());
    let mut clone = vec!["clone", "--quiet", "--bare"];
    clone.extend(flags.split_whitespace());
    git.git_in(root, &[&clone[..], &[&url, name]].concat());
    let dir = root.join(name);
    if name == "two-tags" {
        git.git_in(
            &dir,
            &["fetch", "--quiet", "--depth=1", "origin", "tag", "v44.0.0"],
        );
    }
    if !removed.is_empty() {
        let loose = "mv objects/pack/*.pack p && rm -f objects/pack/* && git unpack-objects -q < p";
        assert!(shell(&dir, &format!("{loose} && rm p")));
        let id = git.git_in(&dir, &["rev-parse", removed]);
        std::fs::remove_file(dir.join("objects").join(&id[..2]).join(&id[2..])).unwrap();
    }
}

fn shell(dir: &std::path::Path, line: &str) -> bool {
    let mut shell = Command::new("sh");
    let run = shell
        .args(["-c", line])
        .current_dir(dir)
        .stderr(Stdio::null());
    run.status().unwrap().success()
}

/// Returns git's command that a run names.
fn named(ran: &Ran) -> Option<String> {
    let text = format!("{}{}", ran.out, ran.err);
    let (_, rest) = text.split_once("`git -C ")?;
    let (rest, _) = rest.split_once('`')?;
    Some(format!("git -C {rest}"))
}

/// Runs a command, and as long as it names a command of git's that one, until it names none.
/// Returns what was run of git's, and the last run.
fn completed(world: &World, name: &str, line: &str) -> (Vec<String>, Ran) {
    let git = &world.both.git;
    let (upstream, away) = (git.upstream(), git.path("away"));
    let at = git.path(name).display().to_string();
    let mut commands = Vec::new();
    loop {
        std::fs::rename(&upstream, &away).unwrap();
        let ran = world.run(&format!("{line} --upstream {at}"));
        std::fs::rename(&away, &upstream).unwrap();
        for raw in ["revspec", "peeled", "Cannot", "fatal", "odb", "promisor"] {
            assert!(!format!("{ran}").contains(raw), "{raw}: {ran}");
        }
        let Some(command) = named(&ran) else {
            return (commands, ran);
        };
        assert!(commands.len() < 6, "{commands:?}\n{ran}");
        assert!(shell(git.dir.path(), &command), "{command}\n{ran}");
        commands.push(command.replace(&format!("git -C {at} "), ""));
    }
}

/// Returns what a run prints, without the times.
fn result(ran: &Ran) -> String {
    let lines = ran.out.lines().filter(|line| !line.starts_with("Time"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_a_clone_lacks_is_named_with_the_command_that_fetches_it() {
    let world = World::new();
    let upstream = world.both.git.upstream().display().to_string();
    let whole = RUNS.map(|line| result(&world.run(&format!("{line} --upstream {upstream}"))));
    let mut all = String::new();
    for clone in CLONES {
        // The others lack what `forecast` finds as well.
        let lines = match clone.0 {
            "shallow" | "blobless" | "tagless" => RUNS.len(),
            _ => 1,
        };
        for (line, whole) in RUNS.iter().zip(&whole).take(lines) {
            lacking(&world, clone);
            let (commands, ran) = completed(&world, clone.0, line);
            let at = world.both.git.path(clone.0).display().to_string();
            let told = result(&ran).replace(&at, &upstream);
            assert_eq!(told, *whole, "{clone:?} {line} {commands:?}: {ran}");
            let commands = commands.join(", ");
            all.push_str(&format!("{}, {line}: {commands}\n", clone.0));
            std::fs::remove_dir_all(world.both.git.path(clone.0)).unwrap();
        }
    }
    insta::assert_snapshot!(all, @r"
    shallow, forecast --to 44 --bisect: fetch --tags origin, fetch --unshallow --tags origin
    shallow, report --to 42: fetch origin tag v41.0.0
    shallow, upgrade --to 42 --dry-run: fetch origin tag v41.0.0
    two-tags, forecast --to 44 --bisect: fetch --tags origin, fetch --unshallow --tags origin
    blobless, forecast --to 44 --bisect: fetch --refetch --no-filter --tags origin
    blobless, report --to 42: fetch --refetch --no-filter --tags origin
    blobless, upgrade --to 42 --dry-run: fetch --refetch --no-filter --tags origin
    treeless, forecast --to 44 --bisect: fetch --refetch --no-filter --tags origin
    tagless, forecast --to 44 --bisect: fetch --tags origin
    tagless, report --to 42: fetch --tags origin
    tagless, upgrade --to 42 --dry-run: fetch --tags origin
    no-commit, forecast --to 44 --bisect: fetch --refetch --no-filter --tags origin
    no-root, forecast --to 44 --bisect: fetch --refetch --no-filter --tags origin
    no-file, forecast --to 44 --bisect: fetch --refetch --no-filter --tags origin
    ");
}

#[test]
fn of_ten_thousand_commits_the_one_that_breaks_a_patch_is_found() {
    let world = World::new();
    let git = &world.both.git;
    let path = "crates/wasi/src/sockets/mod.rs";
    let (whole, broken) = (
        git.git(&["show", &format!("v41.0.0:{path}")]),
        git.git(&["show", &format!("v43.0.0:{path}")]),
    );
    let mut stream = String::from("reset refs/heads/many\nfrom refs/tags/v41.0.0^0\n\n");
    for number in 0..10_000 {
        let text = if number < 6_789 { &whole } else { &broken };
        let text = format!("{text}\n// {number}\n");
        let message = format!("Change {number} (#{number})");
        stream.push_str(&format!(
            "commit refs/heads/many\ncommitter Up <up@example.org> 1767225600 +0000\n\
             data {}\n{message}\nM 644 inline {path}\ndata {}\n{text}\n",
            message.len(),
            text.len(),
        ));
    }
    let mut import = Command::new("git");
    let import = import
        .args(["fast-import", "--quiet", "--done"])
        .current_dir(git.upstream());
    let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
    stream.push_str("done\n");
    import
        .stdin
        .take()
        .unwrap()
        .write_all(stream.as_bytes())
        .unwrap();
    assert!(import.wait().unwrap().success());
    let upstream = git.upstream().display().to_string();
    let line = format!("forecast --from 41 --to many --bisect --upstream {upstream}");
    let ran = world.run(&line);
    assert!(ran.out.contains("Change 6789 (#6789)"), "{ran}");
}

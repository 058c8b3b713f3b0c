//! What the command line cannot mean, and what is not there.

use super::*;

#[test]
fn errors_of_usage_end_with_two_and_say_what_is_meant() {
    let world = World::new();
    for (line, says) in [
        ("", "Usage: wash-wasi-sync"),
        ("upgrad", "'upgrade'"),
        ("upgrade", "--to <VERSION>"),
        ("upgrade --to", "--to <VERSION>"),
        ("upgrade --too 41", "'--to'"),
        (
            "upgrade --to forty",
            "give one as v41.0.0, 41.0.0, 41 or latest",
        ),
        ("upgrade --to 41.0.0.0", "give one as"),
        ("upgrade --to 41 --fork-version two", "--fork-version"),
        (
            "upgrade --to 41 --source ftp",
            "possible values: auto, git, registry",
        ),
        ("vendor extra", "'extra'"),
        (
            "check --format xml",
            "possible values: human, json, sarif, github",
        ),
        (
            "status --format sarif",
            "only `check` and `conflicts` have the formats sarif and github",
        ),
        ("vendor --format github", "--format json"),
        ("diff --from 41", "--to <VERSION>"),
        ("diff --to 41", "--from <VERSION>"),
        ("show", "<FILE>"),
        ("refresh --as-patch a.rs", "--change <TEXT>"),
        ("refresh --change x", "--reason <TEXT>"),
        ("completions tcsh", "possible values: bash"),
        ("status -q -v", "cannot be used with"),
        (
            "status --color maybe",
            "possible values: auto, always, never",
        ),
        ("check --upstream ../upstream", "add `--deep`"),
        (
            "check --source registry",
            "`check` asks upstream with `--deep`",
        ),
        (
            "refresh --as-patch ../x --change c --reason r",
            "does not name a file",
        ),
    ] {
        let ran = world.run(line);
        // Each format that the line asks for has a document for this too.
        let is_told = ran.out.is_empty() != line.contains("sarif") || line.contains("github");
        assert!(ran.code == 2 && is_told, "{line}\n{ran}");
        assert!(ran.err.contains(says), "{line}\n{ran}");
        if !line.contains("--format") {
            let ran = world.run(&format!("{line} --format=json"));
            let error = ran.error();
            assert_eq!(
                (ran.code, &error["exit-code"]),
                (2, &2.into()),
                "{line}\n{ran}"
            );
            let told = format!("{} {}", error["message"], error["help"]);
            assert!(told.contains(says), "{line}\n{ran}");
        }
    }
}

#[test]
fn a_project_that_is_not_there_is_told() {
    let world = World::new();
    let elsewhere = world.both.git.path("home");
    std::fs::create_dir(&elsewhere).unwrap();
    let ran = world.run_in(&elsewhere, &[], &["status"]).ended(1);
    assert!(ran.err.contains("there is no manifest.toml"), "{ran}");
    assert!(ran.err.contains("--project"), "{ran}");
    let ran = world
        .run_in(&elsewhere, &[], &["-C", "nowhere", "status"])
        .ended(1);
    assert!(ran.err.contains("nowhere/manifest.toml"), "{ran}");
    let ran = world
        .run_in(&elsewhere, &[], &["-C", "../project/README.md", "status"])
        .ended(1);
    let says = "README.md is not a directory\nhelp: name the project";
    assert!(
        ran.err.contains(says) && !ran.err.contains("move it away"),
        "{ran}"
    );
    assert!(ran.err.contains("--project"), "{ran}");
    world
        .run_in(&elsewhere, &[], &["status", "-C", "../project"])
        .done();
    world.run_in(&world.path("docs"), &[], &["status"]).done();
}

#[test]
fn files_that_are_not_there_are_told() {
    let world = World::vendored();
    shown!(world.refused("show src/tcp.rs", 1), @r"
    exit 1
    --- stderr
    error: upstream 41.0.0 has no file `src/tcp.rs`
    help: did you mean src/sockets/tcp.rs?
    ");
    shown!(world.refused("show tcp.rs", 1), @r"
    exit 1
    --- stderr
    error: upstream 41.0.0 has no file `tcp.rs`
    help: did you mean src/sockets/tcp.rs?
    ");
    shown!(world.refused("diff src/tcp", 1), @r"
    exit 1
    --- stderr
    error: neither wasmtime-wasi 41.0.0 nor wash-wasi 2.0.0-rc.6 has
      `src/tcp`
        help: name it from the crate's root, such as `src/lib.rs`
    ");
    shown!(world.refused("diff src/lib.rs src/sokcets/tcp.rs src/sockets mod.rs", 1), @r"
    exit 1
    --- stderr
    error: neither wasmtime-wasi 41.0.0 nor wash-wasi 2.0.0-rc.6 has
      `src/sokcets/tcp.rs`
        help: did you mean src/sockets/tcp.rs?
      `mod.rs`
        help: did you mean src/sockets/loopback/mod.rs or src/sockets/mod.rs?
    ");
    let diff = |line: &str| world.refused(line, 0).out;
    let both = diff("diff src/sockets/mod.rs Cargo.toml");
    let one = |file: &str| diff(&format!("diff {file}"));
    assert_eq!(both, one("Cargo.toml") + &one("src/sockets/mod.rs"));
    assert_eq!(
        one("src/sockets/mod.rs src/sockets/tcp.rs src/sockets/loopback"),
        one("src/sockets")
    );
    let stat = diff("diff --from 41 --to 42 --stat README.md wit");
    shown!(stat, @r"
    wasmtime-wasi 42.0.0 against wasmtime-wasi 41.0.0
      README.md +1 −1
      wit/world.wit +1 −1
    2 files, +2 −2
    ");
    shown!(world.refused("diff --from 41 --to 42 README.md src/stream.rs x", 1), @r"
    exit 1
    --- stderr
    listing the tags of [upstream]
    fetching v42.0.0 of [upstream]
    error: neither wasmtime-wasi 41.0.0 nor wasmtime-wasi 42.0.0 has
      `src/stream.rs`
        help: did you mean src/random.rs?
      `x`
        help: name it from the crate's root, such as `src/lib.rs`
    ");
    shown!(world.refused("diff src/random.rs --from 38 --to 41", 0), @r"
    exit 0
    --- stderr
    listing the tags of [upstream]
    fetching v38.0.4 of [upstream]
    fetching 6 files of [upstream]
    ");
    shown!(world.refused("diff Cargo.lock", 0), @r#"
    exit 0
    --- /dev/null
    +++ b/Cargo.lock
    @@ -0,0 +1,7 @@
    +# This file is automatically @generated by Cargo.
    +# It is not intended for manual editing.
    +version = 4
    +
    +[[package]]
    +name = "wash-wasi"
    +version = "2.0.0-rc.6"
    "#);
}

#[test]
fn without_a_network_the_cache_is_enough() {
    let world = World::vendored();
    world.remove(TREE);
    world.run("vendor --offline").done();
    world.run("check --deep --offline").done();
    shown!(world.refused("status --offline", 0), @r"
    exit 0
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line 41.0.0, over all 41.0.0
    Tree: as locked, 14 files, digest [digest]
      Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    --- stderr
    warning: offline: only the releases that are in the cache are known
    ");
    shown!(world.refused("upgrade --to v42.0.0 --offline", 13), @r"
    exit 13
    --- stderr
    error: no source gives wasmtime-wasi 42.0.0
      git: v42.0.0 of [upstream] is in no cache, and cannot be fetched because `--offline` is given
        help: run the same command once with the network
      registry: the index entry of wasmtime-wasi is in no cache, and cannot be fetched because `--offline` is given
        help: run the same command once with the network
    ");
    let ran = world.refused("upgrade --to latest --offline --dry-run", 0);
    shown!(ran.err, @r"
    warning: offline: only the releases that are in the cache are known
    ");
}

#[test]
fn a_missing_program_is_told_with_the_way_to_get_it() {
    let world = World::new();
    let bin = world.both.git.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = bin.to_str().unwrap();
    let ran = world.run_in(&world.root(), &[("PATH", path)], &["vendor"]);
    shown!(ran, @r"
    exit 13
    --- stderr
    fetching v41.0.0 of [upstream]
    the program `git` is not installed; upstream is taken from the registry instead
    reading the registry's index
    error: no source gives wasmtime-wasi 41.0.0
      git: the program `git` is not installed
        help: install git 2.29 or newer (`apt install git`, `dnf install git`, `brew install git`, or https://git-scm.com), give the path of a local clone with `--upstream`, or take the registry with `--source registry`
      registry: wasmtime-wasi 41.0.0 does not exist in the registry http://[registry]/index/
    ");
}

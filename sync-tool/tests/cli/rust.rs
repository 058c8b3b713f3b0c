//! A Rust that is older than a release wants.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::registry_world::INDEX;
use crate::server::Reply;

/// Makes releases that want a newer Rust, and a compiler that says it is older.
pub(crate) fn old_rust(world: &World) -> String {
    let git = &world.both.git;
    git.git(&["reset", "--quiet", "--hard", "v42.0.0"]);
    let manifest = git.upstream().join("Cargo.toml");
    for (version, least) in [("45.0.1", "1.86"), ("46.0.0", "1.90"), ("46.0.1", "1.90")] {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let line = |l: &str| match l.split_once(" = ") {
            Some(("version", _)) => format!("version = \"{version}\"\n"),
            Some(("rust-version", _)) => format!("rust-version = \"{least}\"\n"),
            _ => format!("{l}\n"),
        };
        std::fs::write(&manifest, text.lines().map(line).collect::<String>()).unwrap();
        git.git(&["commit", "--quiet", "--all", "--message", version]);
        git.git(&["tag", &format!("v{version}")]);
    }
    let rustc = git.path("old-rustc");
    std::fs::write(&rustc, "#!/bin/sh\necho release: 1.88.0\n").unwrap();
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
    rustc.display().to_string()
}

#[test]
fn the_newest_release_that_this_rust_builds_is_named() {
    let world = World::vendored();
    let rustc = old_rust(&world);
    let upgrade = |args: &[&str]| {
        let before = world.see();
        let args = [&["upgrade", "-q"], args].concat();
        let ran = world.run_in(&world.root(), &[("RUSTC", &rustc)], &args);
        world.same_as(&before);
        ran.ended(1)
    };
    // A repository on this machine says it itself.
    shown!(upgrade(&["--to", "latest", "--upstream", "../upstream"]), @r"
    exit 1
    --- stderr
    error: wasmtime-wasi 46.0.1 needs Rust 1.90 or newer, and this is Rust 1.88.0
    help: rustup toolchain install 1.90, then run the same command again with `--toolchain 1.90`
    help: or take the newest release that Rust 1.88.0 builds: run the same command with `--to v45.0.1`
    ");
    // For one behind a URL the registry's index says it, and nothing is fetched.
    let line = |version: &str, least: &str, yanked: bool| {
        format!(
            r#"{{"name":"wasmtime-wasi","vers":"{version}","deps":[],"cksum":"{0:064}","features":{{}},"yanked":{yanked},"rust_version":"{least}"}}"#,
            0
        ) + "\n"
    };
    let index = [
        line("44.0.0", "1.85", false),
        line("45.0.0", "1.85", false),
        line("45.0.1", "1.86", true),
        line("45.0.2", "1.86", false),
        line("46.0.1", "1.90", false),
    ];
    let server = &world.both.registry.server;
    server.on(INDEX, [Reply::body(index.concat())]);
    shown!(upgrade(&["--to", "46.0.0"]), @r"
    exit 1
    --- stderr
    error: wasmtime-wasi 46.0.0 needs Rust 1.90 or newer, and this is Rust 1.88.0
    help: rustup toolchain install 1.90, then run the same command again with `--toolchain 1.90`
    help: or take the newest release that Rust 1.88.0 builds: run the same command with `--to v45.0.0`
    ");
    // Where nobody says it, the need is told all the same.
    server.on(INDEX, [Reply::status(404)]);
    shown!(upgrade(&["--to", "46.0.0"]), @r"
    exit 1
    --- stderr
    error: wasmtime-wasi 46.0.0 needs Rust 1.90 or newer, and this is Rust 1.88.0
    help: rustup toolchain install 1.90, then run the same command again with `--toolchain 1.90`
    help: which release Rust 1.88.0 builds is not known: the registry has no crate `wasmtime-wasi`: http://[registry]/index/wa/sm/wasmtime-wasi does not exist
    ");
    // What is not built needs no Rust.
    let args = [
        "upgrade",
        "-q",
        "--to",
        "46.0.0",
        "--no-verify",
        "--dry-run",
    ];
    let ran = world.run_in(&world.root(), &[("RUSTC", &rustc)], &args);
    assert!(!ran.err.contains("needs Rust"), "{ran}");
}

#[test]
fn every_command_that_builds_says_which_release_an_old_rust_builds() {
    let world = World::vendored();
    let rustc = old_rust(&world);
    world
        .run("upgrade --to 46.0.1 --no-verify --upstream ../upstream")
        .done();
    let git = &world.both.git;
    git.git(&["rm", "-r", "--quiet", "crates/wasi"]);
    git.git(&["commit", "--quiet", "--message", "gone"]);
    git.git(&["tag", "v47.0.0"]);
    let refused = |line: &str| {
        let before = world.see();
        let args: Vec<&str> = line.split(' ').collect();
        let args = [&args[..], &["-q", "--upstream", "../upstream"]].concat();
        let ran = world.run_in(&world.root(), &[("RUSTC", &rustc)], &args);
        world.same_as(&before);
        ran.ended(1)
    };
    let says = |ran: &world::Ran, step: &str| {
        for part in [
            "wasmtime-wasi 46.0.1 needs Rust 1.90",
            &format!("or take the newest release that Rust 1.88.0 builds: {step}"),
            "help: whether it builds v47.0.0 is not known: ",
        ] {
            assert!(ran.err.contains(part), "{part}\n{ran}");
        }
    };
    let again = "run the same command with `--to v45.0.1`";
    says(&refused("upgrade --to 46.0.1"), again);
    says(&refused("upgrade --to 46.0.1 --dry-run --check"), again);
    let upgrade = "`wash-wasi-sync upgrade --to v45.0.1`";
    says(&refused("vendor --verify"), upgrade);
    says(&refused("test"), upgrade);
}

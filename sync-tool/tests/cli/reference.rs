//! What is generated from the command line's types: the reference, completions,
//! the manual page.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

const UPDATE: &str = "WASH_WASI_UPDATE_REFERENCE";

const HEAD: &str = "# Command line reference

Written from the tool's own `--help` by the test `reference` in `sync-tool/tests/cli`; edits are
lost. After a change of a flag: `WASH_WASI_UPDATE_REFERENCE=1 cargo test -p wash-wasi-sync --test
cli reference`. What the exit codes mean: [exit-codes.md](exit-codes.md).
";

const COMMANDS: [&str; 18] = [
    "upgrade",
    "conflicts",
    "resolve",
    "continue",
    "abort",
    "vendor",
    "check",
    "test",
    "export",
    "status",
    "forecast",
    "report",
    "refresh",
    "diff",
    "show",
    "versions",
    "completions",
    "man",
];

fn reference(world: &World) -> String {
    let help = |args: &[&str]| {
        let ran = world.run_args(args).done();
        assert_eq!(ran.err, "");
        let lines = ran.out.lines().map(str::trim_end);
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut text = HEAD.to_owned();
    let _ = write!(
        text,
        "\n## wash-wasi-sync\n\n```text\n{}\n```\n",
        help(&["--help"])
    );
    for command in COMMANDS {
        let _ = write!(
            text,
            "\n## {command}\n\n```text\n{}\n```\n",
            help(&[command, "--help"])
        );
    }
    text
}

#[test]
fn the_reference_is_what_the_tool_says() {
    let world = World::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let now = reference(&world);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == now,
        "docs/cli.md is not what `--help` says; set {UPDATE}=1 and look at the difference"
    );
}

#[test]
fn the_reference_has_every_command() {
    let world = World::new();
    let help = world.run("--help").done().out;
    let listed = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let listed: Vec<&str> = listed
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert_eq!(listed[..COMMANDS.len()], COMMANDS);
    assert_eq!(listed[COMMANDS.len()..], ["help"]);
}

#[test]
fn each_shell_has_completions() {
    let world = World::new();
    for (shell, has) in [
        ("bash", "-F _clap_complete_wash_wasi_sync wash-wasi-sync"),
        ("zsh", "#compdef wash-wasi-sync"),
        ("fish", "--command wash-wasi-sync"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = world.run(&format!("completions {shell}")).done();
        assert!(ran.out.contains(has), "{shell}\n{ran}");
    }
    // No project is needed for that.
    world
        .run_in(world.both.git.dir.path(), &[], &["completions", "bash"])
        .done();
}

#[test]
fn the_manual_names_every_command_and_the_exit_codes() {
    let world = World::new();
    let page = world
        .run_in(world.both.git.dir.path(), &[], &["man"])
        .done()
        .out;
    assert!(page.contains(".TH wash-wasi-sync 1"), "{page}");
    for command in COMMANDS {
        assert!(
            page.contains(&format!("wash\\-wasi\\-sync\\-{command}(1)")),
            "{command}\n{page}"
        );
    }
    assert!(page.contains("11 conflicts"), "{page}");
}

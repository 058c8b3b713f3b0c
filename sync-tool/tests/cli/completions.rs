//! Completions, as each shell makes them of what is typed.

use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

/// How each shell is asked: by its own line editor, or, for fish, its own question.
/// The line that it would run stands behind `LINE:`.
const BASH: &str = r#"printf '%s\t\nexit\n' "$1" | bash --noprofile --rcfile "$2/rc.bash" -i"#;
const ZSH: &str = r#"exec zsh -f -c '
zmodload zsh/zpty
zpty shell zsh -i
zpty -w shell "$1"$'\''\t'\''
zpty -r shell shown "*LINE:*"$'\''\n'\''"*"
print -r -- "$shown"
zpty -d shell' zsh "$1""#;
const FISH: &str = r#"fish --no-config -c 'source (wash-wasi-sync completions fish | psub)
set words (complete -C"$argv[1]" | string split -f 1 \t); echo "LINE:$words"' "$1""#;

const RC_BASH: &str = r#"source <(wash-wasi-sync completions bash)
trap 'echo "LINE:$BASH_COMMAND"' DEBUG
"#;
const RC_ZSH: &str = r#"autoload -U compinit && compinit -D -u
source <(wash-wasi-sync completions zsh)
preexec() { print -r -- "LINE:$1" }
"#;

/// Returns what a shell makes of a line that is typed up to a tab.
fn completed(world: &World, script: &str, line: &str) -> String {
    let home = world.both.git.path("home");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("rc.bash"), RC_BASH).unwrap();
    std::fs::write(home.join(".zshrc"), RC_ZSH).unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_wash-wasi-sync"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", script, "bash", line])
        .arg(&home)
        .current_dir(world.root())
        .env_clear()
        .env("PATH", path)
        .env("HOME", &home)
        .env("ZDOTDIR", &home)
        .env("XDG_CACHE_HOME", world.both.git.path("xdg"))
        .env("CARGO_HOME", world.both.git.path("cargo-home"))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split("LINE:").nth(1));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    line.trim().to_owned()
}

#[test]
fn every_shell_completes_commands_flags_and_values() {
    let world = World::vendored();
    world.run("show src/lib.rs --at 42").done();
    for (typed, last) in [
        ("compl", "completions"),
        ("completions fi", "fish"),
        ("upgrade --dry", "--dry-run"),
        ("check --format sa", "sarif"),
        ("diff --st", "--stat"),
        // Of the history, and of a cache.
        ("show src/lib.rs --at 38", "38.0.1"),
        ("show src/lib.rs --at 42", "42.0.0"),
        ("show src/sockets/t", "src/sockets/tcp.rs"),
        ("diff src/ra", "src/random.rs"),
        ("diff src/sock", "src/sockets/"),
        ("diff src/lib.rs src/ra", "src/random.rs"),
        ("refresh --difference src/sockets/t", "src/sockets/tcp.rs"),
        ("status --format js", "json"),
    ] {
        let (before, _) = typed.rsplit_once(' ').unwrap_or(("", typed));
        for (shell, script) in [("bash", BASH), ("zsh", ZSH), ("fish", FISH)] {
            let line = completed(&world, script, &format!("wash-wasi-sync {typed}"));
            let whole = format!("wash-wasi-sync {before} {last}").replace("  ", " ");
            let expected = if shell == "fish" { last } else { &whole };
            assert_eq!(line, expected, "{shell}: {typed}");
        }
    }
}

#[test]
fn a_format_that_a_command_does_not_take_is_not_offered() {
    let world = World::new();
    for typed in ["status --format sa", "--format sa"] {
        let line = format!("wash-wasi-sync {typed}");
        let offered = typed.starts_with('-');
        let expected = if offered {
            line.clone() + "rif"
        } else {
            line.clone()
        };
        for script in [BASH, ZSH] {
            assert_eq!(completed(&world, script, &line), expected);
        }
    }
}

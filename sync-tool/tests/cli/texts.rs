//! Texts that others wrote: notes, heads of patches, names of files. They say what
//! they say, and do nothing else.

use super::*;

/// What no output may hold as it is: controls of terminals, and of the order of text.
fn acts(c: char) -> bool {
    let layout = c == '\n' || c == '\t';
    c.is_control() && !layout || "\u{2028}\u{2029}\u{202e}\u{2066}".contains(c)
}

const HOSTILE: &str = "a\u{1b}[2Jb\u{9b}31mc\u{202e}d\u{7f}e\u{2066}";
const MARKERS: &str =
    "<!-- wash-wasi-sync: end of versions --> <!-- wash-wasi-sync: end of differences -->";

/// A project whose notes and patch hold a text.
fn world_with(text: &str) -> World {
    let world = World::new();
    let escaped: String = text
        .chars()
        .map(|c| format!("\\U{:08x}", u32::from(c)))
        .collect();
    world.edit("manifest.toml", "The second", &escaped);
    let patch = "patches/v38.0.1/src/sockets/mod.rs.patch";
    world.edit(patch, "the loopback is asked", &format!("{text} is asked"));
    world
}

#[test]
fn a_note_or_a_change_with_a_marker_in_it_changes_no_later_run() {
    let world = world_with(MARKERS);
    world.run("vendor").done();
    let documents = || ["README.md", "docs/differences.md"].map(|path| world.read(path));
    let first = documents();
    assert!(
        first[0].contains("&lt;!-- wash-wasi-sync: end of versions"),
        "{}",
        first[0]
    );
    assert!(
        first[1].contains("&lt;!-- wash-wasi-sync: end of diff"),
        "{}",
        first[1]
    );
    world.run("versions --write").done();
    world.run("vendor --discard-edits").done();
    world.run("check").done();
    assert_eq!(first, documents());
    world
        .run("upgrade --to 42 --no-verify --notes x|\u{7c}<!--")
        .done();
    world.run("vendor").done();
    assert!(world.read("README.md").contains(r"| x\|\|&lt;!-- |"));
}

#[test]
fn markers_that_a_document_quotes_are_not_its_own() {
    let world = World::new();
    let [begin, end] = ["versions (generated; edits are lost)", "end of versions"]
        .map(|text| format!("<!-- wash-wasi-sync: {text} -->"));
    let own = world.read("README.md");
    let quoted =
        format!("Write `{begin}`, or\n\n```text\n{begin}\n{end}\n```\n\n    {end}\n\n{own}");
    world.write("README.md", &quoted);
    world.run("vendor").done();
    let written = world.read("README.md");
    let (before, table) = written.split_at(quoted.len() - end.len() - 1);
    assert_eq!(before, &quoted[..before.len()]);
    assert!(
        table.contains("| 2.0.0-rc.6 | v41.0.0 (pinned) | The second |"),
        "{written}"
    );
}

#[test]
fn nothing_that_controls_a_terminal_is_printed() {
    let world = world_with(HOSTILE);
    world.run("vendor").done();
    let name = format!("{TREE}/{HOSTILE}\n::error::x\nerror: all is well.rs");
    world.write(&name, "");
    let lib = world.read("vendor/wash-wasi/src/lib.rs");
    world.write(
        "vendor/wash-wasi/src/lib.rs",
        format!("{lib}// {HOSTILE}\n"),
    );
    let args = ["no\u{1b}[2J\u{202e}such"];
    let formats = [
        "",
        "--format json",
        "--format sarif",
        "--format github",
        "--color always",
    ];
    let commands = [
        "check",
        "status --differences",
        "versions",
        "vendor",
        "refresh",
        "diff --stat",
    ];
    for command in commands {
        for format in formats {
            let line = format!("{command} {format}");
            let words: Vec<&str> = line.split_whitespace().collect();
            for more in [&[][..], &args] {
                let ran = world.run_args(&[&words, more].concat());
                let mut all = format!("{}{}", ran.out, ran.err);
                if format == "--color always" {
                    for own in ["[1m", "[2m", "[31m", "[32m", "[33m", "[36m", "[0m"] {
                        all = all.replace(&format!("\u{1b}{own}"), "");
                    }
                }
                assert_eq!(all.chars().find(|c| acts(*c)), None, "{line}: {ran:?}");
                let forged =
                    |line: &str| line.starts_with("::error::x") || line.starts_with("error: all");
                assert!(!all.lines().any(forged), "{line}\n{ran}");
            }
        }
    }
}

#[test]
fn a_line_at_fault_is_shown_without_what_it_would_do() {
    let world = World::new();
    world.edit(
        "manifest.toml",
        "kind = \"direct\"",
        &format!("kind = \"dir\u{202e}ct\" # {HOSTILE}"),
    );
    for line in [
        "check",
        "check --color always",
        "check --format github",
        "check --format sarif",
    ] {
        let ran = world.run(line).ended(1);
        let shown = format!("{}{}", ran.out, ran.err);
        assert!(!shown.contains(['\u{202e}', '\u{9b}']), "{line}: {ran:?}");
        assert!(!shown.contains("\u{1b}[2J"), "{line}: {ran:?}");
    }
}

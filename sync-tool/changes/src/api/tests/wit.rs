//! WIT and `Cargo.toml`.

use super::*;

fn wit(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (api(old), api(new));
    assert_eq!(
        old.unread().len() + new.unread().len(),
        0,
        "{:?} {:?}",
        old.unread,
        new.unread
    );
    old.changes(&new)
        .wit()
        .iter()
        .map(|row| {
            let kind = format!("{:?}", row.change).to_lowercase();
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            format!(
                "{} {kind} {} | {} | {} | {}",
                row.plane,
                row.name,
                text(&row.old),
                text(&row.new),
                row.inside
            )
        })
        .collect()
}

#[test]
fn wit_is_the_same_as_directories_and_as_single_files() {
    let world =
        "package mine:w; world w { import wasi:io/poll@0.2.0; import wasi:io/streams@0.2.0; }";
    let poll = "package wasi:io@0.2.0; interface poll { resource pollable { block: func(); } }";
    let streams = "package wasi:io@0.2.0; interface streams { use poll.{pollable}; f: func(p: borrow<pollable>) -> result<_, u8>; }";
    let old = [
        ("src/p2/wit/world.wit", world),
        ("src/p2/wit/deps/io/poll.wit", poll),
        ("src/p2/wit/deps/io/streams.wit", streams),
    ];
    let both = format!(
        "{poll}\n{}",
        streams.trim_start_matches("package wasi:io@0.2.0;")
    );
    let new = [
        ("src/p2/wit/world.wit", world),
        ("src/p2/wit/deps/io.wit", both.as_str()),
    ];
    assert_eq!(wit(&old, &new), [""; 0]);
}

#[test]
fn a_new_version_of_a_package_is_one_change() {
    let file = |version: &str, body: &str| {
        format!(
            "package wasi:io@{version}; interface poll {{ resource pollable {{ {body} }} }} world imports {{ import poll; }}"
        )
    };
    let rows = wit(
        &[("src/p2/wit/deps/io.wit", &file("0.2.3", "block: func();"))],
        &[(
            "src/p2/wit/deps/io.wit",
            &file("0.2.6", "block: func(); ready: func() -> bool;"),
        )],
    );
    assert_eq!(
        rows,
        [
            "p2 changed wasi:io | 0.2.3 | 0.2.6 | 0",
            "p2 added wasi:io/poll@0.2.6 pollable.ready |  | func(self: borrow<pollable>) -> bool | 0",
        ]
    );
}

#[test]
fn features_dependencies_and_the_oldest_rust_are_compared() {
    let old = "[package]\nname = \"a\"\nrust-version = \"1.90\"\n[features]\ndefault = [\"p2\"]\np2 = []\n[dependencies]\na = \"1\"\nb = { version = \"2\", optional = true }\n[target.'cfg(unix)'.dependencies]\nu = { workspace = true }\n";
    let new = "[package]\nname = \"a\"\nrust-version = \"1.91\"\n[features]\ndefault = [\"p2\", \"p3\"]\np2 = [\"dep:b\"]\np3 = []\n[dependencies]\na = \"2\"\nb = { version = \"2\" }\n";
    let changes = api(&[("Cargo.toml", old)]).changes(&api(&[("Cargo.toml", new)]));
    let rows = changes.manifest().iter().map(|row| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        format!(
            "{:?} {} | {} | {}",
            row.subject,
            row.name,
            text(&row.old),
            text(&row.new)
        )
    });
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            "RustVersion rust-version | 1.90 | 1.91",
            "Feature p2 | [] | [dep:b]",
            "Feature p3 |  | []",
            "DefaultFeature p3 |  | on",
            "Dependency a | 1 | 2",
            "Dependency b | 2, optional | 2",
            "Dependency target.'cfg(unix)'.dependencies.u | of the workspace | ",
        ]
    );
}

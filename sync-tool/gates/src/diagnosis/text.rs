//! Errors as cargo prints them for people, read back into what they say.

use std::sync::LazyLock;

use regex::Regex;

use crate::output::{Diagnostic, Expansion};

static HEAD: LazyLock<Regex> = LazyLock::new(|| constant(r"^error(?:\[(E\d+)\])?: (.*)$"));
static PLACE: LazyLock<Regex> = LazyLock::new(|| constant(r"^\s*(-->|:::) (.+\.rs):(\d+):(\d+)$"));
static CALLED: LazyLock<Regex> = LazyLock::new(|| constant(r"macro `(\w+)`"));

fn constant(expression: &str) -> Regex {
    Regex::new(expression).expect("a constant expression")
}

/// How cargo tells that a build script failed. What the script printed follows, indented.
const SCRIPT: &str = "error: failed to run custom build command";
const SCRIPTS_ERRORS: &str = "  --- stderr";

/// What cargo and the compiler sum up with; nothing is at fault there.
const SUMS: [&str; 3] = ["could not compile", "aborting due to", "test failed"];

/// Reads the errors of a text, in order.
pub(super) fn read(text: &str) -> Vec<Diagnostic> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        let head = line.starts_with("error:") || line.starts_with("error[");
        // Another message ends the one before.
        let ends = line.starts_with("warning:") || line.starts_with("warning[");
        match blocks.last_mut() {
            _ if head || ends => blocks.push(vec![line]),
            Some(block) => block.push(line),
            None => {}
        }
    }
    let errors = blocks.iter().flat_map(|block| match block.first() {
        Some(head) if head.starts_with(SCRIPT) => of_script(block),
        _ => diagnostic(block).into_iter().collect(),
    });
    errors.collect()
}

/// Returns the errors behind a build script's failure: those of the compiler that it
/// ran, or else what it printed as one error.
fn of_script(block: &[&str]) -> Vec<Diagnostic> {
    let printed = block.iter().skip_while(|line| **line != SCRIPTS_ERRORS);
    let printed: Vec<&str> = printed
        .skip(1)
        .map(|line| line.strip_prefix("  ").unwrap_or(line))
        .collect();
    let mut behind = read(&printed.join("\n"));
    behind.retain(|error| error.code.is_some() || error.file.is_some());
    if !behind.is_empty() {
        return behind;
    }
    // Hundreds of lines for cargo say nothing of the failure.
    let printed = block.iter().filter(|line| !is_instruction(line));
    let printed: Vec<&str> = printed.copied().collect();
    let mut failed: Vec<Diagnostic> = diagnostic(&printed).into_iter().collect();
    failed.iter_mut().for_each(|error| {
        error.message = error.rendered.trim_start_matches("error: ").to_owned();
    });
    failed
}

/// Tells whether a line is a build script's word to cargo, or a cargo's that it ran of
/// its progress.
fn is_instruction(line: &str) -> bool {
    const PROGRESS: [&str; 6] = [
        "Compiling ",
        "Finished ",
        "Downloading ",
        "Downloaded ",
        "Locking ",
        "Updating ",
    ];
    let line = line.trim_start();
    line.starts_with("cargo:") || PROGRESS.iter().any(|word| line.starts_with(word))
}

fn diagnostic(block: &[&str]) -> Option<Diagnostic> {
    let head = HEAD.captures(block.first()?)?;
    let (code, first) = (head.get(1), head.get(2)?.as_str());
    if SUMS.iter().any(|sum| first.starts_with(sum)) {
        return None;
    }
    let own = block.iter().position(|line| place(line, "-->").is_some());
    // A message of several lines goes on to the place, indented below its head.
    let mut message = vec![first];
    message.extend(block[1..own.unwrap_or(1)].iter().map(|line| line.trim()));
    let own = own.and_then(|at| place(block[at], "-->"));
    let rendered = block.join("\n");
    Some(Diagnostic {
        level: "error".to_owned(),
        code: code.map(|code| code.as_str().to_owned()),
        message: message.join("\n").trim_end().to_owned(),
        file: own.map(|(file, ..)| file.to_owned()),
        line: own.map(|(_, line, _)| line),
        column: own.map(|(.., column)| column),
        labels: Vec::new(),
        notes: Vec::new(),
        macros: macros(block),
        rendered: format!("{}\n", rendered.trim_end()),
    })
}

/// Reads file, line and column behind an arrow: `-->` is the error's own place, `:::` more code.
fn place<'l>(line: &'l str, arrow: &str) -> Option<(&'l str, u32, u32)> {
    let (_, [found, file, line, column]) = PLACE.captures(line)?.extract();
    (found == arrow).then_some((file, line.parse().ok()?, column.parse().ok()?))
}

/// Returns the macros that are named: with the outer call's place, where it is printed.
fn macros(block: &[&str]) -> Vec<Expansion> {
    let note = "this error originates in the macro";
    let called = block.iter().find(|line| line.contains(note));
    let first = |arrow| block.iter().find_map(|line| place(line, arrow));
    let (Some(called), Some((file, line, _))) = (called, first(":::").or_else(|| first("-->")))
    else {
        return Vec::new();
    };
    let names = CALLED.captures_iter(called);
    let expansion = |name: regex::Captures<'_>| Expansion {
        name: format!("{}!", &name[1]),
        file: file.to_owned(),
        line,
    };
    names.map(expansion).collect()
}

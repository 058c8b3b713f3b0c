//! Errors as cargo prints them for people, read back into what they say.

use std::sync::LazyLock;

use regex::Regex;

use crate::gate::{Diagnostic, Expansion};

static HEAD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^error(?:\[(E\d+)\])?: (.*)$").ok());
static PLACE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*(-->|:::) (.+\.rs):(\d+):(\d+)$").ok());
static LABEL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*\|.*[\^\-_]+ (\S.*)$").ok());
static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"macro `(\w+)`").ok());

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
    let head = HEAD.as_ref()?.captures(block.first()?)?;
    let (code, first) = (head.get(1), head.get(2)?.as_str());
    if SUMS.iter().any(|sum| first.starts_with(sum)) {
        return None;
    }
    let places: Vec<(usize, &str, &str, u32, u32)> = block
        .iter()
        .enumerate()
        .filter_map(|(at, line)| {
            let found = PLACE.as_ref()?.captures(line)?;
            let (line, column) = (found[3].parse().ok()?, found[4].parse().ok()?);
            Some((
                at,
                found.get(1)?.as_str(),
                found.get(2)?.as_str(),
                line,
                column,
            ))
        })
        .collect();
    let own = places.iter().find(|place| place.1 == "-->");
    // A message of several lines goes on to the place, indented below its head.
    let end = own.map_or(1, |place| place.0).max(1);
    let mut message = vec![first];
    message.extend(block[1..end].iter().map(|line| line.trim()));
    let labels = block
        .iter()
        .filter_map(|line| LABEL.as_ref()?.captures(line));
    let rendered = block.join("\n");
    Some(Diagnostic {
        level: "error".to_owned(),
        code: code.map(|code| code.as_str().to_owned()),
        message: message.join("\n").trim_end().to_owned(),
        file: own.map(|place| place.2.to_owned()),
        line: own.map(|place| place.3),
        column: own.map(|place| place.4),
        labels: labels.map(|label| label[1].to_owned()).collect(),
        notes: Vec::new(),
        macros: macros(&rendered, &places),
        rendered: format!("{}\n", rendered.trim_end()),
    })
}

/// Returns the macros that are named: with the outer call's place, where it is printed.
fn macros(rendered: &str, places: &[(usize, &str, &str, u32, u32)]) -> Vec<Expansion> {
    let note = "this error originates in the macro";
    let Some(called) = rendered.lines().find(|line| line.contains(note)) else {
        return Vec::new();
    };
    let outer = places.iter().find(|place| place.1 == ":::");
    let at = outer.or_else(|| places.first());
    let names = CALLED.iter().flat_map(|name| name.captures_iter(called));
    names
        .filter_map(|name| {
            let (_, _, file, line, _) = at?;
            Some(Expansion {
                name: format!("{}!", &name[1]),
                file: (*file).to_owned(),
                line: *line,
            })
        })
        .collect()
}

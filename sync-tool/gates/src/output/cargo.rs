//! Cargo's messages, one JSON value a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::suite::{Target, TargetKind};

/// What the compiler says about a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// `error`, or as the compiler names it.
    pub level: String,
    /// The compiler's code for it, as `E0425`.
    pub code: Option<String>,
    /// The message in one line.
    pub message: String,
    /// The file, relative to the crate's root where it lies there.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
    /// The message as the compiler shows it, without colours.
    pub rendered: String,
    /// What it says at the places it points at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The notes and helps below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The macros that wrote the code at fault, the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macros: Vec<Expansion>,
}

/// A call of a macro that wrote the code at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expansion {
    /// The macro's name, with its `!`.
    pub name: String,
    /// The file that calls it.
    pub file: String,
    /// The line of the call, counted from 1.
    pub line: u32,
}

impl Diagnostic {
    /// Returns file, line and column as text.
    pub fn place(&self) -> Option<String> {
        let file = self.file.as_deref()?;
        Some(match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            _ => file.to_owned(),
        })
    }
}

/// A test program that cargo has built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestProgram {
    /// The target it was built from.
    pub target: Target,
    /// The program's file.
    pub path: PathBuf,
    /// The directory of its package.
    pub package_dir: PathBuf,
}

/// What a line of cargo's says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// The compiler says something.
    Diagnostic(Box<Diagnostic>),
    /// A part is built, or was there already (`fresh`); a test program, if it is one.
    Artifact {
        fresh: bool,
        test: Option<TestProgram>,
    },
    /// Compiling is over.
    BuildFinished,
    /// Nothing that matters here.
    Other,
}

/// A line of cargo's, with the fields of all its reasons.
#[derive(Deserialize)]
struct RawMessage {
    reason: String,
    message: Option<RawDiagnostic>,
    manifest_path: Option<PathBuf>,
    target: Option<RawTarget>,
    profile: Option<RawProfile>,
    executable: Option<PathBuf>,
    #[serde(default)]
    fresh: bool,
}

#[derive(Deserialize)]
struct RawDiagnostic {
    level: String,
    message: String,
    code: Option<RawCode>,
    #[serde(default)]
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<RawNote>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct RawNote {
    message: String,
}

#[derive(Deserialize)]
struct RawCode {
    code: String,
}

#[derive(Deserialize)]
struct RawTarget {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct RawProfile {
    test: bool,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    label: Option<String>,
    expansion: Option<Box<RawExpansion>>,
}

#[derive(Deserialize)]
struct RawExpansion {
    span: Span,
    macro_decl_name: String,
}

impl Span {
    /// Returns the calls of macros that lead to it, the innermost first.
    fn macros(&self) -> Vec<Expansion> {
        let mut macros = Vec::new();
        let mut next = self.expansion.as_deref();
        while let Some(expanded) = next {
            macros.push(Expansion {
                name: expanded.macro_decl_name.clone(),
                file: expanded.span.file_name.clone(),
                line: expanded.span.line_start,
            });
            next = expanded.span.expansion.as_deref();
        }
        macros
    }
}

/// Reads a line; `None` where it is not cargo's.
pub(crate) fn read(line: &str) -> Option<Message> {
    if !line.starts_with("{\"reason\":") {
        return None;
    }
    let mut raw: RawMessage = serde_json::from_str(line).ok()?;
    Some(match (raw.reason.as_str(), raw.message.take()) {
        ("compiler-message", Some(said)) => Message::Diagnostic(Box::new(said.into())),
        ("compiler-artifact", None) => Message::Artifact {
            fresh: raw.fresh,
            test: test_program(raw),
        },
        ("build-finished", _) => Message::BuildFinished,
        _ => Message::Other,
    })
}

/// Returns the program, where what was built is one that has tests.
fn test_program(raw: RawMessage) -> Option<TestProgram> {
    let path = raw
        .executable
        .filter(|_| raw.profile.is_some_and(|p| p.test))?;
    let RawTarget { kind, name } = raw.target?;
    let has = |kinds: &[&str]| kind.iter().any(|kind| kinds.contains(&kind.as_str()));
    let kind = if has(&["test"]) {
        TargetKind::Test
    } else if has(&["bin", "example", "bench", "custom-build"]) {
        TargetKind::Other
    } else {
        // lib, rlib, dylib, proc-macro and what may come.
        TargetKind::Lib
    };
    Some(TestProgram {
        target: Target { kind, name },
        path,
        package_dir: raw.manifest_path?.parent()?.to_owned(),
    })
}

impl From<RawDiagnostic> for Diagnostic {
    fn from(said: RawDiagnostic) -> Self {
        let span = said.spans.iter().find(|span| span.is_primary);
        Diagnostic {
            level: said.level,
            code: said.code.map(|code| code.code),
            file: span.map(|span| span.file_name.clone()),
            line: span.map(|span| span.line_start),
            column: span.map(|span| span.column_start),
            macros: span.map(Span::macros).unwrap_or_default(),
            labels: said
                .spans
                .iter()
                .filter_map(|span| span.label.clone())
                .collect(),
            notes: said.children.into_iter().map(|note| note.message).collect(),
            rendered: said.rendered.unwrap_or_else(|| said.message.clone()),
            message: said.message,
        }
    }
}

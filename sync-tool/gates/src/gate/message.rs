//! Cargo's messages, one JSON value a line.

use serde::{Deserialize, Serialize};

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

/// What a line of cargo's says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// The compiler says something.
    Compiler(Box<Diagnostic>),
    /// Compiling is over.
    Finished,
    /// Nothing that matters here.
    Other,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Said>,
}

#[derive(Deserialize)]
struct Said {
    level: String,
    message: String,
    code: Option<Code>,
    #[serde(default)]
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Note>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Note {
    message: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    label: Option<String>,
    expansion: Option<Box<Expanded>>,
}

#[derive(Deserialize)]
struct Expanded {
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
pub(super) fn read(line: &str) -> Option<Message> {
    if !line.starts_with("{\"reason\":") {
        return None;
    }
    let line: Line = serde_json::from_str(line).ok()?;
    Some(match (line.reason.as_str(), line.message) {
        ("compiler-message", Some(said)) => Message::Compiler(Box::new(said.into())),
        ("build-finished", _) => Message::Finished,
        _ => Message::Other,
    })
}

impl From<Said> for Diagnostic {
    fn from(said: Said) -> Self {
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

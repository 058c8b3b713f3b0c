//! Errors for people, with the place in the text, and for machines.

use std::error::Error as StdError;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
};

use super::style::Styles;
use crate::error::{Error, Fault, Place};

/// The width that messages are wrapped at.
const WIDTH: usize = 100;

/// Writes an error: message, findings with their places, next steps.
pub fn error_text(error: &Error, styles: Styles) -> String {
    let mut text = format!(
        "{} {}\n",
        styles.bold(styles.red("error:")),
        error.message()
    );
    for fault in error.all_faults() {
        text.push_str(&fault_text(fault, styles));
    }
    for hint in error.hints() {
        text.push_str(&format!("{} {hint}\n", styles.bold(styles.cyan("help:"))));
    }
    text
}

fn fault_text(fault: &Fault, styles: Styles) -> String {
    if let Some(shown) = &fault.shown {
        let lines = shown.0.trim_end().lines();
        return lines
            .map(|line| format!("{}\n", format!("  {line}").trim_end()))
            .collect();
    }
    let with_text = fault
        .place
        .as_ref()
        .filter(|p| p.span.is_some() && !p.text.is_empty());
    if let Some(place) = with_text {
        return graphical(fault, place, styles);
    }
    let place = fault
        .place
        .as_ref()
        .map(|place| format!("{}: ", styles.bold(place)));
    let mut text = format!("  {}{}\n", place.unwrap_or_default(), fault.message);
    if let Some(help) = &fault.help {
        let mut lines = help.lines();
        let first = lines.next().unwrap_or_default();
        text.push_str(&format!("    {} {first}\n", styles.cyan("help:")));
        lines.for_each(|line| text.push_str(&format!("          {line}\n")));
    }
    text
}

/// Shows the lines at fault, as compilers do.
fn graphical(fault: &Fault, place: &Place, styles: Styles) -> String {
    let theme = if styles.colored() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false);
    let shown = Shown {
        fault,
        source: NamedSource::new(&place.file, place.text.to_string()),
        place,
    };
    let mut text = String::new();
    match handler.render_report(&mut text, &shown) {
        Ok(()) => text,
        Err(fmt::Error) => format!("  {place}: {}\n", fault.message),
    }
}

/// A fault in miette's eyes.
struct Shown<'f> {
    fault: &'f Fault,
    source: NamedSource<String>,
    place: &'f Place,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.message)
    }
}

impl StdError for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.fault
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.place.span.clone()?;
        let span = LabeledSpan::new_with_span(None, (span.start, span.len()));
        Some(Box::new(std::iter::once(span)))
    }
}

/// Writes an error as one JSON document: `error` with kind, message, findings, next steps.
pub fn error_json(error: &Error) -> String {
    let faults: Vec<_> = error.all_faults().iter().map(fault_json).collect();
    let mut causes = Vec::new();
    let mut cause = StdError::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    let document = serde_json::json!({
        "error": {
            "kind": error.kind().name(),
            "exit-code": error.kind().exit_code(),
            "message": error.message(),
            "faults": faults,
            "help": error.hints(),
            "causes": causes,
        }
    });
    format!("{document:#}\n")
}

fn fault_json(fault: &Fault) -> serde_json::Value {
    let position = fault.place.as_ref().and_then(Place::position);
    serde_json::json!({
        "message": fault.message,
        "file": fault.place.as_ref().map(|place| &place.file),
        "line": position.map(|(line, _)| line),
        "column": position.map(|(_, column)| column),
        "help": fault.help,
    })
}

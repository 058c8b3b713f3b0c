//! Errors for people, with the place in the text, and for machines.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
};
use recipe::error::{Error, Fault, Location};
use recipe::listing::{MAX_LISTED, more};
use recipe::text::{line, visible};

use super::style::{Styles, styled};
use super::{bound, escaped};

/// The most bytes of a file that are shown with a fault.
const MAX_SHOWN: usize = 4_000;
/// The width that messages are wrapped at.
const WIDTH: usize = 100;

/// Writes an error: message, findings with their places, next steps.
pub fn error_text(error: &Error, styles: Styles) -> String {
    let mut text = format!(
        "{} {}\n",
        styles.bold(styles.red("error:")),
        error.message().replace('\n', "\n  ")
    );
    let faults = error.all_faults();
    for fault in faults.iter().take(MAX_LISTED) {
        text.push_str(&fault_text(fault, styles));
    }
    if let Some(more) = more(faults.len()) {
        text.push_str(&format!("  {}\n", styles.dim(more)));
    }
    for hint in error.hints() {
        let hint = hint.trim_end().replace('\n', "\n  ");
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
        .filter(|p| p.bytes().is_some_and(|bytes| is_showable(&p.text, &bytes)));
    if let Some(place) = with_text {
        return graphical(fault, place, styles);
    }
    let place = fault
        .place
        .as_ref()
        .map(|place| format!("{}: ", styles.bold(line(&place.to_string()))));
    let message = line(&fault.message);
    let mut text = format!("  {}{message}\n", place.unwrap_or_default());
    if let Some(help) = &fault.help {
        let mut lines = help.lines();
        let first = lines.next().unwrap_or_default();
        text.push_str(&format!("    {} {first}\n", styles.cyan("help:")));
        lines.for_each(|line| text.push_str(&format!("          {line}\n")));
    }
    text
}

/// Tells whether a place is shown with its lines: those at fault and those beside them.
fn is_showable(text: &str, bytes: &Range<usize>) -> bool {
    let (Some(before), Some(after)) = (text.get(..bytes.start), text.get(bytes.end..)) else {
        return false;
    };
    let beside = before.rsplit('\n').take(2).chain(after.split('\n').take(2));
    !text.is_empty() && bytes.len() + beside.map(str::len).sum::<usize>() <= MAX_SHOWN
}

/// Shows the lines at fault, as compilers do.
fn graphical(fault: &Fault, place: &Location, styles: Styles) -> String {
    let theme = if styles.colored() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false);
    // What is written out is longer, and the span lies further on.
    let length = |end: usize| {
        place
            .text
            .get(..end)
            .map_or(end, |text| visible(text).len())
    };
    let shown = Shown {
        message: line(&fault.message).into_owned(),
        help: fault.help.as_deref().map(|help| visible(help).into_owned()),
        source: NamedSource::new(line(&place.file), visible(&place.text).into_owned()),
        span: place
            .bytes()
            .map(|span| length(span.start)..length(span.end)),
    };
    let mut text = String::new();
    match handler.render_report(&mut text, &shown) {
        Ok(()) => styled(&text),
        Err(fmt::Error) => format!("  {place}: {}\n", shown.message),
    }
}

/// A fault in miette's eyes.
struct Shown {
    message: String,
    help: Option<String>,
    source: NamedSource<String>,
    span: Option<Range<usize>>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Shown {}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span.clone()?;
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
    let mut document = serde_json::json!({
        "error": {
            "kind": error.kind().name(),
            "exit-code": error.kind().exit_code(),
            "message": error.message(),
            "faults": faults,
            "help": error.hints(),
            "causes": causes,
        }
    });
    bound(&mut document);
    escaped(&format!("{document:#}\n"))
}

fn fault_json(fault: &Fault) -> serde_json::Value {
    let position = fault.place.as_ref().and_then(Location::position);
    serde_json::json!({
        "message": fault.message,
        "file": fault.place.as_ref().map(|place| &place.file),
        "line": position.map(|(line, _)| line),
        "column": position.map(|(_, column)| column),
        "help": fault.help,
    })
}

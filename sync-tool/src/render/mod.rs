//! Reports for people and machines. Takes reports and errors, nothing else.

mod error;
mod findings;
mod github;
mod human;
mod junit;
mod progress;
mod sarif;
mod style;
#[cfg(test)]
mod tests;

pub use error::{error_json, error_text};
pub use findings::Findings;
pub use github::annotations;
pub use human::Human;
pub use junit::junit;
pub use progress::{Level, Terminal};
pub use sarif::sarif;
pub use style::{Styles, exact, printable};

use crate::core::text::is_control;

/// Writes a value as one JSON document.
///
/// # Errors
///
/// Never for reports: all their keys are texts.
pub fn json(report: &impl serde::Serialize) -> crate::Result<String> {
    let text = serde_json::to_string_pretty(report);
    let text =
        text.map_err(|e| crate::Error::general(format!("no JSON can be made: {e}")).caused_by(e))?;
    Ok(escaped(&text) + "\n")
}

/// Escapes what JSON may hold as it is, and a terminal should not get.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_control(c) && c != '\n' {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}

//! Reports for people and machines. Takes reports and errors, nothing else.

mod error;
mod github;
mod human;
mod junit;
mod progress;
mod sarif;
mod style;
#[cfg(test)]
mod tests;

pub use error::{error_json, error_text};
pub use github::check_annotations;
pub use human::Human;
pub use junit::junit;
pub use progress::{Level, Terminal};
pub use sarif::check_sarif;
pub use style::Styles;

/// Writes a value as one JSON document.
///
/// # Errors
///
/// Never for reports: all their keys are texts.
pub fn json(report: &impl serde::Serialize) -> crate::Result<String> {
    let text = serde_json::to_string_pretty(report);
    let text =
        text.map_err(|e| crate::Error::general(format!("no JSON can be made: {e}")).caused_by(e))?;
    Ok(text + "\n")
}

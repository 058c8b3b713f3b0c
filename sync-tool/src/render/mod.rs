//! Reports for people and machines. Takes reports and errors, nothing else.

mod chapters;
mod error;
mod findings;
mod github;
mod human;
mod junit;
mod progress;
mod radar;
mod sarif;
mod style;
#[cfg(test)]
mod tests;

pub use chapters::chapters;
pub use error::{error_json, error_text};
pub use findings::Findings;
pub use github::annotations;
pub use human::Human;
pub use junit::junit;
pub use progress::{Level, Terminal};
use recipe::listing::MAX_RECORDED;
use recipe::text::is_control;
pub use sarif::sarif;
use serde_json::Value;
pub use style::{Styles, exact, printable};

/// Writes a value as one JSON document. Of a list without end it has the first part, and
/// beside it, as `<list>-total`, how long the list is.
///
/// # Errors
///
/// Never for reports: all their keys are texts.
pub fn json(report: &impl serde::Serialize) -> recipe::Result<String> {
    let value = serde_json::to_value(report);
    let mut value = value
        .map_err(|e| recipe::Error::general(format!("no JSON can be made: {e}")).caused_by(e))?;
    bound(&mut value);
    let text = format!("{value:#}");
    Ok(escaped(&text) + "\n")
}

/// Cuts each list of a document to what programs are given at most.
fn bound(value: &mut Value) {
    let Value::Object(fields) = value else {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(bound);
        }
        return;
    };
    let mut totals = Vec::new();
    for (name, field) in fields.iter_mut() {
        let total = match field {
            Value::Array(items) => {
                let total = items.len();
                items.truncate(MAX_RECORDED);
                total
            }
            Value::Object(items) => {
                let total = items.len();
                if total > MAX_RECORDED {
                    *items = std::mem::take(items)
                        .into_iter()
                        .take(MAX_RECORDED)
                        .collect();
                }
                total
            }
            _ => continue,
        };
        if total > MAX_RECORDED {
            totals.push((format!("{name}-total"), total.into()));
        }
        bound(field);
    }
    fields.extend(totals);
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

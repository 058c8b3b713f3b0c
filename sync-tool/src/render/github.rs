//! Workflow annotations of GitHub Actions ("Workflow commands" of its manual).

use recipe::listing::{MAX_LISTED, more};
use recipe::text::visible;

use super::findings::Findings;

/// Writes one annotation for each finding, and a notice where there is none.
pub fn annotations(findings: &Findings) -> String {
    let mut text = String::new();
    let title = findings.title;
    for finding in findings.found.iter().take(MAX_LISTED) {
        let file = finding.file.as_deref();
        let file = file.map(|file| format!("file={},", property(file)));
        let position = finding.position;
        let position = position.map(|(line, column)| format!("line={line},col={column},"));
        text.push_str(&format!(
            "::error {}{}title={title}::{}\n",
            file.unwrap_or_default(),
            position.unwrap_or_default(),
            data(&finding.message)
        ));
    }
    if let Some(more) = more(findings.found.len()) {
        text.push_str(&format!("::error title={title}::{more}\n"));
    }
    for note in &findings.notes {
        text.push_str(&format!("::warning title=wash-wasi::{}\n", data(note)));
    }
    if let Some(line) = &findings.correct {
        text.push_str(&format!("::notice title=wash-wasi::{}\n", data(line)));
    }
    text
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D");
    visible(&text.replace('\n', "%0A")).into_owned()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

//! Workflow annotations of GitHub Actions ("Workflow commands" of its manual).

use crate::core::report::CheckReport;

/// Writes one annotation for each finding, and a notice where there is none.
pub fn check_annotations(report: &CheckReport) -> String {
    let mut text = String::new();
    for drift in &report.drift {
        let file = super::human::drift_path(&report.path, drift);
        let message = format!("{file} {}", drift.what.told());
        let (file, message) = (property(&file), data(&message));
        text.push_str(&format!(
            "::error file={file},title=wash-wasi drift::{message}\n"
        ));
    }
    for note in &report.notes {
        text.push_str(&format!("::warning title=wash-wasi::{}\n", data(note)));
    }
    if report.drift.is_empty() {
        let line = format!(
            "the sync with upstream {} is correct",
            report.pinned.upstream
        );
        text.push_str(&format!("::notice title=wash-wasi::{}\n", data(&line)));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

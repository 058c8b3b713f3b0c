//! What `report` tells, for people.

use std::fmt::Write as _;

use page::Entry;

use super::Human;
use crate::render::chapters;
use crate::report::UpgradeReport;

impl Human {
    /// Writes what upstream changed, a chapter each.
    pub fn report(self, report: &UpgradeReport) -> String {
        let mut text = format!(
            "{} upstream {} → {}\n",
            self.styles.bold("Report:"),
            report.from,
            report.to
        );
        for chapter in chapters(report) {
            let _ = writeln!(text, "\n{}", self.styles.bold(&chapter.title));
            if !chapter.lead.is_empty() {
                let _ = writeln!(text, "  {}", chapter.lead);
            }
            self.list(&chapter.entries, &mut text, |entry, text| {
                self.entry(entry, text)
            });
        }
        text
    }

    /// Writes an entry, without its difference: that has a page, or JSON.
    pub(super) fn entry(self, entry: &Entry, text: &mut String) {
        let tag = entry.tag.as_ref().map(|tag| match entry.is_urgent {
            true => format!("{} ", self.styles.red(tag)),
            false => format!("{} ", self.styles.yellow(tag)),
        });
        let numbers = entry
            .pull_requests
            .iter()
            .map(|number| format!(" #{number}"));
        let numbers: String = numbers.collect();
        let tag = tag.unwrap_or_default();
        let _ = writeln!(text, "  {tag}{}{numbers}", entry.text);
        for (name, code) in &entry.code {
            let _ = writeln!(text, "    {name}: {code}");
        }
        for detail in &entry.details {
            let _ = writeln!(text, "    {detail}");
        }
    }
}

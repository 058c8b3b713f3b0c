//! What `check --radar` found, for people.

use std::fmt::Write as _;

use super::{Human, count};
use crate::render::radar::{entry, lead};
use crate::report::RadarReport;

impl Human {
    /// Writes the items that nobody has decided about, and what was decided for nothing.
    pub fn radar(self, report: &RadarReport) -> String {
        let items: Vec<_> = report.open().collect();
        let open = items.len();
        let all: usize = report.steps.iter().map(|step| step.items.len()).sum();
        let verdict = match (report.open_security(), open) {
            (0, 0) => self.styles.green("Nothing is open:"),
            (0, _) => self.styles.yellow("No security fix is open:"),
            _ => self.styles.red("Security fixes are open:"),
        };
        let items_of = match open {
            0 => String::new(),
            _ => format!("{} of ", count(open, "open item")),
        };
        let mut text = format!(
            "{verdict} {items_of}{} from upstream {} to {}\n",
            count(all, "change"),
            report.from,
            report.to
        );
        self.list(items, &mut text, |(version, one), text| {
            self.entry(&entry(&version.to_string(), one), text);
        });
        if open > 0 {
            let help = self.styles.cyan("help:");
            let _ = writeln!(
                text,
                "{help} compare each with the fork's code, `wash-wasi-sync report --from {} --to {}`, and \
                 add a `[[radar]]` row to manifest.toml that says what was decided",
                report.from, report.to
            );
        }
        self.list(&report.stale, &mut text, |stale, text| {
            let line = stale.line.map(|line| format!(" (line {line})"));
            let _ = writeln!(
                text,
                "{} the decision about `{}` at {}{} matches no change: remove it",
                self.styles.yellow("warning:"),
                stale.item,
                stale.release,
                line.unwrap_or_default()
            );
        });
        let _ = writeln!(
            text,
            "{} {}",
            self.styles.yellow("note:"),
            lead(&report.steps, &report.notes)
        );
        text
    }
}

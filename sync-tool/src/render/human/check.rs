//! What `check` found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use recipe::drift::{Drift, DriftKind};
use recipe::patch::Difference;
use recipe::text::line;
use recipe::tree::TreePath;

use super::{Human, count, drift_path};
use crate::report::CheckReport;

impl Human {
    /// Writes what `check` found.
    pub fn check(self, report: &CheckReport) -> String {
        let mut text = String::new();
        if report.drift.is_empty() {
            self.clean(report, &mut text);
        } else {
            self.drifted(report, &mut text);
        }
        for note in &report.notes {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {note}", self.styles.yellow("note:"));
        }
        text
    }

    fn clean(self, report: &CheckReport, text: &mut String) {
        let compared = if report.deep {
            "made again from upstream"
        } else {
            "as locked"
        };
        let _ = writeln!(
            text,
            "{} {} at {} is upstream {} with the fork's changes, {compared}: {}, digest {:.12}",
            self.styles.green("The sync is correct."),
            report.path,
            report.pinned.fork,
            report.pinned.upstream,
            count(report.files, "file"),
            report.digest.to_string(),
        );
        if report.differences.is_empty() {
            text.push_str("No intentional differences from upstream.\n");
        } else {
            text.push_str("Intentional differences from upstream:\n");
            text.push_str(&self.differences(&report.differences));
        }
    }

    fn drifted(self, report: &CheckReport, text: &mut String) {
        let found = count(report.drift.len(), "difference");
        let _ = writeln!(text, "{} {found}", self.styles.red("Drift:"));
        let patched: Vec<&TreePath> = report.differences.keys().collect();
        text.push_str(&self.drift(&report.path, &report.drift, &patched));
        text.push_str(&match report.exported {
            true => self.ways_on_of_export(report),
            false => self.ways_on(&report.drift),
        });
    }

    /// Tells how to go on where an exported tree drifted.
    fn ways_on_of_export(self, report: &CheckReport) -> String {
        let help = self.styles.cyan("help:");
        let again = format!("wash-wasi-sync export --as-upstream {}", line(&report.path));
        let is = |what: DriftKind| report.drift.iter().any(|drift| drift.what == what);
        let has_edits = report.drift.iter().any(|drift| !drift.what.is_of_project());
        let mut text = String::new();
        if is(DriftKind::Input) {
            let _ = writeln!(
                text,
                "{help} to export the inputs as they are now: `wash-wasi-sync vendor`, then `{again}`"
            );
        }
        if is(DriftKind::Earlier) {
            let _ = writeln!(text, "{help} to make it anew: `{again}`");
        }
        if has_edits || is(DriftKind::LineEnds) {
            let _ = writeln!(
                text,
                "{help} to keep edits: make them in the vendored tree, `wash-wasi-sync refresh`, then export again"
            );
            let _ = writeln!(text, "{help} to drop them: `{again} --discard-edits`");
        }
        text
    }

    /// Lists what drifted. `patched` are the files with a patch.
    pub(super) fn drift(self, tree: &str, all: &[Drift], patched: &[&TreePath]) -> String {
        let mut text = String::new();
        self.list(all, &mut text, |drift, text| {
            let path = drift_path(tree, drift);
            let kind = drift
                .kind
                .map(|kind| {
                    let has_patch = patched.iter().any(|path| path.as_str() == drift.path);
                    format!(" ({})", kind.shown(has_patch))
                })
                .unwrap_or_default();
            let _ = writeln!(
                text,
                "  {} {}{kind}",
                self.styles.bold(line(&path)),
                drift.what.description()
            );
        });
        text
    }

    /// Tells how to go on where the vendored tree drifted.
    pub(super) fn ways_on(self, all: &[Drift]) -> String {
        let mut text = String::new();
        let inputs = all.iter().any(|drift| drift.what == DriftKind::Input);
        let edits = all.iter().any(|drift| !drift.what.is_of_project());
        let generated = all.iter().any(|drift| drift.what == DriftKind::Generated);
        let help = self.styles.cyan("help:");
        if edits {
            let _ = writeln!(text, "{help} to keep edits: `wash-wasi-sync refresh`");
            let _ = writeln!(
                text,
                "{help} to drop them: `wash-wasi-sync vendor --discard-edits`"
            );
        }
        if inputs {
            let _ = writeln!(
                text,
                "{help} to make the tree of the inputs as they are now: `wash-wasi-sync vendor`"
            );
        } else if generated {
            let _ = writeln!(text, "{help} to write them again: `wash-wasi-sync vendor`");
        } else if all.iter().any(|drift| drift.what == DriftKind::Earlier) {
            let _ = writeln!(text, "{help} to make it anew: `wash-wasi-sync vendor`");
        }
        text
    }

    /// Lists intentional differences.
    pub(super) fn differences(self, all: &BTreeMap<TreePath, Vec<Difference>>) -> String {
        let mut text = String::new();
        self.list(all, &mut text, |(path, differences), text| {
            for difference in differences {
                let one = |text: &str| line(&text.replace('\n', " ")).into_owned();
                let _ = writeln!(
                    text,
                    "  {}: {}",
                    self.styles.bold(path),
                    one(&difference.change)
                );
                let _ = writeln!(text, "    {}", self.styles.dim(one(&difference.reason)));
            }
        });
        text
    }
}

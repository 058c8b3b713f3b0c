//! Conflicts, with all their sides.

use std::fmt::Write as _;

use recipe::merge::Side;
use recipe::series::{ConflictKind, FileConflict};

use super::{Human, count};
use crate::report::MadeReport;

impl Human {
    /// Writes the conflicts that a run ended with.
    pub(super) fn conflicts(self, report: &MadeReport) -> String {
        let mut text = format!(
            "{} upstream {} and the fork's patches contradict each other in {}; the pinned tree is untouched\n",
            self.styles.red("Conflicts:"),
            report.to.upstream,
            count(report.conflicts.len(), "file"),
        );
        self.list(&report.conflicts, &mut text, |conflict, text| {
            self.conflict(conflict, text);
        });
        let help = self.styles.cyan("help:");
        if let Some(dir) = &report.conflicts_dir {
            let _ = writeln!(
                text,
                "\nWritten for review, with diff3 markers and as conflicts.json: {dir}"
            );
        }
        let to = &report.to.upstream;
        let from = report.conflicts.first().map(|conflict| &conflict.from);
        let file = match &report.conflicts[..] {
            [only] => only.path.as_str(),
            _ => "<file>",
        };
        if let Some(from) = from {
            let _ = writeln!(
                text,
                "{help} see what upstream changed: `wash-wasi-sync diff --from {from} --to {to} {file}`"
            );
        }
        let _ = writeln!(
            text,
            "{help} then write the patches for {to} into a series of their own (docs/upgrade-guide.md)"
        );
        text
    }

    fn conflict(self, conflict: &FileConflict, text: &mut String) {
        let _ = writeln!(
            text,
            "\n{} ({})",
            self.styles.bold(&conflict.path),
            conflict.patch
        );
        match &conflict.kind {
            ConflictKind::Lines { merge } => {
                let conflicts: Vec<_> = merge.conflicts().collect();
                self.list(conflicts, text, |lines, text| {
                    self.side(
                        text,
                        &format!("base, upstream {}", conflict.from),
                        &lines.base,
                    );
                    self.side(text, "ours", &lines.ours);
                    self.side(
                        text,
                        &format!("theirs, upstream {}", conflict.to),
                        &lines.theirs,
                    );
                });
            }
            ConflictKind::Deleted { now_in, .. } => {
                let went = now_in
                    .as_ref()
                    .map(|now_in| format!("; its content is {now_in}"));
                let _ = writeln!(
                    text,
                    "  upstream {} has no such file any more{}",
                    conflict.to,
                    went.unwrap_or_default()
                );
            }
            ConflictKind::Unparsable { error, .. } => {
                let _ = writeln!(
                    text,
                    "  the lines merge, but the result does not parse as Rust: {error}"
                );
            }
        }
    }

    fn side(self, text: &mut String, name: &str, side: &Side) {
        let last = side.lines.end.saturating_sub(1);
        let lines = if side.lines.is_empty() {
            format!("nothing before line {}", side.lines.start)
        } else if last == side.lines.start {
            format!("line {last}")
        } else {
            format!("lines {}–{last}", side.lines.start)
        };
        let _ = writeln!(text, "  {} ({lines})", self.styles.cyan(name));
        let lines: Vec<&str> = side.text.lines().collect();
        self.list(lines, text, |line, text| {
            let _ = writeln!(text, "    {line}");
        });
    }
}

//! The smaller reports.

use std::fmt::Write as _;

use recipe::compare::{Changed, FileDiff};
use recipe::listing::joined;
use recipe::refresh::{Edit, PatchEdit};
use recipe::text::line;

use super::{Human, count};
use crate::report::{DiffReport, RefreshReport, ShowReport, VersionsReport};

impl Human {
    /// Writes what `refresh` did.
    pub fn refresh(self, report: &RefreshReport) -> String {
        if report.edits.is_empty() {
            return "Nothing to keep: the vendored tree has no edits.\n".to_owned();
        }
        let verb = if report.dry_run { "Would keep" } else { "Kept" };
        let mut text = format!("{verb} {}:\n", count(report.edits.len(), "edit"));
        self.list(&report.edits, &mut text, |edit, text| {
            let what = match edit.what {
                Changed::New => "new",
                Changed::Gone => "gone",
                Changed::Changed => "changed",
            };
            let place = match edit.what {
                Changed::Gone => "no longer in",
                Changed::New | Changed::Changed => "in",
            };
            let _ = writeln!(
                text,
                "  {} ({what}) {place} {}",
                self.styles.bold(&edit.path),
                edit.stored
            );
            if edit.shared_by.len() > 1 {
                let bases = joined(&edit.shared_by, edit.shared_by.len());
                let _ = writeln!(text, "    shared by the series {bases}");
            }
            if let Some(patch) = &edit.patch {
                text.push_str(&self.patch_edit(edit, patch));
            }
        });
        let written = joined(&report.written, report.written.len());
        let verb = if report.dry_run {
            "Would write"
        } else {
            "Wrote"
        };
        let _ = writeln!(text, "{verb}: {written}");
        text
    }

    /// Tells how a patch grew and what its head says of it.
    fn patch_edit(self, edit: &Edit, patch: &PatchEdit) -> String {
        let PatchEdit { before, after, .. } = patch;
        let was = match before.total() {
            0 => String::new(),
            _ if before == after => " as before".to_owned(),
            _ => format!(", before {}", self.delta(*before)),
        };
        let changes: Vec<String> = patch
            .differences
            .iter()
            .map(|difference| format!("\"{}\"", difference.change.replace('\n', " ")))
            .collect();
        let mut text = format!(
            "    the patch changes {} lines{was}; it says: {}\n",
            self.delta(*after),
            changes.join(", ")
        );
        if after.total() > before.total() && !patch.explained {
            let _ = writeln!(
                text,
                "    if that does not say why it grew: `wash-wasi-sync refresh --difference {} CHANGE REASON`",
                edit.path
            );
        }
        text
    }

    /// Writes a difference of two trees.
    pub fn diff(self, report: &DiffReport) -> String {
        let mut text = String::new();
        if report.stat {
            let _ = writeln!(text, "{} against {}", report.new, report.old);
            report.files.iter().for_each(|file| {
                let _ = writeln!(
                    text,
                    "  {} {}{}",
                    file.path,
                    self.delta(file.lines),
                    describe(file)
                );
            });
            let total = report.files.iter().map(|file| file.lines).sum();
            let _ = writeln!(
                text,
                "{}, {}",
                count(report.files.len(), "file"),
                self.delta(total)
            );
            return text;
        }
        for file in &report.files {
            if file.text.is_empty() {
                let _ = writeln!(text, "{}: binary files differ", file.path);
            }
            let mut in_head = true;
            for line in file.text.lines() {
                // Below the first hunk a line may begin as the head does.
                in_head &= !line.starts_with("@@");
                let line = if in_head {
                    self.styles.bold(line)
                } else {
                    self.diff_line(line)
                };
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }

    fn diff_line(self, line: &str) -> String {
        match line.as_bytes().first() {
            Some(b'+') => self.styles.green(line),
            Some(b'-') => self.styles.red(line),
            Some(b'@') => self.styles.cyan(line),
            _ => line.to_owned(),
        }
    }

    /// Writes the table of versions.
    pub fn versions(self, report: &VersionsReport) -> String {
        let width = report
            .rows
            .iter()
            .map(|row| row.fork.to_string().len())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for row in report.rows.iter().rev() {
            let pinned = row.fork == report.pinned.fork && row.upstream == report.pinned.upstream;
            let mark = if pinned { "*" } else { " " };
            let fork = format!("{:width$}", row.fork.to_string());
            let _ = writeln!(
                text,
                "{mark} {}  v{:<9} {}",
                self.styles.bold(fork),
                row.upstream.to_string(),
                line(&row.notes.replace('\n', " "))
            );
        }
        for path in &report.written {
            let _ = writeln!(text, "Wrote: {path}");
        }
        text
    }

    /// Writes a pristine file, and nothing else.
    pub fn show(self, report: &ShowReport) -> String {
        match &report.text {
            Some(text) => text.clone(),
            None => format!(
                "{} is binary: mode {}, digest {}\n",
                report.path, report.mode, report.digest
            ),
        }
    }
}

fn describe(file: &FileDiff) -> String {
    match (file.what, &file.now_in) {
        (Changed::New, _) => " (new)".to_owned(),
        (Changed::Gone, None) => " (gone)".to_owned(),
        (Changed::Gone, Some(now_in)) => format!(" (gone; {now_in})"),
        (Changed::Changed, _) => String::new(),
    }
}

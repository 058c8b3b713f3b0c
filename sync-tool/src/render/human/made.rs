//! What `upgrade` and `vendor` did.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use recipe::compare::{Changed, FileChange};
use recipe::listing::{joined, joined_by};
use recipe::manifest::FileKind;
use recipe::merge::Layer;
use recipe::tree::TreePath;

use super::{Human, count, not_run, not_verified, time};
use crate::report::{Ended, MadeReport, MergeReport, SeriesReport};

impl Human {
    /// Writes what `upgrade` or `vendor` did.
    pub fn made(self, report: &MadeReport) -> String {
        if report.ended == Ended::Conflicts {
            return self.conflicting(report);
        }
        let mut text = self.heading(report);
        if report.ended != Ended::Unchanged {
            self.changes(report, &mut text);
            if let Some(series) = &report.series {
                self.series(series, &mut text);
            }
            self.rules(report, &mut text);
            self.left_out(report, &mut text);
        }
        self.gates(report, &mut text);
        if !report.written.is_empty() {
            let written = joined(&report.written, report.written.len());
            let verb = if report.ended == Ended::DryRun {
                "Would write"
            } else {
                "Wrote"
            };
            let _ = writeln!(text, "{verb}: {written}");
        }
        for note in &report.notes {
            let _ = writeln!(text, "{} {note}", self.styles.yellow("note:"));
        }
        if let Some(patch) = &report.patch {
            let title = self.styles.bold("For the host's Cargo.toml");
            let _ = writeln!(text, "{title}\n{patch}");
        }
        let steps: Vec<String> = report
            .steps
            .iter()
            .map(|s| format!("{} {}", s.step, time(s.milliseconds)))
            .collect();
        let _ = writeln!(
            text,
            "{}",
            self.styles.dim(format!("Time: {}", steps.join(", ")))
        );
        text
    }

    fn heading(self, report: &MadeReport) -> String {
        let to = format!("{} (upstream {})", report.to.fork, report.to.upstream);
        let what = match report.ended {
            Ended::Unchanged => format!("{} is {to} already", report.path),
            Ended::DryRun => format!("{} would become {to}; nothing was written", report.path),
            _ => match report.from.as_ref().filter(|from| **from != report.to) {
                Some(from) => format!(
                    "{} went from {} (upstream {}) to {to}",
                    report.path, from.fork, from.upstream
                ),
                None => format!("{} is {to}", report.path),
            },
        };
        let commit = report
            .commit
            .as_deref()
            .map(|c| format!(", commit {c:.12}"))
            .unwrap_or_default();
        let digest = report
            .digest
            .map(|d| format!(", digest {:.12}", d.to_string()))
            .unwrap_or_default();
        format!(
            "{}\n  {} from {}{commit}{digest}\n",
            self.styles.bold(self.styles.green(what)),
            count(report.files, "file"),
            report.source,
        )
    }

    fn rules(self, report: &MadeReport, text: &mut String) {
        if report.rules.is_empty() && report.binary.is_empty() {
            return;
        }
        let _ = writeln!(text, "{}", self.styles.bold("Rules"));
        self.list(&report.rules, text, |rule, text| {
            let files = count(rule.files, "file");
            let times = count(rule.matches, "time");
            let _ = writeln!(text, "  {}: {times} in {files}", rule.rule);
        });
        if !report.binary.is_empty() {
            let files = count(report.binary.len(), "file");
            let _ = writeln!(text, "  copied as it is, for it is not UTF-8: {files}");
        }
    }

    fn left_out(self, report: &MadeReport, text: &mut String) {
        if report.left_out.is_empty() {
            return;
        }
        let _ = writeln!(text, "{}", self.styles.bold("Left out of Cargo.toml"));
        self.list(&report.left_out, text, |one, text| {
            let _ = writeln!(text, "  {one}");
        });
    }

    fn changes(self, report: &MadeReport, text: &mut String) {
        let is_new = |change: &FileChange| change.what == Changed::New;
        // Where nothing stood before, a list of all files tells nobody anything.
        if report.changes.len() == report.files && report.changes.iter().all(is_new) {
            return;
        }
        let (protected, others): (Vec<&FileChange>, Vec<&FileChange>) = report
            .changes
            .iter()
            .partition(|change| change.kind == FileKind::Patched);
        let has_patch = |path: &TreePath| {
            let series = report.series.as_ref();
            series.is_some_and(|series| series.patches.iter().any(|patch| patch.path == *path))
        };
        self.listed("Protected files that changed", &protected, has_patch, text);
        for (what, title) in [
            (Changed::New, "New files"),
            (Changed::Gone, "Files that are gone"),
            (Changed::Changed, "Changed files"),
        ] {
            let these: Vec<&FileChange> =
                others.iter().copied().filter(|c| c.what == what).collect();
            self.listed(title, &these, has_patch, text);
        }
    }

    fn listed(
        self,
        title: &str,
        changes: &[&FileChange],
        has_patch: impl Fn(&TreePath) -> bool,
        text: &mut String,
    ) {
        if changes.is_empty() {
            return;
        }
        let _ = writeln!(text, "{} ({})", self.styles.bold(title), changes.len());
        self.list(changes, text, |change, text| {
            let kind = self.styles.dim(change.kind.shown(has_patch(&change.path)));
            let went = change.now_in.as_ref().map(|now_in| format!("; {now_in}"));
            let _ = writeln!(
                text,
                "  {} {kind} {}{}",
                change.path,
                self.delta(change.lines),
                went.unwrap_or_default()
            );
        });
    }

    fn series(self, series: &SeriesReport, text: &mut String) {
        let merged = series.patches.iter().filter(|patch| patch.merged).count();
        let how = match merged {
            0 => "all exact".to_owned(),
            _ => format!("{merged} merged"),
        };
        let budget = self.budget(series.delta, series.budget);
        let _ = writeln!(
            text,
            "{} of {}: {}, {how}; {budget}",
            self.styles.bold("Patches"),
            series.dir,
            count(series.patches.len(), "file"),
        );
        self.list(&series.patches, text, |patch, text| {
            let how = if patch.merged {
                self.styles.yellow(merged_by(series, &patch.path))
            } else {
                self.styles.dim("exact")
            };
            let moved = if patch.moved.is_empty() {
                String::new()
            } else {
                format!(" ({})", joined_by("; ", &patch.moved, patch.moved.len()))
            };
            let _ = writeln!(
                text,
                "  {} {how} {}{moved}",
                patch.path,
                self.delta(patch.delta)
            );
        });
        self.list(&series.taken, text, |taken, text| {
            let how = self.styles.yellow("taken by upstream");
            let rest = match &taken.left {
                None => format!("{} is not carried over", taken.patch),
                Some(left) => format!("see whether each `Change:` of {left} still holds"),
            };
            let lines = self.delta(taken.lines);
            let _ = writeln!(text, "  {} {how} {lines}: {rest}", taken.path);
        });
        if let Some(base) = &series.merge_base {
            let _ = writeln!(text, "  merged from upstream {base} with these patches");
        }
        for merge in &series.merges {
            self.merge(merge, series.merges.len() > 1, text);
        }
        if let Some(dir) = &series.stored_as {
            let _ = writeln!(text, "  stored as the series {}", self.styles.bold(dir));
        }
    }

    /// Writes what was merged on the way to a release, and what was decided for it.
    fn merge(self, merge: &MergeReport, is_step: bool, text: &mut String) {
        if is_step {
            let layers = match layers(merge.layers()) {
                layers if layers.is_empty() => "all exact".to_owned(),
                layers => layers,
            };
            let _ = writeln!(text, "  {} to {}: {layers}", merge.from, merge.to);
        }
        self.list(&merge.resolutions, text, |one, text| {
            let by = one.by.as_ref().map(|by| format!(" by {by}"));
            let _ = writeln!(
                text,
                "  {} {}: {}{}, at the upgrade from {} to {}",
                one.path,
                self.styles.yellow("decided"),
                one.decision,
                by.unwrap_or_default(),
                one.from,
                one.to
            );
        });
        let notes = merge.files.iter().flat_map(|file| {
            let notes = file.notes.iter();
            notes.map(|note| format!("{}: {note}", file.path))
        });
        self.list(notes.collect::<Vec<_>>(), text, |note, text| {
            let _ = writeln!(text, "  {note}");
        });
    }

    fn gates(self, report: &MadeReport, text: &mut String) {
        if report.gates.is_empty() {
            return;
        }
        if let Some(why) = not_run(report.gates.iter().map(|gate| gate.said.as_str())) {
            let _ = writeln!(text, "{}", self.styles.yellow(not_verified(why)));
            return;
        }
        let _ = writeln!(text, "{}", self.styles.bold("Verified"));
        for gate in &report.gates {
            let said = if gate.said.starts_with("passed") {
                self.styles.green(&gate.said)
            } else {
                self.styles.yellow(&gate.said)
            };
            let took = if gate.milliseconds > 0 {
                format!(" ({})", time(gate.milliseconds))
            } else {
                String::new()
            };
            let _ = writeln!(text, "  {}: {said}{took}", gate.title);
        }
    }
}

/// Says by which layers a file was merged.
fn merged_by(series: &SeriesReport, path: &TreePath) -> String {
    let files = series.merges.iter().flat_map(|merge| &merge.files);
    let hunks = files
        .filter(|file| file.path == *path)
        .flat_map(|file| &file.hunks);
    let mut counts = BTreeMap::new();
    for hunk in hunks {
        *counts.entry(hunk.layer).or_default() += 1;
    }
    match layers(counts) {
        layers if layers.is_empty() => "merged".to_owned(),
        layers => format!("merged ({layers})"),
    }
}

fn layers(counts: BTreeMap<Layer, usize>) -> String {
    let counts = counts
        .into_iter()
        .map(|(layer, count)| format!("{} {count}", layer.name()));
    counts.collect::<Vec<_>>().join(", ")
}

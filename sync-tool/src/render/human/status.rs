//! What `status` reports, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use recipe::listing::joined;
use recipe::tree::TreePath;
use semver::Version;

use super::{Human, count, not_run, not_verified};
use crate::report::{
    ReleaseStatus, ReleasesStatus, SeriesFit, SeriesStatus, StatusReport, SupportStatus, TreeState,
};

impl Human {
    /// Writes where the fork stands.
    pub fn status(self, report: &StatusReport) -> String {
        let mut text = report
            .open
            .as_ref()
            .map(|open| self.open(open))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "{} {} follows upstream {}{}",
            self.styles.bold("Pin:"),
            report.pinned.fork,
            report.pinned.upstream,
            report
                .commit
                .as_deref()
                .map(|c| format!(", commit {c:.12}"))
                .unwrap_or_default(),
        );
        let _ = writeln!(
            text,
            "{} {}",
            self.styles.bold("Upstream:"),
            self.newest(report)
        );
        if let Some(support) = &report.support {
            self.support(report.pinned.upstream.major, support, &mut text);
        }
        let _ = writeln!(text, "{} {}", self.styles.bold("Tree:"), self.tree(report));
        match &report.tree {
            TreeState::Clean { .. } => self.gates_status(&report.gates, &mut text),
            TreeState::Drifted { drift } => {
                let in_use = report.series.iter().filter(|series| series.in_use);
                let patched: Vec<_> = in_use.flat_map(|series| series.patches.keys()).collect();
                text.push_str(&self.drift(report.path.as_str(), drift, &patched));
                text.push_str(&self.ways_on(drift));
            }
            TreeState::Absent | TreeState::Unlocked => {}
        }
        self.list(&report.series, &mut text, |series, text| {
            self.series_status(series, text);
        });
        if let Some(releases) = &report.releases {
            self.releases(releases, &mut text);
        }
        if let Some(differences) = &report.differences {
            let _ = writeln!(text, "{}", self.styles.bold("Intentional differences:"));
            text.push_str(&self.differences(differences));
        }
        text
    }

    fn support(self, line: u64, support: &SupportStatus, text: &mut String) {
        let long_term = if support.long_term {
            " (long-term)"
        } else {
            ""
        };
        if support.supported {
            let _ = writeln!(text, "  upstream supports line {line}{long_term}");
            return;
        }
        let lines: Vec<String> = support.lines.iter().map(u64::to_string).collect();
        let mut warning = format!(
            "upstream no longer supports line {line}{long_term}, so it gets no security fixes; supported: {}",
            lines.join(", ")
        );
        if let Some(line) = support.newest_long_term {
            let _ = write!(
                warning,
                "; to go to the long-term line: `wash-wasi-sync upgrade --to {line}`"
            );
        }
        let _ = writeln!(text, "  {}", self.styles.yellow(warning));
    }

    fn gates_status(self, gates: &BTreeMap<String, String>, text: &mut String) {
        if let Some(why) = not_run(gates.values().map(String::as_str)) {
            let _ = writeln!(text, "  {}", self.styles.yellow(not_verified(why)));
            return;
        }
        let passed = gates.values().filter(|said| said.starts_with("passed"));
        let passed = passed.count();
        if passed > 0 {
            let gates = format!("{} passed", count(passed, "gate"));
            let _ = writeln!(text, "  {}", self.styles.green(gates));
        }
        for (gate, said) in gates.iter().filter(|(_, said)| !said.starts_with("passed")) {
            let _ = writeln!(text, "  {gate}: {said}");
        }
    }

    fn newest(self, report: &StatusReport) -> String {
        let Some(newest) = &report.newest else {
            let why = report
                .newest_unknown
                .as_deref()
                .unwrap_or("it was not asked");
            return self
                .styles
                .yellow(format!("newest releases unknown: {why}"));
        };
        let version = |v: &Option<Version>| {
            v.as_ref()
                .map_or_else(|| "none".to_owned(), ToString::to_string)
        };
        let (line, overall) = (version(&newest.of_line), version(&newest.overall));
        let pin = &report.pinned.upstream;
        let mut text = format!("newest of the line {line}, over all {overall}");
        let above = |version: &Option<Version>| version.as_ref().is_some_and(|v| v > pin);
        let step = if above(&newest.of_line) {
            format!(
                "to follow the line: `wash-wasi-sync upgrade --to {}`",
                pin.major
            )
        } else if above(&newest.overall) {
            "to go there: `wash-wasi-sync upgrade --to latest`".to_owned()
        } else {
            return text;
        };
        text.push_str(&self.styles.yellow(format!("; {step}")));
        text
    }

    fn tree(self, report: &StatusReport) -> String {
        match &report.tree {
            TreeState::Absent => self
                .styles
                .yellow("not there; make it: `wash-wasi-sync vendor`"),
            TreeState::Unlocked => self
                .styles
                .yellow("there, but without a lock to compare it with"),
            TreeState::Clean { files, digest } => {
                let files = count(*files, "file");
                self.styles.green(format!(
                    "as locked, {files}, digest {:.12}",
                    digest.to_string()
                ))
            }
            TreeState::Drifted { drift } => self.styles.red(count(drift.len(), "difference")),
        }
    }

    fn series_status(self, series: &SeriesStatus, text: &mut String) {
        let used = if series.in_use { ", in use" } else { "" };
        let delta = self.budget(series.delta, series.budget);
        let _ = writeln!(
            text,
            "{} {}{used}: {delta} in {}, {} of its own",
            self.styles.bold("Series:"),
            series.dir,
            count(series.patches.len(), "patch").replace("patchs", "patches"),
            count(series.files, "file"),
        );
        self.list(&series.patches, text, |(path, delta), text| {
            let _ = writeln!(text, "  {path} {}", self.delta(*delta));
        });
    }

    /// Writes which series serves each release line: a table, and below a release whose
    /// series is not known, why.
    fn releases(self, releases: &ReleasesStatus, text: &mut String) {
        let here = match (&releases.rustc, &releases.rustc_unknown) {
            (Some(rustc), _) => format!("Rust here: {rustc}"),
            (None, why) => format!("Rust here unknown: {}", why.as_deref().unwrap_or_default()),
        };
        let _ = writeln!(text, "{} ({here})", self.styles.bold("Releases"));
        let row = |cells: [&str; 5]| {
            let [release, series, fit, lines, rust] = cells;
            format!("  {release:<9} {series:<9} {fit:<10} {lines:<13} {rust}")
                .trim_end()
                .to_owned()
        };
        let head = row(["release", "series", "fit", "changed lines", "Rust needed"]);
        let _ = writeln!(text, "{}", self.styles.dim(head));
        self.list(&releases.rows, text, |one, text| {
            let needed = needed(one);
            let (series, fit, lines, more) = cells(&one.fit);
            let line = row([&one.upstream.to_string(), &series, fit, &lines, &needed]);
            let _ = match &one.fit {
                SeriesFit::Exact { .. } | SeriesFit::None => writeln!(text, "{line}"),
                SeriesFit::Merged { .. } => writeln!(text, "{}", self.styles.yellow(line)),
                _ => writeln!(text, "{}", self.styles.red(line)),
            };
            if let Some(more) = more {
                let _ = writeln!(text, "    {more}");
            }
        });
    }
}

/// Returns which Rust a release needs.
pub(super) fn needed(one: &ReleaseStatus) -> String {
    match (&one.rust_version, one.rust_is_new_enough) {
        (None, _) => "unknown".to_owned(),
        (Some(wanted), Some(false)) => format!("{wanted}, newer than here"),
        (Some(wanted), _) => wanted.clone(),
    }
}

/// Returns what a row says of a series, and what stands below the row.
pub(super) fn cells(fit: &SeriesFit) -> (String, &'static str, String, Option<String>) {
    let files = |files: &[TreePath]| Some(joined(files, files.len()));
    let series =
        |base: Option<&Version>| base.map_or_else(|| "none".to_owned(), Version::to_string);
    match fit {
        SeriesFit::None => (series(None), "", "0".to_owned(), None),
        SeriesFit::Exact {
            series: base,
            delta,
        } => (series(Some(base)), "exact", delta.total().to_string(), None),
        SeriesFit::Merged {
            series: base,
            delta,
            files: merged,
        } => {
            let lines = delta.total().to_string();
            (series(Some(base)), "merged", lines, files(merged))
        }
        SeriesFit::Conflicts {
            series: base,
            files: conflicts,
        } => (
            series(base.as_ref()),
            "conflicts",
            String::new(),
            files(conflicts),
        ),
        SeriesFit::Unknown { why } => (String::new(), "unknown", String::new(), Some(why.clone())),
    }
}

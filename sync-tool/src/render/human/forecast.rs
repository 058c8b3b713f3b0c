//! What `forecast` reports, for people.

use std::fmt::Write as _;

use recipe::compare::Changed;
use recipe::listing::joined;

use super::status::{cells, needed};
use super::{Human, count};
use crate::report::{BrokenPatch, ForecastReport, ForecastRow, PatchFit, PatchFitKind, SeriesFit};

impl Human {
    /// Writes what upgrades would come to: a table, and below a release what concerns the fork.
    pub fn forecast(self, report: &ForecastReport) -> String {
        let mut text = String::new();
        let rustc = report.rustc.as_ref().map(ToString::to_string);
        let here = rustc.unwrap_or_else(|| {
            let why = report.rustc_unknown.as_deref().unwrap_or_default();
            format!("unknown: {why}")
        });
        let _ = writeln!(
            text,
            "{} from upstream {} (Rust here: {here})",
            self.styles.bold("Forecast"),
            report.from
        );
        if report.rows.is_empty() {
            let _ = writeln!(text, "  there is no later release");
        } else {
            let head = row(["release", "fit", "changed lines", "files", "Rust needed"]);
            let _ = writeln!(text, "{}", self.styles.dim(head));
        }
        self.list(&report.rows, &mut text, |row, text| {
            self.forecast_row(row, text);
        });
        if let Some(broken) = &report.broken {
            self.broken(broken, &mut text);
        }
        if let Some(last) = report.rows.last() {
            let _ = writeln!(
                text,
                "for more: `wash-wasi-sync report --from {} --to {}`",
                report.from, last.release.upstream
            );
        }
        for note in &report.notes {
            let _ = writeln!(text, "{} {note}", self.styles.bold("note:"));
        }
        text
    }

    fn forecast_row(self, one: &ForecastRow, text: &mut String) {
        let (series, fit, lines, why) = cells(&one.release.fit);
        let fit = match series.as_str() {
            "" => fit.to_owned(),
            series => format!("{fit} ({series})"),
        };
        let release = one.release.upstream.to_string();
        let needed = needed(&one.release);
        let line = row([&release, &fit, &lines, &files(one), &needed]);
        let line = match &one.release.fit {
            SeriesFit::Exact { .. } | SeriesFit::None => line,
            SeriesFit::Merged { .. } => self.styles.yellow(line),
            SeriesFit::Conflicts { .. } | SeriesFit::Unknown { .. } => self.styles.red(line),
        };
        let _ = writeln!(text, "{line}");
        if let Some(reference) = &one.reference {
            let _ = writeln!(text, "    at {reference}");
        }
        if one.yanked {
            let _ = writeln!(text, "    yanked from the registry");
        }
        if let (SeriesFit::Unknown { .. }, Some(why)) = (&one.release.fit, why) {
            let _ = writeln!(text, "    {why}");
        }
        let patches = one.patches.iter();
        let told: Vec<&PatchFit> = patches
            .filter(|patch| patch.fit != PatchFitKind::Exact)
            .collect();
        self.list(told, text, |patch, text| {
            let _ = writeln!(text, "    {}", patch_line(patch));
        });
        self.list(&one.protected, text, |change, text| {
            let what = match change.what {
                Changed::New => "new",
                _ => "gone",
            };
            let moved = change.now_in.as_ref().map(|now| format!(": {now}"));
            let moved = moved.unwrap_or_default();
            let _ = writeln!(text, "    {} is {what}{moved}", change.path);
        });
        if !one.api.is_empty() {
            let interfaces = count(one.api.len(), "interface");
            let _ = writeln!(text, "    {interfaces} that the fork uses changed");
        }
        if !one.watch.is_empty() {
            let ids = one.watch.iter().map(|finding| finding.id.clone());
            let ids: Vec<String> = ids.collect();
            let _ = writeln!(text, "    watch list: {}", joined(&ids, ids.len()));
        }
        if !one.radar.is_empty() {
            let items = count(one.radar.len(), "open radar item");
            let _ = writeln!(text, "    {items}: {}", joined(&one.radar, one.radar.len()));
        }
    }

    fn broken(self, broken: &[BrokenPatch], text: &mut String) {
        let title = self.styles.bold("What breaks patches");
        if broken.is_empty() {
            let _ = writeln!(text, "{title}: nothing; all of them apply");
            return;
        }
        let _ = writeln!(text, "{title}");
        self.list(broken, text, |one, text| {
            let how = match one.conflicts {
                true => "conflicts",
                false => "merges",
            };
            let _ = writeln!(text, "  {} {how} at {}", one.path, one.release);
            let _ = match &one.commit {
                Some(commit) => {
                    let id = commit.id.get(..10).unwrap_or(&commit.id);
                    writeln!(
                        text,
                        "    since {id} of {}: {}",
                        commit.date, commit.subject
                    )
                }
                None => {
                    let why = one.unknown.as_deref().unwrap_or_default();
                    writeln!(text, "    its commit is not known: {why}")
                }
            };
        });
    }
}

fn row(cells: [&str; 5]) -> String {
    let [release, fit, lines, files, rust] = cells;
    format!("  {release:<9} {fit:<18} {lines:<13} {files:<14} {rust}")
        .trim_end()
        .to_owned()
}

/// Returns how many of upstream's files are new, gone and changed.
fn files(row: &ForecastRow) -> String {
    let sum = |of: fn(&crate::report::FileCounts) -> usize| row.files.values().map(of).sum();
    let [new, gone, changed]: [usize; 3] = [sum(|c| c.new), sum(|c| c.gone), sum(|c| c.changed)];
    format!("+{new} −{gone} ~{changed}")
}

fn patch_line(patch: &PatchFit) -> String {
    let path = &patch.path;
    match patch.fit {
        PatchFitKind::Exact => format!("{path} applies"),
        PatchFitKind::Taken => format!("{path}: upstream has all of the change"),
        PatchFitKind::Merged => {
            let layers = patch.layers.iter();
            let layers = layers.map(|(layer, count)| format!("{} {count}", layer.name()));
            let layers: Vec<String> = layers.collect();
            format!("{path} merges ({})", layers.join(", "))
        }
        PatchFitKind::Conflict => {
            let places = count(patch.items.len(), "place");
            let items = joined(&patch.items, patch.items.len());
            format!("{path} conflicts in {places}: {items}")
        }
    }
}

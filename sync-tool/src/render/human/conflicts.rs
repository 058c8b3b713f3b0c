//! Conflicts of an open upgrade, and what was decided about them.

use std::fmt::Write as _;

use recipe::listing::joined;
use recipe::merge::{Conflict, Side};
use similar::{ChangeTag, TextDiff};

use super::{Human, count};
use crate::report::{ConflictReport, ConflictsReport, MadeReport, ResolveReport};

/// The most lines of a side that a list shows; `conflicts show` has all.
const MAX_SIDE: usize = 12;

/// The longest side whose words are marked, in bytes.
const MAX_MARKED: usize = 50_000;

impl Human {
    /// Writes the conflicts that a run ended with.
    pub(super) fn conflicting(self, report: &MadeReport) -> String {
        let head = format!(
            "{} upstream {} and the fork's patches contradict each other in {}; the pinned tree is untouched\n",
            self.styles.red("Conflicts:"),
            report.to.upstream,
            count(report.conflicts.len(), "file"),
        );
        let notes = report.notes.iter();
        let notes = notes.map(|note| format!("{} {note}\n", self.styles.yellow("note:")));
        let head = head + &notes.collect::<String>();
        match &report.open {
            Some(open) => head + &self.places(open),
            None => {
                let mut text = head;
                self.list(&report.conflicts, &mut text, |conflict, text| {
                    let _ = writeln!(
                        text,
                        "  {} ({}): {}",
                        self.styles.bold(&conflict.path),
                        conflict.patch,
                        conflict.kind
                    );
                });
                let _ = writeln!(
                    text,
                    "{} run the same command without `--dry-run` to resolve them",
                    self.styles.cyan("next:")
                );
                text
            }
        }
    }

    /// Writes what an open upgrade has to decide.
    pub fn conflicts(self, report: &ConflictsReport) -> String {
        let head = format!(
            "{} from upstream {} to {}: {} in {}, {} not resolved; the pinned tree is untouched\n",
            self.styles.bold("Open upgrade"),
            report.from,
            report.to,
            count(report.conflicts.len(), "conflict"),
            count(report.files, "file"),
            count(report.left, "file"),
        );
        head + &self.places(report)
    }

    /// Writes that an upgrade is open, and how to go on.
    pub(super) fn open(self, report: &ConflictsReport) -> String {
        let left = match report.left {
            0 => "all conflicts are resolved".to_owned(),
            left => format!(
                "{left} of {} in conflict not resolved",
                count(report.files, "file")
            ),
        };
        format!(
            "{} to upstream {}: {left}; or give it up: `wash-wasi-sync abort`\n{}",
            self.styles.yellow("Open upgrade"),
            report.to,
            self.next(report)
        )
    }

    /// Writes one conflict with all of its sides.
    pub fn conflict(self, report: &ConflictsReport) -> String {
        let mut text = String::new();
        for conflict in &report.conflicts {
            self.place(conflict, usize::MAX, &mut text);
            for note in &conflict.notes {
                let _ = writeln!(text, "   {} {note}", self.styles.cyan("note:"));
            }
            for commit in &conflict.commits {
                let short = commit.id.get(..10).unwrap_or(&commit.id);
                let _ = writeln!(
                    text,
                    "   {} {} {}",
                    self.styles.yellow(short),
                    self.styles.dim(&commit.date),
                    commit.subject
                );
            }
            let _ = writeln!(text, "   file: {}:{}", conflict.file, conflict.line);
        }
        text + &self.next(report)
    }

    /// Writes what was decided.
    pub fn resolved(self, report: &ResolveReport) -> String {
        let mut text = String::new();
        self.list(&report.resolved, &mut text, |one, text| {
            let _ = writeln!(
                text,
                "{} {}: {}",
                self.styles.green("resolved"),
                one.path,
                one.decision
            );
        });
        self.list(&report.undone, &mut text, |path, text| {
            let _ = writeln!(text, "{path} is to be decided again");
        });
        if !report.left.is_empty() {
            let _ = writeln!(
                text,
                "not resolved yet: {}",
                joined(&report.left, report.left.len())
            );
        }
        let _ = writeln!(text, "{} {}", self.styles.cyan("next:"), report.next);
        text
    }

    fn places(self, report: &ConflictsReport) -> String {
        let mut text = String::new();
        self.list(&report.conflicts, &mut text, |conflict, text| {
            text.push('\n');
            self.place(conflict, MAX_SIDE, text);
        });
        if !report.merged.is_empty() {
            let _ = writeln!(text, "\nMerged by themselves; to be reviewed");
        }
        self.list(&report.merged, &mut text, |file, text| {
            let counts = file.layers.iter();
            let counts: Vec<String> = counts
                .map(|(layer, count)| format!("{} {count}", layer.name()))
                .collect();
            let decided = file.resolution.as_ref();
            let decided = decided.map(|one| {
                format!(
                    "; {}",
                    self.styles.green(format!("resolved: {}", one.decision))
                )
            });
            let remembered = file
                .remembered
                .as_ref()
                .filter(|_| file.resolution.is_none());
            let remembered = remembered.map(|at| {
                format!(
                    "; decided otherwise before ({at}): `resolve {} --remembered`",
                    file.path
                )
            });
            let _ = writeln!(
                text,
                "  {} ({}){}{}",
                self.styles.bold(&file.path),
                counts.join(", "),
                decided.unwrap_or_default(),
                remembered.unwrap_or_default()
            );
        });
        text.push('\n');
        text + &self.next(report)
    }

    fn next(self, report: &ConflictsReport) -> String {
        let help = "`wash-wasi-sync help conflicts` explains all of it";
        format!("{} {}; {help}\n", self.styles.cyan("next:"), report.next)
    }

    fn place(self, conflict: &ConflictReport, most: usize, text: &mut String) {
        let item = conflict.item.as_ref().map(|item| format!(", {item}"));
        let state = match &conflict.resolution {
            Some(resolution) => self
                .styles
                .green(format!("resolved: {}", resolution.decision)),
            None => self.styles.red("not resolved"),
        };
        let _ = writeln!(
            text,
            "{}. {}{}  {state}",
            conflict.number,
            self.styles.bold(&conflict.path),
            item.unwrap_or_default()
        );
        for difference in &conflict.differences {
            let _ = writeln!(text, "   Change: {}", indented(&difference.change));
            let _ = writeln!(text, "   Reason: {}", indented(&difference.reason));
        }
        match &conflict.lines {
            Some(lines) => self.sides(conflict, lines, most, text),
            None => {
                let _ = writeln!(text, "   {}", conflict.kind);
            }
        }
        if let Some(remembered) = conflict
            .remembered
            .as_ref()
            .filter(|_| conflict.resolution.is_none())
        {
            let _ = writeln!(
                text,
                "   resolved before ({remembered}): `wash-wasi-sync resolve {} --remembered`",
                conflict.path
            );
        }
    }

    fn sides(self, conflict: &ConflictReport, lines: &Conflict, most: usize, text: &mut String) {
        let base = &lines.base;
        self.side(
            text,
            &format!("upstream {}", conflict.from),
            base,
            &base.text,
            most,
        );
        self.side(
            text,
            &format!("upstream {}", conflict.to),
            &lines.theirs,
            &base.text,
            most,
        );
        self.side(text, "the fork", &lines.ours, &base.text, most);
    }

    /// Writes one side; the words that the base does not have are marked.
    fn side(self, text: &mut String, name: &str, side: &Side, base: &str, most: usize) {
        let last = side.lines.end.saturating_sub(1);
        let lines = if side.lines.is_empty() {
            format!("nothing before line {}", side.lines.start)
        } else if last == side.lines.start {
            format!("line {last}")
        } else {
            format!("lines {}–{last}", side.lines.start)
        };
        let _ = writeln!(text, "   {} ({lines})", self.styles.cyan(name));
        let marked = self.marked(base, &side.text);
        let all: Vec<&str> = marked.lines().collect();
        for line in all.iter().take(most) {
            let _ = writeln!(text, "     {line}");
        }
        if all.len() > most {
            let more = format!("and {} more", count(all.len() - most, "line"));
            let _ = writeln!(text, "     {}", self.styles.dim(more));
        }
    }

    fn marked(self, base: &str, text: &str) -> String {
        // Marking words takes time that grows faster than the texts.
        if base == text || base.is_empty() || base.len().max(text.len()) > MAX_MARKED {
            return text.to_owned();
        }
        let diff = TextDiff::from_words(base, text);
        let changes = diff.iter_all_changes();
        let words = changes.filter(|change| change.tag() != ChangeTag::Delete);
        words
            .map(|change| match change.tag() {
                ChangeTag::Insert if !change.value().trim().is_empty() => {
                    self.styles.yellow(change.value())
                }
                _ => change.value().to_owned(),
            })
            .collect()
    }
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n           ")
}

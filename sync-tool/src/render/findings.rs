//! What programs that collect findings are given, in each of their formats: of a
//! check, or of a run that failed.

use recipe::drift::{Drift, DriftKind};
use recipe::error::{Error, Fault, Kind, Location};
use recipe::manifest::FILE;
use recipe::tree::TreePath;

use semver::Version;

use crate::report::{CheckReport, ConflictReport, ConflictsReport, RadarFinding, RadarReport};

/// What findings of a check are called.
const DRIFT: &str = "wash-wasi drift";

/// What a run is called that found nothing because it failed.
const FAILED: &str = "wash-wasi-sync failed";

/// What a run found, or why it found nothing.
pub struct Findings {
    /// What is not as it should be.
    pub(super) found: Vec<Finding>,
    /// What else is to be known.
    pub(super) notes: Vec<String>,
    /// What a check says that found nothing.
    pub(super) correct: Option<String>,
    /// How the run ends; `None` where it succeeds.
    pub(super) kind: Option<Kind>,
    /// What the findings are called.
    pub(super) title: &'static str,
}

/// One thing that is not as it should be.
pub(super) struct Finding {
    pub rule: &'static str,
    pub message: String,
    /// The file, from the project's root.
    pub file: Option<String>,
    /// Line and column, counted from 1.
    pub position: Option<(usize, usize)>,
    /// What tells it from others of its rule in its file.
    pub apart: Option<usize>,
}

impl Findings {
    /// Tells whether the findings are those of a check: otherwise it could not be made.
    pub(super) fn is_checked(&self) -> bool {
        self.title != FAILED
    }
}

impl From<&CheckReport> for Findings {
    fn from(report: &CheckReport) -> Self {
        let is_correct = report.drift.is_empty();
        let upstream = &report.pinned.upstream;
        let found = |drift: &Drift| {
            let file = super::human::drift_path(&report.path, drift);
            Finding {
                rule: rule(drift.what),
                message: format!("{file} {}", drift.what.description()),
                file: Some(file),
                position: None,
                apart: None,
            }
        };
        Findings {
            found: report.drift.iter().map(found).collect(),
            notes: report.notes.clone(),
            correct: is_correct.then(|| format!("the sync with upstream {upstream} is correct")),
            kind: (!is_correct).then_some(Kind::Drift),
            title: DRIFT,
        }
    }
}

impl From<&RadarReport> for Findings {
    /// The findings are the open items, at the manifest, where the decision goes.
    fn from(report: &RadarReport) -> Self {
        let found = |(number, (version, one)): (usize, (&Version, &RadarFinding))| Finding {
            rule: "radar",
            message: format!(
                "upstream {version} changed {}, and nothing is decided about it{}",
                one.item.item,
                if one.item.is_security {
                    ": a security fix"
                } else {
                    ""
                },
            ),
            file: Some(FILE.to_owned()),
            position: None,
            apart: Some(number + 1),
        };
        let stale = report.stale.iter().map(|one| {
            format!(
                "the decision about {} at {} matches no change",
                one.item, one.release
            )
        });
        let found: Vec<Finding> = report.open().enumerate().map(found).collect();
        let is_failed = report.open_security() > 0;
        Findings {
            correct: found
                .is_empty()
                .then(|| "every change is decided about".to_owned()),
            found,
            notes: report.notes.iter().cloned().chain(stale).collect(),
            kind: is_failed.then_some(Kind::Verification),
            title: "wash-wasi radar",
        }
    }
}

impl From<&ConflictsReport> for Findings {
    /// The findings are the conflicts that nothing is decided about, at the patches in the
    /// project, for the file in conflict is in no repository.
    fn from(report: &ConflictsReport) -> Self {
        let open = report
            .conflicts
            .iter()
            .filter(|one| one.resolution.is_none());
        let found = |one: &ConflictReport| {
            let item = one.item.as_ref().map(|item| format!(", {item}"));
            let changes = one
                .differences
                .iter()
                .map(|difference| difference.change.as_str());
            Finding {
                rule: Kind::Conflicts.name(),
                message: format!(
                    "conflict {} in {}{}: upstream {} changed what this patch changes ({})",
                    one.number,
                    one.path,
                    item.unwrap_or_default(),
                    one.to,
                    changes.collect::<Vec<_>>().join("; "),
                ),
                file: Some(one.patch.to_string()),
                position: None,
                apart: Some(one.number),
            }
        };
        let found: Vec<Finding> = open.map(found).collect();
        let correct = format!("all conflicts with upstream {} are resolved", report.to);
        Findings {
            correct: found.is_empty().then_some(correct),
            kind: None,
            title: "wash-wasi conflict",
            found,
            notes: Vec::new(),
        }
    }
}

impl From<&Error> for Findings {
    /// The findings are the faults, and where there are none, the error itself.
    fn from(error: &Error) -> Self {
        let rule = error.kind().name();
        let found = |fault: &Fault| {
            let place = fault.place.as_ref();
            let message = with_help(
                error.message(),
                [&fault.message].into_iter().chain(&fault.help),
            );
            let is_of_project = |place: &&Location| TreePath::new(&place.file).is_ok();
            match place.filter(is_of_project) {
                Some(place) => Finding {
                    rule,
                    message,
                    file: Some(place.file.clone()),
                    position: place.position(),
                    apart: None,
                },
                None => Finding {
                    rule,
                    message: place.map_or(message.clone(), |place| format!("{place}: {message}")),
                    file: None,
                    position: None,
                    apart: None,
                },
            }
        };
        let whole = || Finding {
            rule,
            message: with_help(error.message(), error.hints()),
            file: (error.kind() == Kind::Drift).then(|| FILE.to_owned()),
            position: None,
            apart: None,
        };
        let mut faults: Vec<Finding> = error.all_faults().iter().map(found).collect();
        if faults.is_empty() {
            faults.push(whole());
        }
        Findings {
            found: faults,
            notes: Vec::new(),
            correct: None,
            kind: Some(error.kind()),
            title: match error.kind() {
                Kind::Drift => DRIFT,
                _ => FAILED,
            },
        }
    }
}

/// Writes a message and what follows from it as one text.
fn with_help<'h>(message: &str, more: impl IntoIterator<Item = &'h String>) -> String {
    more.into_iter()
        .fold(message.to_owned(), |text, more| text + "; " + more)
}

fn rule(what: DriftKind) -> &'static str {
    match what {
        DriftKind::Changed => "changed",
        DriftKind::Mode => "mode",
        DriftKind::Missing => "missing",
        DriftKind::Unknown => "unknown",
        DriftKind::Stray => "stray",
        DriftKind::LineEnds => "line-ends",
        DriftKind::Earlier => "earlier",
        DriftKind::Input => "input",
        DriftKind::Generated => "generated",
    }
}

//! The page as its template sees it.

mod chapter;
mod file;
mod links;
mod panes;

use askama::Template;
use askama::filters::Safe;
use base64::Engine as _;
use recipe::merge::Layer;
use sha2::{Digest as _, Sha256};

use self::chapter::ChapterView;
use self::file::FileView;
use self::links::Links;
use self::panes::Labels;
use crate::model::{Change, ChangeKind, Delta, FileState, Gate, GateResult, Review, State};
use crate::room::{self, Room, Shown};
use crate::words::{self, count};

const STYLE: &str = include_str!("../../templates/page.css");
const SCRIPT: &str = include_str!("../../templates/page.js");

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    review: &'a Review,
    style: Safe<&'static str>,
    script: Safe<&'static str>,
    style_digest: String,
    script_digest: String,
    repository: Option<String>,
    verdict: String,
    tone: &'static str,
    /// Where the first thing to look at is.
    first: String,
    delta: Option<DeltaView>,
    gates: Shown<GateView<'a>>,
    notes: Shown<&'a String>,
    states: Vec<Tally>,
    layers: Vec<Tally>,
    kinds: Vec<Tally>,
    files: Shown<FileView<'a>>,
    changes: Shown<ChangeView<'a>>,
    chapters: Shown<ChapterView<'a>>,
    /// Whether there is nothing to put in place.
    is_report: bool,
}

struct GateView<'a> {
    gate: &'a Gate,
    result: &'static str,
    tone: &'static str,
}

impl<'a> GateView<'a> {
    fn new(gate: &'a Gate) -> Self {
        let [result, tone] = words::gate(gate.result);
        GateView { gate, result, tone }
    }
}

struct ChangeView<'a> {
    change: &'a Change,
    kind: &'static str,
}

/// A state, what it means, and how often it is there.
struct Tally {
    name: &'static str,
    meaning: &'static str,
    tone: &'static str,
    count: usize,
}

/// The lines that the patches change.
struct DeltaView {
    before: Delta,
    after: Delta,
    total: usize,
    is_over: bool,
}

impl<'a> Page<'a> {
    pub(crate) fn new(review: &'a Review) -> Self {
        let mut room = Room::new(room::OVERVIEW);
        let labels = Labels {
            base: format!("{} {}", review.upstream, review.base),
            theirs: format!("{} {}", review.upstream, review.to.upstream),
            ours: format!("{} {}", review.fork, review.from.fork),
            result: format!("{} {}", review.fork, review.to.fork),
            complete: review.complete.clone(),
        };
        let links = Links::new(review.repository.as_deref());
        let order = file::order(review);
        let gates = room.each(&review.gates, |gate, _| GateView::new(gate));
        let notes = room.each(&review.notes, |note, _| note);
        let changes = room.each(&review.changes, |change, _| ChangeView {
            kind: words::change(change.kind),
            change,
        });
        let chapters = room.each(&review.chapters, |chapter, room| {
            ChapterView::new(chapter, &links, room)
        });
        let mut room = Room::new(room::FILES);
        let mut id = 0;
        let files = room.each(&review.files, |file, room| {
            id += 1;
            FileView::new(file, id, &labels, &links, &order, room)
        });
        let (tone, verdict) = verdict(review, order.open);
        Page {
            style: Safe(STYLE),
            script: Safe(SCRIPT),
            style_digest: digest(STYLE),
            script_digest: digest(SCRIPT),
            repository: links.repository(),
            verdict,
            tone,
            first: order.first(),
            delta: delta(review),
            states: states(review),
            layers: layers(review),
            kinds: kinds(review),
            gates,
            notes,
            files,
            changes,
            chapters,
            is_report: review.state == State::Report,
            review,
        }
    }
}

/// Returns what the policy of the page knows a style or a script by.
fn digest(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text))
}

/// Says in a sentence how the upgrade stands, and how that is coloured.
fn verdict(review: &Review, open: usize) -> (&'static str, String) {
    let gates = review.gates.iter();
    let failed = gates.filter(|gate| gate.result == GateResult::Failed);
    let failed = failed.count();
    match review.state {
        State::Conflicts if open == 0 => ("bad", "A decision is open.".to_owned()),
        State::Conflicts => ("bad", open_conflicts(review, open)),
        _ if failed > 0 => ("bad", format!("{} failed.", count(failed, "gate", "gates"))),
        State::Ready => (
            "note",
            "Nothing is left to decide; the new tree is not in place yet.".to_owned(),
        ),
        State::Report if open > 0 => ("bad", open_conflicts(review, open)),
        State::Report => (
            "good",
            "Nothing is put in place: this is what upstream changed.".to_owned(),
        ),
        State::Done => ("good", "The new tree is in place.".to_owned()),
    }
}

fn open_conflicts(review: &Review, open: usize) -> String {
    let files = review.files.iter();
    let files = files.filter(|file| file.decision.is_none() && !file.conflicts.is_empty());
    let files = count(files.count(), "file", "files");
    let verb = if open == 1 { "is" } else { "are" };
    format!(
        "{} in {files} {verb} open.",
        count(open, "conflict", "conflicts")
    )
}

fn delta(review: &Review) -> Option<DeltaView> {
    let delta = review.delta?;
    let total = delta.after.added + delta.after.removed;
    Some(DeltaView {
        before: delta.before,
        after: delta.after,
        total,
        is_over: review.budget.is_some_and(|budget| total > budget),
    })
}

fn states(review: &Review) -> Vec<Tally> {
    use FileState::*;
    let all = [
        Conflict,
        DeletedUpstream,
        Resolved,
        Merged,
        Exact,
        TakenByUpstream,
        Dropped,
    ];
    let tallies = all.map(|state| {
        let [name, meaning] = words::file_state(state);
        Tally {
            name,
            meaning,
            tone: words::file_tone(state),
            count: review
                .files
                .iter()
                .filter(|file| file.state == state)
                .count(),
        }
    });
    present(tallies)
}

fn layers(review: &Review) -> Vec<Tally> {
    let all = [
        Layer::Exact,
        Layer::Lines,
        Layer::Normalised,
        Layer::Items,
        Layer::Decision,
    ];
    let hunks = || review.files.iter().flat_map(|file| &file.hunks);
    let tallies = all.map(|layer| {
        let [name, meaning] = words::layer(layer);
        Tally {
            name,
            meaning,
            tone: "",
            count: hunks().filter(|hunk| hunk.layer == layer).count(),
        }
    });
    present(tallies)
}

fn kinds(review: &Review) -> Vec<Tally> {
    let all = [ChangeKind::Added, ChangeKind::Removed, ChangeKind::Changed];
    let tallies = all.map(|kind| Tally {
        name: words::change(kind),
        meaning: "",
        tone: "",
        count: review
            .changes
            .iter()
            .filter(|change| change.kind == kind)
            .count(),
    });
    present(tallies)
}

fn present<const N: usize>(tallies: [Tally; N]) -> Vec<Tally> {
    tallies
        .into_iter()
        .filter(|tally| tally.count > 0)
        .collect()
}

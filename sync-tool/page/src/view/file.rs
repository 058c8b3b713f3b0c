//! A file's part of the page.

use recipe::merge::Layer;

use super::links::{CommitView, Links};
use super::panes::{Labels, Panes};
use crate::model::{Commit, ConflictReview, Difference, FileReview, HunkReview, Review};
use crate::room::{Cost, Room, Shown};
use crate::words::{self, count};

/// How many hunks of a file are shown unfolded, where they are worth it.
const MAX_OPEN: usize = 4;

pub(crate) struct FileView<'a> {
    pub(crate) file: &'a FileReview,
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) tone: &'static str,
    /// What is in it, in a line.
    pub(crate) summary: String,
    pub(crate) differences: Shown<&'a Difference>,
    pub(crate) notes: Shown<&'a String>,
    pub(crate) commits: Shown<CommitView<'a>>,
    pub(crate) conflicts: Shown<ConflictView<'a>>,
    pub(crate) hunks: Shown<HunkView<'a>>,
}

pub(crate) struct ConflictView<'a> {
    pub(crate) conflict: &'a ConflictReview,
    pub(crate) panes: Panes,
    pub(crate) file: &'a FileReview,
    pub(crate) commits: Shown<CommitView<'a>>,
    pub(crate) previous: Option<usize>,
    pub(crate) next: Option<usize>,
}

pub(crate) struct HunkView<'a> {
    pub(crate) hunk: &'a HunkReview,
    pub(crate) layer: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) place: String,
    pub(crate) is_open: bool,
    /// Whether upstream changed these lines too, where that is known.
    pub(crate) upstream: Option<&'static str>,
    pub(crate) panes: Panes,
}

/// Which conflict follows which, over all files.
pub(super) struct Order {
    numbers: Vec<usize>,
    /// How many conflicts are open.
    pub(super) open: usize,
}

pub(super) fn order(review: &Review) -> Order {
    let conflicts = review.files.iter().flat_map(|file| &file.conflicts);
    let open = review.files.iter().filter(|file| file.decision.is_none());
    Order {
        numbers: conflicts.map(|conflict| conflict.number).collect(),
        open: open.map(|file| file.conflicts.len()).sum(),
    }
}

impl Order {
    /// Returns the numbers of the conflicts before and behind one.
    fn around(&self, number: usize) -> [Option<usize>; 2] {
        let Some(at) = self.numbers.iter().position(|each| *each == number) else {
            return [None; 2];
        };
        let before = at.checked_sub(1).and_then(|at| self.numbers.get(at));
        [before.copied(), self.numbers.get(at + 1).copied()]
    }

    /// Returns where the first conflict is, or the files.
    pub(super) fn first(&self) -> String {
        match self.numbers.first() {
            Some(number) => format!("conflict-{number}"),
            None => "files".to_owned(),
        }
    }
}

impl<'a> FileView<'a> {
    pub(super) fn new(
        file: &'a FileReview,
        id: usize,
        labels: &Labels,
        links: &Links,
        order: &Order,
        room: &mut Room,
    ) -> Self {
        let is_rust = file.path.ends_with(".rs");
        let [state, meaning] = words::file_state(file.state);
        let notes = room.each(&file.notes, |note, _| note);
        let differences = room.each(&file.differences, |difference, _| difference);
        // What is said of the file's conflicts stands at each of them.
        let shared = file.decision.as_ref().map_or(0, Cost::cost)
            + file.remembered.as_ref().map_or(0, Cost::cost);
        let conflicts = room.each(&file.conflicts, |conflict, room| {
            room.take(shared);
            ConflictView::new(file, conflict, labels, links, order, is_rust, room)
        });
        let is_folded = file.hunks.len() > MAX_OPEN;
        let hunks = room.each(&file.hunks, |hunk, room| {
            HunkView::new(hunk, labels, is_folded, is_rust, room)
        });
        FileView {
            id: format!("file-{id}"),
            state,
            meaning,
            tone: words::file_tone(file.state),
            summary: summary(file),
            notes,
            differences,
            conflicts,
            hunks,
            commits: commits(&file.commits, links, room),
            file,
        }
    }
}

fn commits<'a>(commits: &'a [Commit], links: &Links, room: &mut Room) -> Shown<CommitView<'a>> {
    room.each(commits, |commit, _| links.commit(commit))
}

fn summary(file: &FileReview) -> String {
    let mut parts = Vec::new();
    let conflicts = count(file.conflicts.len(), "conflict", "conflicts");
    if !file.conflicts.is_empty() {
        let is_decided = if file.decision.is_some() {
            " resolved"
        } else {
            ""
        };
        parts.push(format!("{conflicts}{is_decided}"));
    }
    let layers = [
        Layer::Exact,
        Layer::Lines,
        Layer::Normalised,
        Layer::Items,
        Layer::Decision,
    ];
    for layer in layers {
        let hunks = file.hunks.iter().filter(|hunk| hunk.layer == layer).count();
        if hunks > 0 {
            let by = match layer {
                Layer::Exact | Layer::Normalised => "",
                Layer::Lines | Layer::Items | Layer::Decision => "by ",
            };
            let hunks = count(hunks, "hunk", "hunks");
            parts.push(format!("{hunks} {by}{}", words::layer(layer)[0]));
        }
    }
    parts.join(", ")
}

impl<'a> ConflictView<'a> {
    fn new(
        file: &'a FileReview,
        conflict: &'a ConflictReview,
        labels: &Labels,
        links: &Links,
        order: &Order,
        is_rust: bool,
        room: &mut Room,
    ) -> Self {
        let [previous, next] = order.around(conflict.number);
        ConflictView {
            panes: labels.of_conflict(conflict, is_rust, room),
            file,
            commits: commits(&conflict.commits, links, room),
            previous,
            next,
            conflict,
        }
    }
}

impl<'a> HunkView<'a> {
    fn new(
        hunk: &'a HunkReview,
        labels: &Labels,
        is_folded: bool,
        is_rust: bool,
        room: &mut Room,
    ) -> Self {
        let [layer, meaning] = words::layer(hunk.layer);
        HunkView {
            layer,
            meaning,
            place: format!("line {}", hunk.merged.first_line),
            is_open: !is_folded && hunk.layer > Layer::Lines,
            upstream: hunk.before.as_ref().map(|before| {
                match before.base.text == hunk.theirs.text {
                    true => "upstream did not change these lines",
                    false => "upstream changed these lines",
                }
            }),
            panes: labels.of_hunk(hunk, is_rust, room),
            hunk,
        }
    }
}

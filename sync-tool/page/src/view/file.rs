//! A file's part of the page.

use recipe::merge::Layer;

use super::links::{CommitView, Links};
use super::panes::{Labels, Panes, Sides};
use crate::model::{
    Commit, ConflictReview, Difference, FileReview, HunkReview, Resolution, Review,
};
use crate::room::{Room, Shown};
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
    pub(crate) decision: Option<&'a Resolution>,
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
    /// Whether upstream changed these lines too.
    pub(crate) is_shared: bool,
    pub(crate) panes: Panes,
}

/// Which conflict follows which, over all files.
pub(super) struct Order {
    numbers: Vec<usize>,
    /// How many conflicts are open.
    pub(super) open: usize,
}

pub(super) fn order(review: &Review) -> Order {
    let conflicts = || review.files.iter().flat_map(|file| &file.conflicts);
    Order {
        numbers: conflicts().map(|conflict| conflict.number).collect(),
        open: conflicts()
            .filter(|conflict| conflict.resolution.is_none())
            .count(),
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
        let conflicts = room.each(&file.conflicts, |conflict, room| {
            ConflictView::new(conflict, labels, links, order, is_rust, room)
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
    let open = file
        .conflicts
        .iter()
        .filter(|c| c.resolution.is_none())
        .count();
    let decided = file.conflicts.len() - open;
    if open > 0 {
        parts.push(count(open, "conflict", "conflicts"));
    }
    if decided > 0 {
        parts.push(count(decided, "decision", "decisions"));
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
        conflict: &'a ConflictReview,
        labels: &Labels,
        links: &Links,
        order: &Order,
        is_rust: bool,
        room: &mut Room,
    ) -> Self {
        let sides = Sides {
            base: &conflict.base,
            ours: &conflict.ours,
            theirs: &conflict.theirs,
            result: conflict
                .resolution
                .as_ref()
                .map(|resolution| &resolution.text),
        };
        let [previous, next] = order.around(conflict.number);
        ConflictView {
            panes: labels.panes(&sides, is_rust, room),
            decision: conflict.resolution.as_ref(),
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
        let sides = Sides {
            base: &hunk.base,
            ours: &hunk.ours,
            theirs: &hunk.theirs,
            result: Some(&hunk.merged),
        };
        let [layer, meaning] = words::layer(hunk.layer);
        let is_shared = hunk.base.text != hunk.theirs.text;
        HunkView {
            layer,
            meaning,
            place: format!("line {}", hunk.merged.first_line),
            is_open: !is_folded && hunk.layer > Layer::Lines,
            is_shared,
            panes: labels.panes(&sides, is_rust, room),
            hunk,
        }
    }
}

//! What upstream changed, a chapter each.

use askama::filters::Safe;

use super::links::Links;
use crate::escape::diff;
use crate::model::{Chapter, Entry};
use crate::room::{Room, Shown};
use crate::words::count;

/// How many entries are shown unfolded.
const MAX_OPEN: usize = 12;

pub(crate) struct ChapterView<'a> {
    pub(crate) chapter: &'a Chapter,
    pub(crate) entries: Shown<EntryView<'a>>,
    pub(crate) summary: String,
    pub(crate) is_open: bool,
}

pub(crate) struct EntryView<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) tone: &'static str,
    /// The pull requests with their links.
    pub(crate) pull_requests: Vec<(u64, Option<String>)>,
    pub(crate) diff: Option<Safe<String>>,
}

impl<'a> ChapterView<'a> {
    pub(super) fn new(chapter: &'a Chapter, links: &Links, room: &mut Room) -> Self {
        let entries = room.each(&chapter.entries, |entry, _| EntryView {
            tone: if entry.is_urgent { "bad" } else { "note" },
            pull_requests: entry
                .pull_requests
                .iter()
                .map(|number| (*number, links.pull_request(*number)))
                .collect(),
            diff: entry.diff.as_deref().map(diff),
            entry,
        });
        ChapterView {
            summary: count(chapter.entries.len(), "entry", "entries"),
            is_open: chapter.entries.len() <= MAX_OPEN,
            entries,
            chapter,
        }
    }
}

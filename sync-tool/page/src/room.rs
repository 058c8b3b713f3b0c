//! How much a page may hold. What has no room is counted, and the page says so.

use crate::escape::{diff_len, escaped_len};
use crate::model::{Commit, Difference};

/// How many bytes of HTML the files of a page may have, and all else.
pub(crate) const FILES: usize = 9_000_000;
pub(crate) const OVERVIEW: usize = 1_000_000;

/// How many bytes are left of a part of a page.
#[derive(Debug)]
pub(crate) struct Room(usize);

/// The items that have room, and how many have none.
#[derive(Debug)]
pub(crate) struct Shown<T> {
    pub(crate) items: Vec<T>,
    pub(crate) left_out: usize,
}

impl Room {
    pub(crate) const fn new(bytes: usize) -> Self {
        Room(bytes)
    }

    /// Takes so many bytes, if there are as many. What had no room ends the part, so that
    /// nothing more is compared for it.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    /// Makes a view of each item that has room, in their order.
    pub(crate) fn each<'a, T: Cost, V>(
        &mut self,
        items: &'a [T],
        mut view: impl FnMut(&'a T, &mut Room) -> V,
    ) -> Shown<V> {
        let mut shown = Vec::new();
        for item in items {
            if !self.take(item.cost()) {
                break;
            }
            shown.push(view(item, self));
        }
        Shown {
            left_out: items.len() - shown.len(),
            items: shown,
        }
    }
}

/// What an item takes of a page, without its code: the markup around it, and its sentences,
/// each of which is cut when it is written.
pub(crate) trait Cost {
    fn cost(&self) -> usize;
}

fn sentences<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(escaped_len).sum()
}

impl Cost for String {
    fn cost(&self) -> usize {
        32 + sentences([self.as_str()])
    }
}

impl Cost for Commit {
    fn cost(&self) -> usize {
        400 + sentences(
            [self.subject.as_str()]
                .into_iter()
                .chain(self.date.as_deref()),
        )
    }
}

impl Cost for Difference {
    fn cost(&self) -> usize {
        100 + sentences([self.change.as_str(), &self.reason])
    }
}

impl Cost for crate::Gate {
    fn cost(&self) -> usize {
        200 + sentences(
            [self.title.as_str()]
                .into_iter()
                .chain(self.said.as_deref()),
        )
    }
}

impl Cost for crate::Change {
    fn cost(&self) -> usize {
        80 + sentences([self.path.as_str()])
    }
}

impl Cost for crate::Entry {
    fn cost(&self) -> usize {
        let code = self.code.iter().flat_map(|(name, code)| [name, code]);
        let texts = code.chain(&self.details).chain(&self.tag);
        let parts = self.code.len() + self.details.len() + self.pull_requests.len();
        let diff = self.diff.as_deref().map_or(0, |diff| 200 + diff_len(diff));
        200 + 100 * parts + diff + sentences(texts.chain([&self.text]).map(String::as_str))
    }
}

impl Cost for crate::Chapter {
    fn cost(&self) -> usize {
        500 + sentences([self.title.as_str(), &self.lead])
    }
}

impl Cost for crate::FileReview {
    fn cost(&self) -> usize {
        // Its path is in the overview and at its head.
        let path = [self.path.as_str()].into_iter().cycle().take(3);
        2_000 + sentences(path.chain(self.patch.as_deref()))
    }
}

impl Cost for crate::HunkReview {
    fn cost(&self) -> usize {
        2_000 + sentences(self.item.as_deref())
    }
}

impl Cost for crate::Decision {
    fn cost(&self) -> usize {
        let texts = [Some(&self.how), self.by.as_ref(), self.reason.as_ref()];
        200 + sentences(texts.into_iter().flatten().map(String::as_str))
    }
}

impl Cost for crate::ConflictReview {
    fn cost(&self) -> usize {
        let texts = [&self.item, &self.cause, &self.next].into_iter().flatten();
        3_000 + sentences(texts.map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_counted() {
        let mut room = Room::new(OVERVIEW);
        let items = vec!["x".repeat(1_000); 10_000];
        let shown = room.each(&items, |item, _| item.len());
        assert_eq!(shown.items.len(), OVERVIEW / 1_092);
        assert_eq!(shown.items.len() + shown.left_out, items.len());
    }
}

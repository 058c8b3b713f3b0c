//! Methods that a trait lost, gained, or gave to its sibling: `bindgen!` makes two of an
//! interface, `Host…` and `Host…WithStore`, and upstream moves methods between them.

use std::collections::BTreeSet;

use super::identify::{Finding, Identifier};
use super::index::{Definition, Index};
use super::lookup::{describe, finding, part_of};
use super::table::Entry;

/// What `bindgen!` calls the trait whose methods get the store.
const WITH_STORE: &str = "WithStore";

/// Returns what a trait and its sibling have in common: sockets of either kind have a `bind`.
pub(super) fn stem(name: &str) -> &str {
    name.strip_suffix(WITH_STORE).unwrap_or(name)
}

/// Says what became of a method, as far as the errors or the trees show it.
pub(super) fn look_up(
    entry: &Entry,
    cases: &[Identifier<'_>],
    index: &Index<'_>,
) -> Option<Finding> {
    let first = cases.first()?;
    let method = Method {
        name: first.name(),
        file: first.file(),
        index,
    };
    let of = |code: &str| -> BTreeSet<&str> {
        let cases = cases.iter().filter(|case| case.has_code(code));
        cases.map(|case| case.scope()).collect()
    };
    // A trait that has not the method any more, and one that wants it.
    let (extra, lacking) = (of("E0407"), of("E0046"));
    let extra: Vec<&str> = extra.into_iter().collect();
    let lacking: Vec<&str> = lacking.into_iter().collect();
    match (&extra[..], &lacking[..]) {
        ([from], [to]) if from != to => Some(method.moved(entry, from, to)),
        ([], [to]) if method.left(&sibling(to), to) => Some(method.moved(entry, &sibling(to), to)),
        ([], [_]) => method.missing(entry, cases),
        ([from], []) if method.arrived(from, &sibling(from)) => {
            Some(method.moved(entry, from, &sibling(from)))
        }
        // Where both are in it, nothing says which way.
        _ => None,
    }
}

fn sibling(name: &str) -> String {
    match name.strip_suffix(WITH_STORE) {
        Some(plain) => plain.to_owned(),
        None => format!("{name}{WITH_STORE}"),
    }
}

struct Method<'a, 't> {
    name: &'a str,
    file: String,
    index: &'a Index<'t>,
}

impl Method<'_, '_> {
    fn has(&self, all: &[Definition], of: &str) -> bool {
        self.of_trait(all, of).is_some()
    }

    /// Tells whether the one trait alone had the method before.
    fn was_in(&self, from: &str, not_in: &str) -> bool {
        self.has(&self.index.before, from) && !self.has(&self.index.before, not_in)
    }

    /// Tells whether a trait has lost the method, where only its sibling is known to lack it.
    fn left(&self, from: &str, to: &str) -> bool {
        let Index { built, now, .. } = self.index;
        self.was_in(from, to) && !self.has(built, from) && !self.has(now, from)
    }

    /// Tells whether upstream has the method in a trait, where only its sibling is known
    /// to have it no more.
    fn arrived(&self, from: &str, to: &str) -> bool {
        let Index { trees, now, .. } = self.index;
        let was = trees.old.is_none() || self.was_in(from, to);
        was && self.has(now, to) && !self.has(now, from)
    }

    fn moved(&self, entry: &Entry, from: &str, to: &str) -> Finding {
        let Method { index, .. } = self;
        let before = self.of_trait(&index.before, from);
        let now = self.of_trait(&index.now, to);
        let lines = [("before", before), ("now", now)].into_iter();
        let lines = lines.filter_map(|(when, found)| Some(describe(when, found?)));
        // In both, it is there already.
        let next = match self.has(&index.built, to) && self.has(&index.built, from) {
            true => entry.next.gone,
            false => entry.next.moved,
        };
        let mut finding = finding(next, lines.collect(), None);
        finding.values = vec![("from", from.to_owned()), ("to", to.to_owned())];
        finding
    }

    /// Names upstream's implementations of what these lack; `None` where it has not all.
    fn missing(&self, entry: &Entry, cases: &[Identifier<'_>]) -> Option<Finding> {
        let each = cases.iter().map(|case| {
            let of = format!("{} for {}", case.scope(), case.value("type"));
            self.nearest(&self.index.now, |d| d.of == of)
        });
        let has: Vec<&Definition> = each.collect::<Option<_>>()?;
        let mut lines: Vec<String> = has.iter().map(|d| describe("upstream has", d)).collect();
        lines.dedup();
        Some(Finding {
            title: Some("the implementation of `{scope}` lacks `{name}`, which upstream's has"),
            ..finding(entry.next.found, lines, None)
        })
    }

    fn of_trait<'d>(&self, all: &'d [Definition], of: &str) -> Option<&'d Definition> {
        self.nearest(all, |d| d.of_trait() == of)
    }

    /// Finds an implementation of the method: in the same file, else in the same part of
    /// the crate, as P2 and P3 have traits of the same names.
    fn nearest<'d>(
        &self,
        all: &'d [Definition],
        is_it: impl Fn(&Definition) -> bool,
    ) -> Option<&'d Definition> {
        let part = part_of(&self.file);
        let fits =
            |d: &&Definition| d.name == self.name && is_it(d) && part_of(d.file.as_str()) == part;
        let mut near = all.iter().filter(fits).peekable();
        let first = near.peek().copied();
        near.find(|d| d.file.as_str() == self.file).or(first)
    }
}

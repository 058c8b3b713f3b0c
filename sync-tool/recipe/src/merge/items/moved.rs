//! Follows items that theirs moved to another place of the file.
//!
//! An item that ours changed, and that theirs no longer has where it was, is merged into
//! theirs where that has it now: one item with the same kind and name and mostly the same
//! tokens, among those that theirs has added, and one among those that it has taken away.
//! Anything else is not followed, and conflicts where it was.

use std::borrow::Cow;
use std::collections::HashMap;

use super::align::{pairs, similarity};
use super::combine::{Combiner, Part, Three};
use super::path_at;
use super::source::{Child, Container, Kind, Source};
use crate::merge::keeps::{Settled, keeps};
use crate::merge::{Chunk, Merge, MergeError, Sides};
use crate::patch::Delta;

/// How much of its tokens an item that moved has kept, at least.
pub(super) const MOSTLY: f64 = 0.7;

/// What theirs took away and added, by kind and name.
#[derive(Default)]
pub(super) struct Moves<'a> {
    gone: HashMap<u64, Vec<&'a Child>>,
    /// With the text of theirs that it is in, from 0.
    added: HashMap<u64, Vec<(usize, &'a Child)>>,
    /// What ours changed of what is gone.
    changed: Vec<[&'a Child; 2]>,
    text: usize,
}

impl<'a> Moves<'a> {
    pub(super) fn of(roots: Three<&'a Container>) -> Self {
        let mut moves = Moves::default();
        moves.look(roots);
        moves
    }

    /// Looks into a further file of base and theirs.
    pub(super) fn also(&mut self, base: &'a Container, theirs: &'a Container) {
        self.text += 1;
        let changed = self.changed.len();
        self.look([base, base, theirs]);
        self.changed.truncate(changed);
    }

    fn look(&mut self, of: Three<&'a Container>) {
        let [base, ours, theirs] = of;
        let [our_pairs, their_pairs] = [pairs(base, ours), pairs(base, theirs)];
        let mut is_old = vec![false; theirs.children.len()];
        for (at, child) in base.children.iter().enumerate() {
            let our = our_pairs[at].map(|index| &ours.children[index]);
            let Some(index) = their_pairs[at] else {
                register(child, &mut |id, child| {
                    self.gone.entry(id).or_default().push(child)
                });
                if let Some(our) = our {
                    self.changed.push([child, our]);
                }
                continue;
            };
            is_old[index] = true;
            let their = &theirs.children[index];
            let changed = self.changed.len();
            self.look_into([child, our.unwrap_or(child), their]);
            if our.is_none() {
                // Nothing of it is in ours.
                self.changed.truncate(changed);
            }
        }
        for (child, is_old) in theirs.children.iter().zip(is_old) {
            if !is_old {
                register(child, &mut |id, child| {
                    self.added.entry(id).or_default().push((self.text, child))
                });
            }
        }
    }

    fn look_into(&mut self, of: Three<&'a Child>) {
        let [base, ours, theirs] = of.map(|child| &child.inner);
        if base.len() == ours.len() && base.len() == theirs.len() {
            for ((base, ours), theirs) in base.iter().zip(ours).zip(theirs) {
                self.look([base, ours, theirs]);
            }
        }
    }

    /// Returns the item of theirs that one of base is now, if that is certain, and its text.
    fn target(&self, base: &Child) -> Option<(usize, &'a Child)> {
        let id = identity(base)?;
        let ([_], [target]) = (
            self.gone.get(&id)?.as_slice(),
            self.added.get(&id)?.as_slice(),
        ) else {
            return None;
        };
        (similarity(&base.tokens, &target.1.tokens) >= MOSTLY).then_some(*target)
    }

    /// Returns each item that ours may have changed and that moved: as base and ours have it,
    /// and as theirs, with its text.
    pub(super) fn found(&self) -> Vec<(usize, Three<&'a Child>)> {
        let mut found = Vec::new();
        for changed in &self.changed {
            self.followed(*changed, &mut found);
        }
        found
    }

    fn followed(&self, changed: [&'a Child; 2], found: &mut Vec<(usize, Three<&'a Child>)>) {
        let [base, ours] = changed;
        if let Some((text, target)) = self.target(base) {
            found.push((text, [base, ours, target]));
        } else if base.inner.len() == ours.inner.len() {
            for (base, ours) in base.inner.iter().zip(&ours.inner) {
                for (child, pair) in base.children.iter().zip(pairs(base, ours)) {
                    if let Some(pair) = pair {
                        self.followed([child, &ours.children[pair]], found);
                    }
                }
            }
        }
    }
}

fn identity(child: &Child) -> Option<u64> {
    let is_item = matches!(child.label.kind, Kind::Function | Kind::Item | Kind::Impl);
    let key = child.label.key.as_ref().filter(|_| is_item)?;
    Some(super::source::digest((child.label.kind, key)))
}

/// Hands on a child and all items in it.
fn register<'a>(child: &'a Child, add: &mut impl FnMut(u64, &'a Child)) {
    if let Some(id) = identity(child) {
        add(id, child);
    }
    if matches!(child.label.kind, Kind::Impl | Kind::Item) {
        for child in child.inner.iter().flat_map(|inner| &inner.children) {
            register(child, add);
        }
    }
}

/// Merges what ours changed of moved items into theirs, where that is clean: theirs has the
/// merged text then, and ours what base has. Returns a note for each.
pub(super) fn follow<'a>(
    combiner: &mut Combiner<'a>,
    sources: Three<&'a Source<'a>>,
) -> Result<Vec<String>, MergeError> {
    let moves = Moves::of(sources.map(|source| &source.root));
    let mut notes = Vec::new();
    for (_, of) in moves.found() {
        if let Some(mut settled) = follow_one(combiner, of)? {
            combiner.settled.append(&mut settled);
            let place = path_at(sources[2], &of[2].lines).join(", ");
            notes.push(note(of[0], &place));
        }
    }
    Ok(notes)
}

/// Says where a change went.
pub(super) fn note(item: &Child, place: &str) -> String {
    let name = item.label.name.as_deref().unwrap_or_default();
    format!("The change of `{name}` follows it to `{place}`.")
}

/// Merges what ours changed of one item, if it did and that is clean.
pub(super) fn follow_one<'a>(
    combiner: &mut Combiner<'a>,
    of: Three<&'a Child>,
) -> Result<Option<Vec<Settled>>, MergeError> {
    let lines = of.map(|child| child.lines.clone());
    let [base, ours, theirs] = [0, 1, 2].map(|side| combiner.text(side, &lines[side]));
    if base == ours {
        return Ok(None);
    }
    let Some((text, settled)) = merged(combiner, of)? else {
        return Ok(None);
    };
    let merge = Merge {
        chunks: vec![Chunk::Resolved(text.clone())],
        agreed: Delta::default(),
    };
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    if !keeps(&merge, sides, &settled) {
        return Ok(None);
    }
    replace(&mut combiner.lines[1][lines[1].clone()], base);
    replace(&mut combiner.lines[2][lines[2].clone()], text);
    Ok(Some(settled))
}

/// Merges an item that moved, with the indentation that it has in theirs.
fn merged<'a>(
    combiner: &Combiner<'a>,
    of: Three<&'a Child>,
) -> Result<Option<(String, Vec<Settled>)>, MergeError> {
    let mut lines = combiner.lines.clone();
    let indent = |side: usize| {
        let line = &combiner.lines[side][of[side].code];
        line[..line.len() - line.trim_start().len()].to_owned()
    };
    for side in [0, 1] {
        let (old, new) = (indent(side), indent(2));
        for line in &mut lines[side][of[side].lines.clone()] {
            if let Some(rest) = line.strip_prefix(old.as_str()).filter(|_| old != new) {
                *line = Cow::Owned(format!("{new}{rest}"));
            }
        }
    }
    let mut combiner = Combiner {
        lines,
        parts: Vec::new(),
        settled: Vec::new(),
        caution: combiner.caution,
    };
    combiner.child(of)?;
    let texts = combiner.parts.into_iter().map(|part| match part {
        Part::Text(text) => Some(text),
        Part::Conflict(_) => None,
    });
    let text: Option<String> = texts.collect();
    Ok(text.map(|text| (text, combiner.settled)))
}

/// Gives lines another text, however many lines that has.
fn replace(lines: &mut [Cow<'_, str>], text: String) {
    lines.fill(Cow::Borrowed(""));
    if let Some(first) = lines.first_mut() {
        *first = Cow::Owned(text);
    }
}

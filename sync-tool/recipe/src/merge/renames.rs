//! Identifiers that upstream renamed: found between two of its texts, or declared.

#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffOp};
use tokens::{Token, tokens};

use super::difference;

/// A name that upstream no longer uses, and the one that it uses instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rename {
    pub from: String,
    pub to: String,
}

impl Rename {
    /// Tells whether a text is a name that can be renamed, or a path that ends in one.
    pub fn is_path(text: &str) -> bool {
        let mut names = text.split("::");
        names.all(|name| is_identifier(name) || matches!(name, "crate" | "self" | "super"))
            && text.rsplit("::").next().is_some_and(is_identifier)
    }
}

/// How many tokens of a changed place are compared: in larger ones it is not told what
/// became of what.
const MAX_COMPARED: usize = 2_000;

/// Returns the identifiers that were renamed between two texts: the old one is nowhere in
/// the later text, the new one was nowhere in the earlier, and wherever another name stands
/// in the old one's place, it is this one. In two places at least, or in the definition of an
/// item and the lines below, nothing else changed. (A field or variant may as well have been
/// removed, and another one added.)
pub(super) fn find(base: &str, theirs: &str) -> Vec<Rename> {
    let (old, new) = (tokens(base), tokens(theirs));
    let hunks = hunks((base, &old), (theirs, &new));
    let (old_names, new_names) = (names(&old), names(&new));
    let pairs: BTreeSet<(&str, &str)> = hunks.iter().flat_map(Hunk::replaced).collect();
    let is_rename = |(from, to): &(&str, &str)| {
        let mut others = pairs.iter().filter(|pair| *pair != &(*from, *to));
        let is_new = !new_names.contains(from) && !old_names.contains(to);
        let are_names = is_identifier(from) && is_identifier(to);
        is_new && are_names && others.all(|other| other.0 != *from && other.1 != *to)
    };
    let renames: BTreeMap<&str, &str> = pairs.iter().copied().filter(is_rename).collect();
    let kept: Vec<Kept<'_, '_>> = hunks.iter().flat_map(|hunk| hunk.kept(&renames)).collect();
    let is_sure = |from: &str| {
        let places = kept.iter().filter(|place| place.token.name() == Some(from));
        let in_code = places.clone().any(|place| place.is_in_code);
        let is_item = |place: &Kept<'_, '_>| place.token.is_definition && place.is_followed;
        in_code && places.clone().count() > 1 || places.clone().any(is_item)
    };
    let sure = renames.iter().filter(|(from, _)| is_sure(from));
    let owned = |(from, to): (&&str, &&str)| Rename {
        from: (*from).to_owned(),
        to: (*to).to_owned(),
    };
    sure.map(owned).collect()
}

/// Returns a text with a name replaced. Comments and strings stay; so does what is written
/// between the names of a path, where a comment is among it.
pub(super) fn apply(text: &str, rename: &Rename) -> String {
    let mut text = text.to_owned();
    for place in places(&text, rename).into_iter().rev() {
        text.replace_range(place, &rename.to);
    }
    text
}

/// Returns in how many places a name stands.
pub(super) fn count(text: &str, rename: &Rename) -> usize {
    places(text, rename).len()
}

/// The names of a text, read once.
pub(super) struct Names<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    counts: HashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let tokens = tokens(text);
        let mut counts = HashMap::new();
        for name in tokens.iter().filter_map(Token::name) {
            *counts.entry(name).or_default() += 1;
        }
        Names {
            text,
            tokens,
            counts,
        }
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// Tells whether a name is defined in the text.
    pub(super) fn defines(&self, name: &str) -> bool {
        let mut definitions = self.tokens.iter().filter(|token| token.is_definition);
        definitions.any(|token| token.name() == Some(name))
    }

    /// Returns the text with names replaced.
    pub(super) fn renamed(&self, renames: &[&Rename]) -> String {
        let names = renames.iter().map(|rename| (&*rename.from, &*rename.to));
        let names: HashMap<&str, &str> = names.collect();
        let (mut text, mut done) = (String::with_capacity(self.text.len()), 0);
        for token in &self.tokens {
            if let Some(to) = token.name().and_then(|name| names.get(name)) {
                text.push_str(&self.text[done..token.bytes.start]);
                text.push_str(to);
                done = token.bytes.end;
            }
        }
        text.push_str(&self.text[done..]);
        text
    }
}

fn is_identifier(name: &str) -> bool {
    syn::parse_str::<syn::Ident>(name).is_ok_and(|ident| ident == name)
}

/// Returns where a name or path stands. A path does not stand inside of a longer one.
fn places(text: &str, rename: &Rename) -> Vec<Range<usize>> {
    let wanted: Vec<&str> = rename.from.split("::").collect();
    // Most texts do not have it.
    let last = wanted
        .last()
        .map_or("", |name| name.trim_start_matches("r#"));
    if !text.contains(last) {
        return Vec::new();
    }
    let tokens = tokens(text);
    let length = wanted.len() * 3 - 2;
    let is_path = |tokens: &[Token<'_>]| {
        let mut parts = tokens.chunks(3).zip(&wanted);
        parts.all(|(part, name)| {
            let is_bound = part[1..].iter().all(|token| token.text == ":");
            part[0].name() == Some(name.trim_start_matches("r#")) && is_bound
        })
    };
    let is_inside = |at: usize| {
        length > 1 && at > 0 && tokens[at - 1].text == ":" && at > 1 && tokens[at - 2].text == ":"
    };
    let windows = tokens.windows(length).enumerate();
    let found = windows.filter(|(at, window)| is_path(window) && !is_inside(*at));
    let places = found.map(|(_, window)| window[0].bytes.start..window[length - 1].bytes.end);
    let has_comment = |place: &Range<usize>| {
        let text = &text[place.clone()];
        text.contains("//") || text.contains("/*")
    };
    places.filter(|place| !has_comment(place)).collect()
}

fn names<'a>(tokens: &[Token<'a>]) -> BTreeSet<&'a str> {
    tokens.iter().filter_map(Token::name).collect()
}

/// How many lines below a definition tell that it is of the same thing.
const FOLLOWING: usize = 3;

/// A token of a line that stands in both texts, were the old names renamed.
struct Kept<'t, 'a> {
    token: &'t Token<'a>,
    /// Whether the line has a name that was not renamed.
    is_in_code: bool,
    /// Whether the lines below stand in both texts too.
    is_followed: bool,
}

/// The tokens of a place that was changed, and all from there on.
struct Hunk<'t, 'a> {
    old: &'t [Token<'a>],
    new: &'t [Token<'a>],
    rest: [&'t [Token<'a>]; 2],
}

impl<'t, 'a> Hunk<'t, 'a> {
    /// Returns the names that stand in the place of other names, with all around them equal.
    fn replaced(&self) -> Vec<(&'a str, &'a str)> {
        let mut pairs = Vec::new();
        let [before, after] = [self.old, self.new].map(|tokens| texts(tokens, &BTreeMap::new()));
        for op in similar::capture_diff_slices(Algorithm::Myers, &before, &after) {
            let (_, old, new) = op.as_tag_tuple();
            let names = |tokens: &[Token<'a>]| tokens.iter().map(Token::name).collect();
            let (old, new): (Option<Vec<_>>, Option<Vec<_>>) =
                (names(&self.old[old]), names(&self.new[new]));
            if let (DiffOp::Replace { .. }, Some(old), Some(new)) = (op, old, new)
                && old.len() == new.len()
            {
                pairs.extend(old.into_iter().zip(new));
            }
        }
        pairs
    }

    /// Returns the names of lines that stand in both, were the old ones renamed.
    fn kept(&self, renames: &BTreeMap<&str, &'a str>) -> Vec<Kept<'t, 'a>> {
        let none = BTreeMap::new();
        let (before, after) = (rows(self.old), rows(self.new));
        let texts = |rows: &[&[Token<'a>]], renames| {
            let texts = rows.iter().map(|row| texts(row, renames));
            texts.collect::<Vec<_>>()
        };
        let (old, new) = (texts(&before, renames), texts(&after, &none));
        let [old_rest, new_rest] = self.rest.map(rows);
        let mut kept = Vec::new();
        for op in similar::capture_diff_slices(Algorithm::Myers, &old, &new) {
            let DiffOp::Equal {
                old_index,
                new_index,
                len,
            } = op
            else {
                continue;
            };
            for at in 0..len {
                let row = before[old_index + at];
                let below = |rest: &[&'t [Token<'a>]], at: usize, renames| {
                    let end = rest.len().min(at + 1 + FOLLOWING);
                    texts(&rest[at + 1..end], renames)
                };
                let is_followed = row.iter().any(|token| token.is_definition)
                    && below(&old_rest, old_index + at, renames)
                        == below(&new_rest, new_index + at, &none);
                let mut names = row.iter().filter_map(Token::name);
                let is_in_code = names.any(|name| !renames.contains_key(name));
                kept.extend(row.iter().map(|token| Kept {
                    token,
                    is_in_code,
                    is_followed,
                }));
            }
        }
        kept
    }
}

fn rows<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    tokens.chunk_by(|a, b| a.line == b.line).collect()
}

/// Returns the tokens' texts with names replaced.
fn texts<'a>(tokens: &[Token<'a>], renames: &BTreeMap<&str, &'a str>) -> Vec<&'a str> {
    let text = |token: &Token<'a>| {
        let name = token.name();
        let to = name.and_then(|name| renames.get(name)).copied();
        to.or(name).unwrap_or(token.text)
    };
    tokens.iter().map(text).collect()
}

/// Returns the places that were changed, apart from those that are too large.
fn hunks<'t, 'a>(
    (base, old): (&str, &'t [Token<'a>]),
    (theirs, new): (&str, &'t [Token<'a>]),
) -> Vec<Hunk<'t, 'a>> {
    let edits = difference::edits(base, theirs).unwrap_or_default();
    let hunks = edits.into_iter().map(|edit| {
        let (old_rest, new_rest) = (from(old, edit.old.start), from(new, edit.new.start));
        Hunk {
            old: &old_rest[..old_rest.len() - from(old, edit.old.end).len()],
            new: &new_rest[..new_rest.len() - from(new, edit.new.end).len()],
            rest: [old_rest, new_rest],
        }
    });
    hunks
        .filter(|hunk| hunk.old.len().max(hunk.new.len()) <= MAX_COMPARED)
        .collect()
}

/// Returns the tokens from a line on.
fn from<'t, 'a>(tokens: &'t [Token<'a>], line: usize) -> &'t [Token<'a>] {
    &tokens[tokens.partition_point(|token| token.line < line)..]
}

//! Identifiers that upstream renamed: found between two of its texts, or declared.

#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
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
/// the later text, the new one was nowhere in the earlier, and it stands at every place where
/// the old one was replaced; these are two at least, or a definition.
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
    let kept: Vec<&Token<'_>> = hunks.iter().flat_map(|hunk| hunk.kept(&renames)).collect();
    let is_sure = |from: &str| {
        let mut places = kept.iter().filter(|token| token.name() == Some(from));
        places.clone().count() > 1 || places.any(|token| token.is_definition)
    };
    let sure = renames.iter().filter(|(from, _)| is_sure(from));
    let owned = |(from, to): (&&str, &&str)| Rename {
        from: (*from).to_owned(),
        to: (*to).to_owned(),
    };
    sure.map(owned).collect()
}

/// Returns a text with names replaced, one rename after the other. Comments and strings
/// stay; so does what is written between the names of a path, where a comment is among it.
pub(super) fn apply(text: &str, renames: &[Rename]) -> String {
    let mut text = text.to_owned();
    for rename in renames {
        for place in places(&text, rename).into_iter().rev() {
            text.replace_range(place, &rename.to);
        }
    }
    text
}

/// Returns in how many places a name stands.
pub(super) fn count(text: &str, rename: &Rename) -> usize {
    places(text, rename).len()
}

/// Tells whether a name is defined in a text.
pub(super) fn is_defined(text: &str, name: &str) -> bool {
    let tokens = tokens(text);
    let mut definitions = tokens.iter().filter(|token| token.is_definition);
    definitions.any(|token| token.name() == Some(name))
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

/// The tokens of a place that was changed.
struct Hunk<'t, 'a> {
    old: &'t [Token<'a>],
    new: &'t [Token<'a>],
}

impl<'t, 'a> Hunk<'t, 'a> {
    /// Returns the names that stand in the place of other names, with all around them equal.
    fn replaced(&self) -> Vec<(&'a str, &'a str)> {
        let mut pairs = Vec::new();
        for op in self.compared(&BTreeMap::new()) {
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

    /// Returns the tokens that stand in both, were the old ones renamed.
    fn kept(&self, renames: &BTreeMap<&str, &'a str>) -> Vec<&'t Token<'a>> {
        let ops = self.compared(renames).into_iter();
        let equal = ops.filter(|op| matches!(op, DiffOp::Equal { .. }));
        equal.flat_map(|op| &self.old[op.old_range()]).collect()
    }

    fn compared(&self, renames: &BTreeMap<&str, &'a str>) -> Vec<DiffOp> {
        let text = |token: &Token<'a>| token.name().unwrap_or(token.text);
        let renamed = |token: &Token<'a>| {
            let to = token.name().and_then(|name| renames.get(name));
            to.copied().unwrap_or(text(token))
        };
        let old: Vec<&str> = self.old.iter().map(renamed).collect();
        let new: Vec<&str> = self.new.iter().map(text).collect();
        similar::capture_diff_slices(Algorithm::Myers, &old, &new)
    }
}

/// Returns the places that were changed, apart from those that are too large.
fn hunks<'t, 'a>(
    (base, old): (&str, &'t [Token<'a>]),
    (theirs, new): (&str, &'t [Token<'a>]),
) -> Vec<Hunk<'t, 'a>> {
    let (old_lines, new_lines) = (lines(base), lines(theirs));
    let edits = difference::edits(base, theirs).unwrap_or_default();
    let hunks = edits.into_iter().map(|edit| Hunk {
        old: within(old, &old_lines, edit.old),
        new: within(new, &new_lines, edit.new),
    });
    hunks
        .filter(|hunk| hunk.old.len().max(hunk.new.len()) <= MAX_COMPARED)
        .collect()
}

/// Returns where each line starts, and where the text ends.
fn lines(text: &str) -> Vec<usize> {
    let ends = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    [0].into_iter().chain(ends).collect()
}

fn within<'t, 'a>(
    tokens: &'t [Token<'a>],
    lines: &[usize],
    range: Range<usize>,
) -> &'t [Token<'a>] {
    let at = |line: usize| tokens.partition_point(|token| token.bytes.start < lines[line]);
    &tokens[at(range.start)..at(range.end)]
}

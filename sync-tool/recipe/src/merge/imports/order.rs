//! The order that rustfmt puts imports into, by its style editions (rustfmt's `imports.rs`
//! and `sort.rs`; the style guide's "Sorting").

use std::cmp::Ordering;

use super::tree::{Segment, Tree};

/// The order of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Names with a small letter, then those with a capital one, then constants.
    Edition2015,
    /// As versions: digits by their value, `_` before all else, capitals before small letters.
    Edition2024,
}

impl Style {
    /// Tells whether trees stand in this order, at every level.
    pub(super) fn is_kept_by(self, trees: &[&Tree]) -> bool {
        let below = |tree: &&Tree| match tree.path.last() {
            Some(Segment::List(list)) => self.is_kept_by(&list.iter().collect::<Vec<_>>()),
            _ => true,
        };
        trees.is_sorted_by(|a, b| self.trees(a, b).is_le()) && trees.iter().all(below)
    }

    /// Returns where a tree belongs among others.
    pub(super) fn place<'t>(self, new: &Tree, mut trees: impl Iterator<Item = &'t Tree>) -> usize {
        let len = trees.size_hint().0;
        let behind = trees.position(|tree| self.trees(tree, new).is_gt());
        behind.unwrap_or(len)
    }

    pub(super) fn trees(self, a: &Tree, b: &Tree) -> Ordering {
        for (a, b) in a.path.iter().zip(&b.path) {
            let order = self.segments(a, b);
            // `a as c` is shorter than `a::b` and stands before it, whatever its alias.
            if order.is_ne() && self.segments(&unnamed(a), &unnamed(b)).is_ne() {
                return order;
            }
        }
        a.path.len().cmp(&b.path.len())
    }

    fn segments(self, a: &Segment, b: &Segment) -> Ordering {
        match (a, b) {
            (Segment::Name(a, renamed_a), Segment::Name(b, renamed_b)) => {
                let names = match (keyword(a), keyword(b)) {
                    (KEYWORDS, KEYWORDS) => self.names(a, b),
                    (a, b) => a.cmp(&b),
                };
                names.then_with(|| match (renamed_a, renamed_b) {
                    (Some(a), Some(b)) if self == Style::Edition2024 => {
                        versions(plain(a), plain(b))
                    }
                    _ => renamed_a.cmp(renamed_b),
                })
            }
            (Segment::List(a), Segment::List(b)) => {
                let pairs = a.iter().zip(b).map(|(a, b)| self.trees(a, b));
                let first = pairs.into_iter().find(|order| order.is_ne());
                first.unwrap_or(a.len().cmp(&b.len()))
            }
            _ => kind(a).cmp(&kind(b)),
        }
    }

    fn names(self, a: &str, b: &str) -> Ordering {
        if self == Style::Edition2024 {
            return versions(plain(a), plain(b));
        }
        let is_constant = |name: &str| {
            name.chars()
                .all(|c| c.is_uppercase() || c == '_' || c.is_numeric())
        };
        let is_large = |name: &str| name.starts_with(char::is_uppercase);
        is_constant(a)
            .cmp(&is_constant(b))
            .then_with(|| is_large(a).cmp(&is_large(b)))
            .then_with(|| a.cmp(b))
    }
}

/// Returns a segment without its alias.
fn unnamed(segment: &Segment) -> Segment {
    match segment {
        Segment::Name(name, _) => Segment::Name(name.clone(), None),
        other => other.clone(),
    }
}

const KEYWORDS: usize = 3;

fn keyword(name: &str) -> usize {
    let keywords = ["self", "super", "crate"];
    keywords
        .iter()
        .position(|word| *word == name)
        .unwrap_or(KEYWORDS)
}

fn kind(segment: &Segment) -> usize {
    match segment {
        Segment::Name(..) => 0,
        Segment::Glob => 1,
        Segment::List(_) => 2,
    }
}

fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Compares names as versions.
fn versions(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    let mut zeros = Ordering::Equal;
    loop {
        match (chunk(&mut a_rest), chunk(&mut b_rest)) {
            (None, None) => return zeros,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some("_"), Some("_")) => {}
            (Some("_"), _) => return Ordering::Less,
            (_, Some("_")) => return Ordering::Greater,
            (Some(a), Some(b)) => {
                let order = match (number(a), number(b)) {
                    (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                    _ => a.cmp(b),
                };
                if order.is_ne() {
                    return order;
                }
                // More zeros ahead of an equal number come first.
                zeros = zeros.then(b.len().cmp(&a.len()));
            }
        }
    }
}

/// Returns a number's digits without the zeros ahead of them.
fn number(chunk: &str) -> Option<&str> {
    chunk
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| chunk.trim_start_matches('0'))
}

/// Takes an underscore, a number or what stands up to the next of them.
fn chunk<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let first = rest.chars().next()?;
    let is_number = first.is_ascii_digit();
    let end = match first {
        '_' => Some(1),
        _ => rest.find(|c: char| c == '_' || c.is_ascii_digit() != is_number),
    };
    let (chunk, behind) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = behind;
    Some(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_with_an_underscore_stand_where_rustfmt_puts_them() {
        let sorted = |style: Style, mut names: Vec<&'static str>| {
            names.sort_by(|a, b| style.names(a, b));
            names
        };
        let names = || vec!["_A", "C", "WuX", "_b", "a"];
        assert_eq!(
            sorted(Style::Edition2015, names()),
            ["_b", "a", "WuX", "_A", "C"]
        );
        assert_eq!(
            sorted(Style::Edition2024, names()),
            ["_A", "_b", "C", "WuX", "a"]
        );
    }
}

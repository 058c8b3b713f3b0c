//! The functions and types of a source file, by its tokens.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use recipe::tokens::lex;

/// A function or a type; those of several platforms are one.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// The code without comments and layout.
    pub code: Vec<String>,
    /// The lines, counted from 0, the last one left out.
    pub lines: Vec<std::ops::Range<usize>>,
    pub is_function: bool,
}

impl Item {
    /// Returns the names that the code has.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let is_name = |text: &&str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        self.code
            .iter()
            .map(String::as_str)
            .filter(is_name)
            .collect()
    }

    pub(super) fn text(&self, source: &str) -> String {
        let lines: Vec<&str> = source.split_inclusive('\n').collect();
        let parts = self
            .lines
            .iter()
            .filter_map(|range| lines.get(range.clone()));
        parts.map(|part| part.concat()).collect()
    }
}

/// Returns the items of a source by their names, those of a type as `Type::name`; `None`
/// where it does not lex, or is nested too deep.
pub(super) fn items_of(source: &str) -> Option<BTreeMap<String, Item>> {
    let mut all = BTreeMap::new();
    collect(lex(source)?, "", &mut all);
    Some(all)
}

fn collect(tokens: TokenStream, within: &str, into: &mut BTreeMap<String, Item>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let word = token.to_string();
        let is_end = |token: &TokenTree| is_block(token) || is(token, ";");
        let end = tokens[at..].iter().position(is_end).map(|end| at + end);
        let next = tokens.get(at + 1);
        let is_item = matches!(next, Some(TokenTree::Ident(_)));
        match (word.as_str(), end) {
            ("fn" | "struct" | "enum", Some(end)) if is_item => {
                let name = tokens[at + 1].to_string();
                let name = if within.is_empty() {
                    name
                } else {
                    format!("{within}::{name}")
                };
                let item: &mut Item = into.entry(name).or_default();
                item.is_function |= word == "fn";
                tokens[at..=end]
                    .iter()
                    .for_each(|token| flatten(token, &mut item.code));
                let first = token.span().start().line;
                item.lines.push(first - 1..tokens[end].span().end().line);
                at = end;
            }
            ("impl" | "trait" | "mod", Some(end)) => {
                if let TokenTree::Group(body) = &tokens[end] {
                    // Unit tests are not what the fork stands in for.
                    let head = name_of(&tokens[at + 1..end]);
                    let name = if word == "mod" { within } else { &head };
                    if word != "mod" || head != "tests" && head != "test" {
                        collect(body.stream(), name, into);
                    }
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
}

fn is(token: &TokenTree, sign: &str) -> bool {
    matches!(token, TokenTree::Punct(_)) && token.to_string() == sign
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Returns the type that an `impl` is for, without its path and parameters.
fn name_of(head: &[TokenTree]) -> String {
    let (mut name, mut depth) = (String::new(), 0);
    for token in head {
        match token.to_string().as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            "where" => break,
            "for" if depth == 0 => name.clear(),
            word if depth == 0 && matches!(token, TokenTree::Ident(_)) => {
                word.clone_into(&mut name)
            }
            _ => {}
        }
    }
    name
}

/// Appends the texts of a token. Doc comments are attributes; they are left out, and so is
/// a comma before the end of a group, which the formatter decides.
fn flatten(token: &TokenTree, into: &mut Vec<String>) {
    let TokenTree::Group(group) = token else {
        into.push(token.to_string());
        return;
    };
    let (open, close) = match group.delimiter() {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    into.push(open.to_owned());
    let tokens: Vec<_> = group.stream().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is(&tokens[at], "#") && tokens.get(at + 1).is_some_and(is_doc) {
            at += 2;
            continue;
        }
        if !(is(&tokens[at], ",") && at + 1 == tokens.len()) {
            flatten(&tokens[at], into);
        }
        at += 1;
    }
    into.push(close.to_owned());
}

fn is_doc(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.stream().into_iter().next()
        .is_some_and(|first| first.to_string() == "doc"))
}

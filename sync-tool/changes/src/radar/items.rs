//! The items of a source file that have behaviour, by its tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use recipe::tokens::lex;

/// What an item is, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Function,
    /// Whether other files may see it: what a private one has, the functions around it show.
    Enum { is_public: bool },
    /// A `const` or `static`.
    Value,
}

/// An item; its forms for several platforms are one.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub kind: Kind,
    /// The tokens of the body: a signature that changes does not compile unnoticed.
    pub code: Vec<String>,
    /// The lines, counted from 0, the last one left out.
    pub lines: Vec<Range<usize>>,
}

impl Item {
    /// Returns the names that the code has.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let texts = self.code.iter().map(String::as_str);
        texts.filter(|text| is_name(text)).collect()
    }

    pub(super) fn text(&self, source: &str) -> String {
        let lines: Vec<&str> = source.split_inclusive('\n').collect();
        let parts = self.lines.iter().filter_map(|one| lines.get(one.clone()));
        parts.map(|part| part.concat()).collect()
    }
}

/// Items by their names, those of a type as `Type::name`.
pub(super) type Items = BTreeMap<String, Item>;

/// Reads the items of a source; `None` where it does not lex, or is nested too deep.
pub(super) fn items_of(source: &str) -> Option<Items> {
    let mut all = BTreeMap::new();
    collect(lex(source)?, "", &mut all);
    Some(all)
}

fn collect(tokens: TokenStream, within: &str, into: &mut Items) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_end = |token: &TokenTree| is_block(token) || is(token, ";");
        let word = match token {
            TokenTree::Ident(word) => word.to_string(),
            _ => String::new(),
        };
        let ends_at = || Some(at + tokens[at..].iter().position(is_end)?);
        match word.as_str() {
            "fn" | "enum" | "const" | "static" => {
                if let Some((kind, name)) = begins(&tokens, at)
                    && let Some(end) = ends_at()
                {
                    let name = match within {
                        "" => name,
                        _ => format!("{within}::{name}"),
                    };
                    add(&tokens, (at, end), kind, into.entry(name).or_default());
                    at = end;
                }
            }
            "impl" | "trait" | "mod" => {
                let Some(end) = ends_at() else { break };
                if let TokenTree::Group(body) = &tokens[end] {
                    let head = name_of(&tokens[at + 1..end]);
                    let is_module = word == "mod";
                    // Unit tests are not what the fork stands in for.
                    if !is_module || head != "tests" && head != "test" {
                        let within = if is_module { within } else { &head };
                        collect(body.stream(), within, into);
                    }
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Returns what begins at a word, with its name; `None` for `const fn`, `const _` and
/// `&'static`.
fn begins(tokens: &[TokenTree], at: usize) -> Option<(Kind, String)> {
    let Some(TokenTree::Ident(next)) = tokens.get(at + 1) else {
        return None;
    };
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let name = next.to_string();
    let kind = match tokens[at].to_string().as_str() {
        "fn" => Kind::Function,
        "enum" => Kind::Enum {
            is_public: before.is_some_and(|one| one.to_string() == "pub" || is_restriction(one)),
        },
        _ if ["fn", "unsafe", "async", "extern", "_"].contains(&&*name) => return None,
        _ if before.is_some_and(|one| is(one, "'") || is(one, "*")) => return None,
        _ => Kind::Value,
    };
    Some((kind, name))
}

fn add(tokens: &[TokenTree], (at, end): (usize, usize), kind: Kind, item: &mut Item) {
    let code = match kind {
        Kind::Function | Kind::Enum { .. } if !is_block(&tokens[end]) => return,
        Kind::Function | Kind::Enum { .. } => &tokens[end..=end],
        Kind::Value => &tokens[at..=end],
    };
    item.kind = kind;
    let mut texts = Vec::new();
    code.iter().for_each(|token| flatten(token, &mut texts));
    item.code.extend(without_crate_paths(texts));
    let first = tokens[at].span().start().line;
    item.lines.push(first - 1..tokens[end].span().end().line);
}

/// Leaves out the modules of paths into the crate, by which a moved function differs.
fn without_crate_paths(texts: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(texts.len());
    let mut at = 0;
    let is_path = |at: usize| {
        texts
            .get(at + 1..at + 3)
            .is_some_and(|two| two == [":", ":"])
    };
    while at < texts.len() {
        if ["crate", "super", "self"].contains(&&*texts[at]) && is_path(at) {
            while is_path(at) && texts[at].starts_with(|c: char| c.is_lowercase()) {
                at += 3;
            }
        } else {
            kept.push(texts[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is(token: &TokenTree, sign: &str) -> bool {
    matches!(token, TokenTree::Punct(_)) && token.to_string() == sign
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Tells whether a token is the end of `pub(crate)`.
fn is_restriction(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
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

//! A source as one list of tokens with their places.

use std::ops::Range;

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::tokens::lex;

/// A token; comments are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub text: &'a str,
    pub bytes: Range<usize>,
    /// Its line, counted from 0.
    pub line: usize,
    pub is_name: bool,
    /// Whether it is the name of an item that is defined here.
    pub is_definition: bool,
}

impl<'a> Token<'a> {
    /// Returns the identifier, without the mark of a raw one.
    pub(super) fn name(&self) -> Option<&'a str> {
        let name = self.text.strip_prefix("r#").unwrap_or(self.text);
        self.is_name.then_some(name)
    }
}

/// Returns the tokens of a source; none where it does not lex.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    if let Some(stream) = lex(source) {
        collect(stream, source, &mut tokens);
    }
    tokens
}

/// The words that a name of an item follows.
const DEFINING: [&str; 9] = [
    "fn", "struct", "enum", "union", "trait", "type", "mod", "const", "static",
];

fn collect<'a>(stream: TokenStream, source: &'a str, tokens: &mut Vec<Token<'a>>) {
    let mut before = ["", ""];
    for tree in stream {
        if let TokenTree::Group(group) = &tree {
            let open = token(source, group.span_open());
            // A comment of documentation is an attribute that no text stands for.
            if ["(", "[", "{"].contains(&open.text) {
                tokens.push(open);
                collect(group.stream(), source, tokens);
                tokens.push(token(source, group.span_close()));
                before = [before[1], ""];
            }
            continue;
        }
        let mut token = token(source, tree.span());
        if token.text.starts_with("//") || token.text.starts_with("/*") {
            continue;
        }
        if matches!(tree, TokenTree::Ident(_)) && before[1] != "'" {
            token.is_name = true;
            // Not behind `*const`, which is a pointer.
            token.is_definition = DEFINING.contains(&before[1]) && before[0] != "*";
        }
        before = [before[1], token.text];
        tokens.push(token);
    }
}

fn token(source: &str, span: Span) -> Token<'_> {
    let bytes = span.byte_range();
    Token {
        text: &source[bytes.clone()],
        bytes,
        line: span.start().line - 1,
        is_name: false,
        is_definition: false,
    }
}

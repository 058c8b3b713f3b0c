//! A source as one list of tokens with their places.

use std::ops::Range;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use crate::tokens::lex;

/// A token; comments are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub text: &'a str,
    pub bytes: Range<usize>,
    pub is_name: bool,
    /// Whether it names what is defined here: an item, a field, a variant.
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
        collect(stream, source, Body::Code, &mut tokens);
    }
    tokens
}

/// What names mean at the beginning of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Code,
    Fields,
    Variants,
}

/// The words that a name of an item follows.
const DEFINING: [&str; 9] = [
    "fn", "struct", "enum", "union", "trait", "type", "mod", "const", "static",
];

fn collect<'a>(stream: TokenStream, source: &'a str, body: Body, tokens: &mut Vec<Token<'a>>) {
    let mut next_body = Body::Code;
    let mut begins = true;
    let mut before = ["", ""];
    for tree in stream {
        let bytes = tree.span().byte_range();
        if let TokenTree::Group(group) = &tree {
            let (open, close) = (group.span_open(), group.span_close());
            // A comment of documentation is an attribute that no text stands for.
            if !["(", "[", "{"].contains(&&source[open.byte_range()]) {
                continue;
            }
            let is_body = group.delimiter() == Delimiter::Brace;
            let inner = match is_body {
                true => std::mem::replace(&mut next_body, Body::Code),
                false => Body::Code,
            };
            tokens.push(token(source, open.byte_range()));
            collect(group.stream(), source, inner, tokens);
            tokens.push(token(source, close.byte_range()));
            before = [before[1], ""];
            continue;
        }
        let mut token = token(source, bytes);
        if token.text.starts_with("//") || token.text.starts_with("/*") {
            continue;
        }
        match &tree {
            TokenTree::Ident(_) => {
                token.is_name = before[1] != "'";
                let is_item = DEFINING.contains(&before[1]) && before[0] != "*";
                token.is_definition = token.is_name && is_item || begins && body == Body::Variants;
                next_body = match token.text {
                    "struct" | "union" => Body::Fields,
                    "enum" => Body::Variants,
                    _ => next_body,
                };
                begins &= token.text == "pub";
            }
            TokenTree::Punct(punct) => {
                let is_field = punct.as_char() == ':' && punct.spacing() == Spacing::Alone;
                if let Some(name) = tokens
                    .last_mut()
                    .filter(|_| is_field && body == Body::Fields)
                {
                    name.is_definition |= name.is_name && matches!(before[0], "" | "," | "pub");
                }
                match punct.as_char() {
                    ',' => begins = true,
                    ';' => next_body = Body::Code,
                    _ => {}
                }
            }
            _ => begins = false,
        }
        before = [before[1], token.text];
        tokens.push(token);
    }
}

fn token(source: &str, bytes: Range<usize>) -> Token<'_> {
    Token {
        text: &source[bytes.clone()],
        bytes,
        is_name: false,
        is_definition: false,
    }
}

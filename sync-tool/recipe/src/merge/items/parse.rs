//! Parses sources, of which hostile ones can exhaust neither stack nor memory.

use std::thread;

use proc_macro2::{LexError, TokenStream, TokenTree};

use super::reader;
use super::source::Source;
use crate::tokens::lex;

/// The stack of the thread that parses; it is reserved, and used only as far as needed.
const STACK: usize = 256 << 20;

/// How many levels the parser may go down at most, counted as if each token that can begin
/// one did. One level needs a few kilobytes of the stack.
const MAX_LEVELS: usize = 12_000;

/// Parses sources in a thread of its own: with a stack that holds [`MAX_LEVELS`], and at
/// the end of which the parser's memory of the texts is freed.
///
/// # Errors
///
/// The index of the first source that cannot be read, and why.
pub(super) fn parse_all<'a, const N: usize>(
    texts: [&'a str; N],
) -> Result<[Source<'a>; N], (usize, String)> {
    let parsed = in_thread(move || {
        let each = texts.iter().enumerate();
        each.map(|(at, text)| parse(text).map_err(|error| (at, error)))
            .collect::<Result<Vec<_>, _>>()
    });
    let sources = parsed.unwrap_or_else(|error| Err((0, error)))?;
    sources
        .try_into()
        .map_err(|_| (0, "not all texts were read".to_owned()))
}

/// Says why a text does not parse as Rust, with line and column; `Ok` where it does.
///
/// # Errors
///
/// What the parser says, as `3:5: expected …`.
pub fn check_rust(text: &str) -> Result<(), String> {
    in_thread(|| syntax(text).map(drop))?
}

fn in_thread<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let thread = thread
            .spawn_scoped(scope, run)
            .map_err(|error| format!("no thread to parse in: {error}"))?;
        thread
            .join()
            .map_err(|_| "the parser cannot read it".to_owned())
    })
}

fn parse(text: &str) -> Result<Source<'_>, String> {
    let (stream, file) = syntax(text)?;
    Ok(reader::read(text, stream, &file))
}

fn syntax(text: &str) -> Result<(TokenStream, syn::File), String> {
    // The lexer does not know the line that makes a source a script; its end stays, so that
    // all that follows keeps its line.
    let is_script = text.starts_with("#!") && !text.starts_with("#![");
    let code = match text.find('\n') {
        Some(end) if is_script => &text[end..],
        _ => text,
    };
    let stream = lex(code).ok_or_else(|| match code.parse::<TokenStream>() {
        Err(error) => describe_lexing(&error),
        Ok(_) => "groups are nested too deep".to_owned(),
    })?;
    if levels(stream.clone()) > MAX_LEVELS {
        return Err("expressions are nested too deep".to_owned());
    }
    let file = syn::parse2(stream.clone()).map_err(|error| {
        let at = error.span().start();
        format!("{}:{}: {error}", at.line, at.column + 1)
    })?;
    Ok((stream, file))
}

fn describe_lexing(error: &LexError) -> String {
    let at = error.span().start();
    format!("{}:{}: {error}", at.line, at.column + 1)
}

/// Returns how many levels a parser may go down, at most, for a stream; [`lex`] has bounded
/// the depth of its groups.
fn levels(stream: TokenStream) -> usize {
    let (mut deepest, mut run) = (0, 0);
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        run += 1;
        match tree {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => run = 0,
            TokenTree::Group(group) => {
                deepest = deepest.max(run + levels(group.stream()));
                let is_brace = group.delimiter() == proc_macro2::Delimiter::Brace;
                let ends = match trees.peek() {
                    Some(TokenTree::Ident(next)) => next != "else" && next != "as",
                    Some(TokenTree::Punct(next)) => next.as_char() == '#',
                    _ => false,
                };
                if is_brace && ends {
                    run = 0;
                }
            }
            _ => {}
        }
        deepest = deepest.max(run);
    }
    deepest
}

//! Parses sources, of which hostile ones can exhaust neither stack nor memory.

use std::{fmt, thread};

use proc_macro2::{Delimiter, LexError, LineColumn, Spacing, TokenStream, TokenTree};

use super::reader;
use super::source::{Role, Source, Token};

/// The stack of the thread that parses; it is reserved, and used only as far as needed.
const STACK: usize = 256 << 20;

/// How many sources are parsed at a time.
const MAX_THREADS: usize = 4;

/// How many levels the parser may go down at most, counted as if each token that can begin
/// one did. One level needs a few kilobytes of the stack.
const MAX_LEVELS: usize = 12_000;

/// How deep groups may be nested.
const MAX_DEPTH: usize = 256;

/// Parses sources, each in a thread of its own: with a stack that holds [`MAX_LEVELS`], and
/// at the end of which the parser's memory of the text is freed.
///
/// # Errors
///
/// The index of the first source that cannot be read, and why.
pub(super) fn parse_all<'a, const N: usize>(
    texts: [&'a str; N],
) -> Result<[Source<'a>; N], (usize, String)> {
    let parsed = in_threads(&texts, |text| {
        let (tokens, file) = syntax(text)?;
        Ok(reader::read(text, tokens, &file))
    });
    let each = parsed.into_iter().enumerate();
    let sources = each.map(|(at, source)| source.map_err(|error| (at, error)));
    let sources: Vec<Source<'a>> = sources.collect::<Result<_, _>>()?;
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
    read_rust(&[text], |_| ()).remove(0)
}

/// Parses sources and returns what `read` makes of each, in order. Lines and columns of
/// the syntax tree can be told only there: its text is freed as `read` ends.
///
/// # Errors
///
/// For each source that does not parse as Rust, what the parser says.
pub fn read_rust<T: Send>(
    texts: &[&str],
    read: impl Fn(&syn::File) -> T + Sync,
) -> Vec<Result<T, String>> {
    in_threads(texts, |text| syntax(text).map(|(_, file)| read(&file)))
}

fn in_threads<'a, T: Send>(
    texts: &[&'a str],
    run: impl Fn(&'a str) -> Result<T, String> + Sync,
) -> Vec<Result<T, String>> {
    let run = &run;
    let parsed = texts.chunks(MAX_THREADS).flat_map(|texts| {
        thread::scope(|scope| {
            let threads = texts.iter().map(|text| {
                let thread = thread::Builder::new().stack_size(STACK);
                thread.spawn_scoped(scope, move || run(text))
            });
            // All of them begin before the first is waited for.
            let threads: Vec<_> = threads.collect();
            let results = threads.into_iter().map(|thread| {
                let thread = thread.map_err(|error| format!("no thread to parse in: {error}"))?;
                let unreadable = |_| Err("the parser cannot read it".to_owned());
                thread.join().unwrap_or_else(unreadable)
            });
            results.collect::<Vec<_>>()
        })
    });
    parsed.collect()
}

fn syntax(text: &str) -> Result<(Vec<Token>, syn::File), String> {
    // The lexer does not know the line that makes a source a script; its end stays, so that
    // all that follows keeps its line.
    let is_script = text.starts_with("#!") && !text.starts_with("#![");
    let code = match text.find('\n') {
        Some(end) if is_script => &text[end..],
        _ => text,
    };
    let located = |at: LineColumn, error: &dyn fmt::Display| {
        format!("{}:{}: {error}", at.line, at.column + 1)
    };
    let stream: TokenStream = code
        .parse()
        .map_err(|error: LexError| located(error.span().start(), &error))?;
    let mut tokens = Vec::new();
    let levels = flatten(stream.clone(), MAX_DEPTH, &mut tokens);
    if levels.is_none_or(|levels| levels > MAX_LEVELS) {
        return Err("code is nested too deep".to_owned());
    }
    let file = syn::parse2(stream).map_err(|error| located(error.span().start(), &error))?;
    Ok((tokens, file))
}

/// Appends the tokens of a stream, groups taken apart. Returns how many levels a parser may
/// go down, at most, as [`MAX_LEVELS`] counts them; `None` where groups are nested deeper
/// than is allowed.
fn flatten(stream: TokenStream, depth: usize, tokens: &mut Vec<Token>) -> Option<usize> {
    let (mut deepest, mut run) = (0, 0);
    let mut trees = stream.into_iter().peekable();
    let mut before = ['\0'; 2];
    while let Some(tree) = trees.next() {
        run += 1;
        let sign = match &tree {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => '\0',
        };
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(Token::new(open, Role::None, group.span_open()));
                let levels = flatten(group.stream(), depth.checked_sub(1)?, tokens)?;
                tokens.push(Token::new(close, Role::None, group.span_close()));
                deepest = deepest.max(run + levels);
                let ends = match trees.peek() {
                    Some(TokenTree::Ident(next)) => next != "else" && next != "as",
                    Some(TokenTree::Punct(next)) => next.as_char() == '#',
                    _ => false,
                };
                if open == "{" && ends {
                    run = 0;
                }
            }
            TokenTree::Punct(punct) => {
                if matches!(punct.as_char(), ',' | ';') {
                    run = 0;
                }
                let mut text = [0; 4];
                let text = punct.as_char().encode_utf8(&mut text);
                tokens.push(Token::new(text, Role::None, punct.span()));
            }
            TokenTree::Ident(ident) => {
                let text = ident.to_string();
                let role = role(&text, before, trees.peek());
                tokens.push(Token::new(&text, role, ident.span()));
            }
            TokenTree::Literal(literal) => {
                tokens.push(Token::new(&literal.to_string(), Role::None, literal.span()));
            }
        }
        deepest = deepest.max(run);
        before = [before[1], sign];
    }
    Some(deepest)
}

/// Words that the language gives a meaning, apart from `self`; sorted.
const KEYWORDS: [&str; 46] = [
    "as", "async", "await", "box", "break", "const", "continue", "crate", "default", "do", "dyn",
    "else", "enum", "extern", "false", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "pub", "raw", "ref", "return", "safe", "static",
    "struct", "super", "trait", "true", "try", "type", "union", "unsafe", "use", "where", "while",
    "yield",
];

/// Returns what a name is, by the two signs before it and what follows.
fn role(text: &str, before: [char; 2], next: Option<&TokenTree>) -> Role {
    let is_keyword = || KEYWORDS.binary_search(&text).is_ok();
    let names_a_value = || match next {
        Some(TokenTree::Punct(next)) => next.as_char() == ':' && next.spacing() == Spacing::Alone,
        _ => false,
    };
    match before {
        [_, '\''] => Role::None,
        _ if is_keyword() => Role::None,
        [':', ':'] => Role::Member,
        [one, '.'] if one != '.' => Role::Member,
        _ if names_a_value() => Role::Member,
        _ => Role::Name,
    }
}

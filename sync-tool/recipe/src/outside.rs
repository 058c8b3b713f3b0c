//! Finds what sources read from outside of their crate: a fork has it not, and a
//! package neither.

use std::ops::Range;
use std::sync::Arc;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::lex;
use super::tree::{Tree, joined};
use crate::error::{Fault, Location};

/// Returns a fault for each file above a crate that its sources name by a literal in
/// `include!`, `include_str!`, `include_bytes!` or `#[path]`. What a macro expands to
/// is not seen.
pub(crate) fn outside(tree: &Tree) -> Vec<Fault> {
    let sources = tree
        .iter()
        .filter(|(path, _)| path.as_str().ends_with(".rs"));
    let sources = sources.filter_map(|(path, file)| Some((path.as_str(), file.text()?)));
    let faults = sources.flat_map(|(path, text)| {
        let found = found(path, text);
        let text: Arc<str> = if found.is_empty() {
            Arc::from("")
        } else {
            Arc::from(text)
        };
        found
            .into_iter()
            .map(move |OutsideFile { what, named, span }| {
                Fault::new(format!(
                    "`{what}` reads `{named}`, which is outside of the crate"
                ))
                .at(Location::span(path, Arc::clone(&text), span))
                .help("omit the file by a `[[files]]` rule, or patch the line")
            })
    });
    faults.collect()
}

/// A file outside of the crate.
struct OutsideFile {
    what: String,
    named: String,
    span: Range<usize>,
}

fn found(path: &str, text: &str) -> Vec<OutsideFile> {
    // Lexing costs more than a search, and nearly every file names nothing above it.
    let may = (text.contains("../") || text.contains("\"/"))
        && (text.contains("include") || text.contains("path"));
    // What does not lex is told by those who have to read it.
    let Some(tokens) = may.then(|| lex(text)).flatten() else {
        return Vec::new();
    };
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name
        .strip_suffix(".rs")
        .filter(|stem| !["lib", "main", "mod"].contains(stem));
    let mut search = Search {
        dir,
        found: Vec::new(),
    };
    search.level(tokens, dir, stem);
    search.found
}

struct Search<'p> {
    /// The directory of the file.
    dir: &'p str,
    found: Vec<OutsideFile>,
}

impl Search<'_> {
    /// Looks through code; `modules` is the directory that `#[path]` begins at, and
    /// `stem` what the modules in this code add to it.
    fn level(&mut self, tokens: TokenStream, modules: &str, stem: Option<&str>) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            let TokenTree::Group(group) = tree else {
                continue;
            };
            let before = |back: usize| match trees.get(at.wrapping_sub(back)) {
                None | Some(TokenTree::Group(_)) => None,
                Some(other) => Some(other.to_string()),
            };
            let before = [3, 2, 1].map(|back| before(back).unwrap_or_default());
            match before.each_ref().map(String::as_str) {
                [_, name @ ("include" | "include_str" | "include_bytes"), "!"] => {
                    self.include(name, group.stream());
                }
                // Its paths begin at who calls it.
                [.., "macro_rules"] | ["macro_rules", "!", _] => {}
                [_, _, "#"] | [_, "#", "!"] if group.delimiter() == Delimiter::Bracket => {
                    self.attribute(group.stream(), modules);
                    self.level(group.stream(), modules, stem);
                }
                [_, "mod", name] => {
                    let inner = joined(modules, stem.unwrap_or_default());
                    let inner = inner.and_then(|inner| joined(&inner, name));
                    self.level(group.stream(), &inner.unwrap_or_default(), None);
                }
                _ => self.level(group.stream(), modules, stem),
            }
        }
    }

    /// Reads what a macro is given: a literal, or several that follow the crate's directory.
    fn include(&mut self, name: &str, tokens: TokenStream) {
        let mut literals = Vec::new();
        let mut others = Vec::new();
        collect_tokens(tokens, &mut literals, &mut others);
        let [(first, span), ..] = &literals[..] else {
            return;
        };
        let (dir, named) = match (&others[..], first.as_str()) {
            ([], _) if literals.len() == 1 => (self.dir, first.clone()),
            ([concat, env], "CARGO_MANIFEST_DIR") if concat == "concat" && env == "env" => {
                let behind = literals[1..].iter().map(|(text, _)| text.as_str());
                let behind: String = behind.collect();
                ("", behind.trim_start_matches('/').to_owned())
            }
            // Where it leads is not known.
            _ => return,
        };
        self.check(dir, format!("{name}!"), named, span.clone());
    }

    fn attribute(&mut self, tokens: TokenStream, modules: &str) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        if let [TokenTree::Ident(name), TokenTree::Group(group)] = &trees[..]
            && name == "cfg_attr"
        {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let parts = inner.split(|tree| tree.to_string() == ",");
            parts.for_each(|part| self.attribute(part.iter().cloned().collect(), modules));
        }
        if let [
            TokenTree::Ident(name),
            TokenTree::Punct(_),
            TokenTree::Literal(_),
        ] = &trees[..]
            && name == "path"
        {
            let mut literals = Vec::new();
            collect_tokens(
                trees.iter().cloned().collect(),
                &mut literals,
                &mut Vec::new(),
            );
            for (named, span) in literals {
                self.check(modules, "#[path]".to_owned(), named, span);
            }
        }
    }

    fn check(&mut self, dir: &str, what: String, named: String, span: Range<usize>) {
        if joined(dir, &named).is_none() {
            self.found.push(OutsideFile { what, named, span });
        }
    }
}

/// Gathers the string literals of code, and its names.
fn collect_tokens(
    tokens: TokenStream,
    literals: &mut Vec<(String, Range<usize>)>,
    names: &mut Vec<String>,
) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => collect_tokens(group.stream(), literals, names),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    literals.push((text.value(), literal.span().byte_range()));
                }
            }
            TokenTree::Ident(name) => names.push(name.to_string()),
            TokenTree::Punct(_) => {}
        }
    }
}

//! The names that a source file uses, by its tokens, and what they mean.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

const DECLARE: [&str; 5] = ["fn", "trait", "struct", "enum", "type"];

pub type Segments = Vec<String>;

/// The names that the `use` lines of a module bring in, and what they mean.
pub type Imports = BTreeMap<String, Segments>;

/// What a module and the modules in it name.
#[derive(Default)]
pub struct Module {
    pub imports: Imports,
    pub paths: Vec<Segments>,
    /// The modules in it, some of which have no name: those of functions' bodies.
    pub modules: Vec<(String, Module)>,
    /// The names of functions, traits and types that it declares.
    pub items: BTreeSet<String>,
}

impl Module {
    /// Takes in the tokens of a module, or of a block in it.
    pub fn read(&mut self, tokens: TokenStream, is_block: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [word, name, TokenTree::Group(body), ..]
                    if is(word, "mod") && body.delimiter() == Delimiter::Brace =>
                {
                    let mut module = Module::default();
                    module.read(body.stream(), false);
                    self.modules.push((name.to_string(), module));
                    at += 3;
                }
                [word, name, ..]
                    if !is_block && DECLARE.iter().any(|declares| is(word, declares)) =>
                {
                    self.items.insert(name.to_string());
                    at += 1;
                }
                [word, ..] if is(word, "use") => {
                    at += 1;
                    self.read_tree(&tokens, &mut at, &[], Some(is_block));
                }
                [TokenTree::Ident(_) | TokenTree::Punct(_), ..] => {
                    self.read_tree(&tokens, &mut at, &[], None);
                }
                [TokenTree::Group(group), ..] => {
                    self.read(group.stream(), true);
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// Takes in a path from `at` on, in a `use` line with all that branches off it. One
    /// that begins with `::` has an empty first segment.
    fn read_tree(
        &mut self,
        tokens: &[TokenTree],
        at: &mut usize,
        root: &[String],
        used: Option<bool>,
    ) {
        let mut path = root.to_vec();
        let mut after_colons = true;
        if root.is_empty() && is_colons(tokens, *at) {
            path.push(String::new());
            *at += 2;
        }
        loop {
            match tokens.get(*at) {
                Some(TokenTree::Ident(word)) if after_colons => path.push(word.to_string()),
                Some(star) if after_colons && used.is_some() && is(star, "*") => {
                    path.push("*".to_owned());
                }
                Some(TokenTree::Group(branches)) if after_colons && used.is_some() => {
                    *at += 1;
                    return self.read_branches(branches.stream(), &path, used);
                }
                _ => break,
            }
            *at += 1;
            after_colons = is_colons(tokens, *at);
            *at += if after_colons { 2 } else { 0 };
        }
        if path.len() == root.len() {
            *at += 1;
            return;
        }
        let mut name = path[path.len() - 1].clone();
        if name == "self" {
            path.pop();
            name = path.last().cloned().unwrap_or_default();
        }
        if used.is_some() && tokens.get(*at).is_some_and(|word| is(word, "as")) {
            name = tokens[*at + 1].to_string();
            *at += 2;
        }
        // A block's own import holds for the block alone.
        if used == Some(false) || used == Some(true) && !is_inside(&path) {
            self.imports.insert(name, path.clone());
        }
        self.paths.push(path);
    }

    fn read_branches(&mut self, branches: TokenStream, root: &[String], used: Option<bool>) {
        let branches: Vec<_> = branches.into_iter().collect();
        for branch in branches.split(|token| is(token, ",")) {
            self.read_tree(branch, &mut 0, root, used);
        }
    }

    /// Returns what a path means: its first name is looked up among the imports.
    pub fn meaning(&self, path: &[String], parent: &Imports) -> Segments {
        let mut path = path.to_vec();
        // An import may rest on another one.
        for _ in 0..8 {
            let (imports, own) = match path.first().map(String::as_str) {
                Some("super") => (parent, 1),
                Some("self") => (&self.imports, 1),
                _ => (&self.imports, 0),
            };
            let Some(import) = path.get(own).and_then(|name| imports.get(name)) else {
                break;
            };
            path = [import, &path[own + 1..]].concat();
        }
        path.retain(|segment| !segment.is_empty());
        path
    }
}

fn is(token: &TokenTree, text: &str) -> bool {
    token.to_string() == text
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at..at + 2), Some([one, other]) if is(one, ":") && is(other, ":"))
}

/// Returns whether a path is one of the crate itself, as those of the stand-ins.
pub fn is_inside(path: &[String]) -> bool {
    matches!(
        path.first().map(String::as_str),
        Some("crate" | "self" | "super")
    )
}

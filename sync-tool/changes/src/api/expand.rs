//! Signatures with all paths written out, so that `Result` of one crate is not `Result` of
//! another.

use super::items::joined;
use super::modules::{ItemId, ModuleId, Modules, Target};
use super::paths::PublicPaths;

/// Writes paths out.
pub(super) struct Expander<'a> {
    modules: &'a Modules<'a>,
    paths: &'a PublicPaths,
}

/// A text with its paths written out.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// Whether all that it names can be named by users.
    pub(super) is_public: bool,
    /// Whether it names what a macro makes in the crate itself.
    pub(super) is_of_macro: bool,
}

impl<'a> Expander<'a> {
    pub(super) fn new(modules: &'a Modules<'a>, paths: &'a PublicPaths) -> Self {
        Expander { modules, paths }
    }

    /// Returns where users find a module; a private one, where it is declared.
    pub(super) fn module_path(&self, id: ModuleId) -> String {
        let public = self.paths.modules.get(&id).cloned();
        public.unwrap_or_else(|| self.modules.all[id].path.join("::"))
    }

    /// Returns where users find an item; a private one, where it is declared.
    pub(super) fn item_path(&self, id: ItemId) -> String {
        let declared = || {
            let module = &self.modules.all[id.module];
            joined(&module.path.join("::"), &module.declarations[id.at].0.name)
        };
        self.paths.items.get(&id).cloned().unwrap_or_else(declared)
    }

    /// Writes out the paths of a text that stands in a module.
    pub(super) fn expand(&self, module: ModuleId, text: &str) -> Expanded {
        let mut expanded = Expanded {
            is_public: true,
            ..Expanded::default()
        };
        let mut before = "";
        let mut tokens = tokens(text).peekable();
        while let Some(token) = tokens.next() {
            let declares = [
                "fn", "struct", "enum", "union", "trait", "type", "mod", "const", "static", "macro",
            ];
            let is_name = token.starts_with(is_start)
                && !before.ends_with('\'')
                && !declares.contains(&before)
                && tokens.peek() != Some(&":")
                && !matches!(token, "crate" | "self" | "super");
            match is_name {
                true => self.path(module, token, &mut expanded),
                false => expanded.text.push_str(token),
            }
            if !token.trim().is_empty() {
                before = token;
            }
        }
        expanded
    }

    fn path(&self, module: ModuleId, path: &str, expanded: &mut Expanded) {
        let names: Vec<&str> = path.split("::").collect();
        let written = match self.modules.resolve(module, &names) {
            Target::Module(id) => joined("crate", &self.module_path(id)),
            Target::Item(id, members) => {
                expanded.is_public &= self.paths.items.contains_key(&id);
                let path = joined("crate", &self.item_path(id));
                members.iter().fold(path, |path, name| joined(&path, name))
            }
            Target::Path(names) => {
                expanded.is_of_macro |= names.first().is_some_and(|first| first == "crate");
                names.join("::")
            }
        };
        expanded.text.push_str(&written);
    }
}

/// Returns a signature with the paths written out that mean something else in the other
/// release, of two signatures that are written alike.
pub(super) fn told_apart(written: &str, meaning: &str, other: &str) -> String {
    let meanings = tokens(meaning).zip(tokens(other));
    let each = tokens(written).zip(meanings);
    each.map(|(written, (meaning, other))| if meaning == other { written } else { meaning })
        .collect()
}

/// Cuts a text into paths, strings and single characters.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match first {
            '"' => string_length(rest),
            _ if is_start(first) => path_length(rest),
            _ if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        rest = behind;
        Some(token)
    })
}

fn is_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn path_length(text: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let word = rest.find(|c: char| !(c == '_' || c == '#' || c.is_alphanumeric()));
        length += word.unwrap_or(rest.len());
        match text[length..].strip_prefix("::") {
            Some(behind) if behind.starts_with(is_start) => length += 2,
            _ => return length,
        }
    }
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

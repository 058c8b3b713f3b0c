//! One file's declarations, without the syntax tree that they come from.

use proc_macro2::Span;
use serde::Serialize;
use syn::{Attribute, Item, Visibility};

use super::declaration::{declaration, declared, implementation, in_macro};
use super::signature::text;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ItemKind {
    Module,
    Struct,
    Enum,
    Union,
    Trait,
    TypeAlias,
    Function,
    Const,
    Static,
    Macro,
    Field,
    Variant,
    Method,
    AssociatedConst,
    AssociatedType,
    /// The implementation of a trait for a type.
    Impl,
    /// A method in the implementation of a trait.
    ImplMethod,
    /// A further path of an item, or an item of another crate.
    ReExport,
}

/// A declaration and what stands in it.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) kind: ItemKind,
    pub(super) name: String,
    pub(super) public: bool,
    pub(super) signature: String,
    pub(super) line: usize,
    pub(super) members: Vec<Declared>,
    /// The traits that are derived for it.
    pub(super) derives: Vec<String>,
}

/// One name that a `use` brings in.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// The name; `*` for all of a module.
    pub(super) name: String,
    pub(super) public: bool,
    pub(super) cfg: String,
    pub(super) line: usize,
}

/// A declaration of a module.
#[derive(Debug)]
pub(super) struct Submodule {
    pub(super) declared: Declared,
    /// The path that an attribute gives its file.
    pub(super) path: Option<String>,
    /// What is in it, where that follows at once.
    pub(super) inline: Option<Scope>,
}

/// A block of methods.
#[derive(Debug)]
pub(super) struct Impl {
    /// The type as text, and as a path where it is one.
    pub(super) of: String,
    pub(super) of_path: Vec<String>,
    pub(super) of_trait: Option<String>,
    pub(super) signature: String,
    pub(super) line: usize,
    pub(super) members: Vec<Declared>,
}

/// What a module declares, in the order of the source.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) declared: Vec<Declared>,
    pub(super) imports: Vec<Import>,
    pub(super) modules: Vec<Submodule>,
    pub(super) impls: Vec<Impl>,
}

/// Returns what a file declares; what only tests have is left out.
pub(super) fn read(file: &syn::File) -> Scope {
    scope(&file.items)
}

fn scope(items: &[Item]) -> Scope {
    let mut scope = Scope::default();
    for item in items {
        scope.add(item);
    }
    scope
}

impl Scope {
    fn add(&mut self, item: &Item) {
        let attributes = attributes(item);
        if is_for_tests(attributes) {
            return;
        }
        match item {
            Item::Mod(module) => self.modules.push(Submodule {
                declared: declared(
                    ItemKind::Module,
                    &module.ident,
                    &module.attrs,
                    &module.vis,
                    format!("mod {}", module.ident),
                ),
                path: path_attribute(&module.attrs),
                inline: module.content.as_ref().map(|(_, items)| scope(items)),
            }),
            Item::Use(import) => {
                let mut at = Import {
                    path: Vec::new(),
                    name: String::new(),
                    public: is_public(&import.vis),
                    cfg: cfg(&import.attrs),
                    line: line(import.use_token.span),
                };
                if import.leading_colon.is_some() {
                    at.path.push(String::new());
                }
                self.import(&import.tree, &at);
            }
            Item::Impl(block) => self.impls.push(implementation(block)),
            Item::Macro(call) if call.ident.is_none() => self.declared.extend(in_macro(call)),
            item => self.declared.extend(declaration(item)),
        }
    }

    /// Adds the names that a tree brings in; `at` is what is known of the `use` so far.
    fn import(&mut self, tree: &syn::UseTree, at: &Import) {
        match tree {
            syn::UseTree::Path(inner) => {
                let next = at.further(&inner.ident, "", at.line);
                self.import(&inner.tree, &next);
            }
            syn::UseTree::Name(last) => {
                let (name, line) = (last.ident.to_string(), line(last.ident.span()));
                self.imports
                    .push(at.further(&last.ident, &name, line).closed());
            }
            syn::UseTree::Rename(last) => {
                let (name, line) = (last.rename.to_string(), line(last.ident.span()));
                self.imports
                    .push(at.further(&last.ident, &name, line).closed());
            }
            syn::UseTree::Glob(glob) => self.imports.push(Import {
                path: at.path.clone(),
                name: "*".to_owned(),
                cfg: at.cfg.clone(),
                line: line(glob.star_token.spans[0]),
                public: at.public,
            }),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, at);
                }
            }
        }
    }
}

impl Import {
    fn further(&self, last: &syn::Ident, name: &str, line: usize) -> Import {
        Import {
            path: [&self.path[..], &[last.to_string()]].concat(),
            name: name.to_owned(),
            cfg: self.cfg.clone(),
            line,
            public: self.public,
        }
    }

    /// Takes `self` off the end of a path: `a::{self}` is `a`.
    fn closed(mut self) -> Import {
        if self.path.len() > 1 && self.path.last().is_some_and(|last| last == "self") {
            self.path.pop();
        }
        if self.name == "self" {
            self.name = self.path.last().cloned().unwrap_or_default();
        }
        self
    }
}

pub(super) fn line(span: Span) -> usize {
    span.start().line
}

pub(super) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Returns the conditions of a declaration, each with a blank behind it.
pub(super) fn cfg(attributes: &[Attribute]) -> String {
    let conditions = attributes.iter().filter(|attribute| {
        let path = attribute.path();
        path.is_ident("cfg") || path.is_ident("non_exhaustive") || path.is_ident("deprecated")
    });
    conditions
        .map(|attribute| format!("{} ", text(attribute)))
        .collect()
}

pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.is_ident("test") || path.is_ident("cfg") && text(&attribute.meta) == "cfg(test)"
    })
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    syn::Lit::Str(path) => Some(path.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

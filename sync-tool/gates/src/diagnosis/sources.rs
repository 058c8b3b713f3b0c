//! What is defined in a tree's Rust sources: names, where they are, signatures.

use proc_macro2::Span;
use recipe::tree::{Tree, TreePath};
use syn::{ImplItem, Item, TraitItem, UseTree, Visibility};

/// What a definition defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A module.
    Module,
    /// A function or a method.
    Function,
    /// A name that `pub use` brings.
    Reexport,
    /// A type, trait, constant or the like.
    Other,
}

/// A definition in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    /// The module it is in: `crate::sockets`.
    pub(super) module: String,
    /// The name.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
    /// The trait or type whose method it is: `HostTcpSocket for Ctx`; empty elsewhere.
    pub(super) of: String,
    /// The file.
    pub(super) file: TreePath,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// A function's signature, or what comes before a trait's braces, in one line;
    /// empty for others.
    pub(super) signature: String,
}

impl Definition {
    /// Returns the path by which it is imported.
    pub(super) fn path(&self) -> String {
        format!("{}::{}", self.module, self.name)
    }

    /// Returns file and line as text.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// Returns all definitions of the library's sources, in the order of the files.
/// A file that cannot be parsed has none.
pub(super) fn definitions(tree: &Tree) -> Vec<Definition> {
    let mut all = Vec::new();
    for (path, file) in tree.iter() {
        let Some((module, text)) = module_of(path.as_str()).zip(file.text()) else {
            continue;
        };
        if let Ok(parsed) = syn::parse_file(text) {
            let mut reader = Reader {
                file: path,
                text,
                all: &mut all,
            };
            reader.items(&module, &parsed.items);
        }
    }
    all
}

/// Returns the module of a source file: `crate::sockets` of `src/sockets/mod.rs`.
fn module_of(path: &str) -> Option<String> {
    let path = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut module = String::from("crate");
    for part in path.split('/') {
        if !["lib", "mod", "main"].contains(&part) {
            module.push_str("::");
            module.push_str(part);
        }
    }
    Some(module)
}

struct Reader<'a> {
    file: &'a TreePath,
    text: &'a str,
    all: &'a mut Vec<Definition>,
}

impl Reader<'_> {
    fn items(&mut self, module: &str, items: &[Item]) {
        for item in items {
            self.item(module, item);
        }
    }

    fn item(&mut self, module: &str, item: &Item) {
        let mut other = |ident: &syn::Ident| self.add(module, ident, Kind::Other);
        match item {
            Item::Const(item) => other(&item.ident),
            Item::Static(item) => other(&item.ident),
            Item::Struct(item) => other(&item.ident),
            Item::Enum(item) => other(&item.ident),
            Item::Type(item) => other(&item.ident),
            Item::Union(item) => other(&item.ident),
            Item::Fn(item) => {
                let end = item.block.brace_token.span.open();
                self.function(module, "", &item.sig, end);
            }
            Item::Mod(item) => {
                self.add(module, &item.ident, Kind::Module);
                if let Some((_, items)) = &item.content {
                    self.items(&format!("{module}::{}", item.ident), items);
                }
            }
            Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => {
                self.reexports(module, &item.tree);
            }
            Item::Trait(item) => self.a_trait(module, item),
            Item::Impl(item) => self.an_impl(module, item),
            _ => {}
        }
    }

    fn a_trait(&mut self, module: &str, item: &syn::ItemTrait) {
        self.add(module, &item.ident, Kind::Other);
        let (start, end) = (item.trait_token.span, item.brace_token.span.open());
        let head = self.between(start, end);
        if let Some(last) = self.all.last_mut() {
            last.signature = head;
        }
        for part in &item.items {
            if let TraitItem::Fn(method) = part {
                let end = match (&method.default, &method.semi_token) {
                    (Some(block), _) => block.brace_token.span.open(),
                    (None, Some(semi)) => semi.span,
                    (None, None) => continue,
                };
                self.function(module, &item.ident.to_string(), &method.sig, end);
            }
        }
    }

    fn an_impl(&mut self, module: &str, item: &syn::ItemImpl) {
        let own = name_of_type(&item.self_ty);
        let of = match &item.trait_ {
            Some((of, _)) => format!("{} for {own}", last_of(of)),
            None => own,
        };
        for part in &item.items {
            if let ImplItem::Fn(method) = part {
                let end = method.block.brace_token.span.open();
                self.function(module, &of, &method.sig, end);
            }
        }
    }

    fn reexports(&mut self, module: &str, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.reexports(module, &path.tree),
            UseTree::Name(name) => self.add(module, &name.ident, Kind::Reexport),
            UseTree::Rename(rename) => self.add(module, &rename.rename, Kind::Reexport),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.reexports(module, tree);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, module: &str, ident: &syn::Ident, kind: Kind) {
        self.all.push(Definition {
            module: module.to_owned(),
            name: ident.to_string(),
            kind,
            of: String::new(),
            file: self.file.clone(),
            line: ident.span().start().line,
            signature: String::new(),
        });
    }

    fn function(&mut self, module: &str, of: &str, sig: &syn::Signature, end: Span) {
        let before = [
            sig.constness.as_ref().map(|token| token.span),
            sig.asyncness.as_ref().map(|token| token.span),
            Some(sig.fn_token.span),
        ];
        let start = before.into_iter().flatten().next();
        let signature = self.between(start.unwrap_or(end), end);
        self.add(module, &sig.ident, Kind::Function);
        if let Some(last) = self.all.last_mut() {
            last.of = of.to_owned();
            last.signature = signature;
        }
    }

    /// Returns the text from one token to before another, in one line.
    fn between(&self, start: Span, end: Span) -> String {
        let range = start.byte_range().start..end.byte_range().start;
        one_line(self.text.get(range).unwrap_or_default())
    }
}

/// Writes code in one line, as it would stand there without a break.
pub(super) fn one_line(code: &str) -> String {
    let words = code.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
        .replace(",)", ")")
        .replace("< ", "<")
        .replace(", >", ">")
}

/// Returns the name of a type, without what comes before it and its parameters.
fn name_of_type(ty: &syn::Type) -> String {
    match ty {
        syn::Type::Path(path) => last_of(&path.path),
        syn::Type::Reference(reference) => name_of_type(&reference.elem),
        _ => "_".to_owned(),
    }
}

fn last_of(path: &syn::Path) -> String {
    let last = path.segments.last();
    last.map_or_else(String::new, |segment| segment.ident.to_string())
}

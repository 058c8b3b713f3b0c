//! What trees define: Rust items by path and signature, WIT packages and types by name.

use std::collections::BTreeMap;

use proc_macro2::Span;
use recipe::tree::{Tree, TreePath};
use syn::{ImplItem, Item, TraitItem, Visibility};

use super::Trees;

/// What a definition defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    /// A function outside of traits and implementations.
    Function,
    Method,
    /// A name that `pub use` brings.
    Reexport,
    Trait,
    /// A type, constant or the like.
    Item,
    WitPackage,
    /// An interface or a world.
    WitInterface,
    WitType,
}

/// A definition in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) kind: Kind,
    /// The module (`crate::sockets`), or the WIT package and interface
    /// (`wasi:sockets/network`, without a version); empty where there is none.
    pub(super) scope: String,
    pub(super) name: String,
    /// The trait or type whose method it is: `HostTcpSocket for Ctx`; empty elsewhere.
    pub(super) of: String,
    /// A function's signature, or what comes before a trait's braces, in one line;
    /// empty for others.
    pub(super) signature: String,
    pub(super) file: TreePath,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Definition {
    /// Returns the path by which it is named in code.
    pub(super) fn path(&self) -> String {
        let Definition { scope, name, .. } = self;
        match self.kind {
            Kind::WitType => format!("{scope}.{name}"),
            Kind::WitInterface => format!("{scope}/{name}"),
            _ if scope.is_empty() => name.clone(),
            _ => format!("{scope}::{name}"),
        }
    }

    /// Returns what a compiler names as the place of it: the last part of its module,
    /// the type of an implementation, or the whole of a WIT scope.
    pub(super) fn owner(&self) -> &str {
        match self.of.is_empty() {
            true => self.scope.rsplit("::").next().unwrap_or_default(),
            false => self.of.rsplit(" for ").next().unwrap_or_default(),
        }
    }

    /// Returns how it is shown: its signature or path, and its place.
    pub(super) fn shown(&self) -> String {
        let what = match (&*self.signature, &*self.of) {
            ("", _) => format!("`{}`", self.path()),
            (signature, "") => format!("`{signature}`"),
            (signature, of) => format!("`{signature}` of `{of}`"),
        };
        format!("{what} ({}:{})", self.file, self.line)
    }

    /// Finds the same function in another tree: of the same owner, in the same module if
    /// there are several.
    pub(super) fn counterpart<'d>(&self, all: &'d [Definition]) -> Option<&'d Definition> {
        let is_it = |d: &&Definition| d.name == self.name && d.of == self.of && d.kind == self.kind;
        let mut found = all.iter().filter(is_it).peekable();
        let first = found.peek().copied();
        found.find(|d| d.scope == self.scope).or(first)
    }

    /// Returns the trait that an implementation's method is of; empty for others.
    pub(super) fn of_trait(&self) -> &str {
        self.of.split_once(" for ").map_or("", |(name, _)| name)
    }
}

/// The definitions of the trees; none of a tree that is not known.
pub(super) struct Index<'t> {
    pub(super) trees: Trees<'t>,
    /// What the fork defined before.
    pub(super) before: Vec<Definition>,
    pub(super) built: Vec<Definition>,
    /// What upstream's release defines; what was built, where that is not known.
    pub(super) now: Vec<Definition>,
}

impl<'t> Index<'t> {
    pub(super) fn of(trees: Trees<'t>) -> Self {
        let read = |tree: Option<&Tree>| tree.map(definitions).unwrap_or_default();
        Index {
            trees,
            before: read(trees.old),
            built: read(trees.new),
            now: read(trees.upstream.or(trees.new)),
        }
    }
}

/// Returns all definitions of the library's sources and WIT files, in the order of the
/// files. A file that does not parse as Rust has none.
pub(super) fn definitions(tree: &Tree) -> Vec<Definition> {
    let mut all = Vec::new();
    let packages = packages(tree);
    for (file, text) in tree.iter().filter_map(|(path, f)| Some((path, f.text()?))) {
        let mut reader = Reader {
            file,
            text,
            all: &mut all,
        };
        if let Some(module) = module_of(file.as_str()) {
            if let Ok(parsed) = syn::parse_file(text) {
                reader.items(&module, &parsed.items);
            }
        } else if file.as_str().ends_with(".wit") {
            reader.wit(packages.get(dir_of(file.as_str())).copied());
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

/// Returns the WIT package that each directory is of: one file of it says so.
fn packages(tree: &Tree) -> BTreeMap<&str, &str> {
    let files = tree
        .iter()
        .filter(|(path, _)| path.as_str().ends_with(".wit"));
    let named = files.filter_map(|(path, file)| {
        let package = file.text()?.lines().find_map(package_of)?;
        Some((dir_of(path.as_str()), package))
    });
    named.collect()
}

fn dir_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Returns the package that a line of WIT names: `wasi:clocks@0.2.6`.
fn package_of(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("package ")?;
    Some(name.trim_end_matches(['{', ';', ' ']))
}

/// Returns what a package is called without its version.
pub(super) fn bare(package: &str) -> &str {
    package.split('@').next().unwrap_or(package)
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
        let mut other = |ident: &syn::Ident| self.ident(module, ident, Kind::Item);
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
                self.ident(module, &item.ident, Kind::Module);
                if let Some((_, items)) = &item.content {
                    self.items(&format!("{module}::{}", item.ident), items);
                }
            }
            Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => {
                for name in names_of(&item.tree) {
                    self.ident(module, name, Kind::Reexport);
                }
            }
            Item::Trait(item) => self.a_trait(module, item),
            Item::Impl(item) => self.an_impl(module, item),
            _ => {}
        }
    }

    fn a_trait(&mut self, module: &str, item: &syn::ItemTrait) {
        let signature = self.between(item.trait_token.span, item.brace_token.span.open());
        let line = item.ident.span().start().line;
        let name = item.ident.to_string();
        self.add(Kind::Trait, module, &name, line).signature = signature;
        for part in &item.items {
            if let TraitItem::Fn(method) = part {
                let end = match (&method.default, &method.semi_token) {
                    (Some(block), _) => block.brace_token.span.open(),
                    (None, Some(semi)) => semi.span,
                    (None, None) => continue,
                };
                self.function(module, &name, &method.sig, end);
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

    fn function(&mut self, module: &str, of: &str, sig: &syn::Signature, end: Span) {
        let before = [
            sig.constness.as_ref().map(|token| token.span),
            sig.asyncness.as_ref().map(|token| token.span),
        ];
        let start = before.into_iter().flatten().next();
        let signature = self.between(start.unwrap_or(sig.fn_token.span), end);
        let kind = match of.is_empty() {
            true => Kind::Function,
            false => Kind::Method,
        };
        let line = sig.ident.span().start().line;
        let added = self.add(kind, module, &sig.ident.to_string(), line);
        added.of = of.to_owned();
        added.signature = signature;
    }

    /// Returns the text from one token to before another, in one line.
    fn between(&self, start: Span, end: Span) -> String {
        let range = start.byte_range().start..end.byte_range().start;
        one_line(self.text.get(range).unwrap_or_default())
    }

    fn ident(&mut self, module: &str, ident: &syn::Ident, kind: Kind) {
        self.add(kind, module, &ident.to_string(), ident.span().start().line);
    }

    fn add(&mut self, kind: Kind, scope: &str, name: &str, line: usize) -> &mut Definition {
        self.all.push(Definition {
            kind,
            scope: scope.to_owned(),
            name: name.to_owned(),
            of: String::new(),
            signature: String::new(),
            file: self.file.clone(),
            line,
        });
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    /// Adds what a WIT file defines, line by line. `of_dir` is the package of its
    /// directory, for a file that names none.
    fn wit(&mut self, of_dir: Option<&str>) {
        const TYPES: [&str; 6] = ["enum", "variant", "record", "flags", "resource", "type"];
        let lines = self.text.lines().zip(1..);
        let mut named = lines.filter_map(|(line, number)| Some((package_of(line)?, number)));
        let named = named.next();
        if let Some((name, line)) = named {
            self.add(Kind::WitPackage, "", name, line);
        }
        let Some(package) = named.map(|(name, _)| name).or(of_dir) else {
            return;
        };
        let package = bare(package);
        let mut scope = None;
        for (line, number) in self.text.lines().zip(1..) {
            if let Some(name) = ["interface", "world"]
                .iter()
                .find_map(|word| after(line, word))
            {
                self.add(Kind::WitInterface, package, name, number);
                scope = Some(format!("{package}/{name}"));
            }
            let name = TYPES.iter().find_map(|word| after(line, word));
            if let (Some(name), Some(scope)) = (name, &scope) {
                self.add(Kind::WitType, scope, name, number);
            }
        }
    }
}

/// Returns the name that a line of WIT defines with a word.
fn after<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let rest = line.trim_start().strip_prefix(word)?.strip_prefix(' ')?;
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '%';
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].trim_start_matches('%'))
}

/// Writes code in one line, as it would stand there without a break.
pub(super) fn one_line(code: &str) -> String {
    let mut line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    for (broken, whole) in [("( ", "("), (", )", ")"), (" )", ")"), (",)", ")")] {
        line = line.replace(broken, whole);
    }
    line.replace("< ", "<").replace(", >", ">")
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

/// Returns the names that a `use` brings.
fn names_of(tree: &syn::UseTree) -> Vec<&syn::Ident> {
    match tree {
        syn::UseTree::Path(path) => names_of(&path.tree),
        syn::UseTree::Name(name) => vec![&name.ident],
        syn::UseTree::Rename(rename) => vec![&rename.rename],
        syn::UseTree::Group(group) => group.items.iter().flat_map(names_of).collect(),
        _ => Vec::new(),
    }
}

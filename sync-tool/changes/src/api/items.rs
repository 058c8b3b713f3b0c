//! The items of a crate, each under the path by which its users know it.

use std::collections::BTreeMap;

use super::expand::Expander;
use super::modules::{ItemId, ModuleId, Modules, Target};
use super::paths::{Further, PublicPaths};
use super::source::{Declared, Impl, Import, ItemKind};

/// What tells an item from others: its path, what kind of name it is, and for the
/// implementation of a trait, which.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) path: String,
    pub(super) class: Class,
    pub(super) of: String,
}

/// Kinds between which a declaration may change and stay the same item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    Module,
    Type,
    Value,
    Macro,
    Field,
    Variant,
    Member,
    Impl,
    ImplMember,
    ReExport,
}

/// An item as declared.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) kind: ItemKind,
    pub(super) name: String,
    pub(super) public: bool,
    pub(super) signature: String,
    /// The signature with all paths written out: what is compared.
    pub(super) meaning: String,
    pub(super) file: String,
    pub(super) line: usize,
    /// The path of what it stands in.
    pub(super) parent: Option<Key>,
}

pub(super) type Items = BTreeMap<Key, Item>;

pub(super) fn class(kind: ItemKind) -> Class {
    match kind {
        ItemKind::Module => Class::Module,
        ItemKind::Struct
        | ItemKind::Enum
        | ItemKind::Union
        | ItemKind::Trait
        | ItemKind::TypeAlias => Class::Type,
        ItemKind::Function | ItemKind::Const | ItemKind::Static => Class::Value,
        ItemKind::Macro => Class::Macro,
        ItemKind::Field => Class::Field,
        ItemKind::Variant => Class::Variant,
        ItemKind::Method | ItemKind::AssociatedConst | ItemKind::AssociatedType => Class::Member,
        ItemKind::Impl => Class::Impl,
        ItemKind::ImplMethod => Class::ImplMember,
        ItemKind::ReExport => Class::ReExport,
    }
}

/// Joins the path of a module and a name in it.
pub(super) fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}::{name}"),
    }
}

/// Collects the items of a crate.
pub(super) struct Collector<'a> {
    modules: &'a Modules<'a>,
    paths: &'a PublicPaths,
    expander: Expander<'a>,
    items: Items,
}

/// What several items of one declaration share.
struct Context<'a> {
    module: ModuleId,
    file: &'a str,
    /// The path of what the items stand in, and its key, if it is an item of its own.
    path: String,
    parent: Option<Key>,
    public: bool,
}

pub(super) fn collect(modules: &Modules<'_>, paths: &PublicPaths) -> Items {
    let mut collector = Collector {
        modules,
        paths,
        expander: Expander::new(modules, paths),
        items: Items::new(),
    };
    for (id, module) in modules.all.iter().enumerate() {
        let path = collector.expander.module_path(id);
        let public = paths.modules.contains_key(&id);
        let parent = module.parent.map(|_| key(path.clone(), ItemKind::Module));
        if let (Some((declared, file)), Some(above)) = (module.declared, module.parent) {
            let above_path = collector.expander.module_path(above);
            let above_key = (above != 0).then(|| key(above_path.clone(), ItemKind::Module));
            let context = Context {
                module: above,
                file,
                path: above_path,
                parent: above_key,
                public,
            };
            collector.declare(declared, path.clone(), &context);
        }
        for (at, (declared, file)) in module.declarations.iter().enumerate() {
            let id = ItemId { module: id, at };
            let item_path = collector.expander.item_path(id);
            let public = paths.items.contains_key(&id);
            let parent = match item_path.rsplit_once("::") {
                Some((above, _)) if Some(above) != parent.as_ref().map(|key| key.path.as_str()) => {
                    Some(key(above.to_owned(), ItemKind::Module))
                }
                None => None,
                _ => parent.clone(),
            };
            let context = Context {
                module: id.module,
                file,
                path: path.clone(),
                parent,
                public,
            };
            collector.declare(declared, item_path, &context);
        }
        for (scope, file) in &module.scopes {
            for block in &scope.impls {
                collector.implement(id, file, block);
            }
        }
    }
    collector.re_exports();
    collector.items
}

fn key(path: String, kind: ItemKind) -> Key {
    Key {
        path,
        class: class(kind),
        of: String::new(),
    }
}

impl Collector<'_> {
    /// Adds an item with what is in it. An item that each platform has of its own is one,
    /// with all signatures.
    fn add(&mut self, key: Key, item: Item) {
        match self.items.get_mut(&key) {
            None => _ = self.items.insert(key, item),
            Some(there) => {
                there.public |= item.public;
                for (all, more) in [
                    (&mut there.signature, item.signature),
                    (&mut there.meaning, item.meaning),
                ] {
                    if !all.split(" / ").any(|one| one == more) {
                        all.push_str(" / ");
                        all.push_str(&more);
                    }
                }
            }
        }
    }

    fn declare(&mut self, declared: &Declared, path: String, context: &Context<'_>) {
        let item = self.item(declared, context);
        let key = key(path.clone(), declared.kind);
        self.add(key.clone(), item);
        let public = context.public;
        let inside = Context {
            path,
            parent: Some(key.clone()),
            ..*context
        };
        for member in &declared.members {
            let public = public && member.public;
            self.member(
                member,
                &Context {
                    path: inside.path.clone(),
                    parent: inside.parent.clone(),
                    public,
                    ..*context
                },
            );
        }
        for derived in &declared.derives {
            let of = self.expander.expand(context.module, derived).text;
            let name = derived.rsplit("::").next().unwrap_or(derived).to_owned();
            let item = Item {
                kind: ItemKind::Impl,
                signature: format!("impl {name} for {}", declared.name),
                meaning: format!("impl {of} for {}", joined("crate", &key.path)),
                name,
                public,
                file: context.file.to_owned(),
                line: declared.line,
                parent: Some(key.clone()),
            };
            let path = key.path.clone();
            self.add(
                Key {
                    path,
                    class: Class::Impl,
                    of,
                },
                item,
            );
        }
    }

    fn member(&mut self, member: &Declared, context: &Context<'_>) {
        let item = self.item(member, context);
        let path = joined(&context.path, &member.name);
        self.add(key(path, member.kind), item);
    }

    fn item(&self, declared: &Declared, context: &Context<'_>) -> Item {
        Item {
            kind: declared.kind,
            name: declared.name.clone(),
            public: context.public,
            meaning: self
                .expander
                .expand(context.module, &declared.signature)
                .text,
            signature: declared.signature.clone(),
            file: context.file.to_owned(),
            line: declared.line,
            parent: context.parent.clone(),
        }
    }

    fn implement(&mut self, module: ModuleId, file: &str, block: &Impl) {
        let (path, parent, is_public) = self.implementor(module, block);
        let context = |parent: Option<Key>, public| Context {
            module,
            file,
            path: path.clone(),
            parent,
            public,
        };
        let Some(name) = &block.of_trait else {
            for member in &block.members {
                let public = is_public && member.public;
                self.member(member, &context(parent.clone(), public));
            }
            return;
        };
        let of_trait = self.expander.expand(module, name);
        let public = is_public && of_trait.is_public;
        let (class, of) = (Class::Impl, of_trait.text.clone());
        let path = path.clone();
        let key = Key { path, class, of };
        let item = Item {
            kind: ItemKind::Impl,
            name: name.clone(),
            public,
            signature: block.signature.clone(),
            meaning: self.expander.expand(module, &block.signature).text,
            file: file.to_owned(),
            line: block.line,
            parent,
        };
        self.add(key.clone(), item);
        // What a macro makes of WIT is in no source: the methods of its traits are known
        // from what implements them. Those of other traits are as the trait declares them.
        let is_known_here = of_trait.is_of_macro;
        for member in &block.members {
            let public = public && (is_known_here || member.kind == ItemKind::AssociatedType);
            let item = self.item(member, &context(Some(key.clone()), public));
            let path = format!("<{} as {}>::{}", key.path, key.of, member.name);
            let (class, of) = (Class::ImplMember, String::new());
            self.add(Key { path, class, of }, item);
        }
    }

    /// Returns the path of the type that a block is for, its key where the crate declares
    /// it, and whether users can name it.
    fn implementor(&self, module: ModuleId, block: &Impl) -> (String, Option<Key>, bool) {
        let target = match block.of_path.is_empty() {
            true => Target::Path(Vec::new()),
            false => self.modules.resolve(module, &block.of_path),
        };
        match &target {
            Target::Item(id, members) if members.is_empty() => {
                let (declared, _) = self.modules.all[id.module].declarations[id.at];
                let path = self.expander.item_path(*id);
                let parent = key(path.clone(), declared.kind);
                (path, Some(parent), self.paths.items.contains_key(id))
            }
            _ => {
                let of = self.expander.expand(module, &block.of);
                let path = of.text.trim_start_matches("crate::").to_owned();
                (path, None, of.is_public)
            }
        }
    }

    /// Adds the paths under which items can be found beside their own.
    fn re_exports(&mut self) {
        for further in &self.paths.further {
            let (module, at) = further.import;
            let (import, file) = self.modules.all[module].imports[at];
            let target = match &further.target {
                Target::Module(id) if self.paths.modules.get(id) == Some(&further.path) => continue,
                Target::Item(id, members)
                    if members.is_empty() && self.paths.items.get(id) == Some(&further.path) =>
                {
                    continue;
                }
                Target::Module(id) => joined("crate", &self.expander.module_path(*id)),
                Target::Item(id, members) => {
                    let path = joined("crate", &self.expander.item_path(*id));
                    members.iter().fold(path, |path, name| joined(&path, name))
                }
                Target::Path(names) => names.join("::"),
            };
            let item = re_export(import, file, &further.path, &target, &self.parent(further));
            let class = Class::ReExport;
            let of = if import.name == "*" && further.path.ends_with('*') {
                target
            } else {
                String::new()
            };
            self.add(
                Key {
                    path: further.path.clone(),
                    class,
                    of,
                },
                item,
            );
        }
    }

    fn parent(&self, further: &Further) -> Option<Key> {
        let path = self.expander.module_path(further.parent);
        (!path.is_empty()).then(|| key(path, ItemKind::Module))
    }
}

fn re_export(import: &Import, file: &str, path: &str, target: &str, parent: &Option<Key>) -> Item {
    let name = path.rsplit("::").next().unwrap_or(path);
    let glob = if name == "*" { "::*" } else { "" };
    let renamed = match target.rsplit("::").next() {
        Some(last) if last != name && name != "*" => format!(" as {name}"),
        _ => String::new(),
    };
    let signature = format!("{}pub use {target}{glob}{renamed}", import.cfg);
    Item {
        kind: ItemKind::ReExport,
        name: name.to_owned(),
        public: true,
        meaning: signature.clone(),
        signature,
        file: file.to_owned(),
        line: import.line,
        parent: parent.clone(),
    }
}

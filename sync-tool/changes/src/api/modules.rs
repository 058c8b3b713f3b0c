//! The modules of a crate, and what names mean in them.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Declared, Import, Scope, Submodule};

/// The most modules that are read, and how deep they may lie.
const MAX_MODULES: usize = 20_000;
const MAX_DEPTH: usize = 64;

/// How many imports are followed to what a name means.
const MAX_STEPS: usize = 200;

/// A module, by its place in [`Modules`].
pub(super) type ModuleId = usize;

/// A declaration, by its module and its place in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ItemId {
    pub(super) module: ModuleId,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Module<'a> {
    /// Its path below the crate, as declared.
    pub(super) path: Vec<String>,
    pub(super) parent: Option<ModuleId>,
    /// Its declaration and the file that has it; `None` for the crate.
    pub(super) declared: Option<(&'a Declared, &'a str)>,
    /// What is in it, by file: of one name, each platform may have its own.
    pub(super) scopes: Vec<(&'a Scope, &'a str)>,
    pub(super) children: BTreeMap<&'a str, ModuleId>,
    pub(super) declarations: Vec<(&'a Declared, &'a str)>,
    pub(super) imports: Vec<(&'a Import, &'a str)>,
    /// Where declarations and imports are, by name.
    named: BTreeMap<&'a str, usize>,
    imported: BTreeMap<&'a str, usize>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Module(ModuleId),
    /// An item, and the names of what is in it.
    Item(ItemId, Vec<String>),
    /// A path from which on nothing is known: in another crate, or of what a macro makes.
    Path(Vec<String>),
}

#[derive(Debug, Default)]
pub(super) struct Modules<'a> {
    pub(super) all: Vec<Module<'a>>,
    /// Modules whose file is not there.
    pub(super) missing: Vec<Missing>,
    /// How many declarations of modules were followed.
    read: usize,
}

/// A module whose file is not there, and the paths that it could have.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) candidates: Vec<String>,
}

/// The files of a crate, by path.
pub(super) type Files<'a> = BTreeMap<&'a str, &'a Scope>;

/// Where the modules that a module declares have their files.
struct Location<'a> {
    file: &'a str,
    /// The directory of its children.
    below: String,
    /// The files that led here.
    above: Vec<&'a str>,
    is_inline: bool,
}

impl<'a> Modules<'a> {
    /// Follows the declarations of modules from the crate's root.
    pub(super) fn of(root: &'a str, files: &Files<'a>) -> Self {
        let mut modules = Modules::default();
        if let Some(scope) = files.get(root) {
            let location = Location {
                file: root,
                below: directory(root).to_owned(),
                above: vec![root],
                is_inline: false,
            };
            modules.all.push(Module::new(Vec::new(), None, None));
            modules.fill(0, scope, &location, files);
        }
        modules
    }

    fn fill(&mut self, id: ModuleId, scope: &'a Scope, at: &Location<'a>, files: &Files<'a>) {
        self.all[id].add(scope, at.file);
        for submodule in &scope.modules {
            self.read += 1;
            if self.read >= MAX_MODULES || self.all[id].path.len() >= MAX_DEPTH {
                return;
            }
            let name = submodule.declared.name.as_str();
            let Some((scope, location)) = at.of(submodule, files) else {
                self.missing.push(Missing {
                    file: at.file.to_owned(),
                    line: submodule.declared.line,
                    candidates: at.candidates(submodule),
                });
                continue;
            };
            let child = match self.all[id].children.get(name) {
                Some(child) => *child,
                None => {
                    let path = [&self.all[id].path[..], &[name.to_owned()]].concat();
                    let declared = Some((&submodule.declared, at.file));
                    self.all.push(Module::new(path, Some(id), declared));
                    let child = self.all.len() - 1;
                    self.all[id].children.insert(name, child);
                    child
                }
            };
            self.fill(child, scope, &location, files);
        }
    }

    /// Returns the module by its declared path.
    pub(super) fn find(&self, path: &[&str]) -> Option<ModuleId> {
        let mut names = path.iter();
        names.try_fold(0, |at, name| self.all.get(at)?.children.get(name).copied())
    }

    /// Returns what a path means in a module.
    pub(super) fn resolve<S: AsRef<str>>(&self, module: ModuleId, path: &[S]) -> Target {
        self.resolve_once(module, path, &mut BTreeSet::new())
    }

    fn resolve_once<S: AsRef<str>>(
        &self,
        module: ModuleId,
        path: &[S],
        seen: &mut BTreeSet<(ModuleId, String)>,
    ) -> Target {
        let mut at = module;
        let mut rest = path.iter().map(AsRef::as_ref).peekable();
        let mut rooted = false;
        while let Some(word @ ("crate" | "self" | "super")) = rest.peek().copied() {
            rest.next();
            rooted = true;
            at = match word {
                "crate" => 0,
                "super" => self.all[at].parent.unwrap_or(at),
                _ => at,
            };
        }
        let rest: Vec<&str> = rest.collect();
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        for (index, name) in rest.iter().enumerate() {
            let found = self.lookup(at, name, seen);
            let behind = &rest[index + 1..];
            match found {
                Some(Target::Module(module)) => at = module,
                Some(Target::Item(id, mut members)) => {
                    members.extend(owned(behind));
                    return Target::Item(id, members);
                }
                Some(Target::Path(mut names)) => {
                    names.extend(owned(behind));
                    return Target::Path(names);
                }
                None if index == 0 && !rooted => return Target::Path(owned(&rest)),
                None => {
                    let mut names = vec!["crate".to_owned()];
                    names.extend(self.all[at].path.iter().cloned());
                    names.extend(owned(&rest[index..]));
                    return Target::Path(names);
                }
            }
        }
        Target::Module(at)
    }

    /// Returns what a name means in a module: what it declares, or imports.
    fn lookup(
        &self,
        module: ModuleId,
        name: &str,
        seen: &mut BTreeSet<(ModuleId, String)>,
    ) -> Option<Target> {
        let here = self.all.get(module)?;
        if let Some(child) = here.children.get(name) {
            return Some(Target::Module(*child));
        }
        if let Some(at) = here.named.get(name) {
            return Some(Target::Item(ItemId { module, at: *at }, Vec::new()));
        }
        if seen.len() >= MAX_STEPS || !seen.insert((module, name.to_owned())) {
            return None;
        }
        if let Some(at) = here.imported.get(name) {
            let (import, _) = here.imports[*at];
            return Some(self.resolve_import(module, import, seen));
        }
        here.imports.iter().find_map(|(import, _)| {
            let globbed = (import.name == "*").then(|| self.resolve_import(module, import, seen));
            match globbed? {
                Target::Module(from) => self.lookup(from, name, seen),
                _ => None,
            }
        })
    }

    fn resolve_import(
        &self,
        module: ModuleId,
        import: &Import,
        seen: &mut BTreeSet<(ModuleId, String)>,
    ) -> Target {
        match import.path.first().map(String::as_str) {
            // `::name` is of another crate.
            Some("") => Target::Path(import.path[1..].to_vec()),
            // `use name::…` in which the module's own import is called `name` again.
            Some(first) if import.path.len() == 1 && first == import.name => {
                let parent = self.all[module].children.get(first);
                parent.map_or_else(
                    || Target::Path(import.path.clone()),
                    |id| Target::Module(*id),
                )
            }
            _ => self.resolve_once(module, &import.path, seen),
        }
    }

    /// Returns what an import brings in.
    pub(super) fn imported(&self, module: ModuleId, import: &Import) -> Target {
        self.resolve_import(module, import, &mut BTreeSet::new())
    }
}

impl<'a> Module<'a> {
    fn new(
        path: Vec<String>,
        parent: Option<ModuleId>,
        declared: Option<(&'a Declared, &'a str)>,
    ) -> Self {
        Module {
            path,
            parent,
            declared,
            scopes: Vec::new(),
            children: BTreeMap::new(),
            declarations: Vec::new(),
            imports: Vec::new(),
            named: BTreeMap::new(),
            imported: BTreeMap::new(),
        }
    }

    /// Tells whether it declares a name itself.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.named.contains_key(name) || self.children.contains_key(name)
    }

    fn add(&mut self, scope: &'a Scope, file: &'a str) {
        self.scopes.push((scope, file));
        for declared in &scope.declared {
            self.named
                .entry(&declared.name)
                .or_insert(self.declarations.len());
            self.declarations.push((declared, file));
        }
        for import in &scope.imports {
            if import.name != "*" {
                self.imported
                    .entry(&import.name)
                    .or_insert(self.imports.len());
            }
            self.imports.push((import, file));
        }
    }
}

impl<'a> Location<'a> {
    /// Returns what a declared module has, and where its own are.
    fn of(&self, module: &'a Submodule, files: &Files<'a>) -> Option<(&'a Scope, Location<'a>)> {
        let name = module.declared.name.trim_start_matches("r#");
        let below = recipe::tree::joined(&self.below, name)?;
        if let Some(scope) = &module.inline {
            let location = Location {
                file: self.file,
                below,
                above: self.above.clone(),
                is_inline: true,
            };
            return Some((scope, location));
        }
        let candidates = self.candidates(module);
        let found = candidates
            .iter()
            .find_map(|path| files.get_key_value(path.as_str()));
        let (file, scope) = found?;
        if self.above.contains(file) {
            return None;
        }
        let below = match &module.path {
            Some(_) => directory(file).to_owned(),
            None => below,
        };
        let above = [&self.above[..], &[*file]].concat();
        Some((
            scope,
            Location {
                file,
                below,
                above,
                is_inline: false,
            },
        ))
    }

    /// Returns the paths that a module's file may have.
    fn candidates(&self, module: &Submodule) -> Vec<String> {
        let name = module.declared.name.trim_start_matches("r#");
        let of = |above: &str, path: &str| recipe::tree::joined(above, path);
        let paths = match &module.path {
            Some(path) if self.is_inline => vec![of(&self.below, path)],
            Some(path) => vec![of(directory(self.file), path)],
            None => ["", "/mod"]
                .map(|end| of(&self.below, &format!("{name}{end}.rs")))
                .to_vec(),
        };
        paths.into_iter().flatten().collect()
    }
}

fn directory(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(directory, _)| directory)
}

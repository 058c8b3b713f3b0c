//! The paths by which users find modules and items.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::items::{Class, class, joined};
use super::modules::{ItemId, ModuleId, Modules, Target};
use super::source::{Declared, ItemKind};

/// The most further paths of items that are followed.
const MAX_PATHS: usize = 100_000;

/// Where users find modules and items.
#[derive(Debug, Default)]
pub(super) struct PublicPaths {
    pub(super) items: BTreeMap<ItemId, String>,
    pub(super) modules: BTreeMap<ModuleId, String>,
    /// Further paths: the name, what it leads to, and the import that makes it.
    pub(super) further: Vec<Further>,
}

#[derive(Debug)]
pub(super) struct Further {
    pub(super) parent: ModuleId,
    pub(super) path: String,
    pub(super) target: Target,
    pub(super) import: (ModuleId, usize),
}

impl PublicPaths {
    /// Follows what is public from the crate's root: declarations before imports, short
    /// paths before long ones.
    pub(super) fn of(modules: &Modules<'_>) -> Self {
        let mut paths = PublicPaths::default();
        if modules.all.is_empty() {
            return paths;
        }
        let mut queue = BinaryHeap::from([Reverse((0_usize, 0_usize, String::new(), 0))]);
        let mut count = 0;
        while let Some(Reverse((imports, depth, path, module))) = queue.pop() {
            if paths.modules.contains_key(&module) {
                continue;
            }
            paths.modules.insert(module, path.clone());
            let here = &modules.all[module];
            for (at, (declared, _)) in here.declarations.iter().enumerate() {
                if declared.public {
                    // An exported macro stands at the crate's root.
                    let path = match declared.kind {
                        ItemKind::Macro => declared.name.clone(),
                        _ => joined(&path, &declared.name),
                    };
                    paths.items.insert(ItemId { module, at }, path);
                }
            }
            for (name, child) in &here.children {
                let is_public = |(declared, _): &(&Declared, &str)| declared.public;
                if modules.all[*child].declared.as_ref().is_some_and(is_public) {
                    queue.push(Reverse((imports, depth + 1, joined(&path, name), *child)));
                }
            }
            for further in paths.imports(modules, module, &path) {
                count += 1;
                if count > MAX_PATHS {
                    return paths;
                }
                if let Target::Module(target) = further.target {
                    let path = further.path.clone();
                    queue.push(Reverse((imports + 1, depth + 1, path, target)));
                }
                paths.further.push(further);
            }
        }
        paths.adopt();
        paths.share(modules);
        paths
    }

    /// Gives all declarations of one item its path: each platform may have its own.
    fn share(&mut self, modules: &Modules<'_>) {
        for (module, here) in modules.all.iter().enumerate() {
            let mut known: BTreeMap<(&str, Class), String> = BTreeMap::new();
            for (at, (declared, _)) in here.declarations.iter().enumerate() {
                let name = (declared.name.as_str(), class(declared.kind));
                let id = ItemId { module, at };
                match (self.items.get(&id), known.get(&name)) {
                    (Some(path), _) => _ = known.entry(name).or_insert_with(|| path.clone()),
                    (None, Some(path)) if declared.public => {
                        _ = self.items.insert(id, path.clone())
                    }
                    _ => {}
                }
            }
        }
    }

    /// Returns what the public imports of a module bring in.
    fn imports(&self, modules: &Modules<'_>, module: ModuleId, path: &str) -> Vec<Further> {
        let mut found = Vec::new();
        let mut names = BTreeSet::new();
        let here = &modules.all[module];
        let public = here.imports.iter().enumerate();
        let public: Vec<_> = public.filter(|(_, (import, _))| import.public).collect();
        for (at, (import, _)) in &public {
            if import.name == "*" || import.name == "_" {
                continue;
            }
            names.insert(import.name.as_str());
            found.push(Further {
                parent: module,
                path: joined(path, &import.name),
                target: modules.imported(module, import),
                import: (module, *at),
            });
        }
        for (at, (import, _)) in public {
            if import.name != "*" {
                continue;
            }
            let target = modules.imported(module, import);
            let Target::Module(from) = target else {
                let path = joined(path, "*");
                found.push(Further {
                    parent: module,
                    path,
                    target,
                    import: (module, at),
                });
                continue;
            };
            let further = globbed(modules, from, &mut BTreeSet::new());
            found.extend(further.into_iter().filter_map(|(name, target)| {
                let is_shadowed = names.contains(name.as_str()) || here.declares(&name);
                let path = joined(path, &name);
                let further = Further {
                    parent: module,
                    path,
                    target,
                    import: (module, at),
                };
                (!is_shadowed).then_some(further)
            }));
        }
        found
    }

    /// Gives items that are public by an import alone the shortest of these paths.
    fn adopt(&mut self) {
        self.further.sort_by_cached_key(|further| {
            (further.path.matches("::").count(), further.path.clone())
        });
        for further in &self.further {
            if let Target::Item(id, members) = &further.target
                && members.is_empty()
            {
                self.items
                    .entry(*id)
                    .or_insert_with(|| further.path.clone());
            }
        }
    }
}

/// Returns the public names of a module that a glob takes.
fn globbed(
    modules: &Modules<'_>,
    from: ModuleId,
    seen: &mut BTreeSet<ModuleId>,
) -> BTreeMap<String, Target> {
    let mut names = BTreeMap::new();
    if seen.len() >= 100 || !seen.insert(from) {
        return names;
    }
    let here = &modules.all[from];
    for (at, (declared, _)) in here.declarations.iter().enumerate() {
        if declared.public && declared.kind != ItemKind::Macro {
            let target = Target::Item(ItemId { module: from, at }, Vec::new());
            names.entry(declared.name.clone()).or_insert(target);
        }
    }
    for (name, child) in &here.children {
        if modules.all[*child]
            .declared
            .is_some_and(|(declared, _)| declared.public)
        {
            names
                .entry((*name).to_owned())
                .or_insert(Target::Module(*child));
        }
    }
    let public = here.imports.iter().filter(|(import, _)| import.public);
    for (import, _) in public {
        let target = modules.imported(from, import);
        match (import.name.as_str(), target) {
            ("*", Target::Module(further)) => {
                for (name, target) in globbed(modules, further, seen) {
                    names.entry(name).or_insert(target);
                }
            }
            ("*" | "_", _) => {}
            (name, target) => _ = names.entry(name.to_owned()).or_insert(target),
        }
    }
    names
}

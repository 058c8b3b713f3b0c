//! Names that are no longer where they were.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::entry::{Case, Found, Known};
use super::sources::{Definition, Kind};

/// How many new places are told.
const MAX_SHOWN: usize = 3;

/// What the compiler says of a name in a module, in a label or the message.
static SAID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let said = "(?:could not find|cannot find|no) (?:\\w+ )?`(\\w+)` in (?:\\w+ )?`([\\w:]+)`";
    Regex::new(said).ok()
});

/// Returns the names that are missing, each with the last part of where it is looked for.
pub(super) fn subjects(case: &Case<'_>) -> Vec<String> {
    let Some(said) = SAID.as_ref() else {
        return Vec::new();
    };
    let labels = case.diagnostic.labels.iter().map(String::as_str);
    let mut subjects = Vec::new();
    for text in labels.chain([case.diagnostic.message.as_str()]) {
        for found in said.captures_iter(text) {
            let (name, module) = (&found[1], &found[2]);
            let module = module.rsplit("::").next().unwrap_or(module);
            let subject = format!("{module}|{name}");
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
    }
    subjects
}

/// Finds where a name is now.
pub(super) fn look(subject: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    let (module, name) = subject.split_once('|')?;
    let (old, new) = (known.before(), known.built());
    let roots = cases
        .iter()
        .map(|case| case.value("path").split("::").next());
    let mut roots = roots.map(Option::unwrap_or_default);
    let is_ours = |d: &&Definition| d.kind == Kind::Module && d.name == module;
    let is_known = module == "crate" || old.iter().chain(new).any(|d| is_ours(&d));
    if !is_known || roots.any(|root| is_foreign(root, old, new)) {
        return None;
    }
    let here = |d: &&Definition| d.name == name && d.of.is_empty() && ends_in(&d.module, module);
    // It stands where it is looked for: something else is wrong.
    if new.iter().any(|d| here(&d)) {
        return None;
    }
    let before = old.iter().find(here);
    // Where upstream still has it there, it is the fork that lost it.
    let as_before = |d: &&Definition| before.is_none_or(|b| b.module == d.module);
    let mut theirs = known.upstream().iter();
    let kept = theirs.find(|d| here(d) && as_before(d));
    let (step, upstream) = whereabouts(name, before, kept, known)?;
    Some(Found {
        values: vec![
            ("name", name.to_owned()),
            ("module", module.to_owned()),
            ("step", step),
        ],
        upstream,
        ..Found::default()
    })
}

/// Says where a name was, where it is now, and what to do. What is built has the paths
/// to import from; upstream's files tell the rest.
fn whereabouts(
    name: &str,
    before: Option<&Definition>,
    kept: Option<&Definition>,
    known: &Known<'_>,
) -> Option<(String, Vec<String>)> {
    let moved = |to: &[Definition]| match before {
        Some(gone) if gone.kind == Kind::Module => moved_module(gone, known.before(), to),
        _ => moved_item(name, before, to),
    };
    let now = match kept {
        Some(_) => Vec::new(),
        None => moved(known.built()),
    };
    let theirs = match (kept, before) {
        (Some(kept), _) => vec![placed(kept)],
        (None, Some(_)) if now.is_empty() => moved(known.upstream()),
        _ => Vec::new(),
    };
    let step = match (now.first(), theirs.first(), before) {
        (Some((path, _)), _, _) => format!("import it from `{path}`"),
        (None, Some((path, _)), _) => format!("take `{path}` as upstream has it"),
        (None, None, Some(_)) => "look in upstream's changes what took its place".to_owned(),
        (None, None, None) => return None,
    };
    let tell = |when: &'static str| move |(_, text): &(String, String)| format!("{when}: {text}");
    let before = before.map(placed);
    let mut lines: Vec<String> = before.iter().map(tell("before")).collect();
    lines.extend(now.iter().take(MAX_SHOWN).map(tell("now")));
    lines.extend(theirs.iter().take(MAX_SHOWN).map(tell("upstream")));
    let is_nowhere = known.upstream().iter().all(|d| d.name != name);
    if now.is_empty() && known.trees.upstream.is_some() && is_nowhere {
        lines.push(format!("now: upstream's sources define no `{name}`"));
    }
    Some((step, lines))
}

/// Tells whether a path starts in another crate: its first part is neither a keyword
/// nor one of the fork's modules, and nothing of the fork is called so.
fn is_foreign(root: &str, old: &[Definition], new: &[Definition]) -> bool {
    let own = ["", "crate", "self", "super"].contains(&root) || root.ends_with("_wasi");
    !own && !old.iter().chain(new).any(|d| d.name == root)
}

fn ends_in(path: &str, module: &str) -> bool {
    path.rsplit("::").next() == Some(module)
}

/// Returns where a module is now: itself, or the modules that have what it held.
fn moved_module(
    gone: &Definition,
    old: &[Definition],
    new: &[Definition],
) -> Vec<(String, String)> {
    let same = |d: &&Definition| d.kind == Kind::Module && d.name == gone.name;
    let mut modules = new.iter().filter(same).peekable();
    if modules.peek().is_some() {
        return modules.map(placed).collect();
    }
    let path = gone.path();
    let of_module = |d: &&Definition| d.module == path && d.of.is_empty();
    let held: Vec<&Definition> = old.iter().filter(of_module).collect();
    let mut homes: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &held {
        let is_it = |d: &&Definition| d.name == item.name && d.kind == item.kind && d.of.is_empty();
        if let Some(found) = new.iter().find(is_it) {
            *homes.entry(&found.module).or_default() += 1;
        }
    }
    let mut homes: Vec<(&str, usize)> = homes.into_iter().collect();
    homes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let each = homes.into_iter();
    each.map(|(home, count)| {
        let text = format!("`{home}` has {count} of its {} names", held.len());
        (home.to_owned(), text)
    })
    .collect()
}

/// Returns where a name is now, things of the same kind only where that is known.
fn moved_item(
    name: &str,
    before: Option<&Definition>,
    new: &[Definition],
) -> Vec<(String, String)> {
    let fits = |d: &&Definition| {
        d.name == name && d.of.is_empty() && before.is_none_or(|before| before.kind == d.kind)
    };
    new.iter().filter(fits).map(placed).collect()
}

fn placed(found: &Definition) -> (String, String) {
    let text = format!("`{}` ({})", found.path(), found.place());
    (found.path(), text)
}

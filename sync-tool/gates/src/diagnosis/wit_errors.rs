//! What `bindgen!` complains of: types, packages and functions that the WIT files lack.

use std::collections::BTreeSet;

use recipe::tree::{File, Tree, TreePath};

use super::Trees;
use super::entry::{Case, Found, Known};
use super::wit::{self, Package, WitType, bare};

/// How many candidates are shown.
const MAX_SHOWN: usize = 5;

/// The type that `trappable_error_type` names.
pub(super) fn error_type(case: &Case<'_>) -> Vec<String> {
    vec![case.value("wit").to_owned()]
}

/// Finds the types that may be meant, nearest first.
pub(super) fn look_for_type(wit: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    let (place, name) = wit.rsplit_once('.').unwrap_or((wit, ""));
    let (package, interface) = place.split_once('/').unwrap_or((place, ""));
    let interface = bare(interface);
    let near = |tree: &Tree| of_macro(wit::types(tree), cases, |t| t.file.as_str());
    let is_it =
        |t: &&WitType| t.package == bare(package) && t.interface == interface && t.name == name;
    let mut upstream = Vec::new();
    let old = known.trees.old.map(near).unwrap_or_default();
    if let Some(before) = old.iter().find(is_it) {
        upstream.push(format!("before: `{}` ({})", before.path(), before.place()));
    }
    let new = known.trees.upstream.map(near).unwrap_or_default();
    let rank = |t: &WitType| match () {
        () if t.package != bare(package) => None,
        () if t.name == name && t.interface == interface => Some(0),
        () if t.name == name => Some(1),
        () if t.interface == interface && t.name.contains("error") => Some(2),
        () if t.name.contains("error") => Some(3),
        () => None,
    };
    let mut candidates: Vec<(i32, &WitType)> =
        new.iter().filter_map(|t| Some((rank(t)?, t))).collect();
    candidates.sort_by_key(|(rank, t)| (*rank, t.path()));
    let shown = candidates.iter().take(MAX_SHOWN);
    upstream.extend(shown.map(|(_, t)| format!("now: `{}` ({})", t.path(), t.place())));
    let step = match candidates.first() {
        Some((0, t)) => format!("take {} as upstream has it at this release", t.file),
        Some((_, t)) => format!("name the type that took its place, such as `{}`", t.path()),
        None if known.trees.upstream.is_some() => {
            "drop the entry: upstream's WIT has no such type any more".to_owned()
        }
        None => "see what upstream's `bindgen!` names at this release".to_owned(),
    };
    Some(Found {
        values: vec![("step", step)],
        upstream,
        ..Found::default()
    })
}

/// The package or directory that is not found.
pub(super) fn package(case: &Case<'_>) -> Vec<String> {
    let named = ["package", "item", "dir"]
        .into_iter()
        .map(|name| case.value(name));
    let named: Vec<&str> = named.filter(|value| !value.is_empty()).collect();
    named
        .first()
        .map(|name| (*name).to_owned())
        .into_iter()
        .collect()
}

/// Finds the files of upstream's that have a package, an interface or a directory.
pub(super) fn look_for_package(
    subject: &str,
    cases: &[Case<'_>],
    known: &Known<'_>,
) -> Option<Found> {
    let case = cases.first()?;
    let (package, item) = (case.value("package"), case.value("item"));
    let looked_in = looked_in(case);
    let near = |tree: &Tree| of_macro(wit::packages(tree), cases, |p| p.file.as_str());
    let new = known.trees.upstream.map(near).unwrap_or_default();
    let has = |p: &&Package| match () {
        () if !package.is_empty() => bare(&p.name) == bare(package),
        () if !item.is_empty() => p.has.iter().any(|has| has == item),
        () => false,
    };
    let found: Vec<&Package> = new.iter().filter(has).collect();
    let mut upstream = vec![format!("looked in: {looked_in}")];
    let shown = found.iter().take(MAX_SHOWN);
    upstream.extend(shown.map(|p| format!("upstream has: `{}` ({})", p.name, p.file)));
    if !case.value("dir").is_empty() {
        return Some(directory(subject, &new));
    }
    let exact = found.iter().find(|p| p.name == package);
    let step = match (exact, found.first()) {
        (Some(package), _) => format!("take {} as upstream has it", package.file),
        (None, Some(other)) if !package.is_empty() => format!(
            "ask for `{}` as upstream does: all WIT files and `bindgen!` must be of one release",
            other.name
        ),
        (None, Some(other)) => format!("take it from {}, as upstream has it", other.file),
        (None, None) if known.trees.upstream.is_some() => {
            "upstream does not have it there: see what its `bindgen!` asks for now".to_owned()
        }
        (None, None) => "see what upstream's `bindgen!` asks for at this release".to_owned(),
    };
    let what = match () {
        () if !package.is_empty() => format!("the WIT package `{package}`"),
        () => format!("the WIT interface or world `{item}`"),
    };
    Some(Found {
        values: vec![("what", what), ("step", step), ("dir", looked_in)],
        upstream,
        ..Found::default()
    })
}

/// Names the directories that upstream has in the place of one that is not there.
fn directory(dir: &str, new: &[Package]) -> Found {
    let mut has: Vec<String> = Vec::new();
    for package in new {
        let file = package.file.as_str();
        let end = file.find("/deps/").or_else(|| file.rfind('/'));
        let dir = file[..end.unwrap_or_default()].to_owned();
        if !has.contains(&dir) {
            has.push(dir);
        }
    }
    let step = match has.first() {
        Some(first) => format!("let `path` name it as upstream does: `{first}`"),
        None => "see what `path` upstream's `bindgen!` has".to_owned(),
    };
    Found {
        values: vec![
            ("what", format!("the WIT directory {}", within(dir))),
            ("step", step),
        ],
        upstream: has
            .iter()
            .map(|dir| format!("upstream has: {dir}"))
            .collect(),
        ..Found::default()
    }
}

/// The functions that rules name and the WIT lacks.
pub(super) fn rules(case: &Case<'_>) -> Vec<String> {
    vec![case.value("rules").to_owned()]
}

/// Names the rules, and says what upstream's file has of them.
pub(super) fn look_for_rules(rules: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    // Each is quoted twice: `"\"wasi:…\": FunctionFlags(…)"`.
    let names: Vec<&str> = rules.split("\\\"").skip(1).step_by(2).collect();
    if names.is_empty() {
        return None;
    }
    let file = cases.first()?.place().0.unwrap_or_default();
    let theirs = known.trees.upstream.map(|tree| {
        let mut files = tree.iter();
        files.find(|(path, _)| ends_in(&file, path.as_str()))
    });
    let (upstream, step) = match theirs {
        Some(Some((path, theirs))) => {
            let theirs = theirs.text().unwrap_or_default();
            let has = |name: &&str| theirs.contains(&format!("\"{name}\""));
            let (has, lacks): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| has(name));
            let differ = differing(cases, known.trees);
            rules_of(path.as_str(), &has, &lacks, &differ)
        }
        Some(None) => (
            Vec::new(),
            format!("in {file}, name what the WIT files have"),
        ),
        None => (Vec::new(), as_upstream(&file)),
    };
    Some(Found {
        values: vec![("names", quoted(&names)), ("step", step)],
        upstream,
        ..Found::default()
    })
}

/// Says what upstream's file has of the rules, and what to do.
fn rules_of(
    file: &str,
    has: &[&str],
    lacks: &[&str],
    differ: &[TreePath],
) -> (Vec<String>, String) {
    let line = match (has, lacks) {
        ([], _) => format!("upstream's {file} has none of these rules"),
        (_, []) => format!("upstream's {file} has them"),
        _ => format!("upstream's {file} has no {}", quoted(lacks)),
    };
    if !lacks.is_empty() {
        return (vec![line], as_upstream(file));
    }
    let named = differ.iter().take(MAX_SHOWN).map(TreePath::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    let more = if differ.len() > MAX_SHOWN {
        ", …"
    } else {
        ""
    };
    match differ {
        [] => {
            let step = format!("compare the rest of `bindgen!` in {file} with upstream's");
            (vec![line], step)
        }
        _ => {
            let wit = format!("the WIT files are not as upstream has them: {named}{more}");
            let step = "take the WIT files that upstream has at this release".to_owned();
            (vec![line, wit], step)
        }
    }
}

fn as_upstream(file: &str) -> String {
    format!("in {file}, take the rules that upstream has at this release")
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Returns the WIT files near the macro that were built otherwise than upstream has them.
fn differing(cases: &[Case<'_>], trees: Trees<'_>) -> Vec<TreePath> {
    let (Some(built), Some(upstream)) = (trees.new, trees.upstream) else {
        return Vec::new();
    };
    let both = wit::files(upstream).chain(wit::files(built));
    let paths: BTreeSet<&TreePath> = both.map(|(path, _)| path).collect();
    let text = |tree: &Tree, path: &str| tree.get(path).and_then(File::text).map(str::to_owned);
    let differs = |path: &&TreePath| text(built, path.as_str()) != text(upstream, path.as_str());
    let near = of_macro(paths.into_iter().collect(), cases, |path| path.as_str());
    near.into_iter().filter(differs).cloned().collect()
}

/// Keeps what lies near the macro that complains: P2 and P3 have WIT of their own.
fn of_macro<T>(all: Vec<T>, cases: &[Case<'_>], file: impl Fn(&T) -> &str) -> Vec<T> {
    let near = cases.first().and_then(|case| case.place().0);
    let near = near.as_deref().and_then(|file| {
        let inner = &file[within_at(file)..];
        inner.rsplit_once('/').map(|(dir, _)| format!("{dir}/"))
    });
    match near {
        Some(dir) if all.iter().any(|one| file(one).starts_with(&dir)) => {
            let kept = all.into_iter().filter(|one| file(one).starts_with(&dir));
            kept.collect()
        }
        _ => all,
    }
}

/// Returns the directory that the compiler says it looked in, from the crate's root.
fn looked_in(case: &Case<'_>) -> String {
    let message = &case.diagnostic.message;
    let of = message
        .split_once("for path [")
        .or_else(|| message.split_once("for WIT ["));
    let dir = of
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(dir, _)| dir);
    dir.map_or_else(|| "the directory of `path`".to_owned(), within)
}

/// Returns a path from the crate's root on, where it names one.
pub(super) fn within(path: &str) -> String {
    path[within_at(path)..].to_owned()
}

fn within_at(path: &str) -> usize {
    match path.rfind("/src/") {
        Some(at) => at + 1,
        None => 0,
    }
}

fn ends_in(named: &str, path: &str) -> bool {
    format!("/{named}").ends_with(&format!("/{path}"))
}

//! Looks an identifier up in the trees: where it was and is, what it was like and is.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::identify::{Finding, Identifier};
use super::index::{Definition, Index, Kind, bare};
use super::table::Entry;

/// How many places, signatures and near names are shown.
const MAX_SHOWN: usize = 3;

/// The line that the compiler shows of a definition.
pub(super) const DEFINED_HERE: &str = r"(?m)defined here.*\n\s*--> (?P<place>.+)\n\s*\|\n\s*\d+\s*\|\s*(?P<code>.*\b(?:fn|trait|struct|enum|type) (?P<name>\w+).*)$";

static DEFINED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(DEFINED_HERE).expect("a constant expression"));

/// Finds out what became of an identifier; `None` where nothing explains the errors.
pub(super) fn look_up(
    entry: &Entry,
    kinds: &[Kind],
    cases: &[Identifier<'_>],
    index: &Index<'_>,
) -> Option<Finding> {
    let case = cases.first()?;
    let shown = cases
        .iter()
        .find_map(|case| DEFINED.captures(&case.diagnostic.rendered));
    let place = shown
        .as_ref()
        .map_or("", |shown| shown.name("place").map_or("", |p| p.as_str()));
    // What another crate defines is none of ours that happens to be called so.
    let is_foreign = place.starts_with(['/', '.']) || place.contains(":\\");
    let wanted = Wanted {
        entry,
        kinds,
        case,
        index,
    };
    if !is_foreign && let Some(found) = wanted.find(cases) {
        return Some(found);
    }
    // Types that do not fit can have any cause: only a change that is seen explains them.
    let shown = shown.filter(|_| !cases.iter().all(|case| case.has_code("E0308")))?;
    let code = shown["code"].trim().trim_end_matches('{').trim_end();
    let line = format!("now: `{code}` ({})", place.trim());
    Some(finding(entry.next.moved, vec![line], None))
}

/// An identifier, and what it can be.
struct Wanted<'a, 't> {
    entry: &'a Entry,
    kinds: &'a [Kind],
    case: &'a Identifier<'a>,
    index: &'a Index<'t>,
}

impl Wanted<'_, '_> {
    fn find(&self, cases: &[Identifier<'_>]) -> Option<Finding> {
        let Wanted {
            entry, case, index, ..
        } = self;
        let (before, built) = (self.all(&index.before), self.all(&index.built));
        // What `bindgen!` does not find may well be there: in another directory.
        let is_rust = !entry.breaks_all;
        if is_rust && !built.is_empty() {
            let is_lost = cases.iter().all(|case| case.has_code("E0599"));
            let lines = match is_lost {
                true => Vec::new(),
                false => changes(&before, &built, index),
            };
            return (!lines.is_empty()).then(|| finding(entry.next.moved, lines, None));
        }
        let before = self.nearby(before);
        // A name alone says nothing: many types have a `new`.
        let is_known = before.is_some() || !case.scope().is_empty();
        if is_rust && !(is_known && self.is_own()) {
            return None;
        }
        let mut lines: Vec<String> = before.iter().map(|d| describe("before", d)).collect();
        if !is_rust && index.trees.upstream.is_none() {
            return Some(finding(entry.next.unknown, lines, None));
        }
        let same = |d: &&Definition| !is_rust || before.is_none_or(|b| b.scope == d.scope);
        let theirs = self.all(&index.now).into_iter().filter(same).collect();
        if let Some(theirs) = self.nearby(theirs) {
            lines.push(describe("upstream has", theirs));
            return Some(finding(entry.next.found, lines, Some(theirs)));
        }
        self.moved_or_gone(before, lines)
    }

    /// Says where it is now, or what is called alike.
    fn moved_or_gone(
        &self,
        before: Option<&Definition>,
        mut lines: Vec<String>,
    ) -> Option<Finding> {
        let Wanted { entry, index, .. } = self;
        let elsewhere = self.elsewhere(before);
        if let Some((path, _)) = elsewhere.first().cloned() {
            let now = elsewhere.iter().map(|(_, line)| format!("now: {line}"));
            lines.extend(now);
            let mut finding = finding(entry.next.moved, lines, None);
            finding.values.push(("path", path));
            return Some(finding);
        }
        if !entry.breaks_all && before.is_none() {
            return None;
        }
        let nearest = self.nearest();
        if nearest.is_empty() && index.trees.upstream.is_some() {
            let name = self.case.name();
            lines.push(format!("now: upstream's sources define no `{name}`"));
        }
        lines.extend(nearest.into_iter().map(|d| describe("nearest", d)));
        Some(finding(entry.next.gone, lines, None))
    }

    /// Returns the definitions that the code can mean.
    fn all<'d>(&self, all: &'d [Definition]) -> Vec<&'d Definition> {
        let (name, scope) = (self.case.name(), self.case.scope());
        let mut all = self.candidates(all);
        all.retain(|d| d.name == name && (scope.is_empty() || d.owner() == scope));
        all
    }

    /// Returns the definitions of the kinds that are sought: those of WIT in the part of the
    /// crate that the error is in, if that has any. P2 and P3 have packages of one name.
    fn candidates<'d>(&self, all: &'d [Definition]) -> Vec<&'d Definition> {
        let of_kind = all.iter().filter(|d| self.kinds.contains(&d.kind));
        let mut of_kind: Vec<&Definition> = of_kind.collect();
        let file = self.case.file();
        let is_in_part = |d: &&Definition| part_of(d.file.as_str()) == part_of(&file);
        if self.entry.breaks_all && of_kind.iter().any(is_in_part) {
            of_kind.retain(is_in_part);
        }
        of_kind
    }

    /// Chooses the one in the part of the crate that the error is in, else the first.
    fn nearby<'d>(&self, all: Vec<&'d Definition>) -> Option<&'d Definition> {
        let file = self.case.file();
        let near = all
            .iter()
            .find(|d| part_of(d.file.as_str()) == part_of(&file));
        near.or(all.first()).copied()
    }

    /// Returns the paths where it is now, each with what to say of it.
    fn elsewhere(&self, before: Option<&Definition>) -> Vec<(String, String)> {
        let now = &self.index.now;
        let same = self.candidates(now).into_iter();
        let same = same.filter(|d| self.is_same(before, d));
        let mut paths: Vec<(String, String)> = same.map(|d| (d.path(), d.shown())).collect();
        if paths.is_empty()
            && let Some(module) = before.filter(|d| d.kind == Kind::Module)
        {
            paths = successors(module, &self.index.before, now);
        }
        paths.truncate(MAX_SHOWN);
        paths
    }

    /// Tells whether a definition at another path is what the code asks for.
    fn is_same(&self, before: Option<&Definition>, d: &Definition) -> bool {
        let is_kind = before.is_none_or(|before| before.kind == d.kind);
        let (name, scope) = (self.case.name(), self.case.scope());
        is_kind
            && match d.kind {
                Kind::WitPackage => bare(&d.name) == bare(name),
                Kind::WitType => d.name == name && package(&d.scope) == package(scope),
                // Namesakes of other types are other methods.
                Kind::Method => false,
                _ => d.name == name,
            }
    }

    /// Returns what can have taken its place: names that begin alike, at least by half.
    /// Upstream names variants by a suffix, `finish_listen_p2`.
    fn nearest(&self) -> Vec<&Definition> {
        let (name, scope) = (self.case.name(), self.case.scope());
        let alike = |d: &Definition| {
            let pairs = d.name.bytes().zip(name.bytes());
            pairs.take_while(|(a, b)| a == b).count()
        };
        let mut near = self.candidates(&self.index.now);
        near.retain(|d| {
            let is_there = match d.kind {
                Kind::WitType => package(&d.scope) == package(scope),
                _ => d.owner() == scope,
            };
            is_there && alike(d) * 2 >= name.len()
        });
        near.sort_by_key(|d| Reverse(alike(d)));
        near.truncate(MAX_SHOWN);
        near
    }

    /// Tells whether the code means something of the fork's, by what the trees define.
    fn is_own(&self) -> bool {
        let known = || self.index.before.iter().chain(&self.index.built);
        let scope = self.case.scope();
        let is_module = |d: &Definition| d.kind == Kind::Module && d.name == scope;
        let seeks_module = self.kinds.contains(&Kind::Module) && scope != "crate";
        if seeks_module && !known().any(is_module) {
            return false;
        }
        // The path of an import begins in another crate, or here.
        let path = self
            .case
            .diagnostic
            .message
            .strip_prefix("unresolved import");
        let path = path
            .and_then(|rest| rest.split('`').nth(1))
            .unwrap_or_default();
        let root = path.split("::").next().unwrap_or_default();
        ["", "crate", "self", "super"].contains(&root)
            || root.ends_with("_wasi")
            || known().any(|d| d.name == root)
    }
}

fn package(scope: &str) -> &str {
    scope.split('/').next().unwrap_or_default()
}

/// Returns the modules that have what a module held.
fn successors(gone: &Definition, old: &[Definition], new: &[Definition]) -> Vec<(String, String)> {
    let path = gone.path();
    let of_module = |d: &&Definition| d.scope == path && d.of.is_empty();
    let held: Vec<&Definition> = old.iter().filter(of_module).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &held {
        let is_it = |d: &&Definition| d.name == item.name && d.kind == item.kind;
        if let Some(found) = new.iter().find(is_it) {
            *counts.entry(&found.scope).or_default() += 1;
        }
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let successors = counts.into_iter().map(|(module, count)| {
        let line = format!("`{module}` has {count} of its {} names", held.len());
        (module.to_owned(), line)
    });
    successors.collect()
}

/// Returns both signatures of what changed, of each trait and type. Where the fork's own
/// implementation is wrong, upstream's shows how it should be.
fn changes(before: &[&Definition], built: &[&Definition], index: &Index<'_>) -> Vec<String> {
    let was = if before.is_empty() { built } else { before };
    let changed = was.iter().filter_map(|was| {
        let now = [&index.built, &index.now].into_iter();
        let mut now = now.filter_map(|all| was.counterpart(all));
        Some((was, now.find(|now| now.signature != was.signature)?))
    });
    let lines = changed.take(MAX_SHOWN);
    lines
        .flat_map(|(was, now)| [describe("before", was), describe("now", now)])
        .collect()
}

/// Returns the part of the crate that a file is in: `src/p2`.
pub(super) fn part_of(file: &str) -> Option<&str> {
    let (at, _) = file.match_indices('/').nth(1)?;
    Some(&file[..at])
}

pub(super) fn describe(when: &str, found: &Definition) -> String {
    format!("{when}: {}", found.shown())
}

pub(super) fn finding(next: &str, lines: Vec<String>, at: Option<&Definition>) -> Finding {
    let values = at.into_iter();
    let values = values.flat_map(|at| [("path", at.path()), ("its_file", at.file.to_string())]);
    Finding {
        next: next.to_owned(),
        values: values.collect(),
        lines,
        ..Finding::default()
    }
}

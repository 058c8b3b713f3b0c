//! Errors of the compiler held against the table.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::index::Index;
use super::table::{ENTRIES, Entry, Lookup};
use super::{CoveredError, Diagnosis, Explanation, StubPatch, Trees, lookup, stubs, traits};
use crate::output::Diagnostic;

/// Values for sentences, by their names.
pub(super) type Values = BTreeMap<String, String>;

/// An identifier of an error that an entry knows.
pub(super) struct Identifier<'d> {
    pub(super) diagnostic: &'d Diagnostic,
    /// The groups of the expression; `name` and `scope` always, if empty.
    pub(super) values: Values,
}

impl Identifier<'_> {
    pub(super) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub(super) fn name(&self) -> &str {
        self.value("name")
    }

    /// Returns what the compiler looks for the identifier in; empty where that is not known.
    pub(super) fn scope(&self) -> &str {
        self.value("scope")
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.diagnostic.code.as_deref() == Some(code)
    }

    /// Returns the place to look at: the call of the outermost macro, else the error's own.
    fn place(&self) -> (Option<String>, Option<u32>) {
        match self.diagnostic.macros.last() {
            Some(call) => (Some(call.file.clone()), Some(call.line)),
            None => (self.diagnostic.file.clone(), self.diagnostic.line),
        }
    }

    /// Returns the file of the place, from the crate's root where it lies there.
    pub(super) fn file(&self) -> String {
        within(&self.place().0.unwrap_or_default()).to_owned()
    }

    /// Returns what errors have in common that are explained together.
    fn group(&self, lookup: Lookup) -> String {
        match lookup {
            Lookup::None | Lookup::Stubs => String::new(),
            Lookup::Definition(_) => format!("{}|{}", self.scope(), self.name()),
            // Sockets of either kind have a `bind`, and so have P2 and P3.
            Lookup::TraitMethod => {
                let stem = traits::stem(self.scope());
                format!("{}|{stem}|{}", self.file(), self.name())
            }
        }
    }
}

/// What was found out about an identifier.
#[derive(Default)]
pub(super) struct Finding {
    /// The title, where it is not the entry's.
    pub(super) title: Option<&'static str>,
    pub(super) next: String,
    /// Values for both.
    pub(super) values: Vec<(&'static str, String)>,
    /// What the trees have of it.
    pub(super) lines: Vec<String>,
    pub(super) patches: Vec<StubPatch>,
}

/// Explains errors by the table and the trees.
pub(super) fn explain(diagnostics: &[Diagnostic], trees: Trees<'_>) -> Diagnosis {
    if diagnostics.is_empty() {
        return Diagnosis::default();
    }
    let index = Index::of(trees);
    let mut covered = vec![false; diagnostics.len()];
    let mut explained: Vec<Explanation> = Vec::new();
    let mut broken = None;
    for entry in &ENTRIES {
        // What is missing only because a macro failed would be looked for in vain.
        if broken.is_some() && !entry.breaks_all {
            continue;
        }
        let (mut found_out, mut left) = (BTreeSet::new(), BTreeSet::new());
        for (places, cases) in groups(entry, diagnostics, &covered) {
            let Some(finding) = look_up(entry, &cases, &index) else {
                left.extend(places);
                continue;
            };
            if entry.breaks_all {
                broken.get_or_insert(explained.len());
            }
            explained.extend(explanation(entry, &cases, finding));
            found_out.extend(places);
        }
        // An error about several things is explained where each of them is.
        for at in found_out.difference(&left) {
            covered[*at] = true;
        }
    }
    let left = diagnostics.iter().zip(&covered);
    let mut unknown: Vec<Diagnostic> = left
        .filter(|(_, covered)| !**covered)
        .map(|(diagnostic, _)| diagnostic.clone())
        .collect();
    if let Some(first) = broken {
        explained[first].follow = unknown.len();
        unknown.clear();
    }
    Diagnosis { explained, unknown }
}

fn look_up(entry: &Entry, cases: &[Identifier<'_>], index: &Index<'_>) -> Option<Finding> {
    match entry.lookup {
        Lookup::None => Some(Finding {
            next: entry.next.unknown.to_owned(),
            ..Finding::default()
        }),
        Lookup::Definition(kinds) => lookup::look_up(entry, kinds, cases, index),
        Lookup::TraitMethod => traits::look_up(entry, cases, index),
        Lookup::Stubs => stubs::look_up(entry, cases, index),
    }
}

/// Errors about the same: their numbers, and what they are about.
type Group<'d> = (Vec<usize>, Vec<Identifier<'d>>);

fn groups<'d>(entry: &Entry, all: &'d [Diagnostic], covered: &[bool]) -> Vec<Group<'d>> {
    let about: Vec<Regex> = entry
        .about
        .iter()
        .map(|text| Regex::new(text).expect("a constant expression"))
        .collect();
    let mut groups: Vec<(String, Group<'d>)> = Vec::new();
    for (at, diagnostic) in all.iter().enumerate().filter(|(at, _)| !covered[*at]) {
        let code = diagnostic.code.as_deref().unwrap_or_default();
        let is_asked = entry.lookup != Lookup::Stubs || stubs::asked_by(diagnostic).is_some();
        if !entry.codes.contains(&code) || !is_asked {
            continue;
        }
        for case in cases(&about, diagnostic) {
            let key = case.group(entry.lookup);
            let known = groups.iter().position(|(known, _)| *known == key);
            let known = known.unwrap_or_else(|| {
                groups.push((key, Group::default()));
                groups.len() - 1
            });
            let (places, cases) = &mut groups[known].1;
            places.push(at);
            cases.push(case);
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Returns what an error is about, each once.
fn cases<'d>(about: &[Regex], diagnostic: &'d Diagnostic) -> Vec<Identifier<'d>> {
    let labels = diagnostic.labels.join("\n");
    let text = [&diagnostic.message, &labels, &diagnostic.rendered].map(String::as_str);
    let text = text.join("\n");
    let mut all: BTreeSet<Values> = BTreeSet::new();
    let Some(expression) = about.iter().find(|expression| expression.is_match(&text)) else {
        return Vec::new();
    };
    for found in expression.captures_iter(&text) {
        let names = expression.capture_names().flatten();
        let groups = names.filter_map(|name| Some((name, found.name(name)?.as_str())));
        let mut values: Values = groups
            .map(|(name, value)| (name.to_owned(), within(value).to_owned()))
            .collect();
        match values.remove("names") {
            None => drop(all.insert(values)),
            Some(names) => all.extend(listed(&names).map(|name| {
                values.insert("name".to_owned(), name.to_owned());
                values.clone()
            })),
        }
    }
    all.into_iter()
        .map(|values| Identifier { diagnostic, values })
        .collect()
}

/// Returns the names of a list: in backticks, or quoted twice as a macro shows texts.
fn listed(names: &str) -> impl Iterator<Item = &str> {
    let quote = if names.contains("\\\"") { "\\\"" } else { "`" };
    names.split(quote).skip(1).step_by(2)
}

fn explanation(entry: &Entry, cases: &[Identifier<'_>], finding: Finding) -> Option<Explanation> {
    let first = cases.first()?;
    let mut values = first.values.clone();
    let (file, line) = match values.get("file") {
        Some(file) => (Some(file.clone()), first.value("line").parse().ok()),
        None => first.place(),
    };
    values.insert("file".to_owned(), file.clone().unwrap_or_default());
    let dir = values.entry("dir".to_owned());
    dir.or_insert_with(|| "the directory of `path`".to_owned());
    let names: BTreeSet<&str> = cases.iter().map(Identifier::name).collect();
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    values.insert("names".to_owned(), names.join(", "));
    let found = finding.values.into_iter();
    values.extend(found.map(|(name, value)| (name.to_owned(), value)));
    let covers = cases.iter().map(|case| {
        let (file, line) = case.place();
        let message = case.diagnostic.message.lines().next().unwrap_or_default();
        let message = message.to_owned();
        CoveredError {
            file,
            line,
            message,
        }
    });
    let mut covers: Vec<CoveredError> = covers.collect();
    covers.dedup();
    Some(Explanation {
        name: entry.name,
        title: fill(finding.title.unwrap_or(entry.title), &values),
        next: fill(&finding.next, &values),
        upstream: finding.lines,
        patches: finding.patches,
        follow: 0,
        covers,
        file,
        line,
    })
}

/// Puts values into a sentence.
fn fill(text: &str, values: &Values) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// Returns a path from the crate's root on, where it names one.
fn within(path: &str) -> &str {
    path.rfind("/src/").map_or(path, |at| &path[at + 1..])
}

//! Entries of the table, and how errors are held against them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use regex::{Captures, Regex};

use super::sources::{Definition, definitions};
use super::{Covered, Diagnosis, Explained, Trees};
use crate::gate::Diagnostic;
use crate::stubs::Offered;

/// One kind of error that is known.
pub(super) struct Entry {
    /// The name, as JSON has it.
    pub(super) name: &'static str,
    /// The compiler's codes that it can have; the empty text is none.
    pub(super) codes: &'static [&'static str],
    /// What the message matches; its named groups are values of the case.
    pub(super) message: &'static str,
    /// The beginning of a macro's name that the error must come out of; empty for any.
    pub(super) out_of: &'static str,
    /// What the errors of the kind are about: those about the same are explained together.
    /// Nothing means that the error is none of the kind after all.
    pub(super) subjects: fn(&Case<'_>) -> Vec<String>,
    /// Looks up what there is to tell of the errors about one subject; `None` where
    /// there is nothing, and the errors stay unknown.
    pub(super) look: fn(&str, &[Case<'_>], &Known<'_>) -> Option<Found>,
    /// The sentence that tells it; `{name}` stands for a value.
    pub(super) title: &'static str,
    /// The next step, with values as well.
    pub(super) next: &'static str,
    /// Whether code is missing because of it, and other errors follow.
    pub(super) breaks_all: bool,
}

/// The trees, and what is defined in them, read once and only where it is asked for.
pub(super) struct Known<'t> {
    /// The trees.
    pub(super) trees: Trees<'t>,
    old: OnceCell<Vec<Definition>>,
    new: OnceCell<Vec<Definition>>,
    upstream: OnceCell<Vec<Definition>>,
}

impl Known<'_> {
    /// Returns what the tree before defines; nothing where there is none.
    pub(super) fn before(&self) -> &[Definition] {
        let read = || self.trees.old.map(definitions).unwrap_or_default();
        self.old.get_or_init(read)
    }

    /// Returns what the tree that was built defines; nothing where there is none.
    pub(super) fn built(&self) -> &[Definition] {
        let read = || self.trees.new.map(definitions).unwrap_or_default();
        self.new.get_or_init(read)
    }

    /// Returns what upstream's files define; nothing where there are none.
    pub(super) fn upstream(&self) -> &[Definition] {
        let read = || self.trees.upstream.map(definitions).unwrap_or_default();
        self.upstream.get_or_init(read)
    }
}

/// An error that an entry recognises.
pub(super) struct Case<'d> {
    /// The error.
    pub(super) diagnostic: &'d Diagnostic,
    /// The named groups of the entry's expression.
    pub(super) values: Values,
}

/// Values by their names.
pub(super) type Values = BTreeMap<String, String>;

impl Case<'_> {
    /// Returns a group of the expression, empty where it matched nothing.
    pub(super) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Returns the place to look at: the call of the outermost macro, else the error's own.
    pub(super) fn place(&self) -> (Option<String>, Option<u32>) {
        match self.diagnostic.macros.last() {
            Some(call) => (Some(call.file.clone()), Some(call.line)),
            None => (self.diagnostic.file.clone(), self.diagnostic.line),
        }
    }
}

/// What was found about a subject.
#[derive(Default)]
pub(super) struct Found {
    /// Values for the sentences, beside those of the expression.
    pub(super) values: Vec<(&'static str, String)>,
    /// What changed upstream.
    pub(super) upstream: Vec<String>,
    /// The place, where it is not that of the first error.
    pub(super) place: Option<(String, Option<u32>)>,
    /// Patches that fix it.
    pub(super) patches: Vec<Offered>,
}

/// Holds errors against a table.
pub(super) fn explain(
    entries: &[Entry],
    diagnostics: &[Diagnostic],
    trees: Trees<'_>,
) -> Diagnosis {
    let known = Known {
        trees,
        old: OnceCell::new(),
        new: OnceCell::new(),
        upstream: OnceCell::new(),
    };
    let mut covered = vec![false; diagnostics.len()];
    let mut explained: Vec<Explained> = Vec::new();
    let mut broken = None;
    for entry in entries {
        // What is missing only because a macro failed would be looked for in vain.
        if broken.is_some() && !entry.breaks_all {
            continue;
        }
        let Ok(expression) = Regex::new(entry.message) else {
            continue;
        };
        let (mut found_out, mut left) = (BTreeSet::new(), BTreeSet::new());
        for (subject, places) in subjects(entry, &expression, diagnostics, &covered) {
            let cases: Vec<Case<'_>> = places
                .iter()
                .filter_map(|at| case(entry, &expression, &diagnostics[*at]))
                .collect();
            let Some(found) = (entry.look)(&subject, &cases, &known) else {
                left.extend(places);
                continue;
            };
            if entry.breaks_all {
                broken.get_or_insert(explained.len());
            }
            explained.push(explanation(entry, &cases, found));
            found_out.extend(places);
        }
        // An error about several things is explained where each of them is.
        for at in found_out.difference(&left) {
            covered[*at] = true;
        }
    }
    let unknown = diagnostics
        .iter()
        .zip(&covered)
        .filter(|(_, covered)| !**covered);
    let mut unknown: Vec<Diagnostic> = unknown.map(|(diagnostic, _)| diagnostic.clone()).collect();
    if let Some(first) = broken {
        explained[first].follow = unknown.len();
        unknown.clear();
    }
    Diagnosis { explained, unknown }
}

/// Returns what the errors of an entry are about, each with the errors about it.
fn subjects(
    entry: &Entry,
    expression: &Regex,
    diagnostics: &[Diagnostic],
    covered: &[bool],
) -> Vec<(String, Vec<usize>)> {
    let mut all: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, diagnostic) in diagnostics
        .iter()
        .enumerate()
        .filter(|(at, _)| !covered[*at])
    {
        let Some(case) = case(entry, expression, diagnostic) else {
            continue;
        };
        for subject in (entry.subjects)(&case) {
            match all.iter_mut().find(|(known, _)| *known == subject) {
                Some((_, places)) => places.push(at),
                None => all.push((subject, vec![at])),
            }
        }
    }
    all
}

fn case<'d>(entry: &Entry, expression: &Regex, diagnostic: &'d Diagnostic) -> Option<Case<'d>> {
    let code = diagnostic.code.as_deref().unwrap_or_default();
    let called = diagnostic.macros.iter();
    let comes_out = entry.out_of.is_empty()
        || called
            .clone()
            .any(|call| call.name.starts_with(entry.out_of));
    if !entry.codes.contains(&code) || !comes_out {
        return None;
    }
    let found = expression.captures(&diagnostic.message)?;
    Some(Case {
        diagnostic,
        values: values(expression, &found),
    })
}

fn values(expression: &Regex, found: &Captures<'_>) -> Values {
    let names = expression.capture_names().flatten();
    names
        .filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())))
        .collect()
}

fn explanation(entry: &Entry, cases: &[Case<'_>], found: Found) -> Explained {
    let first = cases.first();
    let mut values = first.map(|case| case.values.clone()).unwrap_or_default();
    let looked_up = found.values.into_iter();
    values.extend(looked_up.map(|(name, value)| (name.to_owned(), value)));
    let (file, line) = match found.place {
        Some((file, line)) => (Some(file), line),
        None => first.map(Case::place).unwrap_or_default(),
    };
    values.insert("file".to_owned(), file.clone().unwrap_or_default());
    let covers = cases.iter().map(|case| {
        let (file, line) = case.place();
        let message = case.diagnostic.message.lines().next();
        Covered {
            file,
            line,
            message: message.unwrap_or_default().to_owned(),
        }
    });
    Explained {
        name: entry.name,
        title: fill(entry.title, &values),
        next: fill(entry.next, &values),
        covers: covers.collect(),
        upstream: found.upstream,
        patches: found.patches,
        follow: 0,
        file,
        line,
    }
}

/// Puts values into a sentence.
fn fill(text: &str, values: &Values) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

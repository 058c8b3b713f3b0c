//! Methods that a trait lost, gained, or gave to its twin.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::entry::{Case, Found, Known};
use super::sources::Definition;
use super::wit_errors::within;

/// What `bindgen!` calls the trait whose methods get the store.
const WITH_STORE: &str = "WithStore";

/// The head of the implementation that lacks a method, as the compiler shows it.
static IMPL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let head = r"\bimpl(?:<[^|]*>)?\s+(?:\w+::)*(?P<of>\w+)(?:<[^|]*>)?\s+for\s+(?:&\s*(?:'\w+\s+)?(?:mut\s+)?)*(?:\w+::)*(?P<ty>\w+)";
    Regex::new(head).ok()
});

/// Returns the methods that are in a trait too many, or missing, each with the file and
/// what the trait and its twin have in common: sockets of either kind have a `bind`.
pub(super) fn subjects(case: &Case<'_>) -> Vec<String> {
    let file = case.place().0.unwrap_or_default();
    let subject = |of: &str, method: &str| {
        let stem = of.strip_suffix(WITH_STORE).unwrap_or(of);
        format!("{file}|{stem}|{method}")
    };
    let method = case.value("method");
    if !method.is_empty() {
        return vec![subject(case.value("trait"), method)];
    }
    let Some((of, _)) = lacking(case) else {
        return Vec::new();
    };
    let missing = case.value("missing").split('`').skip(1).step_by(2);
    missing.map(|method| subject(&of, method)).collect()
}

/// Says what became of a method, as far as the errors or the trees show it.
pub(super) fn look(subject: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    let mut parts = subject.split('|');
    let (file, method) = (parts.next()?, parts.next_back()?);
    let about = About {
        file: within(file),
        method,
        known,
    };
    let strays: BTreeSet<&str> = cases.iter().map(|case| case.value("trait")).collect();
    let strays: Vec<&str> = strays.into_iter().filter(|of| !of.is_empty()).collect();
    let lacking: BTreeSet<(String, String)> = cases.iter().filter_map(lacking).collect();
    let lacking: Vec<(String, String)> = lacking.into_iter().collect();
    let same = lacking.iter().all(|(of, _)| *of == lacking[0].0);
    match (&strays[..], lacking.first()) {
        // Where both are in it, nothing says which way.
        _ if !same => None,
        ([from], Some((to, _))) if from != to => Some(about.moved(from, to)),
        ([], Some((to, _))) => match about.left(&other(to), to) {
            true => Some(about.moved(&other(to), to)),
            false => about.missing(&lacking),
        },
        ([from], None) => {
            let to = other(from);
            about.arrived(from, &to).then(|| about.moved(from, &to))
        }
        _ => None,
    }
}

/// A method, and where errors about it are.
struct About<'a, 't> {
    file: String,
    method: &'a str,
    known: &'a Known<'t>,
}

impl About<'_, '_> {
    /// Tells whether a trait had the method before and has lost it, where only its
    /// twin's implementation is known to lack it.
    fn left(&self, from: &str, to: &str) -> bool {
        self.before(from).is_some()
            && self.before(to).is_none()
            && self.built(from).is_none()
            && self.upstream(from).is_none()
    }

    /// Tells whether upstream has the method in a trait, where only its twin is known
    /// to have it no more.
    fn arrived(&self, from: &str, to: &str) -> bool {
        let was = self.known.trees.old.is_none()
            || (self.before(from).is_some() && self.before(to).is_none());
        was && self.upstream(to).is_some() && self.upstream(from).is_none()
    }

    fn moved(&self, from: &str, to: &str) -> Found {
        let before = self.before(from).map(|before| describe("before", before));
        let now = self.upstream(to).map(|now| describe("now", now));
        // In both, it is there already.
        let is_there = self.built(to).is_some() && self.built(from).is_some();
        let step = match is_there {
            true => format!("drop it from the implementation of `{from}`: that of `{to}` has it"),
            false => format!(
                "move it to the implementation of `{to}`, with the signature that it has there"
            ),
        };
        let what = format!("`{}` moved from the trait `{from}` to `{to}`", self.method);
        Found {
            values: vec![("what", what), ("step", step)],
            upstream: before.into_iter().chain(now).collect(),
            ..Found::default()
        }
    }

    /// Names upstream's implementations of what these lack; `None` where it has not all.
    fn missing(&self, lacking: &[(String, String)]) -> Option<Found> {
        let each = lacking.iter().map(|(of, ty)| {
            let is_it = |d: &Definition| d.of == format!("{of} for {ty}");
            self.nearest(self.known.upstream(), is_it)
        });
        let has: Vec<&Definition> = each.collect::<Option<_>>()?;
        let (of, _) = lacking.first()?;
        let what = format!(
            "the implementation of `{of}` lacks `{}`, which upstream's has",
            self.method
        );
        let step = "write it as upstream has it at this release".to_owned();
        Some(Found {
            values: vec![("what", what), ("step", step)],
            upstream: has
                .into_iter()
                .map(|d| describe("upstream has", d))
                .collect(),
            ..Found::default()
        })
    }

    fn before(&self, of: &str) -> Option<&Definition> {
        self.nearest(self.known.before(), is_of(of))
    }

    fn built(&self, of: &str) -> Option<&Definition> {
        self.nearest(self.known.built(), is_of(of))
    }

    fn upstream(&self, of: &str) -> Option<&Definition> {
        self.nearest(self.known.upstream(), is_of(of))
    }

    /// Finds an implementation of the method: in the same file, else in the same part of
    /// the crate, as P2 and P3 have traits of the same names.
    fn nearest<'d>(
        &self,
        all: &'d [Definition],
        is_it: impl Fn(&Definition) -> bool,
    ) -> Option<&'d Definition> {
        let fits = |d: &&Definition| d.name == self.method && is_it(d);
        let own = part_of(&self.file);
        let mut near = all
            .iter()
            .filter(fits)
            .filter(|d| part_of(d.file.as_str()) == own)
            .peekable();
        let first = near.peek().copied();
        near.find(|d| d.file.as_str() == self.file).or(first)
    }
}

/// Returns the part of the crate that a file is in: `src/p2`.
fn part_of(file: &str) -> Option<&str> {
    let (at, _) = file.match_indices('/').nth(1)?;
    Some(&file[..at])
}

/// Returns the name of the twin: `HostTcpSocket` for `HostTcpSocketWithStore` and back.
fn other(name: &str) -> String {
    match name.strip_suffix(WITH_STORE) {
        Some(plain) => plain.to_owned(),
        None => format!("{name}{WITH_STORE}"),
    }
}

/// Returns the trait and the type of the implementation that lacks something.
fn lacking(case: &Case<'_>) -> Option<(String, String)> {
    if case.value("missing").is_empty() {
        return None;
    }
    let found = IMPL.as_ref()?.captures(&case.diagnostic.rendered)?;
    Some((found["of"].to_owned(), found["ty"].to_owned()))
}

/// Makes a test for methods of a trait's implementations.
fn is_of(of: &str) -> impl Fn(&Definition) -> bool {
    move |d| {
        let (name, _) = d.of.split_once(" for ").unwrap_or_default();
        name == of
    }
}

fn describe(when: &str, found: &Definition) -> String {
    format!(
        "{when}: `{}` in `impl {}` ({})",
        found.signature,
        found.of,
        found.place()
    )
}

//! Methods that moved from one trait to another.

use std::sync::LazyLock;

use regex::Regex;

use super::entry::{Case, Found, Known};
use super::sources::Definition;

/// What `bindgen!` calls the trait whose methods get the store.
const WITH_STORE: &str = "WithStore";

/// The head of the implementation that lacks a method, as the compiler shows it.
static IMPL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\bimpl(?:<[^|]*>)?\s+(?:[\w:]+::)?(\w+)(?:<[^|]*>)?\s+for\b").ok()
});

/// Returns the methods that are in a trait too many, or missing.
pub(super) fn subjects(case: &Case<'_>) -> Vec<String> {
    let method = case.value("method");
    if !method.is_empty() {
        return vec![method.to_owned()];
    }
    let missing = case.value("missing").split('`').skip(1).step_by(2);
    missing.map(str::to_owned).collect()
}

/// Finds the trait that has the method now.
pub(super) fn look(method: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    let from = cases
        .iter()
        .map(|case| case.value("trait"))
        .find(|t| !t.is_empty());
    let to = cases
        .iter()
        .filter(|case| !case.value("missing").is_empty());
    let to = to
        .filter_map(|case| implemented(&case.diagnostic.rendered))
        .next();
    let name = from.map_or_else(|| to.clone(), |from| Some(other(from)));
    let now = implementation(method, name.as_deref(), known.built());
    let upstream_to = now.and_then(|d| d.of.split(" for ").next());
    let to = to.or_else(|| upstream_to.map(str::to_owned));
    let from = from.map(str::to_owned);
    let from = from.or_else(|| to.as_deref().map(other));
    let (from, to) = (from?, to?);
    let mut upstream = Vec::new();
    if let Some(before) = implementation(method, Some(&from), known.before()) {
        upstream.push(told("before", before));
    }
    upstream.extend(now.map(|now| told("now", now)));
    Some(Found {
        values: vec![("method", method.to_owned()), ("from", from), ("to", to)],
        upstream,
        ..Found::default()
    })
}

/// Returns the name of the twin: `HostTcpSocket` for `HostTcpSocketWithStore` and back.
fn other(name: &str) -> String {
    match name.strip_suffix(WITH_STORE) {
        Some(plain) => plain.to_owned(),
        None => format!("{name}{WITH_STORE}"),
    }
}

fn implemented(rendered: &str) -> Option<String> {
    let found = IMPL.as_ref()?.captures(rendered)?;
    Some(found[1].to_owned())
}

/// Finds an implementation of a method, in the trait where one is named.
fn implementation<'d>(
    method: &str,
    of: Option<&str>,
    all: &'d [Definition],
) -> Option<&'d Definition> {
    let is_it = |d: &&Definition| {
        let (name, _) = d.of.split_once(" for ").unwrap_or_default();
        d.name == method && !name.is_empty() && of.is_none_or(|of| of == name)
    };
    all.iter().find(is_it)
}

fn told(when: &str, found: &Definition) -> String {
    format!(
        "{when}: `{}` in `impl {}` ({})",
        found.signature,
        found.of,
        found.place()
    )
}

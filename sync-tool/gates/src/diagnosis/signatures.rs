//! Functions and traits whose signature is another than the code expects.

use std::sync::LazyLock;

use regex::Regex;

use super::entry::{Case, Found, Known};
use super::sources::{Definition, one_line};

/// How many changed signatures of one name are describe.
const MAX_SHOWN: usize = 3;

/// The line that the compiler shows of a definition.
static DEFINED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let defined = r"(?m)defined here.*\n\s*--> (?P<place>.+)\n\s*\|\n\s*\d+\s*\|\s*(?P<line>.*\b(?:fn|trait|struct|enum|type) (?P<name>\w+).*)$";
    Regex::new(defined).ok()
});

/// What the compiler says that a trait wants, and what it found.
static WANTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"expected signature `([^`]+)`\s+found signature `([^`]+)`").ok());

/// Returns the name of the function: in the message, or where the compiler shows it.
pub(super) fn subjects(case: &Case<'_>) -> Vec<String> {
    let named = ["name", "method", "item"].map(|group| case.value(group));
    if let Some(named) = named.into_iter().find(|named| !named.is_empty()) {
        return vec![named.to_owned()];
    }
    let found = DEFINED
        .as_ref()
        .and_then(|defined| defined.captures(&case.diagnostic.rendered));
    found.iter().map(|found| found["name"].to_owned()).collect()
}

/// Finds the old and the new signature.
pub(super) fn look(name: &str, cases: &[Case<'_>], known: &Known<'_>) -> Option<Found> {
    // Where a method is looked for on a type, namesakes elsewhere do not count.
    let owner = cases.first().and_then(owner);
    let of_owner = |d: &Definition| owner.as_ref().is_none_or(|owner| d.of == *owner);
    let of_name = |d: &Definition| d.name == name && !d.signature.is_empty() && of_owner(d);
    // What another crate defines is none of ours that happens to be called so.
    let own = !cases.iter().any(is_foreign);
    let read = |all| if own { all } else { &[][..] };
    let (old, new) = (read(known.before()), read(known.built()));
    let theirs = read(known.upstream());
    // An implementation that was built is what is wrong: upstream's tells how it should be.
    let now = match cases.iter().any(is_of_trait) {
        true => theirs,
        false => new,
    };
    // A method that is not found has no signature to be wrong.
    let is_lost = |case: &Case<'_>| case.diagnostic.code.as_deref() == Some("E0599");
    let mut upstream = Vec::new();
    let file = cases.first()?.place().0.unwrap_or_default();
    let mut step = format!("fit {file} to the new one");
    if !cases.iter().all(is_lost) {
        upstream = changed(old, now, of_name);
    }
    if upstream.is_empty() && !new.iter().any(of_name) {
        upstream = gone(name, old, new, of_name);
        // Where upstream still has it, it is the fork that lost it.
        let kept = theirs.iter().find(|d| of_name(d) && !upstream.is_empty());
        if let Some(kept) = kept {
            upstream.truncate(1);
            upstream.push(describe("upstream has", kept));
            step = format!("take `{name}` as upstream has it, in {}", kept.file);
        } else if upstream.len() == 1 && known.trees.upstream.is_some() {
            upstream.extend(none(name, owner.as_deref(), theirs));
        }
    }
    // Types that do not fit can have any cause: only a change that is seen tells.
    let is_vague = |case: &Case<'_>| case.diagnostic.code.as_deref() == Some("E0308");
    if upstream.is_empty() && !cases.iter().all(is_vague) {
        upstream = as_reported(cases);
    }
    if upstream.is_empty() {
        upstream = implementations(name, cases, known.upstream());
    }
    (!upstream.is_empty()).then(|| Found {
        values: vec![("name", name.to_owned()), ("step", step)],
        upstream,
        ..Found::default()
    })
}

/// Tells whether the compiler shows a definition outside of the crate.
fn is_foreign(case: &Case<'_>) -> bool {
    let defined = DEFINED.as_ref();
    let defined = defined.and_then(|defined| defined.captures(&case.diagnostic.rendered));
    defined.is_some_and(|defined| {
        let place = &defined["place"];
        place.starts_with('/') || place.contains(":\\") || place.starts_with("..")
    })
}

/// Tells whether an error is about a method of a trait's implementation.
fn is_of_trait(case: &Case<'_>) -> bool {
    !case.value("method").is_empty()
}

/// Returns the type on which a method is not found.
fn owner(case: &Case<'_>) -> Option<String> {
    let (_, rest) = case.diagnostic.message.split_once(" found for ")?;
    let ty = rest.split('`').nth(1)?.trim_start_matches(['&', ' ']);
    let ty = ty.strip_prefix("mut ").unwrap_or(ty);
    let path = ty.split('<').next().unwrap_or(ty);
    path.rsplit("::").next().map(str::to_owned)
}

/// Returns both signatures of what changed, found by module, trait and type.
fn changed(
    old: &[Definition],
    new: &[Definition],
    of_name: impl Fn(&Definition) -> bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    for before in old.iter().filter(|d| of_name(d)) {
        let same = |d: &&Definition| of_name(d) && d.of == before.of;
        let here = new.iter().filter(same).find(|d| d.module == before.module);
        let Some(now) = here.or_else(|| new.iter().find(same)) else {
            continue;
        };
        if now.signature != before.signature && lines.len() < 2 * MAX_SHOWN {
            lines.push(describe("before", before));
            lines.push(describe("now", now));
        }
    }
    lines
}

/// Says what a name that is gone was, and what is there in its place.
fn gone(
    name: &str,
    old: &[Definition],
    new: &[Definition],
    of_name: impl Fn(&Definition) -> bool,
) -> Vec<String> {
    let Some(before) = old.iter().find(|d| of_name(d)) else {
        return Vec::new();
    };
    // Upstream names variants by a suffix: `finish_listen` became `finish_listen_p2`.
    let stem = format!("{name}_");
    let like = |d: &&Definition| d.name.starts_with(&stem) && d.of == before.of;
    let mut lines = vec![describe("before", before)];
    lines.extend(
        new.iter()
            .filter(like)
            .take(MAX_SHOWN)
            .map(|d| describe("now", d)),
    );
    lines
}

/// Says that upstream defines no such name, on the type where one is known; `None` where
/// it has one of another sort.
fn none(name: &str, owner: Option<&str>, theirs: &[Definition]) -> Option<String> {
    let of_owner = |d: &Definition| {
        let own = d.of.rsplit(" for ").next();
        owner.is_none() || own == owner
    };
    if theirs.iter().any(|d| d.name == name && of_owner(d)) {
        return None;
    }
    let of = owner.map_or_else(String::new, |owner| format!(" of `{owner}`"));
    Some(format!("now: upstream's sources define no `{name}`{of}"))
}

/// Returns what the compiler itself shows: both signatures, or the definition.
fn as_reported(cases: &[Case<'_>]) -> Vec<String> {
    let texts = || cases.iter().map(|case| case.diagnostic.rendered.as_str());
    let wanted = WANTED.as_ref();
    if let Some(both) = texts().find_map(|text| wanted?.captures(text)) {
        return vec![
            format!("wanted: `{}`", one_line(&both[1])),
            format!("found: `{}`", one_line(&both[2])),
        ];
    }
    let defined = DEFINED.as_ref();
    let defined = texts().find_map(|text| defined?.captures(text));
    let lines = defined.iter().map(|defined| {
        let line = defined["line"].trim().trim_end_matches('{').trim_end();
        format!("now: `{line}` ({})", defined["place"].trim())
    });
    lines.collect()
}

/// Returns what the compiler says of a method of a trait, and how upstream has it.
fn implementations(name: &str, cases: &[Case<'_>], theirs: &[Definition]) -> Vec<String> {
    let Some(case) = cases.iter().find(|case| is_of_trait(case)) else {
        return Vec::new();
    };
    let message = &case.diagnostic.message;
    let own = theirs.iter().filter(|d| {
        let (of, _) = d.of.split_once(" for ").unwrap_or_default();
        d.name == name && !of.is_empty() && message.contains(&format!("{of}::"))
    });
    let own = own.take(MAX_SHOWN).map(|d| describe("upstream has", d));
    [message.clone()].into_iter().chain(own).collect()
}

fn describe(when: &str, definition: &Definition) -> String {
    let Definition { of, signature, .. } = definition;
    let of = if of.is_empty() {
        String::new()
    } else {
        format!(" of `{of}`")
    };
    format!("{when}: `{signature}`{of} ({})", definition.place())
}

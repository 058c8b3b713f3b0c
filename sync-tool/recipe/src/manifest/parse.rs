//! From text to [`Manifest`], with every fault at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml_edit::{Document, TableLike};

use super::reader::{Reader, Section, span};
use super::{
    Documents, FILE, FileKind, FileRule, Fork, HistoryRow, Insert, Manifest, Rewrite, SERIES_LIMIT,
    Series, Upstream, coherence, owned, support, upstream_tests,
};
use crate::address::masked;
use crate::cargo_toml::Additions;
use crate::error::{Error, Fault, Kind, Location, Result};

const TABLES: [&str; 11] = [
    "upstream",
    "fork",
    "rewrite",
    "insert",
    "files",
    "owned",
    "cargo",
    "series",
    "history",
    "documents",
    "tests",
];

impl Manifest {
    /// Parses a manifest.
    ///
    /// # Errors
    ///
    /// All faults together, each with its place and the next step.
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self> {
        let text = text.into();
        let document = Document::parse(text.as_ref()).map_err(|e| not_toml(&text, &e))?;
        let mut reader = Reader::new(FILE, &text);
        let parsed = parse(&mut reader, &text, document.as_table());
        match parsed {
            Some(manifest) if reader.faults.is_empty() => Ok(manifest),
            _ => Err(Error::faults(
                Kind::General,
                format!("{FILE} has faults"),
                reader.faults,
            )),
        }
    }
}

fn not_toml(text: &Arc<str>, e: &toml_edit::TomlError) -> Error {
    let fault = Fault::new(e.message()).help("fix the TOML at this place");
    let fault = match e.span() {
        Some(span) => fault.at(Location::span(FILE, Arc::clone(text), span)),
        None => fault.at(Location::file(FILE)),
    };
    Error::faults(Kind::General, format!("{FILE} is not TOML"), vec![fault])
}

fn parse(r: &mut Reader, text: &Arc<str>, root: &dyn TableLike) -> Option<Manifest> {
    r.only(root, "the manifest", &TABLES);
    // Each part is read before any is unwrapped, so that all faults are found.
    let upstream = r.section(root, "upstream").and_then(|s| upstream(r, &s));
    let fork = r.section(root, "fork").and_then(|s| fork(r, &s));
    let rewrites = each(r, root, "rewrite", rewrite);
    let inserts = each(r, root, "insert", insert);
    let files = file_rules(r, root);
    let (owned, owned_dirs) = owned::read(r, root);
    let cargo = additions(r, text, root);
    let series = series(r, root);
    let history = history(r, root);
    let documents = documents(r, root);
    let tests = upstream_tests::read(r, root);
    coherence::generated(r, &files);
    if let Some(fork) = &fork {
        pin_is_in_history(r, root, fork, &history);
        coherence::locations(r, root, fork, (&owned_dirs, &series), &documents);
    }
    Some(Manifest {
        text: Arc::clone(text),
        upstream: upstream?,
        fork: fork?,
        rewrites,
        inserts,
        files,
        owned,
        owned_dirs,
        cargo: cargo?,
        series,
        history,
        documents,
        tests,
    })
}

fn each<T>(
    r: &mut Reader,
    root: &dyn TableLike,
    name: &str,
    one: fn(&mut Reader, &Section<'_>) -> Option<T>,
) -> Vec<T> {
    r.sections(root, name)
        .iter()
        .filter_map(|section| one(r, section))
        .collect()
}

fn upstream(r: &mut Reader, s: &Section<'_>) -> Option<Upstream> {
    let known = ["crate", "repository", "path", "tag", "support"];
    r.only(s.table, &s.name, &known);
    let name = crate_name(r, s);
    let repository = r.string(s, "repository");
    let path = r.path(s, "path");
    let tag = r.string(s, "tag");
    let support = s.table.get("support").and_then(|i| support::read(r, i));
    public(r, "upstream", repository.as_ref());
    if let Some((tag, at)) = &tag
        && tag.matches("{version}").count() != 1
    {
        r.fault(
            at.clone(),
            "`tag` does not hold `{version}` once",
            "write it as \"v{version}\"",
        );
    }
    Some(Upstream {
        name: name?.0,
        repository: repository?.0,
        path: path?,
        tag: tag?.0,
        support,
    })
}

fn fork(r: &mut Reader, s: &Section<'_>) -> Option<Fork> {
    let known = [
        "crate",
        "path",
        "version",
        "upstream",
        "authors",
        "description",
        "repository",
        "owned",
        "locks",
    ];
    r.only(s.table, &s.name, &known);
    let name = crate_name(r, s);
    let path = r.path(s, "path");
    let version = r.version(s, "version");
    let pin = r.version(s, "upstream");
    let authors = r
        .strings(s, "authors", true)
        .into_iter()
        .map(|(text, _)| text)
        .collect();
    let description = r.string(s, "description");
    let repository = r.string(s, "repository");
    public(r, "fork", repository.as_ref());
    let owned = r.path_or(s, "owned", "patches/loopback");
    let locks = r.path_or(s, "locks", "patches/locks");
    Some(Fork {
        name: name?.0,
        path: path?,
        version: version?,
        pin: pin?,
        authors,
        description: description?.0,
        repository: repository?.0,
        owned: owned?,
        locks: locks?,
        exported: false,
    })
}

/// Reads the name of a crate, which cargo would refuse somewhere else and later.
fn crate_name(r: &mut Reader, s: &Section<'_>) -> Option<(String, Range<usize>)> {
    let (name, at) = r.string(s, "crate")?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_name {
        r.fault(
            at.clone(),
            format!("`{name}` is not the name of a crate"),
            "a crate's name has letters, digits, `-` and `_`, and begins with a letter",
        );
    }
    Some((name, at))
}

/// Refuses a password in what the fork's `Cargo.toml` shows to everybody.
fn public(r: &mut Reader, table: &str, repository: Option<&(String, Range<usize>)>) {
    if repository.is_some_and(|(url, _)| masked(url) != *url) {
        let message = format!("`{table}.repository` holds a password");
        // Not at its line, which would be shown.
        r.faults
            .push(Fault::new(message).at(Location::file(FILE)).help(
            "leave it out: everybody can read the manifest; git takes it from a credential helper",
        ));
    }
}

fn rewrite(r: &mut Reader, s: &Section<'_>) -> Option<Rewrite> {
    r.only(s.table, &s.name, &["from", "to", "optional"]);
    let from = r.string(s, "from");
    let to = r.string(s, "to");
    let optional = r.bool(s, "optional");
    for (text, at) in from.iter().chain(&to) {
        let word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !word {
            r.fault(
                at.clone(),
                format!("`{text}` is not a name"),
                "a rewrite takes letters, digits and `_`",
            );
        }
    }
    Some(Rewrite {
        from: from?.0,
        to: to?.0,
        optional,
        span: s.span.clone(),
    })
}

fn insert(r: &mut Reader, s: &Section<'_>) -> Option<Insert> {
    r.only(
        s.table,
        &s.name,
        &["files", "when-contains", "text", "optional"],
    );
    let files = r.patterns(s, "files");
    let when = s
        .table
        .get("when-contains")
        .and_then(|item| r.as_string(item, "when-contains"));
    let text = r.string(s, "text");
    let optional = r.bool(s, "optional");
    if let Some((line, at)) = &text
        && (!line.starts_with("#![") || !line.ends_with(']') || line.contains('\n'))
    {
        r.fault(
            at.clone(),
            "`text` is not one inner attribute",
            "write it as '#![…]'",
        );
    }
    Some(Insert {
        files,
        when_contains: when.map(|w| w.0),
        text: text?.0,
        optional,
        span: s.span.clone(),
    })
}

fn file_rules(r: &mut Reader, root: &dyn TableLike) -> Vec<FileRule> {
    let rules = each(r, root, "files", file_rule);
    if rules.is_empty() && root.get("files").is_none() {
        r.fault(
            0..0,
            "no `[[files]]` rule",
            "add at least one: paths = [\"src/**\"], kind = \"direct\"",
        );
    }
    let mut literals = BTreeMap::new();
    for pattern in rules
        .iter()
        .flat_map(|rule| &rule.paths)
        .filter(|p| p.is_literal())
    {
        if literals.insert(pattern.text.clone(), ()).is_some() {
            let message = format!("`{}` stands in more than one rule", pattern.text);
            r.fault(
                pattern.span.clone(),
                message,
                "keep it in the one that is meant",
            );
        }
    }
    rules
}

fn file_rule(r: &mut Reader, s: &Section<'_>) -> Option<FileRule> {
    r.only(s.table, &s.name, &["paths", "kind", "optional"]);
    let paths = r.patterns(s, "paths");
    let kind = r.string(s, "kind");
    let optional = r.bool(s, "optional");
    let (kind, at) = kind?;
    let all = [
        FileKind::Direct,
        FileKind::Patched,
        FileKind::Generated,
        FileKind::Omitted,
        FileKind::Owned,
    ];
    match all.into_iter().find(|k| k.name() == kind) {
        Some(kind) => Some(FileRule {
            paths,
            kind,
            optional,
        }),
        None => {
            let message = format!("`{kind}` is not a kind of file");
            r.fault(
                at,
                message,
                "write direct, patched, generated, omitted or owned",
            );
            None
        }
    }
}

fn additions(r: &mut Reader, text: &Arc<str>, root: &dyn TableLike) -> Option<Additions> {
    let Some(item) = root.get("cargo") else {
        return Some(Additions::default());
    };
    match Additions::from_item(item) {
        Ok(additions) => Some(additions),
        Err(faults) => {
            for fault in faults {
                let at = fault.span.unwrap_or_else(|| span(item));
                let place = Location::span(FILE, Arc::clone(text), at);
                r.faults
                    .push(Fault::new(fault.message).at(place).help(fault.help));
            }
            None
        }
    }
}

/// The most that a series' limit may be: a patch of so many lines is a fork by hand.
const MAX_LIMIT: i64 = 10_000;

fn series(r: &mut Reader, root: &dyn TableLike) -> Vec<Series> {
    let mut all = each(r, root, "series", |r, s| {
        r.only(s.table, &s.name, &["base", "patches", "limit"]);
        let base = r.version(s, "base");
        let patches = r.path(s, "patches");
        let limit = s.table.get("limit").and_then(|_| {
            r.count(
                s,
                "limit",
                MAX_LIMIT,
                "write it as a number of changed lines, without quotes",
            )
        });
        Some(Series {
            base: base?,
            patches: patches?,
            limit: limit
                .and_then(|n| n.try_into().ok())
                .unwrap_or(SERIES_LIMIT),
            span: s.span.clone(),
        })
    });
    all.sort_by(|a, b| a.base.cmp(&b.base));
    for pair in all.windows(2) {
        if pair[0].base == pair[1].base {
            let message = format!("two series have the base {}", pair[1].base);
            r.fault(pair[1].span.clone(), message, "keep one of them");
        }
    }
    all
}

fn history(r: &mut Reader, root: &dyn TableLike) -> Vec<HistoryRow> {
    let mut rows = Vec::new();
    for s in r.sections(root, "history") {
        r.only(s.table, &s.name, &["fork", "upstream", "notes"]);
        let fork = r.version(&s, "fork");
        let upstream = r.version(&s, "upstream");
        let notes = r.string(&s, "notes");
        if let (Some(fork), Some(upstream), Some(notes)) = (fork, upstream, notes) {
            if rows.iter().any(|row: &HistoryRow| row.fork == fork) {
                r.fault(
                    s.span.clone(),
                    format!("{fork} stands twice in the history"),
                    "keep one of the rows",
                );
            }
            rows.push(HistoryRow {
                fork,
                upstream,
                notes: notes.0,
            });
        }
    }
    rows.sort_by(|a, b| a.fork.cmp(&b.fork));
    rows
}

fn documents(r: &mut Reader, root: &dyn TableLike) -> Documents {
    let Some(s) = r.section_if_any(root, "documents") else {
        return Documents::default();
    };
    r.only(s.table, &s.name, &["versions", "differences"]);
    let mut list = |key| {
        let texts = r.strings(&s, key, false);
        texts
            .into_iter()
            .filter_map(|(text, at)| r.as_path(&text, at))
            .collect()
    };
    Documents {
        versions: list("versions"),
        differences: list("differences"),
    }
}

fn pin_is_in_history(r: &mut Reader, root: &dyn TableLike, fork: &Fork, history: &[HistoryRow]) {
    let row = history.iter().find(|row| row.fork == fork.version);
    if let Some(row) = row
        && row.upstream != fork.pin
    {
        let at = root
            .get("fork")
            .and_then(|i| i.as_table_like())
            .and_then(|t| t.get("upstream"));
        let message = format!(
            "{} is {} by the history, but the pin is {}",
            fork.version, row.upstream, fork.pin
        );
        r.fault(
            at.map_or(0..0, span),
            message,
            "change the pin with `wash-wasi-sync upgrade --to …`",
        );
    }
}

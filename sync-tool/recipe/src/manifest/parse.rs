//! From text to [`Manifest`], with every fault at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    Documents, FILE, FileKind, FileRule, Fork, HistoryRow, Insert, Manifest, Rewrite, SERIES_LIMIT,
    Series, Upstream, coherence, owned, pattern, radar, renames, support, upstream_tests,
};
use crate::address::masked;
use crate::cargo_toml::Additions;
use crate::error::{Error, Fault, Kind, Location, Result};
use crate::reader::{Reader, Section, TomlFile};
use crate::tree::TreePath;

impl Manifest {
    /// Parses a manifest.
    ///
    /// # Errors
    ///
    /// All faults together, each with its place and the next step.
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self> {
        let text = text.into();
        let document = TomlFile::Manifest.parse(&text).map_err(|fault| {
            Error::faults(Kind::General, format!("{FILE} is not TOML"), vec![fault])
        })?;
        let mut reader = Reader::new(TomlFile::Manifest, Arc::clone(&text));
        let parsed = parse(&mut reader, &text, &Section::root(&document));
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

fn parse(r: &mut Reader, text: &Arc<str>, root: &Section<'_>) -> Option<Manifest> {
    const KNOWN: [&str; 13] = [
        "upstream",
        "fork",
        "rewrite",
        "rename",
        "insert",
        "files",
        "owned",
        "cargo",
        "series",
        "history",
        "documents",
        "tests",
        "radar",
    ];
    r.keys(root, &[], &KNOWN);
    for (key, table) in [
        ("upstream", "`[upstream]`"),
        ("fork", "`[fork]`"),
        (
            "files",
            "`[[files]]` with paths = [\"src/**\"], kind = \"direct\"",
        ),
    ] {
        if root.get(key).is_none() {
            r.fault(0..0, format!("`{key}` is missing"), format!("add {table}"));
        }
    }
    // Each part is read before any is unwrapped, so that all faults are found.
    let upstream = r.below(root, "upstream").and_then(|s| upstream(r, &s));
    let fork = r.below(root, "fork").and_then(|s| fork(r, &s));
    let rewrites = r.each(root, "rewrite", rewrite);
    let renames = renames::read(r, root);
    let inserts = r.each(root, "insert", insert);
    let files = file_rules(r, root);
    let (owned, owned_dirs) = owned::read(r, root);
    let cargo = r.below(root, "cargo").map(|s| Additions::read(r, &s));
    let series = series(r, root);
    let history = history(r, root);
    let documents = documents(r, root);
    let tests = upstream_tests::read(r, root);
    let radar = radar::read(r, root);
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
        renames,
        inserts,
        files,
        owned,
        owned_dirs,
        cargo: cargo.unwrap_or_default(),
        series,
        history,
        documents,
        tests,
        radar,
    })
}

fn upstream(r: &mut Reader, s: &Section<'_>) -> Option<Upstream> {
    r.keys(s, &["crate", "repository", "path", "tag"], &["support"]);
    let name = crate_name(r, s);
    let repository = public_url(r, s);
    let path = r.path(s, "path");
    let tag = r.string(s, "tag");
    let support = r.below(s, "support").and_then(|s| support::read(r, &s));
    if tag
        .as_ref()
        .is_some_and(|tag| tag.matches("{version}").count() != 1)
    {
        let message = "`tag` does not hold `{version}` once";
        r.fault(s.span_of("tag"), message, "write it as \"v{version}\"");
    }
    Some(Upstream {
        name: name?,
        repository: repository?,
        path: path?,
        tag: tag?,
        support,
    })
}

fn fork(r: &mut Reader, s: &Section<'_>) -> Option<Fork> {
    const REQUIRED: [&str; 7] = [
        "crate",
        "path",
        "version",
        "upstream",
        "authors",
        "description",
        "repository",
    ];
    r.keys(s, &REQUIRED, &["owned", "locks", "resolutions"]);
    let name = crate_name(r, s);
    let path = r.path(s, "path");
    let version = r.version(s, "version");
    let pin = r.version(s, "upstream");
    let authors = r.strings(s, "authors");
    let description = r.string(s, "description");
    let repository = public_url(r, s);
    let path_or = |r: &mut Reader, key: &str, default: &str| match s.get(key) {
        Some(_) => r.path(s, key),
        None => TreePath::new(default).ok(),
    };
    let owned = path_or(r, "owned", "patches/loopback");
    let locks = path_or(r, "locks", "patches/locks");
    let resolutions = path_or(r, "resolutions", "patches/resolutions");
    Some(Fork {
        name: name?,
        path: path?,
        version: version?,
        pin: pin?,
        authors,
        description: description?,
        repository: repository?,
        owned: owned?,
        locks: locks?,
        resolutions: resolutions?,
        exported: false,
    })
}

/// Reads the name of a crate, which cargo would refuse somewhere else and later.
fn crate_name(r: &mut Reader, s: &Section<'_>) -> Option<String> {
    let name = r.string(s, "crate")?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_name {
        let message = format!("`{name}` is not the name of a crate");
        let help = "a crate's name has letters, digits, `-` and `_`, and begins with a letter";
        r.fault(s.span_of("crate"), message, help);
    }
    Some(name)
}

/// Reads the URL of a repository, which everybody can see, and so may not hold a password.
fn public_url(r: &mut Reader, s: &Section<'_>) -> Option<String> {
    let url = r.string(s, "repository")?;
    if masked(&url) != url {
        let message = format!("`{}` holds a password", s.key("repository"));
        let help =
            "leave it out: everybody can read the manifest; git takes it from a credential helper";
        // Not at its line, which would be shown.
        let fault = Fault::new(message).at(Location::file(FILE));
        r.faults.push(fault.help(help));
    }
    Some(url)
}

fn rewrite(r: &mut Reader, s: &Section<'_>) -> Option<Rewrite> {
    r.keys(s, &["from", "to"], &["optional"]);
    let mut name = |key: &str| {
        let name = r.string(s, key)?;
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            let message = format!("`{name}` is not a name");
            let help = "a rewrite takes letters, digits and `_`";
            r.fault(s.span_of(key), message, help);
        }
        Some(name)
    };
    let (from, to) = (name("from"), name("to"));
    Some(Rewrite {
        optional: r.bool(s, "optional").unwrap_or_default(),
        from: from?,
        to: to?,
        span: s.span.clone(),
    })
}

fn insert(r: &mut Reader, s: &Section<'_>) -> Option<Insert> {
    r.keys(s, &["files", "text"], &["when-contains", "optional"]);
    let files = pattern::read(r, s, "files", "crate");
    let when_contains = r.string(s, "when-contains");
    let text = r.string(s, "text");
    let optional = r.bool(s, "optional").unwrap_or_default();
    let is_attribute =
        |line: &str| line.starts_with("#![") && line.ends_with(']') && !line.contains('\n');
    if text.as_ref().is_some_and(|text| !is_attribute(text)) {
        let message = "`text` is not one inner attribute";
        r.fault(s.span_of("text"), message, "write it as '#![…]'");
    }
    Some(Insert {
        files,
        when_contains,
        text: text?,
        optional,
        span: s.span.clone(),
    })
}

fn file_rules(r: &mut Reader, root: &Section<'_>) -> Vec<FileRule> {
    let rules = r.each(root, "files", file_rule);
    let mut literals = BTreeSet::new();
    let patterns = rules.iter().flat_map(|rule| &rule.paths);
    for pattern in patterns.filter(|pattern| pattern.is_literal()) {
        if !literals.insert(&pattern.text) {
            let message = format!("`{}` stands in more than one rule", pattern.text);
            let help = "keep it in the one that is meant";
            r.fault(pattern.span.clone(), message, help);
        }
    }
    rules
}

fn file_rule(r: &mut Reader, s: &Section<'_>) -> Option<FileRule> {
    r.keys(s, &["paths", "kind"], &["optional"]);
    let paths = pattern::read(r, s, "paths", "crate");
    let optional = r.bool(s, "optional").unwrap_or_default();
    let word = r.string(s, "kind")?;
    let Some(kind) = FileKind::ALL.into_iter().find(|kind| kind.name() == word) else {
        let message = format!("`{word}` is not a kind of file");
        let help = "write direct, patched, generated, omitted or owned";
        r.fault(s.span_of("kind"), message, help);
        return None;
    };
    Some(FileRule {
        paths,
        kind,
        optional,
    })
}

/// The most that a series' limit may be: a patch of so many lines is a fork by hand.
const MAX_LIMIT: u64 = 10_000;

fn series(r: &mut Reader, root: &Section<'_>) -> Vec<Series> {
    let mut all = r.each(root, "series", |r, s| {
        r.keys(s, &["base", "patches"], &["limit"]);
        let base = r.version(s, "base");
        let patches = r.path(s, "patches");
        let help = "write it as a number of changed lines, without quotes";
        let limit = r.count(s, "limit", MAX_LIMIT, help);
        Some(Series {
            base: base?,
            patches: patches?,
            limit: limit.map_or(Ok(SERIES_LIMIT), usize::try_from).ok()?,
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

fn history(r: &mut Reader, root: &Section<'_>) -> Vec<HistoryRow> {
    let mut seen = BTreeSet::new();
    let mut rows = r.each(root, "history", |r, s| {
        r.keys(s, &["fork", "upstream", "notes"], &[]);
        let (fork, upstream) = (r.version(s, "fork"), r.version(s, "upstream"));
        let (notes, fork) = (r.string(s, "notes")?, fork?);
        if !seen.insert(fork.clone()) {
            let message = format!("{fork} stands twice in the history");
            r.fault(s.span.clone(), message, "keep one of the rows");
        }
        Some(HistoryRow {
            fork,
            upstream: upstream?,
            notes,
        })
    });
    rows.sort_by(|a, b| a.fork.cmp(&b.fork));
    rows
}

fn documents(r: &mut Reader, root: &Section<'_>) -> Documents {
    let Some(s) = r.below(root, "documents") else {
        return Documents::default();
    };
    r.keys(&s, &[], &["versions", "differences", "releases"]);
    Documents {
        versions: r.paths(&s, "versions"),
        differences: r.paths(&s, "differences"),
        releases: r.paths(&s, "releases"),
    }
}

fn pin_is_in_history(r: &mut Reader, root: &Section<'_>, fork: &Fork, history: &[HistoryRow]) {
    let row = history.iter().find(|row| row.fork == fork.version);
    if let Some(row) = row.filter(|row| row.upstream != fork.pin) {
        let message = format!(
            "{} is {} by the history, but the pin is {}",
            fork.version, row.upstream, fork.pin
        );
        let span = r.below(root, "fork").map(|s| s.span_of("upstream"));
        let help = "change the pin with `wash-wasi-sync upgrade --to …`";
        r.fault(span.unwrap_or_default(), message, help);
    }
}

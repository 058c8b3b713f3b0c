//! The entries of the watch list, as `watch.toml` has them.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::Regex;
use serde::{Deserialize, Serialize};

/// The faults of a watch list, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchListError(pub Vec<String>);

impl std::fmt::Display for WatchListError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for WatchListError {}

/// How a name differs between two releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The new release alone has it.
    Added,
    /// The old release alone has it.
    Gone,
    /// Both have it, with other values.
    Changed,
    /// Both have it, at more or fewer places.
    Count,
}

/// What of a file a rule reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Subject {
    /// Rust without its comments.
    Code,
    /// The whole text.
    Text,
    /// The file's path.
    Path,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) action: String,
    pub(super) note: String,
    pub(super) docs: Option<String>,
    pub(super) files: GlobSet,
    pub(super) except: GlobSet,
    pub(super) subject: Subject,
    /// Ends with the bracket that opens the group in which `pattern` is looked for.
    pub(super) inside: Option<Regex>,
    pub(super) pattern: Regex,
    pub(super) fires_on: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    watch: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    id: String,
    title: String,
    action: String,
    note: String,
    docs: Option<String>,
    files: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(rename = "in")]
    subject: Subject,
    inside: Option<String>,
    pattern: String,
    fires_on: Vec<Change>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, WatchListError> {
    let file: File =
        toml_edit::de::from_str(text).map_err(|e| WatchListError(vec![e.to_string()]))?;
    let mut faults = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for row in file.watch {
        if entries.iter().any(|entry| entry.id == row.id) {
            faults.push(format!("{}: another entry has this id", row.id));
        }
        let id = row.id.clone();
        match row.compile() {
            Ok(entry) => entries.push(entry),
            Err(found) => faults.extend(found.into_iter().map(|fault| format!("{id}: {fault}"))),
        }
    }
    match faults.is_empty() {
        true => Ok(entries),
        false => Err(WatchListError(faults)),
    }
}

impl Row {
    fn compile(self) -> Result<Entry, Vec<String>> {
        let mut faults = self.contradictions();
        let mut note = |e: String| faults.push(e);
        let files = globs(&self.files).map_err(|e| note(format!("files: {e}")));
        let except = globs(&self.except).map_err(|e| note(format!("except: {e}")));
        let inside = self.inside.as_deref().map(Regex::new).transpose();
        let inside = inside.map_err(|e| note(format!("inside: {e}")));
        let pattern = Regex::new(&self.pattern).map_err(|e| note(format!("pattern: {e}")));
        let (Ok(files), Ok(except), Ok(inside), Ok(pattern), true) =
            (files, except, inside, pattern, faults.is_empty())
        else {
            return Err(faults);
        };
        let has_value = |regex: &Regex| {
            let mut names = regex.capture_names().flatten();
            names.any(|name| name.starts_with("value"))
        };
        let has_value = has_value(&pattern) || inside.as_ref().is_some_and(has_value);
        if self.fires_on.contains(&Change::Changed) && !has_value {
            return Err(vec!["fires-on: `changed` needs a group `value`".to_owned()]);
        }
        Ok(Entry {
            id: self.id,
            title: self.title,
            action: self.action,
            note: self.note,
            docs: self.docs,
            files,
            except,
            subject: self.subject,
            inside,
            pattern,
            fires_on: self.fires_on,
        })
    }

    fn contradictions(&self) -> Vec<String> {
        let rules = [
            (self.files.is_empty(), "files: none is named"),
            (self.fires_on.is_empty(), "fires-on: no change is named"),
            (self.title.trim().is_empty(), "title: it is empty"),
            (self.action.trim().is_empty(), "action: it is empty"),
            (self.note.trim().is_empty(), "note: it is empty"),
            (
                self.inside.is_some() && self.subject != Subject::Code,
                "inside: only `in = \"code\"` has groups in brackets",
            ),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken.map(|(_, fault)| fault.to_owned()).collect()
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
    }
    set.build()
}

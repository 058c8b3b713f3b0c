//! The journal: what a decided change does, so that anybody can finish it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use host::failpoint;
use recipe::error::{Error, Kind, Result};
use recipe::tree::{Digest, TreePath};
use serde::{Deserialize, Serialize};

use super::sync;
use super::work::Work;

const VERSION: u32 = 2;

/// What a change does. Paths are from the project's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// The staged tree, if there is one.
    pub(super) tree: Option<Swap>,
    /// Files to remove; each goes before any is written.
    pub(super) removes: Vec<Remove>,
    /// Files to write; each is staged under its number in this list.
    pub(super) writes: Vec<Write>,
}

/// The staged tree takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Swap {
    pub(super) destination: TreePath,
    /// The digest of what stands there, `None` for nothing.
    pub(super) old: Option<Digest>,
    /// The digest of the staged tree.
    pub(super) new: Digest,
}

/// A file goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remove {
    pub(super) path: TreePath,
    pub(super) old: Digest,
}

/// A file comes, or gets other bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Write {
    pub(super) path: TreePath,
    pub(super) old: Option<Digest>,
    pub(super) new: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    version: u32,
    plan: Plan,
    /// Over the plan, as it is written here.
    digest: Digest,
}

/// Seals the journal: from here on the change is decided.
///
/// # Errors
///
/// Fails where the disk does; the change is not decided then.
pub(super) fn seal(work: &Work, plan: &Plan) -> Result<()> {
    let draft = work.journal_draft();
    let rendered = render(plan).map_err(Into::into);
    rendered
        .and_then(|text| write(&draft, &text))
        .map_err(|e| Error::io("write", &draft, e))?;
    failpoint::hit("journal.synced");
    let journal = work.journal();
    fs::rename(&draft, &journal).map_err(|e| Error::io("write", &journal, e))?;
    host::decided();
    failpoint::hit("journal.sealed");
    // Not undone on failure: the rename may be on the disk, and who finds it finishes it.
    sync::directory(work.dir()).map_err(unfinished)?;
    failpoint::hit("journal.kept");
    Ok(())
}

/// Adds to an error after the seal what that means.
pub(super) fn unfinished(error: Error) -> Error {
    error
        .context("the change is decided, but not all of it is in place yet")
        .of_kind(Kind::Unfinished)
        .help("the next run finishes it: run any command that writes, for example `wash-wasi-sync vendor`")
}

fn render(plan: &Plan) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Journal {
        version: VERSION,
        digest: digest(plan)?,
        plan: plan.clone(),
    })
}

/// Returns the digest over a plan in its one form: JSON without spaces.
fn digest(plan: &Plan) -> serde_json::Result<Digest> {
    serde_json::to_string(plan).map(Digest::of)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    failpoint::hit("journal.created");
    file.write_all(text.as_bytes())?;
    failpoint::hit("journal.written");
    file.sync_all()
}

/// Reads the journal, or returns `None` where no change was decided.
///
/// # Errors
///
/// Fails where the journal is damaged, or not of this version of the tool.
pub(super) fn read(work: &Work) -> Result<Option<Plan>> {
    let path = work.journal();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("read", &path, e)),
    };
    parse(&bytes).map(Some).map_err(|why| {
        let path = path.display();
        let dir = work.path();
        Error::general(format!("cannot finish what an earlier run decided: {path} {why}"))
            .help(format!(
                "nothing was changed; `{dir}/stage` holds what that run was to put in place"
            ))
            .help(format!(
                "finish it with the version of wash-wasi-sync that wrote it, or move `{dir}` elsewhere, \
                 look at `git status`, and run `wash-wasi-sync vendor`"
            ))
    })
}

fn parse(bytes: &[u8]) -> Result<Plan, String> {
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|e| format!("is damaged: {e}"))?;
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => return Err(format!("has version {version}, this tool knows {VERSION}")),
        None => return Err("is not a journal of this tool".to_owned()),
    }
    let journal: Journal = serde_json::from_value(value).map_err(|e| format!("is damaged: {e}"))?;
    if digest(&journal.plan).ok() != Some(journal.digest) {
        return Err("is damaged: its digest is not that of its content".to_owned());
    }
    Ok(journal.plan)
}

/// Removes the journal: the change is finished.
///
/// # Errors
///
/// Fails where the disk does.
pub(super) fn remove(work: &Work) -> Result<()> {
    let path = work.journal();
    fs::remove_file(&path).map_err(|e| Error::io("remove", &path, e))?;
    failpoint::hit("journal.removed");
    sync::directory(work.dir())
}

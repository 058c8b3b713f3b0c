//! Which of upstream's files a workspace needs.

use std::sync::Mutex;

use host::Host;
use host::status::Step;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree::{Digest, TreePath};
use upstream::git::{Blob, Export};

use super::crates::{CrateError, Crates};
use super::root::member_dir;
use super::select::{Need, Selection};
use super::{LOCK, MANIFEST, Manifests, WorkspaceInputs, dir_of};

/// The form of a workspace; another one is laid out anew.
const FORM: &str = "1";

/// Upstream's files, and where they go.
pub(super) struct WorkspaceFiles<'a> {
    pub(super) host: &'a Host,
    pub(super) export: Export<'a>,
    /// The name of the workspace's directory.
    pub(super) name: String,
    /// The fork's directory in it.
    pub(super) member: TreePath,
    pub(super) digest: Digest,
    /// The files whose content is needed.
    pub(super) content: Vec<TreePath>,
    /// The files that cargo only looks for.
    pub(super) presence: Vec<TreePath>,
}

impl<'a> WorkspaceFiles<'a> {
    /// Finds out which files are needed. Nothing is written yet.
    pub(super) fn plan(inputs: WorkspaceInputs<'a, '_>, step: &dyn Step) -> Result<Self> {
        let WorkspaceInputs {
            host,
            upstream,
            release,
            manifest,
            ..
        } = inputs;
        step.at("reading upstream's manifests");
        let export = upstream.export(&release.version, release.commit.as_deref())?;
        let member = member_dir(&manifest.upstream.path, &manifest.fork.name)?;
        refuse_taken(&export, &member)?;
        let (manifests, missing) = manifests(&export)?;
        let dir = manifest.upstream.path.as_str();
        let programs = &manifest.tests.programs;
        let selection = Selection::of(&Crates::of(&manifests), dir, programs)
            .map_err(|faults| no_selection(&export, &faults, &missing))?;
        let mut exported = WorkspaceFiles {
            host,
            name: String::new(),
            member,
            digest: Digest::of(""),
            content: Vec::new(),
            presence: Vec::new(),
            export,
        };
        exported.select(&selection)?;
        exported.digest = exported.digest();
        let digest = exported.digest.to_string();
        exported.name = format!("{}-{}", release.version, &digest[..12]);
        Ok(exported)
    }

    fn select(&mut self, selection: &Selection) -> Result<()> {
        let mut faults = Vec::new();
        for path in self.export.files.keys() {
            match (selection.need(path), TreePath::new(path)) {
                (Need::Content, Ok(path)) => self.content.push(path),
                (Need::Presence, Ok(path)) => self.presence.push(path),
                (Need::Content, Err(e)) => {
                    faults.push(Fault::new(e.to_string()).at(Location::file(path)));
                }
                // Not every system could hold it, and nobody reads it.
                (Need::Presence, Err(_)) | (Need::None, _) => {}
            }
        }
        for (path, why) in &self.export.odd {
            if selection.need(path) == Need::Content {
                self.host
                    .status
                    .note(&format!("`{path}` is left out: {why}"));
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        let message = format!("{} has files that cannot be written", self.export.place);
        Err(Error::faults(Kind::Upstream, message, faults))
    }

    /// Returns the digest of all that decides what is in the workspace.
    fn digest(&self) -> Digest {
        let mut text = format!("{FORM}\n{}\n", self.member);
        for (sort, paths) in [("content", &self.content), ("presence", &self.presence)] {
            for path in paths {
                if let Some(Blob { mode, id }) = self.blob(path) {
                    text.push_str(&format!("{sort} {:o} {id} {path}\n", mode.bits()));
                }
            }
        }
        Digest::of(text)
    }

    pub(super) fn blob(&self, path: &TreePath) -> Option<Blob> {
        self.export.files.get(path.as_str()).copied()
    }

    /// Returns how many files there are.
    pub(super) fn count(&self) -> usize {
        self.content.len() + self.presence.len()
    }

    /// Returns the text of one of upstream's files at the root.
    pub(super) fn text(&self, path: &str) -> Result<String> {
        if !self.export.files.contains_key(path) {
            let message = format!("{} has no `{path}`", self.export.place);
            return Err(Error::upstream(message)
                .help("give the repository that has upstream's workspace: `--upstream PATH|URL`"));
        }
        let (mut texts, missing) = texts(&self.export, &[path])?;
        match texts.pop() {
            Some((_, text)) if missing.is_empty() => Ok(text),
            _ => Err(self.export.lacks(&[path])),
        }
    }
}

/// Fails where upstream has something in the fork's place.
fn refuse_taken(export: &Export<'_>, member: &TreePath) -> Result<()> {
    let is_there = |path: &String| {
        let rest = path.strip_prefix(member.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match export.files.keys().find(|path| is_there(path)) {
        None => Ok(()),
        Some(path) => Err(Error::upstream(format!(
            "the fork has no place in upstream's workspace: {} has `{path}`",
            export.place
        ))
        .help("choose another `crate` below `[fork]` in manifest.toml")),
    }
}

/// Returns all manifests of crates, and the paths of those that are not there.
fn manifests(export: &Export<'_>) -> Result<(Manifests, Vec<String>)> {
    let is_manifest = |path: &&str| path.rsplit('/').next() == Some(MANIFEST);
    let paths: Vec<&str> = export.files.keys().map(String::as_str).collect();
    let paths: Vec<&str> = paths.into_iter().filter(is_manifest).collect();
    export.fetch(paths.iter().copied().chain([LOCK]))?;
    let (texts, missing) = texts(export, &paths)?;
    let texts = texts
        .into_iter()
        .map(|(path, text)| (dir_of(path).to_owned(), text));
    Ok((texts.collect(), missing))
}

/// A path and the text that stands there.
type Text<'p> = (&'p str, String);

/// Reads texts. Returns the paths of those that are not there, too.
fn texts<'p>(export: &Export<'_>, paths: &[&'p str]) -> Result<(Vec<Text<'p>>, Vec<String>)> {
    let texts = Mutex::new(Vec::new());
    let missing = export.read(paths, |path, _, bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut texts = texts.lock().unwrap_or_else(|e| e.into_inner());
        texts.push((path, text));
        Ok(())
    })?;
    let texts = texts.into_inner().unwrap_or_else(|e| e.into_inner());
    Ok((texts, missing.into_iter().map(str::to_owned).collect()))
}

/// Explains why the crates that are needed are not known.
fn no_selection(export: &Export<'_>, faults: &[CrateError], missing: &[String]) -> Error {
    let manifest_of = |fault: &CrateError| match fault {
        CrateError::NoCrate { dir, .. } => Some(format!("{dir}/{MANIFEST}")),
        _ => None,
    };
    let named: Vec<String> = faults.iter().filter_map(manifest_of).collect();
    let lacking: Vec<&str> = missing
        .iter()
        .filter(|path| *path == MANIFEST || named.contains(path))
        .map(String::as_str)
        .collect();
    if !lacking.is_empty() {
        return export.lacks(&lacking);
    }
    let faults = faults.iter().map(|f| Fault::new(f.to_string()));
    let message = format!("the crates of {} are not known", export.place);
    Error::faults(Kind::Upstream, message, faults.collect())
        .help("see whether it is upstream's workspace, and report it with the release if so")
}

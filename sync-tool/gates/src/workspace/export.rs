//! Upstream's files in the workspace: what is needed of them, written once and
//! checked each time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use git2::{ObjectType, Oid};
use host::disk::TARGET;
use host::status::Step;
use host::{Host, Interrupt, disk, failpoint, parallel};
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::listing::joined;
use recipe::tree::{Digest, TreePath};
use upstream::git::{Blob, Export};

use super::prune::DRAFT;
use super::{LOCK, MANIFEST, Parts, files};
use crate::workspace::members::{
    Crates, Fault as CrateFault, Manifests, Need, Selection, dir_of, member_dir,
};

/// What a workspace holds when it is whole: its digest. A directory without it, or
/// with another, was never finished or is not ours.
const MARKER: &str = ".wash-wasi-sync";

/// The form of a workspace; another one is laid out anew.
const FORM: &str = "1";

/// How many files are written between two looks at the interrupt.
const BATCH: usize = 256;

/// Upstream's files, and where they go.
pub(super) struct Exported<'a> {
    host: &'a Host,
    export: Export<'a>,
    /// The name of the workspace's directory.
    pub(super) name: String,
    /// The fork's directory in it.
    pub(super) member: TreePath,
    digest: Digest,
    /// The files whose content is needed.
    content: Vec<TreePath>,
    /// The files that cargo only looks for.
    presence: Vec<TreePath>,
}

impl<'a> Exported<'a> {
    /// Finds out which files are needed. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where the source has no such files, or lacks a manifest.
    pub(super) fn plan(parts: Parts<'a, '_>, step: &dyn Step) -> Result<Self> {
        let Parts {
            host,
            upstream,
            release,
            manifest,
            ..
        } = parts;
        step.at("reading upstream's manifests");
        let export = upstream.export(&release.version, release.commit.as_deref())?;
        let member = member_dir(&manifest.upstream.path, &manifest.fork.name)?;
        refuse_taken(&export, &member)?;
        let (manifests, missing) = manifests(&export)?;
        let dir = manifest.upstream.path.as_str();
        let programs = &manifest.tests.programs;
        let selection = Selection::of(&Crates::of(&manifests), dir, programs)
            .map_err(|faults| no_selection(&export, &faults, &missing))?;
        let mut exported = Exported {
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

    fn blob(&self, path: &TreePath) -> Option<Blob> {
        self.export.files.get(path.as_str()).copied()
    }

    /// Returns how many files there are.
    pub(super) fn count(&self) -> usize {
        self.content.len() + self.presence.len()
    }

    /// Returns the text of one of upstream's files at the root.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where it is not there, or no text.
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

    /// Puts the files in place below a directory. Returns whether all were there.
    ///
    /// # Errors
    ///
    /// [`Kind::Upstream`] where a content that is needed is not in the source;
    /// fails where the disk does. A workspace that is new is whole or not there.
    pub(super) fn put(&self, above: &Path, step: &dyn Step) -> Result<bool> {
        let dir = above.join(&self.name);
        self.sweep(above)?;
        files::remove_unless_dir(&dir)?;
        let marker = fs::read_to_string(dir.join(MARKER)).unwrap_or_default();
        if marker.trim() == self.digest.to_string() {
            self.remove_others(&dir)?;
            return self.fill(&dir, step);
        }
        files::remove(&dir)?;
        let draft = tempfile::Builder::new()
            .prefix(&format!("{}{DRAFT}", self.name))
            .tempdir_in(above)
            .map_err(|e| Error::io("write", above, e))?;
        failpoint::hit("workspace.drafted");
        self.fill(draft.path(), step)?;
        let marker = format!("{}\n", self.digest);
        files::write_if_other(&draft.path().join(MARKER), marker.as_bytes())?;
        failpoint::hit("workspace.filled");
        open_to_all(draft.path())?;
        fs::rename(draft.path(), &dir).map_err(|e| Error::io("write", &dir, e))?;
        // Nothing is left there to clean up.
        let _ = draft.keep();
        failpoint::hit("workspace.placed");
        Ok(false)
    }

    /// Removes the drafts of runs that were killed: only while the lock is held are they nobody's.
    fn sweep(&self, above: &Path) -> Result<()> {
        let draft = format!("{}{DRAFT}", self.name);
        let fails = |e| Error::io("read", above, e);
        for entry in fs::read_dir(above).map_err(fails)? {
            let entry = entry.map_err(fails)?;
            if entry.file_name().to_string_lossy().starts_with(&draft) {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Writes the files that are not as they should be. Returns whether there was none.
    fn fill(&self, dir: &Path, step: &dyn Step) -> Result<bool> {
        let content = self.differing(dir, &self.content)?;
        let presence = self.differing(dir, &self.presence)?;
        let mut done = Progress {
            step,
            done: 0,
            of: content.len() + presence.len(),
        };
        self.export
            .fetch(content.iter().map(|path| path.as_str()))?;
        let missing = self.write(dir, &content, &mut done)?;
        if !missing.is_empty() {
            return Err(self.export.lacks(&missing));
        }
        match self.export.fetch(presence.iter().map(|path| path.as_str())) {
            // Cargo only looks for these: it takes empty ones.
            Err(e) if e.kind() == Kind::Upstream => self.host.status.note(&e.to_string()),
            other => other?,
        }
        let missing = self.write(dir, &presence, &mut done)?;
        let stand_ins = self.stand_in(dir, &missing)?;
        let written = content.len() + presence.len() - missing.len() + stand_ins;
        Ok(written == 0)
    }

    fn write(&self, dir: &Path, paths: &[&TreePath], done: &mut Progress<'_>) -> Result<Vec<&str>> {
        let mut missing = Vec::new();
        for batch in paths.chunks(BATCH) {
            self.host.interrupt().check()?;
            let names: Vec<&str> = batch.iter().map(|path| path.as_str()).collect();
            let lacking = self.export.read(&names, |path, blob, bytes| {
                let place = TreePath::new(path).map_err(|e| Error::general(e.to_string()))?;
                files::write(&place.below(dir), bytes, blob.mode)
            })?;
            // The names live as long as the plan, not only as the batch.
            let known = batch.iter().filter(|path| lacking.contains(&path.as_str()));
            missing.extend(known.filter_map(|path| self.name_of(path)));
            done.more(batch.len());
            failpoint::hit("workspace.written");
        }
        Ok(missing)
    }

    fn name_of(&self, path: &TreePath) -> Option<&str> {
        let found = self.export.files.get_key_value(path.as_str());
        found.map(|(path, _)| path.as_str())
    }

    /// Puts empty files where contents are not there that cargo does not read: it
    /// wants every target of a member to have a file. Returns how many are new.
    fn stand_in(&self, dir: &Path, missing: &[&str]) -> Result<usize> {
        let mut new = 0;
        for path in missing {
            let place = dir.join(path);
            if fs::metadata(&place).is_ok_and(|there| there.is_file() && there.len() == 0) {
                continue;
            }
            files::write_if_other(&place, b"")?;
            new += 1;
        }
        if !missing.is_empty() {
            self.host.status.detail(&format!(
                "{} lacks {} files that are not built: {}",
                self.export.place,
                missing.len(),
                joined(missing, missing.len())
            ));
        }
        Ok(new)
    }

    /// Returns the paths where a directory does not have what upstream has.
    fn differing<'p>(&self, dir: &Path, paths: &'p [TreePath]) -> Result<Vec<&'p TreePath>> {
        let interrupt: &Interrupt = self.host.interrupt();
        let all = paths.iter().filter(|path| !is_ours(path.as_str()));
        let all: Vec<(&TreePath, Blob)> = all
            .filter_map(|path| Some((path, self.blob(path)?)))
            .collect();
        let threads = parallel::processors(all.len());
        let checked = parallel::each(&all, threads, |(path, blob)| {
            interrupt.check()?;
            let differs = !holds(&path.below(dir), *blob);
            Ok::<_, Error>(differs.then_some(*path))
        })?;
        Ok(checked.into_iter().flatten().collect())
    }

    /// Removes what is in a workspace and in no export: what a build or a test left.
    fn remove_others(&self, dir: &Path) -> Result<()> {
        let known: BTreeSet<PathBuf> = self
            .content
            .iter()
            .chain(&self.presence)
            .map(|path| path.below(dir))
            .collect();
        let apart = [TARGET, MARKER, MANIFEST, LOCK].map(|name| dir.join(name));
        let member = self.member.below(dir);
        let mut entries = walkdir::WalkDir::new(dir).into_iter();
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(|e| Error::io("read", dir, e.into()))?;
            let path = entry.path();
            if apart.iter().any(|own| path == own) || path == member {
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
            } else if !entry.file_type().is_dir() && !known.contains(path) {
                files::remove(path)?;
            }
        }
        Ok(())
    }
}

/// Tells whether a file of the workspace is made here, from upstream's.
fn is_ours(path: &str) -> bool {
    [MANIFEST, LOCK].contains(&path)
}

/// Tells whether a file has a content, by git's own digest of it.
fn holds(place: &Path, blob: Blob) -> bool {
    fs::symlink_metadata(place).is_ok_and(|there| {
        let as_it_should = there.is_file() && (cfg!(windows) || disk::mode(&there) == blob.mode);
        as_it_should && Oid::hash_file(ObjectType::Blob, place).is_ok_and(|id| id == blob.id)
    })
}

/// Lets others read the workspace, as they can any directory: a draft is its maker's alone.
fn open_to_all(dir: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
            .map_err(|e| Error::io("write", dir, e))?;
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// How far the writing is.
struct Progress<'s> {
    step: &'s dyn Step,
    done: usize,
    of: usize,
}

impl Progress<'_> {
    fn more(&mut self, files: usize) {
        self.done += files;
        self.step.at("writing upstream's files");
        self.step.done(self.done as u64, self.of as u64);
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

/// Explains why the crates that are needed cannot be told.
fn no_selection(export: &Export<'_>, faults: &[CrateFault], missing: &[String]) -> Error {
    let manifest_of = |fault: &CrateFault| match fault {
        CrateFault::NoCrate { dir, .. } => Some(format!("{dir}/{MANIFEST}")),
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

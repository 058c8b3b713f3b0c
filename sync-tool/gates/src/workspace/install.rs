//! Puts upstream's files in place: written once, checked each time, and whole or not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid};
use host::disk::TARGET;
use host::lock::Lock;
use host::status::Step;
use host::{Interrupt, disk, failpoint, parallel};
use recipe::error::{Error, Kind, Result};
use recipe::listing::joined;
use recipe::tree::TreePath;
use semver::Version;
use upstream::git::Blob;

use super::plan::WorkspaceFiles;
use super::{LOCK, MANIFEST, files};

/// What a workspace holds when it is whole: its digest. A directory without it, or
/// with another, was never finished or is not ours.
const MARKER: &str = ".wash-wasi-sync";

/// What the name of a draft has after that of its workspace.
const DRAFT: &str = ".draft-";

/// How many files are written between two looks at the interrupt.
const BATCH: usize = 256;

impl WorkspaceFiles<'_> {
    /// Puts the files in place below a directory. Returns whether all were there.
    pub(super) fn install(&self, above: &Path, step: &dyn Step) -> Result<bool> {
        let dir = above.join(&self.name);
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

/// Removes other workspaces of a release, which were made of another choice of files or
/// another commit, and the drafts of runs that were killed. Beside a new one, an old one
/// of the same versions would only mislead cargo, which goes by versions and times.
/// What another run holds is left to it; what cannot be removed is in nobody's way.
pub(super) fn remove_old(above: &Path, own: &str, release: &Version, line: &str) {
    let of_release = format!("{release}-");
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let draft = name.split_once(DRAFT).map(|(workspace, _)| workspace);
        let workspace = draft.unwrap_or(&name);
        let is_old = draft.is_some() || workspace != own && is_workspace(workspace, &of_release);
        if !is_old || !entry.file_type().is_ok_and(|t| t.is_dir()) {
            continue;
        }
        // That of its own workspace is held by who calls this.
        let lock = above.join(format!("{workspace}.lock"));
        let lock = (workspace != own).then(|| Lock::take(&lock, workspace, line));
        if matches!(lock, Some(Err(_))) {
            continue;
        }
        let _ = files::remove(&entry.path());
    }
}

/// Tells whether a name is that of a workspace: the release and a digest's beginning.
fn is_workspace(name: &str, of_release: &str) -> bool {
    let digest = name.strip_prefix(of_release);
    digest.is_some_and(|digest| digest.len() == 12 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
}

//! Which of upstream's commits changed lines between two releases.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;

use git2::Oid;
use git2::Repository;
use host::Host;
use recipe::error::{Error, Result};
use recipe::release::Release;
use recipe::tree::TreePath;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::lacking::Lacking;
use super::local::LocalRepository;
use super::{CrateSpec, program};

/// The most commits that are told.
const MAX_COMMITS: usize = 10;
/// What stands between the parts of a commit's line: no subject has it.
const BETWEEN: char = '\u{1f}';

/// A commit of upstream's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// The day on which it was written, as `2026-07-14`.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
    /// The pull request that the end of the subject names.
    pub pull_request: Option<u64>,
}

impl Commit {
    fn parse(line: &str) -> Option<Commit> {
        let mut parts = line.splitn(3, BETWEEN);
        let (id, date, subject) = (parts.next()?, parts.next()?, parts.next()?);
        let number = subject
            .rsplit_once("(#")
            .and_then(|(_, rest)| rest.strip_suffix(')'));
        Some(Commit {
            id: id.to_owned(),
            date: date.to_owned(),
            subject: subject.to_owned(),
            pull_request: number.and_then(|number| number.parse().ok()),
        })
    }
}

/// A repository on this machine, with its history.
pub struct History<'a> {
    host: &'a Host,
    spec: &'a CrateSpec,
    repository: &'a LocalRepository,
}

impl<'a> History<'a> {
    pub(super) fn new(
        host: &'a Host,
        spec: &'a CrateSpec,
        repository: &'a LocalRepository,
    ) -> Self {
        History {
            host,
            spec,
            repository,
        }
    }

    /// Reads the crate as it is at a branch, tag or commit.
    ///
    /// # Errors
    ///
    /// Where there is no such one, or the crate is not in it.
    pub fn release(&self, reference: &str) -> Result<Release> {
        self.repository.at_reference(self.spec, reference)
    }

    /// Returns the text of a file of the crate at a commit; `None` where it is not there.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is no text; a partial clone may lack it.
    pub fn text(&self, commit: &str, path: &TreePath) -> Result<Option<String>> {
        let Some(content) = self.repository.file(self.spec, commit, path)? else {
            return Ok(None);
        };
        let text = String::from_utf8(content);
        text.map(Some)
            .map_err(|_| Error::upstream(format!("{path} at {commit:.10} is not UTF-8")))
    }

    /// Returns the commits between two releases that changed a file of the crate, the newest
    /// first, and no more than a reader wants: those that changed the given lines of the newer
    /// one, counted from 1, the end not included, or where there are no such lines, all.
    ///
    /// # Errors
    ///
    /// Where `git` cannot be run, or the repository has no such releases or history.
    pub fn commits(
        &self,
        [from, to]: [&Version; 2],
        path: &TreePath,
        lines: &Range<usize>,
    ) -> Result<Vec<Commit>> {
        let commit = |version| Ok(self.repository.commit(self.spec, version)?.to_string());
        let range: [String; 2] = [commit(from)?, commit(to)?];
        let count = format!("--max-count={MAX_COMMITS}");
        self.log(&[&count], range.each_ref(), path, lines)
    }

    /// Returns the whole message of a commit, and the id of the commit before it.
    ///
    /// # Errors
    ///
    /// Where there is no such commit.
    pub fn message_and_parent(&self, commit: &str) -> Result<(String, Option<String>)> {
        let repository = self.repository.open()?;
        let found = Oid::from_str(commit).and_then(|id| repository.find_commit(id));
        let found =
            found.map_err(|e| Error::upstream(format!("commit {commit:.10}: {}", e.message())))?;
        let message = String::from_utf8_lossy(found.message_bytes()).into_owned();
        Ok((message, found.parent_ids().next().map(|id| id.to_string())))
    }

    /// Returns all commits after one and up to another that changed a file of the crate, the
    /// newest first.
    ///
    /// # Errors
    ///
    /// Where `git` cannot be run, or the repository has no such commits or history.
    pub fn commits_between(&self, range: [&String; 2], path: &TreePath) -> Result<Vec<Commit>> {
        self.log(&[], range, path, &(0..0))
    }

    fn log(
        &self,
        options: &[&str],
        [from, to]: [&String; 2],
        path: &TreePath,
        lines: &Range<usize>,
    ) -> Result<Vec<Commit>> {
        let path = self.spec.path.join(path).to_string();
        let not = format!("^{from}");
        let format = format!("--format=%H{BETWEEN}%as{BETWEEN}%s");
        let range = format!("-L{},{}:{path}", lines.start, lines.end.saturating_sub(1));
        let mut args = vec!["log", "--topo-order", "--no-patch", &format];
        args.extend(options);
        args.extend([to.as_str(), &not]);
        match lines.is_empty() {
            true => args.extend(["--", &path]),
            false => args.push(&range),
        }
        let repository = self.repository.open()?;
        let text = self.git(&repository, &path, &args)?;
        if repository.is_shallow() {
            self.check_depth(&repository, &path, [to, &not])?;
        }
        Ok(text.lines().filter_map(Commit::parse).collect())
    }

    /// Fails where a shallow clone ends between two commits: what it has not would be taken
    /// for a part of the first commit that it has.
    fn check_depth(&self, repository: &Repository, path: &str, range: [&str; 2]) -> Result<()> {
        let file = repository.commondir().join("shallow");
        let ends = fs::read_to_string(&file).map_err(|e| Error::io("read", &file, e))?;
        let ends: BTreeSet<&str> = ends.lines().collect();
        let ids = self.git(repository, path, &["rev-list", range[0], range[1]])?;
        match ids.lines().find(|id| ends.contains(id)) {
            None => Ok(()),
            Some(id) => Err(Error::upstream(format!(
                "the history of `{path}` ends at commit {id:.10}"
            ))
            .help(Lacking::History.next_step(repository))),
        }
    }

    fn git(&self, repository: &Repository, path: &str, args: &[&str]) -> Result<String> {
        let call = program::command(self.host, repository.path(), args);
        // Older versions of git do not know `GIT_NO_LAZY_FETCH`.
        let outcome = call.env("GIT_ALLOW_PROTOCOL", "none").run(self.host)?;
        if outcome.success() {
            return Ok(String::from_utf8_lossy(&outcome.stdout).into_owned());
        }
        let lacking = match repository.is_shallow() {
            true => Lacking::History,
            false => Lacking::Objects,
        };
        let why = program::message_of(&outcome.complaint()).replace("error: ", "");
        let message = format!("the history of `{path}` cannot be read: {why}");
        Err(Error::upstream(message).help(lacking.next_step(repository)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_what_the_subject_ends_with() {
        for (subject, number) in [
            ("Move it (#123)", Some(123)),
            ("Move it (#12) (#34)", Some(34)),
            ("Revert #12", None),
            ("(#x)", None),
            ("", None),
        ] {
            let line = format!("0a{BETWEEN}2026-07-14{BETWEEN}{subject}");
            let commit = Commit::parse(&line).map(|commit| (commit.subject, commit.pull_request));
            assert_eq!(commit, Some((subject.to_owned(), number)));
        }
        assert_eq!(Commit::parse("no commit"), None);
    }
}

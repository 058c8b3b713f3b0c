//! What a clone lacks, and git's command that fetches it. The tool itself fetches nothing
//! into a repository of the user's.

use std::path::PathBuf;

use git2::{ObjectType, Oid, Repository};
use host::process::Call;
use recipe::error::Error;

use super::error::GitError;

/// What a repository on this machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacking<'a> {
    /// The tag of a release.
    Tag(&'a str),
    /// Those of releases, whichever.
    Tags,
    /// A branch, by its name, or a commit, by its id.
    Reference(&'a str),
    /// Commits, directories or files: of a partial clone, or of a damaged one.
    Objects,
    /// The commits before those that a shallow clone has.
    History,
}

impl Lacking<'_> {
    /// Returns the next step: the command that fetches it.
    pub(super) fn next_step(self, repo: &Repository) -> String {
        let Some(remote) = remote(repo) else {
            return "it has no remote to fetch from; give a repository that has it: `--upstream PATH|URL`".to_owned();
        };
        let branch;
        let (what, args): (&str, &[&str]) = match self {
            Lacking::Tag(tag) => ("if upstream has it, fetch it there", &[&remote, "tag", tag]),
            Lacking::Tags => ("fetch the tags there", &["--tags", &remote]),
            Lacking::Reference(name) => {
                branch = match Oid::from_str(name).is_ok_and(|_| name.len() == 40) {
                    true => name.to_owned(),
                    false => format!("{name}:refs/remotes/{remote}/{name}"),
                };
                ("if upstream has it, fetch it there", &[&remote, &branch])
            }
            Lacking::Objects => (
                "complete the clone",
                &["--refetch", "--no-filter", "--tags", &remote],
            ),
            Lacking::History => (
                "the clone is shallow; complete it",
                &["--unshallow", "--tags", &remote],
            ),
        };
        format!("{what}: `{}`", line(repo, "fetch", args))
    }
}

/// Adds to the error of objects that are missing at a commit how they are fetched.
pub(super) fn with_next_steps(error: Error, repo: &Repository, commit: Oid) -> Error {
    let error = error.help(Lacking::Objects.next_step(repo));
    let Some(remote) = remote(repo) else {
        return error;
    };
    let is_partial = || {
        repo.config()?
            .get_bool(&format!("remote.{remote}.promisor"))
    };
    let error = match is_partial() {
        Ok(true) => {
            let command = line(repo, "archive", &[&commit.to_string()]);
            error.help(format!(
                "or fetch this commit alone: `{command} >/dev/null`"
            ))
        }
        _ => error,
    };
    error.help("or give a repository that has them: `--upstream PATH|URL`")
}

/// Returns a command of git's in a repository, as the user types it.
fn line(repo: &Repository, command: &str, args: &[&str]) -> String {
    let dir = repo.workdir().unwrap_or(repo.path());
    // Without the slash at its end.
    let dir: PathBuf = dir.components().collect();
    let call = Call::new("git", "").args(["-C".as_ref(), dir.as_os_str()]);
    call.args([command]).args(args).line()
}

fn remote(repo: &Repository) -> Option<String> {
    let names = repo.remotes().ok()?;
    let names: Vec<&str> = names.iter().flatten().flatten().collect();
    let origin = names.iter().find(|name| **name == "origin");
    origin.or(names.first()).map(|name| (*name).to_owned())
}

/// Returns the commit that an object stands for, such as that of a tag.
pub(super) fn commit_of(repo: &Repository, mut id: Oid) -> Result<Oid, GitError> {
    loop {
        let object = repo.find_object(id, None);
        let object = object.map_err(|e| GitError::of_object(&e, "the commit", id))?;
        match (object.kind(), object.as_tag()) {
            (Some(ObjectType::Commit), _) => return Ok(id),
            (_, Some(tag)) => id = tag.target_id(),
            (kind, None) => {
                let kind = kind.map_or("another object", |kind| kind.str());
                return Err(Error::upstream(format!("{id} is not a commit, but a {kind}")).into());
            }
        }
    }
}

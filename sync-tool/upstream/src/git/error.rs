//! Why git does not give a release.

use git2::{ErrorCode, Oid};
use recipe::error::Error;

/// An error of git. It answers two questions: is another try worth it
/// ([`GitError::is_retryable`]), and is another source ([`GitError::allows_fallback`])?
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// The host does not answer, or too slowly.
    #[error(transparent)]
    Unreachable(Error),
    #[error(transparent)]
    NoProgram(Error),
    /// The cache does not have it, and the network is forbidden.
    #[error(transparent)]
    Offline(Error),
    /// The host answers that it has no such reference.
    #[error(transparent)]
    NoReference(Error),
    /// The program failed with a message that is not known: the cache may be the
    /// cause, or something that the server does not do.
    #[error(transparent)]
    Unrecognised(Error),
    #[error("it lacks {}", files(.0))]
    Missing(Vec<MissingObject>),
    /// The repository has objects that are not what their ids say.
    #[error("{0}")]
    Damaged(String),
    /// Neither another try nor another source would help.
    #[error(transparent)]
    Other(#[from] Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingObject {
    /// The file or directory that it is the content of.
    pub(super) path: String,
    pub(super) id: Oid,
}

pub(super) fn files(missing: &[MissingObject]) -> String {
    match missing {
        [only] => format!("`{}`", only.path),
        _ => format!(
            "{} files, such as `{}`",
            missing.len(),
            missing.first().map_or("", |first| &first.path)
        ),
    }
}

impl GitError {
    /// Tells a missing object from a damaged one.
    pub(super) fn of_object(e: &git2::Error, path: impl Into<String>, id: Oid) -> Self {
        let path = path.into();
        if e.code() == ErrorCode::NotFound {
            return GitError::Missing(vec![MissingObject { path, id }]);
        }
        GitError::Damaged(format!("{path} ({id}): {}", e.message()))
    }

    /// Tells whether a fetch into a new repository, or without a filter, may succeed.
    pub(super) fn is_retryable(&self) -> bool {
        matches!(
            self,
            GitError::Unrecognised(_) | GitError::Missing(_) | GitError::Damaged(_)
        )
    }

    /// Tells whether the registry may give what git does not: nothing is wrong with
    /// the release, git is only unavailable.
    pub(crate) fn allows_fallback(&self) -> bool {
        matches!(
            self,
            GitError::Unreachable(_) | GitError::NoProgram(_) | GitError::Offline(_)
        )
    }

    /// Names the place of what is missing or damaged.
    pub(super) fn in_place(self, place: &str) -> Self {
        match self {
            GitError::Missing(_) | GitError::Damaged(_) => {
                GitError::Other(Error::upstream(format!("{place}: {self}")))
            }
            named => named,
        }
    }

    /// Converts it to the tool's error. This is not `From`: a second conversion to that
    /// error would leave the type of many a closure in other crates open.
    pub(crate) fn into_error(self) -> Error {
        match self {
            GitError::Unreachable(e) | GitError::NoProgram(e) | GitError::Offline(e) => {
                e.unreached()
            }
            GitError::NoReference(e) | GitError::Unrecognised(e) | GitError::Other(e) => e,
            GitError::Missing(_) | GitError::Damaged(_) => Error::upstream(self.to_string()),
        }
    }
}

//! Removes workspaces that nobody will use again.

use std::fs;
use std::path::Path;

use semver::Version;

use super::{Held, files};

/// What the name of a draft has after that of its workspace.
pub(super) const DRAFT: &str = ".draft-";

/// Removes other workspaces of a release, which were made of another choice of files or
/// another commit, and the drafts of runs that were killed. Beside a new one, an old one
/// of the same versions would only mislead cargo, which goes by versions and times.
/// What another run holds is left to it; what cannot be removed is in nobody's way.
pub(super) fn others(above: &Path, own: &str, release: &Version, line: &str) {
    let of_release = format!("{release}-");
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let draft = name.split_once(DRAFT).map(|(workspace, _)| workspace);
        let workspace = draft.unwrap_or(&name);
        let is_old = draft.is_some() || is_workspace(workspace, &of_release);
        if workspace == own || !is_old || !entry.file_type().is_ok_and(|t| t.is_dir()) {
            continue;
        }
        let lock = above.join(format!("{workspace}.lock"));
        let Ok(_held) = Held::take(&lock, workspace, line) else {
            continue;
        };
        let _ = files::remove(&entry.path());
    }
}

/// Tells whether a name is that of a workspace: the release and a digest's beginning.
fn is_workspace(name: &str, of_release: &str) -> bool {
    let digest = name.strip_prefix(of_release);
    digest.is_some_and(|digest| digest.len() == 12 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
}

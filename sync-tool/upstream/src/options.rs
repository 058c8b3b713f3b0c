//! What a source has to know: which crate is followed, and from where.

use std::path::PathBuf;

use recipe::address::Address;
use recipe::tree::TreePath;

/// The next step where the network is forbidden.
pub(crate) const RUN_ONLINE: &str = "run the same command once with the network";

/// What the user asks for with `--source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceChoice {
    /// Git, and the registry where the repository's host cannot be reached.
    #[default]
    Auto,
    /// The git repository.
    Git,
    /// The package registry.
    Registry,
}

/// Which crate is followed, and from where.
#[derive(Debug, Clone)]
pub struct SourceOptions {
    /// `--source`.
    pub choice: SourceChoice,
    /// `--upstream`: a URL, or a path that begins at the run's directory. It means git.
    pub upstream: Option<Address>,
    /// The tool's cache directory.
    pub cache: PathBuf,
    /// Whether the network is forbidden.
    pub offline: bool,
    /// The project's directory: its cargo configuration holds, and the
    /// manifest's paths begin there.
    pub project_dir: PathBuf,
    /// The crate's name: the manifest's `upstream.crate`.
    pub name: String,
    /// The manifest's `upstream.repository`.
    pub repository: Address,
    /// The manifest's `upstream.path`.
    pub path: TreePath,
    /// The manifest's `upstream.tag`.
    pub tag: String,
}

impl SourceOptions {
    /// Makes the options of a crate whose releases have tags `v{version}`, with the
    /// network and without a repository.
    pub fn new(
        name: impl Into<String>,
        path: TreePath,
        cache: impl Into<PathBuf>,
        project_dir: impl Into<PathBuf>,
    ) -> Self {
        SourceOptions {
            choice: SourceChoice::Auto,
            upstream: None,
            cache: cache.into(),
            offline: false,
            project_dir: project_dir.into(),
            name: name.into(),
            repository: Address::default(),
            path,
            tag: "v{version}".to_owned(),
        }
    }
}

//! A user of a git repository and of a registry that have the same crate.

use std::fs;
use std::process::Command;

use recipe::tree::TreePath;
use upstream::{SourceChoice, SourceOptions, Upstream};

use super::git_world::{CRATE, GitWorld};
use super::registry_world::{self, INDEX, World, checksum, download};
use super::server::Reply;

/// A repository and a registry.
pub(crate) struct Both {
    pub git: GitWorld,
    pub registry: World,
}

impl Both {
    /// Makes both; the registry has nothing yet.
    pub(crate) fn new() -> Self {
        Both::of(GitWorld::new())
    }

    /// The same for a repository that is there already.
    pub(crate) fn of(git: GitWorld) -> Self {
        let both = Both {
            git,
            registry: World::with(&[]),
        };
        let index = both.registry.server.url("/index/");
        super::git_world::write(
            &both.git.path("cargo-home/config.toml"),
            format!(
                "[source.crates-io]\nreplace-with = \"ours\"\n\
                 [source.ours]\nregistry = \"sparse+{index}\"\n"
            ),
        );
        both
    }

    /// Publishes packages; one with `!` is yanked.
    pub(crate) fn publish(&self, packages: &[(&str, Vec<u8>)]) {
        let line = |(version, bytes): &(&str, Vec<u8>)| {
            let sum = checksum(bytes);
            let is_yanked = version.ends_with('!');
            let version = version.trim_end_matches('!');
            format!(
                r#"{{"name":"{CRATE}","vers":"{version}","deps":[],"cksum":"{sum}","features":{{}},"yanked":{is_yanked}}}"#
            ) + "\n"
        };
        let index: String = packages.iter().map(line).collect();
        self.registry.server.on(INDEX, [Reply::body(index)]);
        for (version, bytes) in packages {
            self.registry.server.on(
                &download(version.trim_end_matches('!')),
                [Reply::body(bytes.clone())],
            );
        }
    }

    /// Returns options as a user has them that gives none.
    pub(crate) fn options(&self) -> SourceOptions {
        SourceOptions {
            choice: SourceChoice::Auto,
            upstream: None,
            cache: self.git.path("cache"),
            offline: false,
            project_dir: self.git.dir.path().to_path_buf(),
            name: CRATE.to_owned(),
            repository: self.git.url().into(),
            path: TreePath::new("crates/wasi").expect("a path"),
            tag: "v{version}".to_owned(),
        }
    }

    /// Does something with upstream in a run of its own.
    pub(crate) fn run<T>(
        &self,
        options: SourceOptions,
        act: impl FnOnce(&Upstream<'_>) -> recipe::Result<T>,
    ) -> recipe::Result<T> {
        let host = self.git.host();
        act(&Upstream::new(&host, options)?)
    }

    /// Has the real cargo package a release, as upstream publishes it.
    pub(crate) fn packaged_by_cargo(&self, version: &str) -> Vec<u8> {
        let tag = format!("v{version}");
        self.git
            .git(&["checkout", "--quiet", "--force", "--detach", &tag]);
        let output = Command::new(env!("CARGO"))
            .args(["package", "--package", CRATE, "--no-verify", "--offline"])
            .current_dir(self.git.upstream())
            .env("CARGO_HOME", self.git.path("other-cargo-home"))
            .env("CARGO_TARGET_DIR", self.git.path("target"))
            .output()
            .expect("cargo");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let package = format!("target/package/{CRATE}-{version}.crate");
        fs::read(self.git.path(&package)).expect("the package")
    }
}

/// Returns a package that says which commit it was made from.
pub(crate) fn package_of(version: &str, commit: &str) -> Vec<u8> {
    let mut files = registry_world::files(version);
    for (_, bytes) in files
        .iter_mut()
        .filter(|(path, _)| *path == ".cargo_vcs_info.json")
    {
        let text = String::from_utf8_lossy(bytes).replace(registry_world::COMMIT, commit);
        *bytes = text.into_bytes();
    }
    registry_world::packed(version, files)
}

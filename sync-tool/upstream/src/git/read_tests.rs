use std::fs;
use std::path::PathBuf;

use git2::{Index, IndexEntry, IndexTime, Signature};
use tempfile::TempDir;

use super::super::list::list;
use super::*;

const WORKSPACE: &str = "[workspace]\nmembers = [\"crates/wasi\"]\n[workspace.package]\nversion = \"41.0.0\"\nedition = \"2024\"\n";
const MEMBER: &str =
    "[package]\nname = \"wasi\"\nversion.workspace = true\ninclude = [\"src/**/*\"]\n";

/// A bare repository with one commit.
pub(super) struct TestRepository {
    pub(super) dir: TempDir,
    pub(super) repo: Repository,
    pub(super) commit: Oid,
}

/// Makes a commit of files, each with its mode as git has it.
fn made(files: &[(&[u8], u32, &[u8])]) -> TestRepository {
    let dir = tempfile::tempdir().unwrap();
    let repo = Repository::init_bare(dir.path()).unwrap();
    let mut index = Index::new().unwrap();
    for (path, mode, content) in files {
        let id = match *mode {
            0o160000 => Oid::from_str("0123456789abcdef0123456789abcdef01234567").unwrap(),
            _ => repo.blob(content).unwrap(),
        };
        let time = IndexTime::new(0, 0);
        let entry = IndexEntry {
            ctime: time,
            mtime: time,
            dev: 0,
            ino: 0,
            mode: *mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.to_vec(),
        };
        index.add(&entry).unwrap();
    }
    let tree = index.write_tree_to(&repo).unwrap();
    let who = Signature::new("a", "a@example.org", &git2::Time::new(0, 0)).unwrap();
    let tree = repo.find_tree(tree).unwrap();
    let commit = repo
        .commit(None, &who, &who, "release", &tree, &[])
        .unwrap();
    drop(tree);
    TestRepository { dir, repo, commit }
}

/// The same with a workspace and a crate around the files.
pub(super) fn made_with(more: &[(&[u8], u32, &[u8])]) -> TestRepository {
    let manifests: [(&[u8], u32, &[u8]); 3] = [
        (b"Cargo.toml", 0o100644, WORKSPACE.as_bytes()),
        (b"crates/wasi/Cargo.toml", 0o100644, MEMBER.as_bytes()),
        (b"crates/wasi/src/lib.rs", 0o100644, b"// lib\n"),
    ];
    made(&[&manifests, more].concat())
}

impl TestRepository {
    fn list(&self, limits: TreeLimits) -> Result<CommitFiles, GitError> {
        let path = TreePath::new("crates/wasi").unwrap();
        list(&self.repo, self.commit, location(&path), limits)
    }

    fn read_at(&self, version: &str, limits: TreeLimits) -> Result<Release, GitError> {
        let path = TreePath::new("crates/wasi").unwrap();
        let version = version.parse().unwrap();
        self.list(limits)?
            .read(&self.repo, location(&path), &version, limits)
    }

    pub(super) fn read(&self) -> Result<Release, GitError> {
        self.read_at("41.0.0", LIMITS)
    }

    /// Opens the repository again: what was read before is remembered.
    pub(super) fn opened_anew(&self) -> TestRepository {
        TestRepository {
            dir: tempfile::tempdir().unwrap(),
            repo: Repository::open_bare(self.dir.path()).unwrap(),
            commit: self.commit,
        }
    }

    /// Returns the file that has an object by itself.
    pub(super) fn object(&self, path: &str) -> (Oid, PathBuf) {
        let tree = self.repo.find_commit(self.commit).unwrap().tree().unwrap();
        let entry = tree.get_path(Path::new(path)).unwrap();
        let id = entry.id().to_string();
        let file = self
            .dir
            .path()
            .join("objects")
            .join(&id[..2])
            .join(&id[2..]);
        (entry.id(), file)
    }

    fn remove(&self, path: &str) -> Oid {
        let (id, file) = self.object(path);
        fs::remove_file(file).unwrap();
        id
    }
}

fn location(path: &TreePath) -> CrateLocation<'_> {
    CrateLocation {
        name: "wasi",
        path,
        place: "here",
    }
}

pub(super) fn refused(read: Result<Release, GitError>) -> Error {
    match read {
        Err(GitError::Other(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_release_is_what_is_in_its_package() {
    let made = made_with(&[
        (b"Cargo.lock", 0o100644, b"version = 4\n"),
        (b"README.md", 0o100644, b"the workspace's"),
        (b"crates/wasi/build.sh", 0o100755, b"not included"),
        (b"crates/wasi/README.md", 0o100644, b"read"),
        (b"crates/wasi/src/inner/Cargo.toml", 0o100644, b""),
        (b"crates/wasi/src/inner/lib.rs", 0o100644, b"another crate"),
        (b"crates/wasi/src/run.sh", 0o100755, b"run"),
        (b"crates/other/src/lib.rs", 0o100644, b""),
    ]);
    let release = made.read().unwrap();
    let files: Vec<(&str, Mode)> = release
        .tree
        .iter()
        .map(|(path, file)| (path.as_str(), file.mode()))
        .collect();
    assert_eq!(
        files,
        [
            ("Cargo.toml", Mode::Regular),
            ("README.md", Mode::Regular),
            ("src/lib.rs", Mode::Regular),
            ("src/run.sh", Mode::Executable),
        ]
    );
    assert_eq!(release.commit, Some(made.commit.to_string()));
    assert_eq!((release.source, release.checksum), (SourceKind::Git, None));
    assert_eq!(release.cargo_lock.as_deref(), Some("version = 4\n"));
    assert!(matches!(release.workspace, Workspace::Root(text) if text == WORKSPACE));
}

#[test]
fn a_workspace_without_a_lock_file_is_read_too() {
    assert_eq!(made_with(&[]).read().unwrap().cargo_lock, None);
}

#[test]
fn what_is_not_read_may_be_missing() {
    let made = made_with(&[
        (b"large.onnx", 0o100644, b"large"),
        (b"crates/wasi/assets/large", 0o100644, b"not included"),
        (b"crates/other/x/y", 0o100644, b"other"),
    ]);
    made.remove("large.onnx");
    made.remove("crates/other/x");
    let id = made.remove("crates/wasi/assets/large");
    assert_eq!(made.read().unwrap().tree.len(), 2);
    // Whether it is in the package is not known before the manifest is read.
    let missing = made.list(LIMITS).unwrap().missing(&made.repo).unwrap();
    let path = "assets/large".to_owned();
    assert_eq!(missing, [MissingObject { path, id }]);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let made = made_with(&[(b"crates/wasi/src/a.rs", 0o100644, b"// a\n")]);
    let a = made.remove("crates/wasi/src/a.rs");
    let lib = made.remove("crates/wasi/src/lib.rs");
    let Err(GitError::Missing(missing)) = made.read() else {
        panic!("it is read without its files");
    };
    let ids: Vec<Oid> = missing.iter().map(|m| m.id).collect();
    assert_eq!(ids, [a, lib]);
    assert_eq!(missing[0].path, "crates/wasi/src/a.rs");
    made.remove("crates/wasi/src");
    let Err(GitError::Missing(missing)) = made.opened_anew().read() else {
        panic!("it is read without its directory");
    };
    assert_eq!(missing[0].path, "crates/wasi/src");
}

#[test]
fn damaged_content_is_never_taken() {
    let made = made_with(&[(b"crates/wasi/src/a.rs", 0o100644, b"// a\n")]);
    let (_, file) = made.object("crates/wasi/src/a.rs");
    let (_, other) = made.object("crates/wasi/src/lib.rs");
    for content in [b"garbage".to_vec(), fs::read(other).unwrap()] {
        fs::remove_file(&file).unwrap();
        fs::write(&file, content).unwrap();
        let read = made.opened_anew().read();
        assert!(
            matches!(&read, Err(GitError::Damaged(what)) if what.contains("src/a.rs")),
            "{read:?}"
        );
    }
}

#[test]
fn another_crate_or_version_is_refused() {
    let error = refused(made_with(&[]).read_at("40.0.0", LIMITS));
    assert_eq!(error.kind(), Kind::Upstream);
    assert_eq!(error.message(), "here has wasi 41.0.0, not 40.0.0");
    assert!(!error.hints().is_empty());

    let other = MEMBER.replace("wasi", "wasm");
    let made = made(&[
        (b"Cargo.toml", 0o100644, WORKSPACE.as_bytes()),
        (b"crates/wasi/Cargo.toml", 0o100644, other.as_bytes()),
    ]);
    let error = refused(made.read());
    assert!(error.message().contains("`wasm`"), "{error}");
}

#[test]
fn a_commit_without_the_crate_is_refused() {
    let only = |path: &[u8]| made(&[(path, 0o100644, WORKSPACE.as_bytes())]);
    for (made, lacks) in [
        (only(b"README.md"), "`Cargo.toml`"),
        (only(b"Cargo.toml"), "`crates/wasi`"),
    ] {
        let error = refused(made.read());
        assert!(error.message().contains(lacks), "{error}");
        assert!(error.hints()[0].contains("manifest.toml"));
    }
    let made = made(&[
        (b"Cargo.toml", 0o100644, WORKSPACE.as_bytes()),
        (b"crates/wasi/lib.rs", 0o100644, b""),
    ]);
    let error = refused(made.read());
    assert!(
        error.message().contains("`crates/wasi/Cargo.toml`"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_in_a_tree_is_named_where_the_package_has_it() {
    let made = made_with(&[
        (b"crates/wasi/src/link.rs", 0o120000, b"none.rs"),
        (b"crates/wasi/src/nul.rs", 0o120000, b"no\0ne.rs"),
        (b"crates/wasi/src/sub", 0o160000, b""),
        (b"crates/wasi/src/a?.rs", 0o100644, b""),
        (b"crates/wasi/src/LIB.rs", 0o100644, b""),
        (b"crates/wasi/src/x\xff.rs", 0o100644, b""),
        (b"crates/wasi/link", 0o120000, b"src"),
    ]);
    let error = refused(made.read());
    let told = error.to_string();
    for part in [
        "src/link.rs: it is a symbolic link that leads nowhere",
        "src/nul.rs: it is a symbolic link that leads nowhere",
        "src/sub: it is a submodule",
        "a?.rs",
        "`src/LIB.rs` and `src/lib.rs` are one file where case is folded",
        "its name is not UTF-8",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(error.all_faults().len(), 6, "{told}");
}

#[test]
fn links_cannot_make_more_than_a_disk_has() {
    // Each of 40 directories has two links to the next, and no file.
    let links: Vec<(String, String)> = (0..40)
        .flat_map(|n| {
            ["a", "b"].map(|l| (format!("crates/wasi/src/{n}/{l}"), format!("../{}", n + 1)))
        })
        .collect();
    let links = links.iter();
    let links: Vec<(&[u8], u32, &[u8])> = links
        .map(|(path, target)| (path.as_bytes(), 0o120000, target.as_bytes()))
        .collect();
    let error = refused(made_with(&links).read());
    assert!(
        error.message().contains("lead to more than 10000 files"),
        "{error}"
    );
}

#[test]
fn limits_hold() {
    let made = made_with(&[(b"crates/wasi/src/a.rs", 0o100644, &[b' '; 200])]);
    let file = TreeLimits {
        file: 199,
        ..LIMITS
    };
    let error = refused(made.read_at("41.0.0", file));
    assert!(
        error
            .to_string()
            .contains("src/a.rs: it has more than 199 bytes"),
        "{error}"
    );
    let total = TreeLimits {
        total: 250,
        ..LIMITS
    };
    let error = refused(made.read_at("41.0.0", total));
    assert!(
        error.message().contains("more than 250 bytes in"),
        "{error}"
    );
    let entries = TreeLimits {
        entries: 3,
        ..LIMITS
    };
    let error = refused(made.read_at("41.0.0", entries));
    assert!(error.message().contains("more than 3 files"), "{error}");
}

#[test]
fn the_version_is_read_by_itself() {
    let made = made_with(&[]);
    let path = TreePath::new("crates/wasi").unwrap();
    let version = made
        .list(LIMITS)
        .unwrap()
        .version(&made.repo, location(&path));
    assert_eq!(version.unwrap(), Version::new(41, 0, 0));
}

#[test]
fn manifests_that_cannot_be_read_are_named() {
    for (workspace, member, part) in [
        ("[", MEMBER, "`Cargo.toml` cannot be read"),
        (WORKSPACE, "[workspace]", "no `[package]`"),
        (WORKSPACE, "[package]\nname = \"wasi\"\n", "has no version"),
        ("[workspace]", MEMBER, "has no version"),
        (
            WORKSPACE,
            "[package]\nname = \"wasi\"\nversion = \"x\"\n",
            "`x` is not a version",
        ),
        (
            WORKSPACE,
            "[package]\nname = \"wasi\"\nversion = \"1.0.0\"\ninclude = [\"[\"]\n",
            "is not a pattern",
        ),
    ] {
        let made = made(&[
            (b"Cargo.toml", 0o100644, workspace.as_bytes()),
            (b"crates/wasi/Cargo.toml", 0o100644, member.as_bytes()),
        ]);
        let error = refused(made.read());
        assert_eq!(error.kind(), Kind::Upstream);
        assert!(error.message().contains(part), "{error}");
    }
}

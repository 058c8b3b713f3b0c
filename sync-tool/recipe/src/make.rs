//! Puts a tree together: patched text, fork-owned files, `Cargo.toml`, `Cargo.lock`.

use std::collections::BTreeMap;

use semver::Version;

use super::cargo_lock;
use super::cargo_toml::{self, ForkPackage, Generated, Inherited};
use super::manifest::Manifest;
use super::outside::outside;
use super::release::{Release, Workspace};
use super::series::{Inputs, StoredSeries};
use super::tree::{Collision, File, Tree, TreePath};
use crate::error::{Error, Fault, Kind, Location, Result, no_faults};
pub use crate::files::{CARGO_LOCK, CARGO_TOML};
use crate::rust_version;

/// What the first line of an exported crate's `Cargo.toml` begins with.
pub const EXPORTED: &str = "Exported by wash-wasi-sync under upstream's own name.";

/// What a tree is put together from.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TreeParts<'a> {
    pub release: &'a Release,
    pub prepared: &'a Tree,
    pub patched: &'a BTreeMap<TreePath, String>,
    /// The series that serves the release.
    pub series: Option<&'a StoredSeries>,
    /// What people wrote; its manifest has the fork's version for this release.
    pub inputs: &'a Inputs,
}

/// A tree, and what its manifest came to.
#[derive(Debug, Clone)]
pub struct BuiltTree {
    /// The tree; without `Cargo.lock` where none is stored that fits the manifest.
    pub tree: Tree,
    /// What was made of upstream's `Cargo.toml`.
    pub cargo: Generated,
}

/// Reads what upstream's `Cargo.toml` inherits, from either source.
///
/// # Errors
///
/// All that the texts lack or have that is not known.
pub fn inherited(release: &Release) -> Result<Inherited> {
    let member = member(release)?;
    match &release.workspace {
        Workspace::Root(text) => Inherited::from_workspace(member, text),
        Workspace::Published(text) => Inherited::from_published(member, text),
    }
}

/// Checks that upstream's crate can stand alone: that its `Cargo.toml` names no file
/// outside of it.
///
/// # Errors
///
/// Those of [`cargo_toml::check_paths`].
pub fn check_paths(release: &Release, manifest: &Manifest) -> Result<()> {
    cargo_toml::check_paths(member(release)?, &manifest.cargo.left_out_tests)
}

fn member(release: &Release) -> Result<&str> {
    let file = release.tree.get(CARGO_TOML).and_then(File::text);
    file.ok_or_else(|| Error::upstream("upstream's `Cargo.toml` is missing or not UTF-8"))
}

/// Puts a tree together.
///
/// # Errors
///
/// All together: fork-owned files where upstream has its own, targets without
/// a file, test targets of upstream's that would vanish unnoticed, sources that
/// read from outside of the crate, names that one disk cannot hold together; and
/// those of the generated `Cargo.toml`.
pub fn make(parts: TreeParts<'_>, inherited: &Inherited) -> Result<BuiltTree> {
    let mut tree = parts.prepared.clone();
    for (path, text) in parts.patched {
        if let Some(file) = tree.get(path.as_str()) {
            let file = file.with_bytes(text.as_bytes());
            tree.insert(path.clone(), file);
        }
    }
    let mut faults = add_owned(&mut tree, parts);
    let cargo = generate(parts, inherited)?;
    put(&mut tree, CARGO_TOML, &cargo.text)?;
    if let Some(lock) = parts.inputs.locks.get(&parts.release.version)
        && cargo_lock::is_current(lock, &cargo.text)
            .map_err(|e| unreadable(parts.inputs, &parts.release.version, &e))?
    {
        put_lock(&mut tree, lock, parts.inputs, &parts.release.version)?;
    }
    faults.extend(faulty_targets(&tree, parts)?);
    faults.extend(outside(&tree));
    faults.extend(
        tree.collisions()
            .iter()
            .map(|found| collision(found, parts)),
    );
    no_faults(faults, "the tree cannot be put together")?;
    Ok(BuiltTree { tree, cargo })
}

/// Puts the `Cargo.lock` of a release into a tree that has its `Cargo.toml`, with the
/// fork's version of now.
///
/// # Errors
///
/// All together: packages that come neither from a registry nor from the tree, for
/// another machine has them otherwise or not at all.
pub fn put_lock(tree: &mut Tree, lock: &str, inputs: &Inputs, release: &Version) -> Result<()> {
    let foreign = cargo_lock::foreign(lock, tree).map_err(|e| unreadable(inputs, release, &e))?;
    if !foreign.is_empty() {
        let place = || Location::file(inputs.lock_path(release));
        let faults = foreign.into_iter().map(|one| Fault::new(one).at(place()));
        let message = "the crate's Cargo.lock has packages that no registry gives";
        return Err(Error::faults(Kind::General, message, faults.collect())
            .help("remove the file if it is there, and what brought them in: a `[patch]` of cargo's configuration")
            .help("the next `wash-wasi-sync vendor` makes it again"));
    }
    let fork = &inputs.manifest.fork;
    let lock = cargo_lock::with_own_version(lock, &fork.name, &fork.version);
    put(tree, CARGO_LOCK, &lock)
}

fn unreadable(inputs: &Inputs, release: &Version, fault: &cargo_lock::CargoLockError) -> Error {
    let path = inputs.lock_path(release);
    Error::general(format!("{path} cannot be used: {fault}"))
        .help("remove it: the next `wash-wasi-sync vendor` makes it again")
}

/// Puts a text at a path of the crate.
///
/// # Errors
///
/// Never for the names of this module.
pub fn put(tree: &mut Tree, path: &str, text: &str) -> Result<()> {
    let path = TreePath::new(path).map_err(|e| Error::general(e.to_string()))?;
    tree.insert(path, File::regular(text.as_bytes()));
    Ok(())
}

fn add_owned(tree: &mut Tree, parts: TreeParts<'_>) -> Vec<Fault> {
    let shared = parts.inputs.owned_at(&parts.release.version);
    let shared = shared.map(|owned| {
        let place = parts.inputs.manifest.owned_source(owned.stored.as_str());
        (place, owned.path, owned.file)
    });
    let stored = parts.series.into_iter().flat_map(|series| {
        let files = series.files.iter();
        files.map(|(path, file)| (series.owned_path(path), path, file))
    });
    let mut faults = Vec::new();
    for (place, path, file) in shared.chain(stored) {
        if parts.release.tree.get(path.as_str()).is_some() {
            let message = format!("upstream {} has `{path}` too", parts.release.version);
            let fault = Fault::new(message).at(Location::file(place));
            faults.push(fault.help("rename the fork's own file"));
        } else {
            tree.insert(path.clone(), file.clone());
        }
    }
    faults
}

/// Tells at which of upstream's files the fork's own cannot be.
fn collision(found: &Collision, parts: TreeParts<'_>) -> Fault {
    let is_upstreams = |path: &&&TreePath| parts.release.tree.get(path.as_str()).is_some();
    let path = found.paths();
    let path = path.iter().find(is_upstreams).unwrap_or(&path[0]);
    let above = &parts.inputs.manifest.upstream.path;
    Fault::new(found.to_string())
        .at(Location::file(format!("{above}/{path}")))
        .help("rename the fork's own, or omit upstream's by a `[[files]]` rule")
}

fn faulty_targets(tree: &Tree, parts: TreeParts<'_>) -> Result<Vec<Fault>> {
    let manifest = &parts.inputs.manifest;
    let place = || Location::file(super::manifest::FILE);
    let targets = manifest.cargo.targets.iter();
    let targets = targets.filter(|target| target.fits(&parts.release.version));
    let lost = targets.filter(|target| tree.get(&target.file()).is_none());
    let mut faults: Vec<Fault> = lost
        .map(|target| {
            let file = target.file();
            let message = format!("the target `{}` has no file `{file}`", target.name);
            match manifest.owned.iter().find(|row| row.path.as_str() == file) {
                Some(row) => Fault::new(format!(
                    "{message} at upstream {}: its `[[owned]]` rows are of other releases",
                    parts.release.version
                ))
                .at(manifest.place(&row.span))
                .help("give the target the same `since` and `until`, or a form of the file to that release"),
                None => Fault::new(message).at(place()).help(format!(
                    "add the file to `{}`, or remove the target",
                    manifest.owned_home(&file).0
                )),
            }
        })
        .collect();
    let paths = parts.release.tree.paths().map(TreePath::as_str);
    let unlisted = cargo_toml::unlisted_tests(member(parts.release)?, paths, &manifest.cargo);
    faults.extend(unlisted?.into_iter().map(|name| {
        Fault::new(format!(
            "upstream's test target `{name}` would vanish unnoticed"
        ))
        .at(place())
        .help(format!("add \"{name}\" to `omit-tests` of `[cargo]`"))
    }));
    Ok(faults)
}

fn generate(parts: TreeParts<'_>, inherited: &Inherited) -> Result<Generated> {
    let manifest = &parts.inputs.manifest;
    let fork = package(manifest, notice(manifest, parts));
    let member = member(parts.release)?;
    cargo_toml::generate(member, inherited, &fork, &manifest.cargo)
}

/// Makes the fork's `Cargo.toml` for a place in upstream's workspace.
///
/// # Errors
///
/// Those of [`cargo_toml::workspace_form`], and where the release was not read from git.
pub fn workspace_form(release: &Release, manifest: &Manifest) -> Result<String> {
    let Workspace::Root(root) = &release.workspace else {
        return Err(Error::upstream("the release was not read from git")
            .help("give a git repository: `--upstream PATH|URL`"));
    };
    let notice = [
        "Made by wash-wasi-sync to run upstream's tests on the fork: it is made anew each time.",
        "The fork's own Cargo.toml is the vendored one.",
    ];
    let fork = package(manifest, notice.map(str::to_owned).to_vec());
    let paths: Vec<&str> = release.tree.paths().map(TreePath::as_str).collect();
    let (member, version) = (member(release)?, &release.version);
    cargo_toml::workspace_form(member, root, version, &paths, &fork, &manifest.cargo)
}

/// Returns what the fork calls itself.
fn package(manifest: &Manifest, notice: Vec<String>) -> ForkPackage {
    ForkPackage {
        name: manifest.fork.name.clone(),
        version: manifest.fork.version.to_string(),
        authors: manifest.fork.authors.clone(),
        description: manifest.fork.description.clone(),
        repository: manifest.fork.repository.clone(),
        notice,
        unpublished_note: "Their files are here as upstream has them; they run in upstream's \
                           workspace,\nwhere the fork stands as one more member."
            .to_owned(),
    }
}

/// Says what was changed in whose files: Apache-2.0, section 4b, asks for it.
fn notice(manifest: &Manifest, parts: TreeParts<'_>) -> Vec<String> {
    let Release {
        version, commit, ..
    } = parts.release;
    let upstream = &manifest.upstream;
    let mut lines = vec![
        match manifest.fork.exported {
            true => format!("{EXPORTED} Edits are found and named; to keep one, make it in the fork's project."),
            false => "Generated by wash-wasi-sync. Edits are found and named; to keep one: `wash-wasi-sync refresh`.".to_owned(),
        },
        String::new(),
        format!("This is {} {version} of", upstream.name),
        format!("{}, changed by the fork:", upstream.repository),
    ];
    if let Some(commit) = commit {
        lines.insert(3, format!("commit {commit} of"));
        lines[2] = format!("This is {} {version},", upstream.name);
    }
    lines.extend(
        manifest
            .rewrites
            .iter()
            .map(|rule| format!("- `{}` is called `{}` in every file", rule.from, rule.to)),
    );
    lines.extend(
        manifest
            .inserts
            .iter()
            .map(|rule| match &rule.when_contains {
                Some(keyword) => format!(
                    "- `{}` stands at the head of files with `{keyword}`",
                    rule.text
                ),
                None => format!("- `{}` stands at the head of files", rule.text),
            }),
    );
    lines.extend(
        parts
            .patched
            .keys()
            .map(|path| format!("- {path} is patched")),
    );
    let owned = parts.inputs.owned_at(&parts.release.version);
    let owned = owned.map(|owned| owned.path);
    let stored = parts
        .series
        .into_iter()
        .flat_map(|series| series.files.paths());
    lines.extend(owned.chain(stored).map(|path| format!("- {path} is added")));
    lines.push("- Cargo.toml stands for itself, without upstream's workspace".to_owned());
    lines
}

/// Returns the oldest Rust that upstream says it builds with.
///
/// # Errors
///
/// [`Kind::Upstream`] where it is not a version.
pub fn rust_version(release: &Release) -> Result<Option<Version>> {
    let inherited = inherited(release)?;
    let Some(text) = inherited.rust_version else {
        return Ok(None);
    };
    match rust_version::parse(&text) {
        Some(version) => Ok(Some(version)),
        None => Err(Error::upstream(format!(
            "upstream's `rust-version = \"{text}\"` is not a version"
        ))),
    }
}

//! All that a tree is made of, upstream apart: manifest, series, fork-owned
//! files, cargo locks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;

use super::{Resolution, Resolutions, StoredPatch, StoredSeries, resolution};
use crate::error::{Fault, Location, Result, no_faults};
use crate::line_ends;
use crate::manifest::{FileKind, Manifest, Series};
use crate::patch::{Patch, PatchFault};
use crate::tree::{Digest, File, Tree, TreePath};

/// The directory of a series that holds fork-owned files.
pub const FILES: &str = "files";
/// How a patch's file name ends.
pub const PATCH: &str = ".patch";
/// What people write about a series; the tool does not read it, but it makes a
/// directory last in git that has no patch yet.
pub(super) const REMARKS: &str = "README.md";
/// How a cargo lock's file name ends.
const LOCK: &str = ".lock";

/// What people write, read and checked.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The manifest.
    pub manifest: Manifest,
    /// The series, ascending by their base.
    pub series: Vec<StoredSeries>,
    /// The fork-owned files that no series has, by where they stand in the crate by their name.
    pub owned: Tree,
    /// The crate's `Cargo.lock`, by release.
    pub locks: BTreeMap<Version, Arc<str>>,
    /// What was decided about conflicts before.
    pub resolutions: Resolutions,
    /// What is wrong with stored resolutions. No tree depends on them, so that only a merge
    /// is stopped by it.
    pub resolution_faults: Vec<Fault>,
}

impl Inputs {
    /// Checks what the project's directories hold; `read` gives a directory of
    /// the project, empty where it is not there.
    ///
    /// # Errors
    ///
    /// All faults together: malformed patches, patches for other files than
    /// their names say or for files that are not protected, fork-owned files without
    /// a rule, one path in two places, locks for no version; and those of `read`.
    pub fn load(manifest: Manifest, read: impl Fn(&TreePath) -> Result<Tree>) -> Result<Inputs> {
        let mut faults = Vec::new();
        let owned = owned(&manifest, &read, &mut faults)?;
        let mut series = Vec::new();
        let mut converted = Vec::new();
        for row in &manifest.series {
            let dir = read(&row.patches)?;
            if dir.is_empty() {
                let message = format!("the series {} has no files in `{}`", row.base, row.patches);
                let fault = Fault::new(message).at(manifest.place(&row.span));
                faults.push(fault.help(format!(
                    "restore the directory, remove the `[[series]]`, or begin a new one with a {REMARKS} that says what it is for"
                )));
            }
            series.push(stored(row, &dir, &manifest, &mut faults, &mut converted));
        }
        let locks = locks(
            &manifest.fork.locks,
            &read(&manifest.fork.locks)?,
            &mut faults,
        );
        let resolutions = &manifest.fork.resolutions;
        let mut resolution_faults = Vec::new();
        let resolutions =
            resolution::stored(resolutions, &read(resolutions)?, &mut resolution_faults);
        let shared = owned.paths().flat_map(|path| {
            let source = manifest.owned_source(path.as_str()).to_string();
            places(&manifest, path, None).map(move |place| (source.clone(), place))
        });
        let of_series = series.iter().flat_map(|stored| {
            let files = stored.files.paths();
            files.map(|path| (stored.owned_path(path).to_string(), path))
        });
        faults.extend(shared.chain(of_series).filter_map(|(stored, path)| {
            Some(manifest.not_owned(path)?.at(Location::file(stored)))
        }));
        faults.extend(faulty_rows(&manifest, &owned));
        for stored in &series {
            faults.extend(in_two_places(&manifest, &owned, stored));
        }
        faults.extend(converted_patches(&manifest, &converted));
        no_faults(faults, "the stored patches and files have faults")?;
        Ok(Inputs {
            manifest,
            series,
            owned,
            locks,
            resolutions,
            resolution_faults,
        })
    }

    /// Returns the series with a base.
    pub fn series_of(&self, base: &Version) -> Option<&StoredSeries> {
        self.series.iter().find(|stored| stored.base == *base)
    }

    /// Returns the fork-owned files that a release has, those of its series apart.
    pub fn owned_at(&self, release: &Version) -> impl Iterator<Item = Owned<'_>> {
        self.owned.iter().flat_map(|(stored, file)| {
            let places = places(&self.manifest, stored, Some(release));
            places.map(move |path| Owned { path, stored, file })
        })
    }

    /// Returns the fork-owned file that stands at a path of the crate.
    pub fn owned_file(&self, release: &Version, path: &TreePath) -> Option<Owned<'_>> {
        self.owned_at(release).find(|owned| owned.path == path)
    }

    /// Returns the digest of every file that a tree of a release and a series is
    /// made of, from the project's root.
    pub fn digests(
        &self,
        release: &Version,
        series: Option<&StoredSeries>,
    ) -> BTreeMap<TreePath, Digest> {
        let files = self.files(release, series).into_iter();
        files.map(|(path, file)| (path, file.digest())).collect()
    }

    /// Returns every file that a tree of a release and a series is made of, from the
    /// project's root.
    pub fn files(
        &self,
        release: &Version,
        series: Option<&StoredSeries>,
    ) -> BTreeMap<TreePath, File> {
        let owned = self.owned_at(release).map(|owned| {
            let source = self.manifest.owned_source(owned.stored.as_str());
            (source, owned.file.clone())
        });
        let stored = series.into_iter().flat_map(StoredSeries::stored_files);
        let lock = self.locks.get(release);
        let lock = lock.map(|text| (self.lock_path(release), File::regular(text.as_bytes())));
        owned.chain(stored).chain(lock).collect()
    }

    /// Returns the files that patches of any series change.
    pub fn patched(&self) -> BTreeSet<TreePath> {
        let patches = self.series.iter().flat_map(|stored| stored.patches.keys());
        patches.cloned().collect()
    }

    /// Fails where stored resolutions cannot be read.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, with places.
    pub fn check_resolutions(&self) -> Result<()> {
        let faults = self.resolution_faults.clone();
        no_faults(faults, "what was decided about conflicts cannot be read")
    }

    /// Returns where a resolution is kept, from the project's root.
    pub fn resolution_path(&self, resolution: &Resolution) -> TreePath {
        self.manifest.fork.resolutions.join(&resolution.file_name())
    }

    /// Returns where the cargo lock of a release is kept, from the project's root.
    pub fn lock_path(&self, release: &Version) -> TreePath {
        // A version has no character that a path may not have.
        let below = format!("/{release}{LOCK}");
        self.manifest.fork.locks.with_suffix(&below)
    }
}

/// Returns one fault for all patches that git converted: they have one cause.
fn converted_patches(manifest: &Manifest, converted: &[String]) -> Option<Fault> {
    let dir = manifest.directory_of_input(converted.first()?);
    let fault = line_ends::fault(converted.len(), dir, &manifest.fork.path);
    Some(fault.at(Location::file(&converted[0])))
}

/// A fork-owned file of a release.
#[derive(Debug, Clone, Copy)]
pub struct Owned<'a> {
    /// Where it stands in the crate.
    pub path: &'a TreePath,
    /// Where it would stand by its name; [`Manifest::owned_source`] gives where it is kept.
    pub stored: &'a TreePath,
    /// The file.
    pub file: &'a File,
}

/// Reads all directories of fork-owned files.
fn owned(
    manifest: &Manifest,
    read: impl Fn(&TreePath) -> Result<Tree>,
    faults: &mut Vec<Fault>,
) -> Result<Tree> {
    // Not every system keeps modes, and the tree has to be the same on all.
    let mut owned = Tree::new();
    for (path, file) in read(&manifest.fork.owned)?.iter() {
        if manifest.owned_home(path.as_str()).0 == &manifest.fork.owned {
            owned.insert(path.clone(), file.as_regular());
        } else {
            let source = manifest.owned_source(path.as_str());
            let place = Location::file(manifest.fork.owned.join(path));
            let fault = Fault::new("a row of `[[owned]]` says that such a file is kept elsewhere");
            faults.push(
                fault
                    .at(place)
                    .help(format!("move it to `{source}`, or remove it")),
            );
        }
    }
    for dir in &manifest.owned_dirs {
        let files = read(&dir.from)?;
        if files.is_empty() {
            let fault = Fault::new(format!("`{}` is not a directory that has files", dir.from));
            let help = "restore the directory, or remove the row";
            faults.push(fault.at(manifest.place(&dir.span)).help(help));
        }
        for (path, file) in files.iter() {
            owned.insert(dir.to.join(path), file.as_regular());
        }
    }
    Ok(owned)
}

/// Returns where a file of the directory stands in the crate: in a release, or
/// in any.
fn places<'a>(
    manifest: &'a Manifest,
    stored: &'a TreePath,
    release: Option<&Version>,
) -> impl Iterator<Item = &'a TreePath> {
    let rows = || manifest.owned.iter().filter(|row| row.file == *stored);
    let by_name = rows().next().is_none().then_some(stored);
    let fitting = rows().filter(move |row| release.is_none_or(|release| row.fits(release)));
    let paths: Vec<_> = fitting.map(|row| &row.path).collect();
    by_name.into_iter().chain(paths)
}

/// Finds rows for files that are not there, or for paths that another has always.
fn faulty_rows(manifest: &Manifest, owned: &Tree) -> Vec<Fault> {
    let source = |path: &TreePath| manifest.owned_source(path.as_str());
    let rows = manifest.owned.iter().filter_map(|row| {
        let always = manifest.owned.iter().all(|other| other.file != row.path);
        let (message, help) = if owned.get(row.file.as_str()).is_none() {
            let message = format!("`{}` is not there", source(&row.file));
            (message, "restore the file, or remove the row")
        } else if always && owned.get(row.path.as_str()).is_some() {
            let message = format!("`{}` stands there in every release", source(&row.path));
            (message, "move the file, and give it a row of its own")
        } else {
            return None;
        };
        Some(Fault::new(message).at(manifest.place(&row.span)).help(help))
    });
    rows.collect()
}

fn stored(
    row: &Series,
    dir: &Tree,
    manifest: &Manifest,
    faults: &mut Vec<Fault>,
    converted: &mut Vec<String>,
) -> StoredSeries {
    let mut stored = StoredSeries::from(row);
    for (path, file) in dir.iter() {
        let at = format!("{}/{path}", row.patches);
        let below_files = path
            .as_str()
            .strip_prefix(FILES)
            .and_then(|p| p.strip_prefix('/'));
        if let Some(inner) = below_files.and_then(|inner| TreePath::new(inner).ok()) {
            stored.files.insert(inner, file.as_regular());
        } else if let Some(inner) = path.as_str().strip_suffix(PATCH) {
            match patch(inner, &at, file, manifest) {
                Ok((path, patch)) => {
                    stored.patches.insert(path, patch);
                }
                Err(_) if is_converted(file) => converted.push(at),
                Err(found) => faults.extend(found),
            }
        } else if path.as_str() != REMARKS {
            let fault = Fault::new("the file is neither a patch nor below `files/`");
            let help = format!(
                "name it `….patch`, or move it to `{}/{FILES}/`",
                row.patches
            );
            faults.push(fault.at(Location::file(at)).help(help));
        }
    }
    stored
}

/// Tells whether git converted a patch: its head has no such line ends of its own.
fn is_converted(file: &File) -> bool {
    let first = file.bytes().split_inclusive(|b| *b == b'\n').next();
    first.is_some_and(|line| line.ends_with(b"\r\n"))
}

/// Places what is wrong with the text of a patch in its file.
pub(super) fn patch_faults(at: &str, text: &Arc<str>, faults: &[PatchFault]) -> Vec<Fault> {
    let fault = |f: &PatchFault| {
        let place = Location::line(at, Arc::clone(text), f.line);
        Fault::new(f.to_string()).at(place).help(f.help())
    };
    faults.iter().map(fault).collect()
}

/// Reads a patch that changes the file it is named after.
fn patch(
    inner: &str,
    at: &str,
    file: &File,
    manifest: &Manifest,
) -> Result<(TreePath, StoredPatch), Vec<Fault>> {
    let text: Arc<str> = String::from_utf8_lossy(file.bytes()).into();
    let patch = Patch::parse(file.bytes()).map_err(|faults| patch_faults(at, &text, &faults))?;
    let whole =
        |message: String, help: String| vec![Fault::new(message).at(Location::file(at)).help(help)];
    if patch.path != inner {
        let message = format!("the patch is for `{}`, its name says `{inner}`", patch.path);
        return Err(whole(
            message,
            format!(
                "rename it to `{}{PATCH}`, or correct its header",
                patch.path
            ),
        ));
    }
    let (Ok(path), Ok(stored)) = (TreePath::new(inner), TreePath::new(at)) else {
        let message = format!("`{inner}` is not a path within the crate");
        return Err(whole(
            message,
            "correct the patch's name and header".to_owned(),
        ));
    };
    if manifest.kind_of(&path) != Some(FileKind::Patched) {
        let message = format!("`{path}` is patched, but no rule says so");
        let help = "add it to the `[[files]]` rule of kind \"patched\" in manifest.toml";
        return Err(whole(message, help.to_owned()));
    }
    let file = stored;
    Ok((path, StoredPatch { file, text, patch }))
}

fn in_two_places(manifest: &Manifest, owned: &Tree, stored: &StoredSeries) -> Vec<Fault> {
    let paths = owned
        .paths()
        .flat_map(|kept| places(manifest, kept, None).map(move |path| (path, kept)));
    let shared: BTreeMap<_, _> = paths.collect();
    let twice = stored.files.paths();
    let twice = twice.filter_map(|path| Some((path, *shared.get(path)?)));
    let fault = |(path, kept): (&TreePath, &TreePath)| {
        let (dir, _) = manifest.owned_home(kept.as_str());
        Fault::new(format!("`{path}` stands in `{dir}` too"))
            .at(Location::file(stored.owned_path(path)))
            .help("keep it in every series, or in the shared directory alone")
    };
    twice.map(fault).collect()
}

fn locks(dir: &TreePath, tree: &Tree, faults: &mut Vec<Fault>) -> BTreeMap<Version, Arc<str>> {
    let mut locks = BTreeMap::new();
    for (path, file) in tree.iter() {
        let version = path.as_str().strip_suffix(LOCK);
        let version = version.and_then(|text| Version::parse(text).ok());
        match (version, file.text()) {
            (Some(version), Some(text)) => {
                locks.insert(version, Arc::from(text));
            }
            _ => faults.push(
                Fault::new("the file is not a cargo lock of a release")
                    .at(Location::file(format!("{dir}/{path}")))
                    .help("name it `<version>.lock`, or remove it"),
            ),
        }
    }
    locks
}

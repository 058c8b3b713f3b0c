//! Reads trees from directories.
//!
//! A directory `target` at the top of a tree, or a link to one, lies outside the
//! tree: cargo makes it where a user builds. Empty directories are no part of a
//! tree either. Everything else is.

use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree;
use recipe::tree::{Digest, Entries, Entry, Mode, Tree, TreePath};

use super::parallel;

/// The directory at the top of a tree that cargo makes and no tree has.
pub const TARGET: &str = "target";

/// What is in a directory, without the bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The files.
    pub entries: Entries,
    /// What no tree can hold, with the reason, in the order of the names.
    pub strays: Vec<(String, &'static str)>,
}

/// Tells whether an error says that nothing stands at a path.
pub fn absent(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes a directory for what only this run needs; gone when it is dropped.
///
/// # Errors
///
/// Fails where the system's directory for such cannot be written.
pub fn temporary() -> Result<tempfile::TempDir> {
    let above = std::env::temp_dir();
    let mut builder = tempfile::Builder::new();
    // What is made there may hold what others must not read.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(&above).map_err(|e| {
        let is_there = e.kind() != ErrorKind::NotFound;
        let error = Error::io("make a directory in", &above, e);
        match is_there {
            true => error,
            false => {
                error.help("name a directory that is there in the environment variable TMPDIR")
            }
        }
    })
}

/// Writes a tree into a directory, without modes.
///
/// # Errors
///
/// Fails where the disk does.
pub fn write_tree(dir: &Path, tree: &Tree) -> Result<()> {
    for (path, file) in tree.iter() {
        let path = path.below(dir);
        let above = path.parent().unwrap_or(dir);
        fs::create_dir_all(above).map_err(|e| Error::io("make", above, e))?;
        fs::write(&path, file.bytes()).map_err(|e| Error::io("write", &path, e))?;
    }
    Ok(())
}

/// Reads a tree from a directory with its bytes.
///
/// # Errors
///
/// Fails where something cannot be read. Links, devices and names that no tree
/// can hold are reported together.
pub fn read_tree(dir: &Path) -> Result<Tree> {
    read_listed(dir, list(dir, Some(TARGET))?)
}

/// Reads a directory of inputs. What cargo builds does not go there, so that a module may
/// be called `target` as well.
///
/// # Errors
///
/// As [`read_tree`].
pub fn read_inputs(dir: &Path) -> Result<Tree> {
    read_listed(dir, list(dir, None)?)
}

fn read_listed(dir: &Path, listing: Listing) -> Result<Tree> {
    if !listing.strays.is_empty() {
        let faults = listing.strays.into_iter().map(stray).collect();
        let message = format!("{} holds what no tree can hold", dir.display());
        return Err(Error::faults(Kind::General, message, faults));
    }
    let files = parallel::each(
        &listing.files,
        parallel::processors(listing.files.len()),
        |(path, place)| {
            let (bytes, mode) = read(place)?;
            Ok((path.clone(), tree::File::new(bytes, mode)))
        },
    )?;
    Ok(files.into_iter().collect())
}

/// Reads the files that were found in a directory, with their bytes. Those that
/// another tree has as well are taken from there; what cannot be read counts as
/// not there.
pub fn read_found(dir: &Path, found: &Entries, other: &Tree) -> Tree {
    let files = found.0.iter().filter_map(|(path, entry)| {
        let same = other.get(path.as_str());
        let same = same.filter(|file| (file.mode(), file.digest()) == (entry.mode, entry.digest));
        let file = match same {
            Some(file) => file.clone(),
            None => {
                let (bytes, mode) = read(&path.below(dir)).ok()?;
                tree::File::new(bytes, mode)
            }
        };
        Some((path.clone(), file))
    });
    files.collect()
}

/// Reads what is in a directory, without keeping the bytes. Returns `None` where
/// there is no such directory.
///
/// # Errors
///
/// Fails where something cannot be read, or something else stands there.
pub fn read_entries(dir: &Path) -> Result<Option<Found>> {
    match fs::symlink_metadata(dir) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("read", dir, e)),
        Ok(_) => {}
    }
    let listing = list(dir, Some(TARGET))?;
    let entries = parallel::each(
        &listing.files,
        parallel::processors(listing.files.len()),
        |(path, place)| {
            let (bytes, mode) = read(place)?;
            let digest = Digest::of(&bytes);
            Ok((path.clone(), Entry { mode, digest }))
        },
    )?;
    let entries = Entries(entries.into_iter().collect());
    let strays = listing.strays;
    Ok(Some(Found { entries, strays }))
}

fn stray((name, why): (String, &'static str)) -> Fault {
    Fault::new(why)
        .at(Location::file(name))
        .help("remove it or move it out of the directory")
}

/// What a directory holds, by name.
#[derive(Default)]
struct Listing {
    files: Vec<(TreePath, PathBuf)>,
    strays: Vec<(String, &'static str)>,
    left_out: Option<&'static str>,
}

/// Lists a directory; `left_out` is the name of a directory at its top that is not of it.
fn list(dir: &Path, left_out: Option<&'static str>) -> Result<Listing> {
    let mut listing = Listing {
        left_out,
        ..Listing::default()
    };
    listing.gather(dir, "")?;
    listing.strays.sort_unstable();
    Ok(listing)
}

impl Listing {
    fn gather(&mut self, dir: &Path, above: &str) -> Result<()> {
        let fails = |e| Error::io("read", dir, e);
        for entry in fs::read_dir(dir).map_err(fails)? {
            let entry = entry.map_err(fails)?;
            let file_type = entry
                .file_type()
                .map_err(|e| Error::io("read", &entry.path(), e))?;
            let name = entry.file_name();
            let full = match name.to_str() {
                Some(name) if above.is_empty() => name.to_owned(),
                Some(name) => format!("{above}/{name}"),
                None => {
                    let shown = Path::new(above).join(name).to_string_lossy().into_owned();
                    self.strays.push((shown, "the name is not UTF-8"));
                    continue;
                }
            };
            if Some(&*full) == self.left_out && is_directory(&entry, file_type) {
                continue;
            }
            match TreePath::new(&full) {
                Err(_) => self.strays.push((full, "the name is not portable")),
                Ok(_) if file_type.is_dir() => self.gather(&entry.path(), &full)?,
                Ok(path) if file_type.is_file() => self.files.push((path, entry.path())),
                Ok(_) if file_type.is_symlink() => self.strays.push((full, "a symbolic link")),
                Ok(_) => self.strays.push((full, "neither a file nor a directory")),
            }
        }
        Ok(())
    }
}

/// Tells whether an entry is a directory or a link to one.
fn is_directory(entry: &DirEntry, file_type: fs::FileType) -> bool {
    file_type.is_dir() || file_type.is_symlink() && entry.path().is_dir()
}

fn read(path: &Path) -> Result<(Vec<u8>, Mode)> {
    let read = || {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        // One byte more, so that the end is seen without growing.
        let size = usize::try_from(metadata.len()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(size.saturating_add(1));
        file.read_to_end(&mut bytes)?;
        Ok((bytes, mode(&metadata)))
    };
    read().map_err(|e| Error::io("read", path, e))
}

/// Returns the mode of a file as a tree has it.
#[cfg(unix)]
pub fn mode(metadata: &Metadata) -> Mode {
    use std::os::unix::fs::PermissionsExt as _;
    Mode::from_bits(metadata.permissions().mode())
}

/// Returns the mode of a file as a tree has it: there are no others here.
#[cfg(not(unix))]
pub fn mode(_metadata: &Metadata) -> Mode {
    Mode::Regular
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;

//! Unpacks a `.crate` in memory and trusts nothing that it says of itself.
//!
//! Cargo writes a package as gzip over tar: regular files below
//! `{name}-{version}/`, names over 100 bytes in GNU's way. Anything else is a
//! fault, and all faults are reported as far as reading can go on.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree::{Collision, File, Mode, PathFault, Tree, TreePath, shown};
use tar::{Archive, EntryType};

#[derive(Debug, Clone, Copy)]
pub(super) struct UnpackLimits {
    /// Bytes, unpacked, with tar's own.
    pub(super) total: u64,
    /// Bytes of one file.
    pub(super) file: u64,
    pub(super) entries: usize,
    /// Unpacked bytes for each packed one, once `ratio_from` bytes are there.
    pub(super) ratio: u64,
    /// The unpacked bytes from which on the ratio counts.
    pub(super) ratio_from: u64,
}

/// Far above what a package of sources has: wasmtime-wasi 48 is 1.5 MB in 250 files, packed 1:6.
pub(super) const LIMITS: UnpackLimits = UnpackLimits {
    total: 64 << 20,
    file: 16 << 20,
    entries: 10_000,
    ratio: 100,
    ratio_from: 1 << 20,
};

/// The longest name that is read, in bytes.
const LONGEST_NAME: u64 = 4096;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnpackError {
    #[error("`{0}` is a link")]
    Link(String),
    #[error("`{0}` is a device or another thing that is not a file")]
    Special(String),
    #[error("`{0}` has an extended header, which cargo never writes")]
    Extended(String),
    #[error("`{0}` is not below `{1}/`")]
    Outside(String, String),
    #[error(transparent)]
    Path(#[from] PathFault),
    #[error("`{0}` is not UTF-8")]
    NotUtf8(String),
    #[error("`{0}` is there twice")]
    Twice(TreePath),
    #[error(transparent)]
    Names(#[from] Collision),
    #[error("a long name stands before nothing that it could name")]
    LooseName,
    #[error("a name is longer than {LONGEST_NAME} bytes")]
    LongName,
    #[error("`{0}` has more than {1} bytes")]
    LargeFile(String, u64),
    #[error("`{0}` is cut short")]
    Short(String),
    #[error("it has more than {0} entries")]
    Many(usize),
    #[error("it unpacks to more than {0} bytes")]
    Large(u64),
    #[error("it unpacks to more than {0} times its size")]
    Bomb(u64),
    #[error("it cannot be read to its end: {0}")]
    Unreadable(String),
    #[error("it has {0} after its end")]
    Trailing(&'static str),
}

/// Unpacks a package into all of its files, cargo's metadata included.
///
/// `root` is the directory that everything must be below: `{name}-{version}`.
pub(super) fn unpack(packed: &[u8], root: &str, place: &str, limits: UnpackLimits) -> Result<Tree> {
    let mut unpacker = Unpacker {
        root,
        limits,
        files: Tree::new(),
        errors: Vec::new(),
        name: None,
    };
    unpacker.read(packed);
    let collisions = unpacker.files.collisions().into_iter();
    unpacker.errors.extend(collisions.map(UnpackError::Names));
    if unpacker.errors.is_empty() {
        return Ok(unpacker.files);
    }
    let faults = unpacker
        .errors
        .iter()
        .map(|error| Fault::new(error.to_string()).at(Location::file(place)))
        .collect();
    let is_name = |error: &UnpackError| {
        matches!(
            error,
            UnpackError::Path(PathFault::Unportable(..)) | UnpackError::Names(_)
        )
    };
    if unpacker.errors.iter().all(is_name) {
        let message = format!("the package {root} has files that cannot be taken");
        let help = "take another release, and report it upstream";
        return Err(Error::faults(Kind::Upstream, message, faults).help(help));
    }
    Err(Error::faults(Kind::Upstream, format!("the package {root} is not as cargo makes it"), faults)
        .help("its checksum is right, so this is what was published: take upstream from git (`--source git`)"))
}

struct Unpacker<'a> {
    root: &'a str,
    limits: UnpackLimits,
    files: Tree,
    errors: Vec<UnpackError>,
    /// A long name that the next entry is to have.
    name: Option<Vec<u8>>,
}

impl Unpacker<'_> {
    fn read(&mut self, packed: &[u8]) {
        let mut archive = Archive::new(Bounded::new(packed, self.limits));
        let stop = self.read_entries(&mut archive).err();
        if self.name.take().is_some() {
            self.errors.push(UnpackError::LooseName);
        }
        let stop = stop.or_else(|| archive.into_inner().finish().err());
        self.errors.extend(stop.as_ref().map(error_of));
    }

    fn read_entries(&mut self, archive: &mut Archive<Bounded<'_>>) -> io::Result<()> {
        // Raw: what a name is and what an extension may say is decided here.
        for (count, entry) in archive.entries()?.raw(true).enumerate() {
            if count == self.limits.entries {
                return Err(io::Error::other(UnpackError::Many(self.limits.entries)));
            }
            self.entry(entry?)?;
        }
        Ok(())
    }

    fn entry(&mut self, mut entry: tar::Entry<'_, Bounded<'_>>) -> io::Result<()> {
        let kind = entry.header().entry_type();
        if kind == EntryType::GNULongName {
            return self.long_name(&mut entry);
        }
        let raw = self
            .name
            .take()
            .unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let shown = shown(&String::from_utf8_lossy(&raw));
        match kind {
            EntryType::Regular => match self.path(&raw) {
                Ok(path) => self.file(path, &mut entry)?,
                Err(error) => self.errors.push(error),
            },
            EntryType::Directory => {
                let bare = raw.strip_suffix(b"/").unwrap_or(&raw);
                if bare != self.root.as_bytes() {
                    self.errors.extend(self.path(bare).err());
                }
            }
            EntryType::Symlink | EntryType::Link => self.errors.push(UnpackError::Link(shown)),
            EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongLink => {
                self.errors.push(UnpackError::Extended(shown));
            }
            _ => self.errors.push(UnpackError::Special(shown)),
        }
        Ok(())
    }

    fn long_name(&mut self, entry: &mut impl Read) -> io::Result<()> {
        let mut name = Vec::new();
        entry.take(LONGEST_NAME + 1).read_to_end(&mut name)?;
        if name.len() as u64 > LONGEST_NAME {
            self.errors.push(UnpackError::LongName);
            name.truncate(LONGEST_NAME as usize);
        }
        if name.last() == Some(&0) {
            name.pop();
        }
        if self.name.replace(name).is_some() {
            self.errors.push(UnpackError::LooseName);
        }
        Ok(())
    }

    fn path(&self, raw: &[u8]) -> Result<TreePath, UnpackError> {
        let Ok(text) = std::str::from_utf8(raw) else {
            return Err(UnpackError::NotUtf8(shown(&String::from_utf8_lossy(raw))));
        };
        let inner = text
            .strip_prefix(self.root)
            .and_then(|rest| rest.strip_prefix('/'));
        let inner = inner.ok_or_else(|| UnpackError::Outside(shown(text), self.root.to_owned()))?;
        Ok(TreePath::new(inner)?)
    }

    fn file(&mut self, path: TreePath, entry: &mut tar::Entry<'_, Bounded<'_>>) -> io::Result<()> {
        let (size, limit) = (entry.size(), self.limits.file);
        if size > limit {
            self.errors
                .push(UnpackError::LargeFile(path.to_string(), limit));
            return Ok(());
        }
        let mode = entry.header().mode()?;
        let mut bytes = Vec::new();
        entry.take(limit).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(io::Error::other(UnpackError::Short(path.to_string())));
        }
        if self
            .files
            .insert(path.clone(), File::new(bytes, Mode::from_bits(mode)))
            .is_some()
        {
            self.errors.push(UnpackError::Twice(path));
        }
        Ok(())
    }
}

/// Returns the error that a reader reported, or what was wrong with reading.
fn error_of(e: &io::Error) -> UnpackError {
    let mut next = e.get_ref().map(|e| e as &(dyn std::error::Error + 'static));
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<UnpackError>() {
            return error.clone();
        }
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = wrapped.map(|e| e as _).or_else(|| error.source());
    }
    UnpackError::Unreadable(e.to_string())
}

/// Unpacks gzip and stops where a limit is passed.
struct Bounded<'a> {
    decoder: GzDecoder<&'a [u8]>,
    packed: u64,
    given: u64,
    limits: UnpackLimits,
}

impl<'a> Bounded<'a> {
    fn new(packed: &'a [u8], limits: UnpackLimits) -> Self {
        Bounded {
            decoder: GzDecoder::new(packed),
            packed: packed.len() as u64,
            given: 0,
            limits,
        }
    }

    /// Reads what follows the archive: zeros to the end of the gzip, and nothing after that.
    fn finish(mut self) -> io::Result<()> {
        let mut rest = [0; 4096];
        loop {
            let count = self.read(&mut rest)?;
            if count == 0 {
                break;
            }
            if rest[..count].iter().any(|byte| *byte != 0) {
                return Err(io::Error::other(UnpackError::Trailing("more than padding")));
            }
        }
        match self.decoder.into_inner() {
            [] => Ok(()),
            _ => Err(io::Error::other(UnpackError::Trailing(
                "bytes that are no part of the gzip",
            ))),
        }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        self.given += count as u64;
        let read = self.packed - self.decoder.get_ref().len() as u64;
        if self.given > self.limits.total {
            return Err(io::Error::other(UnpackError::Large(self.limits.total)));
        }
        if self.given > self.limits.ratio_from
            && self.given > read.saturating_mul(self.limits.ratio)
        {
            return Err(io::Error::other(UnpackError::Bomb(self.limits.ratio)));
        }
        Ok(count)
    }
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;

//! Trees: maps from path to bytes and mode; no disk involved.

mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

pub use path::{PathFault, TreePath, joined, shown};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// Parses 64 hexadecimal digits, with or without a leading `sha256:`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Digest(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All at once: a lock has hundreds of them.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        let digits = self.0.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]);
        f.write_str(&digits.collect::<String>())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Digest::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a SHA-256 digest")))
    }
}

/// A file's mode, normalised as git does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// 644.
    #[serde(rename = "644")]
    Regular,
    /// 755.
    #[serde(rename = "755")]
    Executable,
}

impl Mode {
    /// Returns the mode for permission bits: executable if the owner may execute.
    pub fn from_bits(bits: u32) -> Self {
        if bits & 0o100 == 0 {
            Mode::Regular
        } else {
            Mode::Executable
        }
    }

    /// Returns the permission bits.
    pub fn bits(self) -> u32 {
        match self {
            Mode::Regular => 0o644,
            Mode::Executable => 0o755,
        }
    }
}

/// A file of a tree. Cloning is cheap: the bytes are shared.
#[derive(Debug, Clone)]
pub struct File {
    bytes: Arc<[u8]>,
    mode: Mode,
    /// Shared too, so that no clone computes it again.
    digest: Arc<OnceLock<Digest>>,
}

impl File {
    /// Makes a file.
    pub fn new(bytes: impl Into<Arc<[u8]>>, mode: Mode) -> Self {
        File {
            bytes: bytes.into(),
            mode,
            digest: Arc::default(),
        }
    }

    /// Makes a file of mode 644.
    pub fn regular(bytes: impl Into<Arc<[u8]>>) -> Self {
        File::new(bytes, Mode::Regular)
    }

    /// Makes a file of the same mode with other bytes.
    pub fn with_bytes(&self, bytes: impl Into<Arc<[u8]>>) -> Self {
        File::new(bytes, self.mode)
    }

    /// Makes a file of mode 644 with the same bytes.
    pub fn as_regular(&self) -> Self {
        File {
            mode: Mode::Regular,
            ..self.clone()
        }
    }

    /// Returns the content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the content as text, or `None` where it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Returns the mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the content's digest, computed once.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(&self.bytes))
    }
}

impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        self.mode == other.mode && self.bytes == other.bytes
    }
}

impl Eq for File {}

/// A map from path to file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<TreePath, File>);

impl Tree {
    /// Makes an empty tree.
    pub fn new() -> Self {
        Tree::default()
    }

    /// Puts a file at a path and returns what was there.
    pub fn insert(&mut self, path: TreePath, file: File) -> Option<File> {
        self.0.insert(path, file)
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) -> Option<File> {
        self.0.remove(path)
    }

    /// Returns the file at a path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }

    /// Returns paths and files in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &File)> {
        self.0.iter()
    }

    /// Returns the paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &TreePath> {
        self.0.keys()
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what each file is, without its bytes.
    pub fn entries(&self) -> Entries {
        let entry = |file: &File| Entry {
            mode: file.mode,
            digest: file.digest(),
        };
        let files = self.0.iter();
        Entries(
            files
                .map(|(path, file)| (path.clone(), entry(file)))
                .collect(),
        )
    }

    /// Returns the tree digest.
    pub fn digest(&self) -> Digest {
        self.entries().digest()
    }

    /// Returns the paths that no disk can hold together, or none that folds case, each
    /// once.
    pub fn collisions(&self) -> Vec<Collision> {
        let mut files: BTreeMap<String, &TreePath> = BTreeMap::new();
        let mut found = Vec::new();
        for path in self.0.keys() {
            if let Some(first) = files.insert(path.as_str().to_lowercase(), path) {
                found.push(Collision::Case(first.clone(), path.clone()));
            }
        }
        let mut above = BTreeMap::new();
        for (folded, path) in &files {
            let directories = folded.match_indices('/').map(|(end, _)| &folded[..end]);
            for file in directories.filter_map(|directory| files.get(directory)) {
                above.entry(*file).or_insert(*path);
            }
        }
        let below = above.into_iter();
        found.extend(below.map(|(file, path)| Collision::Below(file.clone(), path.clone())));
        found
    }
}

/// Two paths of a tree that cannot be on a disk together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Collision {
    #[error("`{0}` and `{1}` are one file where case is folded")]
    Case(TreePath, TreePath),
    #[error("`{0}` is a file, and yet `{1}` is below it")]
    Below(TreePath, TreePath),
}

impl Collision {
    /// Returns the two paths.
    pub fn paths(&self) -> [&TreePath; 2] {
        match self {
            Collision::Case(one, other) | Collision::Below(one, other) => [one, other],
        }
    }
}

impl Extend<(TreePath, File)> for Tree {
    fn extend<I: IntoIterator<Item = (TreePath, File)>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl FromIterator<(TreePath, File)> for Tree {
    fn from_iter<I: IntoIterator<Item = (TreePath, File)>>(iter: I) -> Self {
        Tree(iter.into_iter().collect())
    }
}

impl IntoIterator for Tree {
    type Item = (TreePath, File);
    type IntoIter = std::collections::btree_map::IntoIter<TreePath, File>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// What a file is, without its bytes: `644 <digest>` in a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Entry {
    /// The normalised mode.
    pub mode: Mode,
    /// The digest of the content.
    pub digest: Digest,
}

impl From<Entry> for String {
    fn from(entry: Entry) -> String {
        format!("{:o} {}", entry.mode.bits(), entry.digest)
    }
}

impl TryFrom<String> for Entry {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let entry = match text.split_at_checked(4) {
            Some(("644 ", digest)) => (Mode::Regular, Digest::parse(digest)),
            Some(("755 ", digest)) => (Mode::Executable, Digest::parse(digest)),
            _ => (Mode::Regular, None),
        };
        let (mode, Some(digest)) = entry else {
            return Err(format!("`{text}` is not an entry"));
        };
        Ok(Entry { mode, digest })
    }
}

/// A tree without bytes: what a lock keeps and a check compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entries(pub BTreeMap<TreePath, Entry>);

impl Entries {
    /// Returns SHA-256 over the sorted list of `mode digest path` lines.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        for (path, entry) in &self.0 {
            hash.update(format!("{} {path}\n", String::from(*entry)));
        }
        Digest(hash.finalize().into())
    }
}

//! A file that a download goes into, in one connection or several.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use recipe::error::{Error, Result};

/// A file that is being downloaded, with how much of it is there.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    file: File,
    len: u64,
}

impl Part {
    /// Opens a file, keeping what it holds.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be opened or made.
    pub fn open(path: &Path) -> Result<Self> {
        let fails = |e| Error::io("write", path, e);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(fails)?;
        let len = file.seek(SeekFrom::End(0)).map_err(fails)?;
        Ok(Part {
            path: path.to_owned(),
            file,
            len,
        })
    }

    /// Returns how many bytes are there.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Tells whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns what is there.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be read.
    pub fn bytes(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self
            .file
            .rewind()
            .and_then(|()| self.file.read_to_end(&mut bytes));
        read.map_err(|e| Error::io("read", &self.path, e))?;
        Ok(bytes)
    }

    /// Throws away what is there.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written.
    pub fn restart(&mut self) -> Result<()> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|e| Error::io("write", &self.path, e))?;
        self.len = 0;
        Ok(())
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be written.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|e| Error::io("write", &self.path, e))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Writes what is there through to the disk.
    ///
    /// # Errors
    ///
    /// Fails where the disk does.
    pub fn sync(&self) -> Result<()> {
        self.file
            .sync_all()
            .map_err(|e| Error::io("write", &self.path, e))
    }
}

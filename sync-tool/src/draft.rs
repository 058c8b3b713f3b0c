//! A file that a run writes at its end, and whose place is looked at before.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use recipe::error::{Error, Kind, Result};
use tempfile::NamedTempFile;

/// A file beside the one that it becomes; dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Draft {
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Makes the draft of a file, and the directories above it.
    ///
    /// # Errors
    ///
    /// Fails where nothing can be written there.
    pub(crate) fn of(path: PathBuf) -> Result<Draft> {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let (Some(above), false) = (above, path.is_dir()) else {
            let message = format!("{} is a directory", path.display());
            return Err(Error::new(Kind::Usage, message).help("name a file in it"));
        };
        fs::create_dir_all(above).map_err(|e| Error::io("make", above, e))?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // As any file that is not secret; the user's mask still counts.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(above);
        let file = file.map_err(|e| Error::io("write in", above, e))?;
        Ok(Draft { file, path })
    }

    /// Writes the text and puts the file in its place.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub(crate) fn keep(mut self, text: &str) -> Result<()> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|e| Error::io("write", &self.path, e))?;
        let kept = self.file.persist(&self.path);
        kept.map(drop)
            .map_err(|e| Error::io("write", &self.path, e.error))
    }
}

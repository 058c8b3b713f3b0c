//! Files that are written whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use host::{disk, failpoint};
use recipe::error::{Error, Result};

/// How the name of a file ends while it is written.
pub(super) const DRAFT: &str = ".wash-wasi-sync-draft";

/// Writes a file whole, or not at all.
pub(super) fn put(place: &Path, bytes: &[u8]) -> Result<()> {
    let above = place.parent().unwrap_or(place);
    make_dir(above)?;
    let mut draft = place.as_os_str().to_owned();
    draft.push(DRAFT);
    let draft = PathBuf::from(draft);
    let written = fs::File::create(&draft).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    let placed = written
        .map_err(|e| Error::io("write", place, e))
        .and_then(|()| {
            failpoint::hit("conflicts.written");
            fs::rename(&draft, place).map_err(|e| Error::io("write", place, e))?;
            // Without it a power cut may take the new name back. Not every system can.
            let _ = fs::File::open(above).and_then(|above| above.sync_all());
            Ok(())
        });
    if placed.is_err() {
        // What is left of it is in nobody's way.
        let _ = fs::remove_file(&draft);
    }
    placed
}

pub(super) fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| Error::io("make", dir, e))
}

pub(super) fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if !disk::absent(&e) => Err(Error::io("remove", dir, e)),
        _ => Ok(()),
    }
}

/// Gives a file that somebody edited another name.
pub(super) fn put_aside(place: &Path) -> Result<()> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let mut names = (1_u64..).map(|number| place.with_file_name(format!("{name}.edited-{number}")));
    let free = names.find(|name| fs::symlink_metadata(name).is_err());
    let aside = free.unwrap_or_else(|| place.to_owned());
    fs::rename(place, &aside).map_err(|e| Error::io("move", place, e))
}

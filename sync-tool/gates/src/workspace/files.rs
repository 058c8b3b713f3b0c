//! Writes single files, each whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use recipe::error::{Error, Result};
use recipe::tree::Mode;

/// Writes a file of mode 644, unless it is as it should be: cargo goes by times.
pub(super) fn write_if_other(path: &Path, bytes: &[u8]) -> Result<()> {
    match fs::read(path) {
        Ok(there) if there == bytes => Ok(()),
        _ => write(path, bytes, Mode::Regular),
    }
}

/// Writes a file, over what stands there and with the directories above it.
pub(super) fn write(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let above = path.parent().unwrap_or(path);
    fs::create_dir_all(above).map_err(|e| Error::io("make", above, e))?;
    let fails = |e| Error::io("write", path, e);
    let mut draft = tempfile::Builder::new()
        .prefix(".draft-")
        .tempfile_in(above)
        .map_err(fails)?;
    draft.write_all(bytes).map_err(fails)?;
    set_mode(draft.as_file(), mode).map_err(fails)?;
    if fs::symlink_metadata(path).is_ok_and(|there| there.is_dir()) {
        fs::remove_dir_all(path).map_err(|e| Error::io("remove", path, e))?;
    }
    draft.persist(path).map_err(|e| fails(e.error))?;
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: Mode) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode.bits()))
}

#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _mode: Mode) -> std::io::Result<()> {
    Ok(())
}

/// Removes a file, a link, or a directory with all that is in it, if it is there.
pub(super) fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, e)),
        _ => Ok(()),
    }
}

/// Removes what stands where a directory goes and is none: through a link, what it
/// leads to would be changed.
pub(super) fn remove_unless_dir(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_dir() => remove(path),
        _ => Ok(()),
    }
}

//! Puts one thing in the place of another so that what stood there is not lost,
//! whatever it has become by then.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use host::failpoint;
use recipe::error::{Error, Result};

use super::work::{free, look};

/// How often something new may appear in the place before that is an error.
const ATTEMPTS: u32 = 100;

/// Puts `new` in its place on the same file system. What stood there is at `new`, or in
/// the directory `out`, afterwards. Points of failure begin with `point`.
///
/// # Errors
///
/// Fails where the disk does; with [`ErrorKind::CrossesDevices`] nothing was moved.
pub(super) fn put(new: &Path, place: &Path, out: &Path, point: &str) -> io::Result<()> {
    let mut last = ErrorKind::AlreadyExists.into();
    for _ in 0..ATTEMPTS {
        let there = match rename(new, place, RenameMode::Exchange) {
            Ok(true) => {
                failpoint::hit(&format!("{point}.exchanged"));
                return Ok(());
            }
            Ok(false) => fs::symlink_metadata(place).ok(),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        let renamed = match there {
            // Never away for a moment: a run that finds no manifest finishes nothing. A
            // file that takes its place between these two steps is lost.
            Some(there) if there.is_file() => {
                fs::create_dir_all(out)?;
                save(place, &free(out, "")).and_then(|()| fs::rename(new, place).map(|()| true))
            }
            Some(_) => {
                fs::create_dir_all(out)?;
                fs::rename(place, free(out, ""))?;
                failpoint::hit(&format!("{point}.replaced"));
                rename(new, place, RenameMode::NoReplace)
            }
            None => rename(new, place, RenameMode::NoReplace),
        };
        match renamed {
            // Somebody made it, or removed it, just now.
            Err(e) if matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
                last = e;
            }
            Err(e) => return Err(e),
            Ok(_) => {
                failpoint::hit(&format!("{point}.placed"));
                return Ok(());
            }
        }
    }
    Err(last)
}

/// Gives a file a second name, where it stays when another takes the first.
fn save(place: &Path, out: &Path) -> io::Result<()> {
    match fs::hard_link(place, out) {
        Err(e) if e.kind() == ErrorKind::NotFound => Err(e),
        // Not every system has such names.
        Err(_) => fs::copy(place, out).map(drop),
        Ok(()) => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RenameMode {
    /// Both are there before and after.
    Exchange,
    /// Nothing may be there before.
    NoReplace,
}

/// Renames in one step. Returns `false` where the system cannot exchange.
fn rename(from: &Path, to: &Path, how: RenameMode) -> io::Result<bool> {
    if how == RenameMode::Exchange && failpoint::without("exchange") {
        return Ok(false);
    }
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        let flags = match how {
            RenameMode::Exchange => RenameFlags::EXCHANGE,
            RenameMode::NoReplace => RenameFlags::NOREPLACE,
        };
        match renameat_with(CWD, from, CWD, to, flags) {
            Ok(()) => return Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(e) => return Err(e.into()),
        }
    }
    match how {
        RenameMode::Exchange => Ok(false),
        RenameMode::NoReplace => fs::rename(from, to).map(|()| true),
    }
}

/// Moves a file to a place on another file system: it is complete there before it is
/// gone here.
///
/// # Errors
///
/// Fails where the disk does, and for anything but a file.
pub(super) fn bring_over(from: &Path, to: &Path) -> Result<()> {
    let copied = fs::copy(from, to).and_then(|_| fs::File::open(to)?.sync_all());
    copied.map_err(|e| Error::io("write", to, e))?;
    failpoint::hit("file.copied");
    fs::remove_file(from).map_err(|e| Error::io("remove", from, e))
}

/// Returns the name beside a place for what is on its way to it.
pub(super) fn beside(place: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(".wash-wasi-sync");
    place.with_file_name(name)
}

/// Returns the directory beside something for what comes out of its place.
pub(super) fn out_of(new: &Path) -> PathBuf {
    let mut name = new.file_name().unwrap_or_default().to_owned();
    name.push(".out");
    new.with_file_name(name)
}

/// Moves something out of its place, whatever it is: into the directory `out`, or one
/// beside the place where that is on another file system.
///
/// # Errors
///
/// Fails where the disk does.
pub(super) fn take_out(place: &Path, out: &Path) -> Result<()> {
    let into = |dir: &Path| {
        fs::create_dir_all(dir)?;
        fs::rename(place, free(dir, ""))
    };
    let moved = match into(out) {
        Err(e) if e.kind() == ErrorKind::CrossesDevices => into(&out_of(&beside(place))),
        other => other,
    };
    match moved {
        // Somebody else was faster.
        Err(_) if look(place)?.is_none() => Ok(()),
        other => other.map_err(|e| Error::io("move", place, e)),
    }
}

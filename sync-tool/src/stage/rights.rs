//! What the system lets this user move and write, asked before anything is decided.

use std::fs::{self, Metadata};
use std::path::Path;

use recipe::error::{Error, Result};

use super::work::Work;

/// Tells whether two things are on the same file system.
#[cfg(unix)]
pub(super) fn same_device(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    a.dev() == b.dev()
}

/// Nobody tells here.
#[cfg(not(unix))]
pub(super) fn same_device(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Tells whether something is mounted at a path.
pub(super) fn mounted(place: &Path) -> bool {
    has_attribute(place, Attribute::Mounted)
}

/// What the system says of a file beside its mode.
#[derive(Clone, Copy)]
enum Attribute {
    Mounted,
    /// It cannot be changed, or only grow.
    Fixed,
}

#[cfg(target_os = "linux")]
fn has_attribute(place: &Path, attribute: Attribute) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let wanted = match attribute {
        Attribute::Mounted => StatxAttributes::MOUNT_ROOT,
        Attribute::Fixed => StatxAttributes::IMMUTABLE | StatxAttributes::APPEND,
    };
    statx(CWD, place, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|s| s.stx_attributes.intersects(wanted))
}

#[cfg(not(target_os = "linux"))]
fn has_attribute(_place: &Path, _attribute: Attribute) -> bool {
    false
}

/// Refuses what cannot be renamed by this user: for what it is, or where it stands.
pub(super) fn replaceable(work: &Work, place: &Path, there: &Metadata) -> Result<()> {
    let above = place.parent().unwrap_or(work.root());
    writable(above)?;
    for path in [above, place] {
        if has_attribute(path, Attribute::Fixed) {
            let shown = work.shown(path);
            let message =
                format!("`{shown}` is immutable or append-only, so it cannot be replaced");
            return Err(Error::general(message).help(format!(
                "run `chattr -i -a '{shown}'` with the rights that it needs, then run the same command again"
            )));
        }
    }
    let parent = fs::metadata(above).map_err(|e| Error::io("look at", above, e))?;
    if kept_by_owner(&parent, there) {
        let shown = work.shown(place);
        let message = format!(
            "`{shown}` belongs to another user, and its directory lets only owners replace files"
        );
        return Err(Error::general(message).help(format!(
            "run `chown` on `{shown}`, then run the same command again"
        )));
    }
    Ok(())
}

/// Tells whether a directory has the sticky bit and an entry of it another owner.
#[cfg(unix)]
fn kept_by_owner(parent: &Metadata, there: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    const STICKY: u32 = 0o1000;
    let owners = [parent.uid(), there.uid()];
    parent.mode() & STICKY != 0
        && !owners.contains(&rustix::process::geteuid().as_raw())
        && !is_every_owner()
}

/// Tells whether this user counts as owner of everything; in containers root may not.
#[cfg(target_os = "linux")]
fn is_every_owner() -> bool {
    use rustix::thread::{CapabilitySet, capabilities};
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::FOWNER))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_every_owner() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn kept_by_owner(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Refuses a directory that this user cannot write, for its rights or its file system.
///
/// # Errors
///
/// Fails where it cannot be written.
pub(super) fn writable(dir: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        access(dir, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|e| Error::io("write into", dir, e.into()))?;
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

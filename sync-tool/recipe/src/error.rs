//! The one error type of the tool.
//!
//! A [`Kind`] decides the exit code; [`Fault`]s are the single findings of an
//! error that reports a group of them, each with its place and its next step.

mod location;

use std::fmt;

pub use location::Location;

use crate::listing::MAX_LISTED;

/// A result with the tool's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an error is; each has an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that has no kind of its own: bad manifest, disk, lock held.
    General,
    /// The command line asks for something that cannot be meant.
    Usage,
    /// The vendored tree is not what the lock or upstream gives.
    Drift,
    /// A patch does not apply, or a merge has conflicts.
    Conflicts,
    /// The tree was made, but does not build or fails its tests.
    Verification,
    /// Upstream cannot be reached, lacks the release, or is not as locked.
    Upstream,
    /// The change is decided, but not all of it is in place: the next run finishes it.
    Unfinished,
    /// Stopped by Ctrl-C or a termination signal.
    Interrupted,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Kind; 8] = [
        Kind::General,
        Kind::Usage,
        Kind::Drift,
        Kind::Conflicts,
        Kind::Verification,
        Kind::Upstream,
        Kind::Unfinished,
        Kind::Interrupted,
    ];

    /// Returns the process exit code. 0 is success; the table is in `docs/exit-codes.md`.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::General => 1,
            Kind::Usage => 2,
            Kind::Drift => 10,
            Kind::Conflicts => 11,
            Kind::Verification => 12,
            Kind::Upstream => 13,
            Kind::Unfinished => 14,
            Kind::Interrupted => 130,
        }
    }

    /// Returns the name used in JSON output.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::General => "error",
            Kind::Usage => "usage",
            Kind::Drift => "drift",
            Kind::Conflicts => "conflicts",
            Kind::Verification => "verification",
            Kind::Upstream => "upstream",
            Kind::Unfinished => "unfinished",
            Kind::Interrupted => "interrupted",
        }
    }
}

/// The next step where a disk is full.
const FREE_SPACE: &str = "free some space, then run the same command again";
/// The next step where a place cannot be read.
const MAKE_READABLE: &str = "make it readable for this user, then run the same command again";
/// The next step where a place cannot be written.
const MAKE_WRITABLE: &str = "make the path writable for this user, then run the same command again";

/// One finding of an error.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, if there is a place.
    pub place: Option<Location>,
    /// The next step, usually a command.
    pub help: Option<String>,
    /// The whole of it as another program tells people, to be shown instead.
    pub shown: Option<Box<Rendered>>,
}

/// What another program tells people of a finding; behind a thin pointer, so that a
/// result with a fault stays small.
#[derive(Debug, Clone)]
pub struct Rendered(pub String);

impl Fault {
    /// Makes a fault without place or help.
    pub fn new(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            place: None,
            help: None,
            shown: None,
        }
    }

    /// Adds the place.
    pub fn at(mut self, place: Location) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds the next step.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the words of the program that found it.
    pub fn shown(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(Box::new(Rendered(shown.into())));
        self
    }
}

/// A failure: what happened, where, why and what to do next.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    help: Vec<String>,
    faults: Vec<Fault>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    unreached: bool,
}

impl Error {
    /// Makes an error of a kind with its message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            help: Vec::new(),
            faults: Vec::new(),
            source: None,
            unreached: false,
        }))
    }

    /// Says that something was unavailable, because nothing leads to it now: the
    /// network, or leave to use it. Nothing of what was had is wrong.
    pub fn unreached(mut self) -> Self {
        self.0.unreached = true;
        self
    }

    /// Tells whether it is only that something could not be reached.
    pub fn is_unreached(&self) -> bool {
        self.0.unreached
    }

    /// Makes an error of [`Kind::General`].
    pub fn general(message: impl Into<String>) -> Self {
        Error::new(Kind::General, message)
    }

    /// Makes an error of [`Kind::Upstream`].
    pub fn upstream(message: impl Into<String>) -> Self {
        Error::new(Kind::Upstream, message)
    }

    /// Makes the error that an interrupted run ends with.
    pub fn interrupted() -> Self {
        Error::new(Kind::Interrupted, "interrupted")
    }

    /// Groups faults under one message. Panics in debug builds if there are none.
    pub fn faults(kind: Kind, message: impl Into<String>, faults: Vec<Fault>) -> Self {
        debug_assert!(!faults.is_empty(), "an error that groups faults has some");
        let mut error = Error::new(kind, message);
        error.0.faults = faults;
        error
    }

    /// Makes an error about a path on disk from what the system said.
    pub fn io(act: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let help = match source.kind() {
            Io::StorageFull => Some(FREE_SPACE.to_owned()),
            Io::PermissionDenied if act.starts_with("read") => Some(MAKE_READABLE.to_owned()),
            Io::PermissionDenied | Io::ReadOnlyFilesystem => Some(MAKE_WRITABLE.to_owned()),
            Io::InvalidData => {
                Some("restore it from version control, or save it as UTF-8".to_owned())
            }
            Io::NotADirectory | Io::AlreadyExists => in_the_way(path),
            _ => None,
        };
        let error =
            Error::general(format!("cannot {act} {}: {source}", path.display())).caused_by(source);
        match help {
            Some(help) => error.help(help),
            None => error,
        }
    }

    /// Adds the next step that follows from what a library says of the disk: some
    /// hand on the system's words alone.
    pub fn help_by(self, said: &str) -> Self {
        let says = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
        if says(&["No space left on device", "Disk quota exceeded"]) {
            self.help(FREE_SPACE)
        } else if says(&["Read-only file system", "Permission denied"]) {
            self.help(MAKE_WRITABLE)
        } else {
            self
        }
    }

    /// Adds a next step.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// Keeps the error below this one.
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Changes the kind: what was general below may be a matter of upstream here.
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Puts what was being done before the message.
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Puts a hint in the place of another.
    #[must_use]
    pub fn replace_help(mut self, old: &str, new: &str) -> Self {
        for hint in self.0.help.iter_mut().filter(|hint| *hint == old) {
            new.clone_into(hint);
        }
        self
    }

    /// Returns the message, without faults and hints.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the next steps.
    pub fn hints(&self) -> &[String] {
        &self.0.help
    }

    /// Returns the single findings.
    pub fn all_faults(&self) -> &[Fault] {
        &self.0.faults
    }
}

/// Groups faults under one message, if there are any.
///
/// # Errors
///
/// The error that they are together.
pub fn no_faults(faults: Vec<Fault>, message: impl Into<String>) -> Result<()> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::faults(Kind::General, message, faults)),
    }
}

/// Names what stands where a directory is needed: the path or one above it.
fn in_the_way(path: &std::path::Path) -> Option<String> {
    let is_other = |at: &&std::path::Path| at.symlink_metadata().is_ok() && !at.is_dir();
    let other = path.ancestors().find(is_other)?.display();
    Some(format!(
        "{other} is not a directory, and one is needed there: move it away, then run the same command again"
    ))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for fault in self.0.faults.iter().take(MAX_LISTED) {
            f.write_str("; ")?;
            if let Some(place) = &fault.place {
                write!(f, "{place}: ")?;
            }
            f.write_str(&fault.message)?;
        }
        match self.0.faults.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_to_be_readable() {
        let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        for (act, help) in [
            ("read", "make it readable for this user"),
            ("read the certificates in", "make it readable for this user"),
            ("write", "make the path writable for this user"),
        ] {
            let error = Error::io(act, "f".as_ref(), denied());
            assert!(error.hints()[0].starts_with(help), "{error:?}");
        }
    }

    #[test]
    fn exit_codes_differ_and_only_usage_is_claps() {
        let mut codes: Vec<u8> = Kind::ALL.iter().map(|k| k.exit_code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert_eq!(Kind::Usage.exit_code(), 2);
    }
}

//! What can be wrong with the text of a stored patch.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a patch's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{kind}")]
pub struct PatchFault {
    /// The line of the patch file, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub kind: PatchFaultKind,
}

impl PatchFault {
    /// Returns the next step, as a sentence without a full stop.
    pub fn help(&self) -> String {
        self.kind.help()
    }
}

/// A key of a patch's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadKey {
    /// `Change:`, what differs.
    Change,
    /// `Reason:`, why it must.
    Reason,
}

impl HeadKey {
    /// Returns the key as a patch writes it, without the colon.
    pub const fn name(self) -> &'static str {
        match self {
            HeadKey::Change => "Change",
            HeadKey::Reason => "Reason",
        }
    }
}

impl fmt::Display for HeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A side of a patch: the file before or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Upstream's file, `--- a/…`.
    Old,
    /// The fork's file, `+++ b/…`.
    New,
}

impl Side {
    /// Returns what starts the side's header line, with the prefix of its path.
    pub const fn header(self) -> &'static str {
        match self {
            Side::Old => "--- a/",
            Side::New => "+++ b/",
        }
    }
}

/// The sorts of faults in a patch's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
pub enum PatchFaultKind {
    /// There is nothing in it.
    #[error("the patch is empty")]
    Empty,
    /// Some bytes are no UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// The structural lines end in CRLF.
    #[error("the patch's own lines end in CRLF: something converted the file")]
    Converted,
    /// The last line has no end.
    #[error("the last line has no line end: the patch was cut off")]
    Truncated,
    /// The head names no difference.
    #[error("the head has no `Change:` and `Reason:`")]
    NoDifference,
    /// A `Change:` that no `Reason:` follows.
    #[error("`Change:` has no `Reason:` after it")]
    ChangeWithoutReason,
    /// A `Reason:` that follows no `Change:`.
    #[error("`Reason:` has no `Change:` before it")]
    ReasonWithoutChange,
    /// A key without a value.
    #[error("`{key}:` is empty")]
    EmptyValue {
        /// The key.
        key: HeadKey,
    },
    /// A line before the diff that belongs to nothing.
    #[error("the line belongs neither to the head nor to a diff")]
    UnknownHeadLine,
    /// One of the two header lines is not there.
    #[error("the header line `{}…` is missing", .side.header())]
    MissingHeader {
        /// Which one.
        side: Side,
    },
    /// One of the two header lines is there twice.
    #[error("the header line `{}…` is there twice", .side.header())]
    DuplicateHeader {
        /// Which one.
        side: Side,
    },
    /// A path without its prefix, empty, quoted, or with control characters.
    #[error("`{path}` is not a path as `{}src/name.rs` has one", .side.header())]
    BadPath {
        /// Which header line.
        side: Side,
        /// What it says.
        path: String,
    },
    /// The two header lines name different files.
    #[error("the patch is of `{old}` and of `{new}`")]
    PathsDiffer {
        /// The old side's path.
        old: String,
        /// The new side's path.
        new: String,
    },
    /// A second file's diff begins.
    #[error("a second file's diff begins here")]
    SecondFile,
    /// The diff makes a file or removes one.
    #[error("the patch {} a file", match .side { Side::Old => "creates", Side::New => "deletes" })]
    CreatesOrDeletes {
        /// The side that is `/dev/null`.
        side: Side,
    },
    /// The diff renames or copies a file or changes its mode.
    #[error("the patch changes a file's name or mode")]
    RenamesOrChangesMode,
    /// A diff of bytes.
    #[error("the patch is a binary one")]
    Binary,
    /// No hunk follows the header lines.
    #[error("the patch has no hunk")]
    NoHunk,
    /// A line starts with `@@` and is no hunk header.
    #[error("the line is not a hunk header, as `@@ -10,7 +10,8 @@` is one")]
    BadHunkHeader,
    /// A header's counts are not those of the lines below it.
    #[error(
        "the hunk's header says {written_old} old and {written_new} new lines, \
         below it stand {counted_old} and {counted_new}"
    )]
    WrongCounts {
        /// Context and removed lines, by the header.
        written_old: usize,
        /// Context and added lines, by the header.
        written_new: usize,
        /// Context and removed lines that are there.
        counted_old: usize,
        /// Context and added lines that are there.
        counted_new: usize,
    },
    /// A line of a hunk that starts with none of space, `+`, `-` and `\`.
    #[error("a hunk's line starts with a space, `+`, `-` or `\\`; this one does not")]
    UnknownPrefix,
    /// A line between or after the hunks.
    #[error("the line belongs to no hunk")]
    StrayLine,
    /// `\ No newline at end of file` where the file cannot end.
    #[error("`\\ No newline at end of file` stands where the file does not end")]
    MisplacedEnd,
    /// A hunk of added lines only.
    #[error("the hunk has neither context nor removed lines: nothing says where it belongs")]
    NoOldText,
    /// A hunk whose old and new text are the same.
    #[error("the hunk changes nothing")]
    ChangesNothing,
    /// A hunk that starts before the end of the one above, by their own numbers.
    #[error("the hunk starts at old line {start}, the one above it ends at {end}")]
    OutOfOrder {
        /// The old line this hunk starts at.
        start: usize,
        /// The last old line of the hunk above.
        end: usize,
    },
}

impl PatchFaultKind {
    /// Returns the next step, as a sentence without a full stop.
    pub fn help(&self) -> String {
        use PatchFaultKind as K;
        let help = match self {
            K::Empty => "restore the patch from version control, or remove it and its rule",
            K::NotUtf8 => "restore the patch from version control, or save it as UTF-8",
            K::Converted => {
                "give the patches the attribute `-text` in .gitattributes (`/patches/** -text`), \
                 then delete the file and check it out again"
            }
            K::Truncated => {
                "restore the patch from version control; every patch ends with a line end"
            }
            K::NoDifference => {
                "write at the patch's head `Change:` (what differs from upstream) \
                 and `Reason:` (why it must)"
            }
            K::ChangeWithoutReason => "write `Reason:` with why the change is needed below it",
            K::ReasonWithoutChange => "write `Change:` with what differs above it",
            K::EmptyValue { .. } => "write the value after the colon; indented lines continue it",
            K::UnknownHeadLine => {
                "start a remark with `#`, indent a line that continues a value, or remove the line"
            }
            K::MissingHeader { .. } | K::DuplicateHeader { .. } | K::BadPath { .. } => {
                "name the file once, as `--- a/src/name.rs` and below it `+++ b/src/name.rs`"
            }
            K::PathsDiffer { .. } => "name one file in both header lines; a patch cannot rename",
            K::SecondFile => "move the second file's diff to a patch of its own",
            K::CreatesOrDeletes { side: Side::Old } => {
                "keep a file that upstream lacks as a fork-owned file instead"
            }
            K::CreatesOrDeletes { side: Side::New } => {
                "leave a file out by a rule of kind `omitted` in the manifest, \
                 and keep what replaces it as a fork-owned file instead"
            }
            K::RenamesOrChangesMode => {
                "remove these lines; a file under another name is a fork-owned file"
            }
            K::Binary => "keep a binary file as a fork-owned file instead",
            K::NoHunk => "add the diff below the header lines, or remove the patch and its rule",
            K::BadHunkHeader => "write it as `@@ -old,count +new,count @@`, counting from 1",
            K::WrongCounts {
                counted_old,
                counted_new,
                ..
            } => {
                return format!(
                    "restore lines that were lost, or correct the counts to `-…,{counted_old} +…,{counted_new}`"
                );
            }
            K::UnknownPrefix => {
                "start an unchanged line with one space, also where it is blank otherwise"
            }
            K::StrayLine => "remove the line; remarks belong in the head and start with `#`",
            K::MisplacedEnd => "remove it, or move it below the last line of the file",
            K::NoOldText => "add the unchanged lines around the place as context",
            K::ChangesNothing => "remove the hunk",
            K::OutOfOrder { .. } => {
                "put the hunks in the order of the file, and join overlapping ones"
            }
        };
        help.to_owned()
    }
}

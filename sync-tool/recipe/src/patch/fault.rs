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
pub enum DiffSide {
    /// Upstream's file, `--- a/…`.
    Old,
    /// The fork's file, `+++ b/…`.
    New,
}

impl DiffSide {
    /// Returns what starts the side's header line, with the prefix of its path.
    pub const fn header(self) -> &'static str {
        match self {
            DiffSide::Old => "--- a/",
            DiffSide::New => "+++ b/",
        }
    }
}

/// The next step where hunks overlap or change places.
pub(super) const ORDER_HUNKS: &str =
    "put the hunks in the order of the file, and join overlapping ones";

/// The sorts of faults in a patch's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PatchFaultKind {
    #[error("the patch is empty")]
    Empty,
    #[error("the line is not UTF-8")]
    NotUtf8,
    #[error("the patch's own lines end in CRLF: something converted the file")]
    Converted,
    #[error("the last line has no line end: the patch was cut off")]
    Truncated,
    #[error("the head has no `Change:` and `Reason:`")]
    NoDifference,
    #[error("`Change:` has no `Reason:` after it")]
    ChangeWithoutReason,
    #[error("`Reason:` has no `Change:` before it")]
    ReasonWithoutChange,
    #[error("`{key}:` is empty")]
    EmptyValue { key: HeadKey },
    #[error("the line belongs neither to the head nor to a diff")]
    UnknownHeadLine,
    #[error("the header line `{}…` is missing", .side.header())]
    MissingHeader { side: DiffSide },
    #[error("the header line `{}…` is there twice", .side.header())]
    DuplicateHeader { side: DiffSide },
    #[error("`{path}` is not a path as `{}src/name.rs` has one", .side.header())]
    BadPath { side: DiffSide, path: String },
    #[error("the patch is of `{old}` and of `{new}`")]
    PathsDiffer { old: String, new: String },
    #[error("a second file's diff begins here")]
    SecondFile,
    #[error("the patch {} a file", match .side { DiffSide::Old => "creates", DiffSide::New => "deletes" })]
    CreatesOrDeletes { side: DiffSide },
    #[error("the patch changes a file's name or mode")]
    RenamesOrChangesMode,
    #[error("the patch is a binary one")]
    Binary,
    #[error("the patch has no hunk")]
    NoHunk,
    #[error("the line is not a hunk header, as `@@ -10,7 +10,8 @@` is one")]
    BadHunkHeader,
    #[error(
        "the hunk's header says {written_old} old and {written_new} new lines, \
         below it stand {counted_old} and {counted_new}"
    )]
    WrongCounts {
        written_old: usize,
        written_new: usize,
        counted_old: usize,
        counted_new: usize,
    },
    #[error("a hunk's line starts with a space, `+`, `-` or `\\`; this one does not")]
    UnknownPrefix,
    #[error("the line belongs to no hunk")]
    StrayLine,
    #[error("`\\ No newline at end of file` stands where the file does not end")]
    MisplacedEnd,
    #[error("the hunk has neither context nor removed lines: nothing says where it belongs")]
    NoOldText,
    #[error("the hunk changes nothing")]
    ChangesNothing,
    #[error("the hunk starts at old line {start}, the one above it ends at {end}")]
    OutOfOrder { start: usize, end: usize },
}

impl PatchFaultKind {
    /// Returns the next step, as a sentence without a full stop.
    pub fn help(&self) -> String {
        use DiffSide::{New, Old};
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
            K::CreatesOrDeletes { side: Old } => {
                "keep a file that upstream lacks as a fork-owned file instead"
            }
            K::CreatesOrDeletes { side: New } => {
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
            K::OutOfOrder { .. } => ORDER_HUNKS,
        };
        help.to_owned()
    }
}

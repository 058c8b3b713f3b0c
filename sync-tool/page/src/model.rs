//! What the page shows. Every text may be hostile: it is escaped and cut when it is rendered.

use recipe::merge::Layer;
use serde::Serialize;

/// An upgrade for a person to review.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    /// The fork's crate.
    pub fork: String,
    /// Upstream's crate.
    pub upstream: String,
    /// The address of upstream's repository; commits are linked where it begins with `https://`.
    pub repository: Option<String>,
    /// The versions before.
    pub from: Versions,
    /// The versions after.
    pub to: Versions,
    /// The release of upstream that the patches are merged from; often `from.upstream`.
    pub base: String,
    /// How far the upgrade is.
    pub state: State,
    /// The next command that a maintainer runs.
    pub next: Option<String>,
    /// The command that prints all of what the page may leave out for its length.
    pub complete: String,
    /// The gates, in their order.
    pub gates: Vec<Gate>,
    /// How many lines the patches change.
    pub delta: Option<DeltaChange>,
    /// How many lines the patches may change.
    pub budget: Option<usize>,
    /// The protected files, those with conflicts first.
    pub files: Vec<FileReview>,
    /// All changed files of the tree.
    pub changes: Vec<Change>,
    /// What upstream changed, in the order of what concerns the fork most.
    pub chapters: Vec<Chapter>,
    /// What else a reviewer should know, a sentence each.
    pub notes: Vec<String>,
    /// The tool's name and version.
    pub tool: String,
}

/// A version of the fork and the release of upstream that it is made from.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Versions {
    pub fork: String,
    pub upstream: String,
}

/// How far an upgrade is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Conflicts are open.
    Conflicts,
    /// Every conflict is resolved; nothing is put in place yet.
    Ready,
    /// The tree is in place.
    Done,
    /// Nothing is to be put in place: it is a report of what upstream changed.
    Report,
}

/// A chapter of what upstream changed.
#[derive(Debug, Clone, Serialize)]
pub struct Chapter {
    /// What it is about, such as `Interfaces that the fork uses`.
    pub title: String,
    /// Where it is from and what is lacking, in a sentence or two.
    pub lead: String,
    /// What changed; the most important first.
    pub entries: Vec<Entry>,
}

/// A change of upstream's.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Entry {
    /// What it is, in a word: `gone`, `security`.
    pub tag: Option<String>,
    /// Whether somebody has to look at it.
    pub is_urgent: bool,
    /// What changed, in a line.
    pub text: String,
    /// Code, such as the signatures before and after, each with what it is.
    pub code: Vec<(String, String)>,
    /// What more there is to say, a line each: places, what to do.
    pub details: Vec<String>,
    /// A unified diff, shown folded.
    pub diff: Option<String>,
    /// The pull requests that did it.
    pub pull_requests: Vec<u64>,
}

/// A check that the made tree must pass.
#[derive(Debug, Clone, Serialize)]
pub struct Gate {
    /// What it checks, such as `build with p1, p2 and p3`.
    pub title: String,
    /// What came of it.
    pub result: GateResult,
    /// What it reported, in a line, such as `237 tests`.
    pub said: Option<String>,
}

/// What came of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum GateResult {
    Passed,
    Failed,
    Skipped,
    NotRun,
}

/// How many lines the patches change, before and after.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DeltaChange {
    pub before: Delta,
    pub after: Delta,
}

/// Lines that patches change.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Delta {
    pub added: usize,
    pub removed: usize,
}

/// A protected file.
#[derive(Debug, Clone, Serialize)]
pub struct FileReview {
    /// Its path in the crate.
    pub path: String,
    /// Where its patch is stored.
    pub patch: Option<String>,
    /// What came of its patch.
    pub state: FileState,
    /// What the patch changes and why.
    pub differences: Vec<Difference>,
    /// What else a reviewer should know of the file, a sentence each.
    pub notes: Vec<String>,
    /// What is merged, in the order of the file.
    pub hunks: Vec<HunkReview>,
    /// What was not, in the order of the file.
    pub conflicts: Vec<ConflictReview>,
    /// What was decided about the conflicts.
    pub decision: Option<Decision>,
    /// Where a remembered decision about the same conflicts is stored.
    pub remembered: Option<String>,
    /// Upstream's commits that touch the file, newest first.
    pub commits: Vec<Commit>,
}

/// What came of a file's patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// Conflicts are open.
    Conflict,
    /// Upstream has deleted the file.
    DeletedUpstream,
    /// A person resolved its conflicts.
    Resolved,
    /// A merge brought the patch over.
    Merged,
    /// The patch applies as it is.
    Exact,
    /// Upstream has taken the change.
    TakenByUpstream,
    /// A person decided that the change is not needed any more.
    Dropped,
}

/// An intentional difference, from the head of a patch.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Difference {
    pub change: String,
    pub reason: String,
}

/// A change of the fork's that was merged.
#[derive(Debug, Clone, Serialize)]
pub struct HunkReview {
    /// What merged it.
    pub layer: Layer,
    /// The item that it is in, such as `impl TcpSocket, fn bind`.
    pub item: Option<String>,
    /// What both had before, where that is known.
    pub before: Option<Before>,
    /// Upstream's lines after.
    pub theirs: Text,
    /// The lines that came out.
    pub merged: Text,
}

/// The lines of a hunk before the upgrade.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Before {
    pub base: Text,
    pub ours: Text,
}

/// A place that a person decides on. It is open while its file has no decision.
#[derive(Debug, Clone, Serialize)]
pub struct ConflictReview {
    /// The number by which commands name it; each occurs once in a review.
    pub number: usize,
    /// The item that it is in, such as `impl TcpSocket, fn bind`.
    pub item: Option<String>,
    /// What is in the way, in a sentence, where the lines do not say it: that upstream deleted
    /// the file, that the merged text does not parse.
    pub cause: Option<String>,
    /// The lines that both changed; `None` where the whole file is in conflict.
    pub sides: Option<Sides>,
    /// The lines that were decided on, where they are known.
    pub merged: Option<Text>,
    /// The command that opens it.
    pub next: Option<String>,
    /// Upstream's commits that touch these lines, newest first.
    pub commits: Vec<Commit>,
}

/// The lines of a conflict.
#[derive(Debug, Clone, Serialize)]
pub struct Sides {
    /// Upstream's before.
    pub base: Text,
    /// The fork's before.
    pub ours: Text,
    /// Upstream's after.
    pub theirs: Text,
}

/// A decision about the conflicts of a file.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// What was decided, such as `edited` or `theirs`.
    pub how: String,
    /// Who decided, or where a remembered decision comes from.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Lines of a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Text {
    /// The number of the first line, counted from 1.
    pub first_line: usize,
    /// The lines, with their ends.
    pub text: String,
}

/// A commit of upstream's.
#[derive(Debug, Clone, Serialize)]
pub struct Commit {
    /// Its whole object id in hexadecimal.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// Its date, as it is to be shown.
    pub date: Option<String>,
    /// The number of its pull request.
    pub pull_request: Option<u64>,
}

/// A file of the tree that the upgrade changes.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// Its path in the crate.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Whether it has a patch.
    pub is_patched: bool,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}

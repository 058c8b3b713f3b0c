//! The command line, as types.

mod conflicts;
mod forecast;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
pub use conflicts::{
    ConflictsAction, ConflictsArgs, ContinueArgs, ResolveArgs, ResolveHow, ReviewArgs,
};
pub use forecast::{ForecastArgs, ReportArgs, Target};
use gates::suite::TIME_LIMIT;
use recipe::address::Address;
use recipe::release::VersionRequest;
use semver::Version;

/// Keeps wash-wasi, a fork of wasmtime-wasi with an in-memory loopback network,
/// in step with upstream wasmtime releases.
#[derive(Debug, Parser)]
#[command(
    name = "wash-wasi-sync",
    version,
    max_term_width = 100,
    propagate_version = true
)]
#[command(
    after_help = "Exit codes: 0 done, 1 error, 2 usage, 10 drift, 11 conflicts, \
    12 verification failed, 13 upstream unreachable or not as locked, \
    14 decided but unfinished, 130 interrupted."
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// The project's directory [default: the nearest one upwards with a manifest.toml]
    #[arg(short = 'C', long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub project: Option<PathBuf>,
    /// Where downloads and formatting results are kept [default: the user's cache directory]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub cache_dir: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
    /// When colours are used; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Use no network
    #[arg(long, global = true)]
    pub offline: bool,
    /// Print results and errors, nothing else
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show more of what is done
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning (check and conflicts)
    Sarif,
    /// Workflow annotations of GitHub Actions (check and conflicts)
    Github,
}

impl Format {
    /// Tells whether `check` and `conflicts` alone have it.
    pub fn is_of_check(self) -> bool {
        matches!(self, Format::Sarif | Format::Github)
    }
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where there is a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where upstream is taken from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Upstream")]
pub struct SourceArgs {
    /// Where upstream is taken from; auto takes git and, where it cannot be reached, the registry
    #[arg(long, value_enum, default_value_t = SourceArg::Auto, value_name = "SOURCE")]
    pub source: SourceArg,
    /// Another repository: a URL, or the path of a clone, bare repository or checkout
    #[arg(long, value_name = "URL|PATH", value_hint = ValueHint::DirPath)]
    pub upstream: Option<Address>,
}

/// A source of upstream's releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SourceArg {
    /// Git, else the registry
    #[default]
    Auto,
    /// The tagged tree
    Git,
    /// The published package
    Registry,
}

impl SourceArg {
    /// Returns its name on the command line.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// What happens to edits made by hand in the vendored tree.
#[derive(Debug, Clone, Copy, Args)]
pub struct EditsArgs {
    /// Drop edits made by hand in the tree that is replaced
    #[arg(long)]
    pub discard_edits: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the fork to another upstream release: fetch, merge, verify, put in place
    Upgrade(UpgradeArgs),
    /// Show the conflicts of an upgrade, export them, or take up exported ones
    Conflicts(ConflictsArgs),
    /// Decide about files in conflict
    Resolve(ResolveArgs),
    /// Go on with an upgrade whose conflicts are resolved: verify, put in place
    Continue(ContinueArgs),
    /// Give up an upgrade that met conflicts
    Abort,
    /// Make the vendored tree of the pinned release
    Vendor(VendorArgs),
    /// Check whether the vendored tree is what upstream, manifest and patches give
    Check(CheckArgs),
    /// Run upstream's own tests on the fork, in upstream's workspace
    Test(TestArgs),
    /// Write the fork under upstream's own name, for hosts that use upstream's other crates
    Export(ExportArgs),
    /// Show the state of the fork
    Status(StatusArgs),
    /// Tell what upgrades to the next releases would come to; writes nothing
    Forecast(ForecastArgs),
    /// Tell what upstream changed between two releases, and what of it concerns the fork
    Report(ReportArgs),
    /// Store edits of the vendored tree as patches and fork-owned files
    Refresh(RefreshArgs),
    /// Show how the fork differs from pristine upstream
    Diff(DiffArgs),
    /// Print a pristine upstream file
    Show(ShowArgs),
    /// Show the table of fork and upstream versions
    Versions(VersionsArgs),
    /// Print a completion script, to be read when the shell starts
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// `upgrade`.
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// The upstream release: v41.0.0, 41.0.0, 41 (newest of the line) or latest
    #[arg(long, value_name = "VERSION")]
    pub to: VersionRequest,
    /// Make the tree and report, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: let cargo check all targets of the tree that would be made
    #[arg(long, requires = "dry_run", conflicts_with = "no_verify")]
    pub check: bool,
    /// Do not build and test; the lock records that
    #[arg(long)]
    pub no_verify: bool,
    /// Do not run upstream's own tests; the lock records that
    #[arg(long)]
    pub no_upstream_tests: bool,
    /// The fork's version [default: that of the history, else the next one]
    #[arg(long, value_name = "VERSION")]
    pub fork_version: Option<Version>,
    /// The notes of the history's row
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub review: ReviewArgs,
    /// Climb by release lines, so that each conflict is small
    #[arg(long)]
    pub step: bool,
    /// The Rust toolchain to build with, as rustup names it
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub edits: EditsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `vendor`.
#[derive(Debug, Args)]
pub struct VendorArgs {
    /// Fail if the tree would not be as locked
    #[arg(long)]
    pub locked: bool,
    /// Build and test the tree before it is put in place
    #[arg(long)]
    pub verify: bool,
    /// With --verify: do not run upstream's own tests; the lock records that
    #[arg(long, requires = "verify")]
    pub no_upstream_tests: bool,
    /// The Rust toolchain to build with, as rustup names it
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub edits: EditsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Make the tree again from upstream and compare; tells also when the tag moved
    #[arg(long)]
    pub deep: bool,
    /// Look at an exported tree instead of the vendored one
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub exported: Option<PathBuf>,
    /// Tell instead which of upstream's changes to functions that the fork replaces, mirrors
    /// or patches nobody has decided about; fails where one of them fixes a vulnerability
    #[arg(long, conflicts_with_all = ["deep", "exported"])]
    pub radar: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The features to test with, beside the default ones [default: p1,p2 and then p1,p2,p3]
    #[arg(long, value_name = "FEATURES", value_delimiter = ',')]
    pub features: Vec<String>,
    /// Only tests that have this in their name, as the report shows it; doc tests only
    /// if it begins with `doc`
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// The repository with upstream's workspace: a URL, or the path of a clone, bare
    /// repository or checkout [default: that of the manifest]
    #[arg(long, value_name = "URL|PATH", value_hint = ValueHint::DirPath)]
    pub upstream: Option<Address>,
    /// Go on with the next features where tests fail or do not build; all tests of
    /// the same features run in any case
    #[arg(long)]
    pub keep_going: bool,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// The Rust toolchain to build with, as rustup names it
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
    /// How long a test may take before it is ended and has failed
    #[arg(long, value_name = "SECONDS", default_value_t = TIME_LIMIT, value_parser = clap::value_parser!(u64).range(1..))]
    pub time_limit: u64,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Where the tree goes: a new or empty directory, or one of an earlier export
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub as_upstream: PathBuf,
    /// Make the tree and report, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub edits: EditsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// List the intentional differences from upstream
    #[arg(long)]
    pub differences: bool,
    /// Tell which series serves the newest release of each line, and which Rust that needs
    #[arg(long)]
    pub series: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `refresh`.
#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// Make the edit of a direct file a patch (may be given more than once)
    #[arg(long, value_name = "FILE", requires = "head")]
    pub as_patch: Vec<String>,
    /// What the only patch that is edited changes besides; a new patch needs it
    #[arg(long, value_name = "TEXT", requires = "reason", group = "head", value_parser = filled)]
    pub change: Option<String>,
    /// Why it must
    #[arg(long, value_name = "TEXT", requires = "change", value_parser = filled)]
    pub reason: Option<String>,
    /// What the patch of a file changes besides, and why; once for each of several patches
    #[arg(long, num_args = 3, value_names = ["FILE", "CHANGE", "REASON"], group = "head", value_parser = filled)]
    pub difference: Vec<String>,
    /// Keep edits of shared fork-owned files in this release's series alone
    #[arg(long)]
    pub series_only: bool,
    /// Report, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// Takes a text that says something.
fn filled(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("the text is empty"),
        _ => Ok(text.to_owned()),
    }
}

/// `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Files or directories of the crate [default: all]
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Print figures only
    #[arg(long)]
    pub stat: bool,
    /// Compare two upstream releases instead: the old one
    #[arg(long, value_name = "VERSION", requires = "to")]
    pub from: Option<VersionRequest>,
    /// Compare two upstream releases instead: the new one
    #[arg(long, value_name = "VERSION", requires = "from")]
    pub to: Option<VersionRequest>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The file, relative to the crate's root
    pub file: String,
    /// The release [default: the pin]
    #[arg(long, value_name = "VERSION")]
    pub at: Option<VersionRequest>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `versions`.
#[derive(Debug, Args)]
pub struct VersionsArgs {
    /// Write the table between its markers in the listed documents
    #[arg(long)]
    pub write: bool,
    /// Put the results of `ci/matrix` in FILE into the table of tested releases
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub tested: Option<PathBuf>,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell; for bash: `source <(wash-wasi-sync completions bash)`
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

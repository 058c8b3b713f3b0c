//! The command line of an upgrade that met conflicts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{EditsArgs, SourceArgs, filled};

/// `conflicts`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = CONFLICTS)]
pub struct ConflictsArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub review: ReviewArgs,
    /// What to do instead of listing them
    #[command(subcommand)]
    pub action: Option<ConflictsAction>,
}

/// What `help conflicts` tells.
const CONFLICTS: &str = "\
When an upgrade meets conflicts, nothing is changed: the pinned tree stays, and the upgrade is open.

  1. wash-wasi-sync conflicts            what is to be decided, and what merged by itself
     wash-wasi-sync conflicts show 1     one conflict with all sides
  2. wash-wasi-sync conflicts open 1     edit the file in $EDITOR
     wash-wasi-sync resolve FILE         take it as it was edited; or take a side, leave the
                                         change out, or say where the code went: --ours,
                                         --theirs, --drop --reason TEXT, --moved-to FILE,
                                         --remembered (what was decided before), --undo
     Files that merged by themselves can be edited and resolved as well.
  3. wash-wasi-sync continue             build and test (unless --no-verify), put in place;
                                         the decisions are kept in patches/resolutions
     wash-wasi-sync abort                or back to where it was

It stays open over crashes and days. `conflicts export DIR` writes it to a directory that can be
sent or committed; `conflicts import DIR` goes on with it on another machine.";

/// What `conflicts` does.
#[derive(Debug, Subcommand)]
pub enum ConflictsAction {
    /// Show one with all its sides, and upstream's commits where `--upstream` was a clone
    Show {
        /// Its number, or the file
        #[arg(value_name = "NUMBER|FILE")]
        which: String,
    },
    /// Open the file in $EDITOR, at the conflict
    Open {
        /// Its number, or a file in conflict or merged [default: the first that is not resolved]
        #[arg(value_name = "NUMBER|FILE")]
        which: Option<String>,
    },
    /// Write the open upgrade to a directory
    Export {
        /// A new or empty directory
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
    /// Take up an upgrade that was exported
    Import {
        /// The directory
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

/// `resolve`.
#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// Files in conflict, by their path in the crate [default: all that are edited]
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub how: ResolveHow,
    /// With --drop: why the change is not needed any more
    #[arg(long, value_name = "TEXT", requires = "drop", value_parser = filled)]
    pub reason: Option<String>,
}

/// How a conflict is decided.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ResolveHow {
    /// Where they conflict, take the fork's lines
    #[arg(long, requires = "files")]
    pub ours: bool,
    /// Where they conflict, take upstream's lines
    #[arg(long, requires = "files")]
    pub theirs: bool,
    /// Take the file as it was edited (the default)
    #[arg(long)]
    pub edited: bool,
    /// Take what was decided about the same texts before [default files: all of which that is known]
    #[arg(long)]
    pub remembered: bool,
    /// Take a decision back
    #[arg(long, requires = "files")]
    pub undo: bool,
    /// Drop the patch: the change is not needed any more
    #[arg(long, requires = "reason", requires = "files")]
    pub drop: bool,
    /// The code is in another file now; `continue` merges the change there, so leave that file as it is
    #[arg(long, value_name = "FILE", requires = "files")]
    pub moved_to: Option<String>,
}

/// `continue`.
#[derive(Debug, Args)]
pub struct ContinueArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub review: ReviewArgs,
    /// Do not build and test; the lock records that
    #[arg(long)]
    pub no_verify: bool,
    /// Do not run upstream's own tests; the lock records that
    #[arg(long)]
    pub no_upstream_tests: bool,
    /// Build and test, although the upgrade began with --no-verify
    #[arg(long, conflicts_with = "no_verify")]
    pub verify: bool,
    /// The Rust toolchain to build with, as rustup names it [default: as the upgrade began]
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub edits: EditsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// What is written for review.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Review")]
pub struct ReviewArgs {
    /// Write a page for review: one file, readable without network and script
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
    /// Write the same in short as Markdown, for a pull request
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub markdown: Option<PathBuf>,
}

impl ReviewArgs {
    /// Tells whether something is to be written.
    pub fn is_wanted(&self) -> bool {
        self.html.is_some() || self.markdown.is_some()
    }
}

//! The command line of `forecast` and `report`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use recipe::release::VersionRequest;

use super::{ReviewArgs, SourceArgs};

/// `forecast`.
#[derive(Debug, Args)]
pub struct ForecastArgs {
    /// The release that upgrades would begin at [default: the pin]
    #[arg(long, value_name = "VERSION")]
    pub from: Option<VersionRequest>,
    /// The last release: v41.0.0, 41.0.0, 41 (newest of the line) or latest; with a clone as
    /// --upstream also main, another branch or a commit
    #[arg(long, value_name = "VERSION|REF", default_value_t = Target::Release(VersionRequest::Latest))]
    pub to: Target,
    /// Tell of every release, not of the newest of each line alone
    #[arg(long)]
    pub every: bool,
    /// Tell of candidates too, such as 51.0.0-rc.1, yanked or not
    #[arg(long)]
    pub pre: bool,
    /// Find the first commit that breaks each patch, in a clone given as --upstream
    #[arg(long)]
    pub bisect: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The release that the upgrade begins at [default: the pin]
    #[arg(long, value_name = "VERSION")]
    pub from: Option<VersionRequest>,
    /// The release that it goes to: v41.0.0, 41.0.0, 41 (newest of the line) or latest
    #[arg(long, value_name = "VERSION", default_value_t = VersionRequest::Latest)]
    pub to: VersionRequest,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub review: ReviewArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub source: SourceArgs,
}

/// What is looked at last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A release.
    Release(VersionRequest),
    /// A branch, tag or commit of a clone.
    Reference(String),
}

impl FromStr for Target {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.parse() {
            Ok(wanted) => Target::Release(wanted),
            Err(_) => Target::Reference(text.to_owned()),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Release(wanted) => wanted.fmt(f),
            Target::Reference(name) => f.write_str(name),
        }
    }
}

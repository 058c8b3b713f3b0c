//! What can be wrong with the texts that a manifest is made from.

use std::fmt;

use super::reader::{ParseError, What};

/// One of the texts that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The crate's `Cargo.toml` as in git.
    Member,
    /// The `Cargo.toml` at the root of upstream's workspace.
    Workspace,
    /// The `Cargo.toml` that cargo normalised when publishing.
    Published,
    /// The `Cargo.toml` that is being made.
    Generated,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Text::Member => "the crate's Cargo.toml",
            Text::Workspace => "the workspace's Cargo.toml",
            Text::Published => "the published Cargo.toml",
            Text::Generated => "the generated Cargo.toml",
        })
    }
}

/// A reason why the fork's `Cargo.toml` cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A text is not TOML.
    #[error("{text} is not TOML: {message}")]
    NotToml {
        /// Which text.
        text: Text,
        /// What the parser says, with line and column.
        message: String,
    },
    /// A key that is needed is not there.
    #[error("`{key}` is missing in {text}")]
    Missing {
        /// Which text.
        text: Text,
        /// The key with the tables above it.
        key: String,
    },
    /// A value has the wrong type.
    #[error("`{key}` in {text} is not {expected}")]
    WrongType {
        /// Which text.
        text: Text,
        /// The key with the tables above it.
        key: String,
        /// The type or types it should have.
        expected: &'static str,
    },
    /// A key that the generator cannot carry over.
    #[error("`{key}` in {text} has no known meaning")]
    Unknown {
        /// Which text.
        text: Text,
        /// The key with the tables above it.
        key: String,
        /// The keys that are known there.
        known: &'static [&'static str],
    },
    /// A dependency that the crate needs to build is in no registry.
    #[error("`{key}` has no version: it is not published, and the crate does not build without it")]
    Unpublished {
        /// The dependency with its table.
        key: String,
    },
    /// One text of upstream has something that the other lacks, or says otherwise.
    #[error("`{key}` is not the same in the texts of upstream that were read")]
    Unmatched {
        /// The key with the tables above it.
        key: String,
    },
    /// Something still takes its meaning from upstream's workspace.
    #[error("`{key}` inherits from the workspace in a way that is not known")]
    Inherits {
        /// The key with the tables above it.
        key: String,
    },
    /// A file that the crate needs is not one of the crate's.
    #[error("`{key}` is `{path}`, which is outside of the crate")]
    Outside {
        /// The key with the tables above it.
        key: String,
        /// The path.
        path: String,
    },
    /// A text is not a version.
    #[error("`{key}` is `{version}`, which is not a version: {message}")]
    NotAVersion {
        /// The key with the tables above it.
        key: String,
        /// The text.
        version: String,
        /// What the parser says.
        message: String,
    },
    /// An addition and upstream name the same dependency and do not agree.
    #[error("`cargo.dev-dependencies.{name}` asks for {what} `{ours}`, upstream for `{upstream}`")]
    Disagrees {
        /// The dependency.
        name: String,
        /// What they disagree about: `version` or `package`.
        what: &'static str,
        /// What the addition says.
        ours: String,
        /// What upstream says.
        upstream: String,
    },
    /// An addition without a version, and upstream has none to take.
    #[error("`cargo.dev-dependencies.{name}` has no version, and upstream does not depend on it")]
    NoVersion {
        /// The dependency.
        name: String,
    },
    /// An added target has the name of one of upstream's.
    #[error("`cargo.{kind}` adds `{name}`, which upstream has already")]
    TargetTaken {
        /// `test`, `bench` or `example`.
        kind: &'static str,
        /// The target's name.
        name: String,
    },
}

impl Error {
    /// Returns the next step.
    pub fn help(&self) -> String {
        match self {
            Error::NotToml {
                text: Text::Generated,
                ..
            }
            | Error::Inherits { .. } => {
                "report it, naming the upstream version: the generator has to learn this form"
                    .to_owned()
            }
            Error::NotToml { text, .. } | Error::WrongType { text, .. } => {
                format!("compare {text} with the upstream release; fetch it again if it differs")
            }
            Error::Missing {
                text: Text::Published,
                ..
            }
            | Error::Unmatched { .. } => "take both texts from the same release".to_owned(),
            Error::Missing { .. } => {
                "take the crate and its workspace from the same release".to_owned()
            }
            Error::Unknown { known, .. } => {
                format!(
                    "known here: {}; others need a change of the generator",
                    known.join(", ")
                )
            }
            Error::Unpublished { .. } => "choose a release whose package is published".to_owned(),
            Error::Outside { key, .. } if key.starts_with("test.") => {
                "add the test to `omit-tests` of `[cargo]` in manifest.toml".to_owned()
            }
            Error::Outside { .. } => {
                "take a release that has the file in the crate's directory, and report it upstream"
                    .to_owned()
            }
            Error::NotAVersion { .. } => "write a version such as 2.0.0-rc.6".to_owned(),
            Error::Disagrees { what, name, .. } => {
                format!("leave `{what}` out of `{name}` in manifest.toml to follow upstream")
            }
            Error::NoVersion { name } => format!("add `version` to `{name}` in manifest.toml"),
            Error::TargetTaken { kind: "test", name } => {
                format!(
                    "give it another name in manifest.toml, or add `{name}` to `cargo.omit-tests`"
                )
            }
            Error::TargetTaken { .. } => "give it another name in manifest.toml".to_owned(),
        }
    }

    /// Tells about a flaw of one of upstream's texts.
    pub(super) fn of_flaw(text: Text, flaw: ParseError) -> Error {
        let key = flaw.key;
        match flaw.what {
            What::Type(expected) => Error::WrongType {
                text,
                key,
                expected,
            },
            What::Unknown(known) => Error::Unknown { text, key, known },
            What::Missing => Error::Missing { text, key },
        }
    }
}

/// All reasons why the fork's `Cargo.toml` cannot be made; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", joined(.0))]
pub struct Errors(pub Vec<Error>);

fn joined(errors: &[Error]) -> String {
    let texts: Vec<String> = errors.iter().map(Error::to_string).collect();
    texts.join("; ")
}

impl Errors {
    /// Returns the value if there is no error, else all of them.
    pub(super) fn unless_any<T>(errors: Vec<Error>, value: T) -> Result<T, Errors> {
        if errors.is_empty() {
            Ok(value)
        } else {
            Err(Errors(errors))
        }
    }
}

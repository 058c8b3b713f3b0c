//! Decisions about conflicts, as they are stored and found again.
//!
//! A resolution belongs to the three texts that met, not to a release: where the same
//! three meet again, the same decision can be taken. It is stored as a patch of upstream's
//! text, with what it is about in the remarks of its head, so that no more of upstream's
//! text is kept than context.

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;
use serde::Serialize;

use super::inputs::{PATCH, REMARKS, patch_faults};
use crate::error::{Error, Fault, Location, Result};
use crate::patch::{Difference, Patch};
use crate::tree::{Digest, File, Tree, TreePath};

/// What a conflict is about: the three texts that meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ConflictKey {
    /// The digest of upstream's text that the change was made to.
    pub base: Digest,
    /// The digest of that text with the change.
    pub ours: Digest,
    /// The digest of upstream's text now; `None` where the file is gone.
    pub theirs: Option<Digest>,
}

impl ConflictKey {
    /// Returns the key of three texts.
    pub fn of(base: &str, ours: &str, theirs: Option<&str>) -> Self {
        ConflictKey {
            base: Digest::of(base),
            ours: Digest::of(ours),
            theirs: theirs.map(Digest::of),
        }
    }
}

/// Writes the first twelve digits of the digest of all three: enough for a file's name.
impl fmt::Display for ConflictKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theirs = self.theirs.map(|theirs| theirs.to_string());
        let all = format!("{} {} {}", self.base, self.ours, theirs.unwrap_or_default());
        f.write_str(&Digest::of(all).to_string()[..12])
    }
}

/// What was decided about a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "decision")]
pub enum Decision {
    /// The lines in conflict are the fork's.
    Ours,
    /// The lines in conflict are upstream's.
    Theirs,
    /// The text was written by hand.
    Edited,
    /// The change is not needed any more.
    Drop {
        /// Why.
        reason: String,
    },
    /// The code is in another file now: the change is merged there.
    #[serde(rename = "moved")]
    MovedTo {
        /// That file.
        #[serde(rename = "moved-to")]
        path: TreePath,
    },
}

impl Decision {
    /// Returns its name, as it is stored.
    const fn name(&self) -> &'static str {
        match self {
            Decision::Ours => "ours",
            Decision::Theirs => "theirs",
            Decision::Edited => "edited",
            Decision::Drop { .. } => "drop",
            Decision::MovedTo { .. } => "moved",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Decision::Ours => f.write_str("the fork's lines"),
            Decision::Theirs => f.write_str("upstream's lines"),
            Decision::Edited => f.write_str("edited"),
            Decision::Drop { reason } => write!(f, "dropped ({reason})"),
            Decision::MovedTo { path } => write!(f, "moved to {path}"),
        }
    }
}

/// A decision about the conflict of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// The file of the crate.
    pub path: TreePath,
    /// The release that the merge took for its base.
    pub from: Version,
    /// The release that it was rebased onto.
    pub to: Version,
    /// What it is about.
    pub key: ConflictKey,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// Who decided, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What leads from upstream's text to the decided one; `None` where that is the same,
    /// or there is no text.
    #[serde(skip)]
    pub patch: Option<Patch>,
}

/// Resolutions by what they are about.
pub type Resolutions = BTreeMap<ConflictKey, Resolution>;

/// The keys of the remarks in which a resolution says what it is about.
const FIELDS: [&str; 9] = [
    "Path", "From", "To", "Base", "Ours", "Theirs", "Decision", "Because", "By",
];
/// What stands for upstream's text where there is none.
const NONE: &str = "none";

impl Resolution {
    /// Makes the resolution that leads to a text.
    ///
    /// # Errors
    ///
    /// Where no patch can hold the change, such as of an empty file.
    pub fn with_text(mut self, theirs: &str, text: &str, head: &[Difference]) -> Result<Self> {
        let patch = Patch::between(self.path.as_str(), theirs, text, head.to_vec());
        self.patch = patch.map_err(|e| {
            let help = e.help();
            Error::general(e.to_string()).help(help)
        })?;
        Ok(self)
    }

    /// Returns the text that was decided on. `None` where it does not follow from upstream's.
    pub fn text(&self, theirs: &str) -> Option<String> {
        match &self.patch {
            None => Some(theirs.to_owned()),
            Some(patch) => patch.apply(theirs).ok().map(|applied| applied.text),
        }
    }

    /// Returns the name of its file, below the directory of resolutions.
    pub fn file_name(&self) -> TreePath {
        self.path.with_suffix(&format!(".{}{PATCH}", self.key))
    }

    /// Writes it as it is stored.
    pub fn render(&self) -> String {
        let theirs = self.key.theirs.map_or(NONE.to_owned(), |d| d.to_string());
        let because = match &self.decision {
            Decision::Drop { reason } => one_line(reason),
            Decision::MovedTo { path } => path.to_string(),
            _ => String::new(),
        };
        let values = [
            self.path.to_string(),
            self.from.to_string(),
            self.to.to_string(),
            self.key.base.to_string(),
            self.key.ours.to_string(),
            theirs,
            self.decision.name().to_owned(),
            because,
            one_line(self.by.as_deref().unwrap_or_default()),
        ];
        let fields = FIELDS
            .iter()
            .zip(values)
            .filter(|(_, value)| !value.is_empty());
        let mut notes = vec![
            " A decision about a conflict: it is offered again where the same three texts meet."
                .to_owned(),
        ];
        notes.extend(fields.map(|(key, value)| format!(" {key}: {value}")));
        match &self.patch {
            Some(patch) => Patch {
                notes,
                ..patch.clone()
            }
            .render(),
            None => notes.iter().map(|note| format!("#{note}\n")).collect(),
        }
    }

    /// Reads one as it is stored; `at` is its file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, with lines.
    pub fn parse(at: &str, file: &File) -> Result<Resolution, Vec<Fault>> {
        let whole = |message: &str| {
            let fault = Fault::new(message).at(Location::file(at));
            vec![fault.help("restore the file, or remove it: the conflict is then decided again")]
        };
        let text = file.text().ok_or_else(|| whole("the file is not UTF-8"))?;
        let has_patch = text.lines().any(|line| line.starts_with("--- "));
        let (notes, patch) = if has_patch {
            let patch = Patch::parse(text.as_bytes())
                .map_err(|faults| patch_faults(at, &text.into(), &faults))?;
            (patch.notes.clone(), Some(patch))
        } else {
            let notes = text.lines().filter_map(|line| line.strip_prefix('#'));
            (notes.map(str::to_owned).collect(), None)
        };
        let fields = Fields(&notes);
        let read = || {
            let key = ConflictKey {
                base: Digest::parse(fields.get("Base")?)?,
                ours: Digest::parse(fields.get("Ours")?)?,
                theirs: match fields.get("Theirs")? {
                    NONE => None,
                    digest => Some(Digest::parse(digest)?),
                },
            };
            Some(Resolution {
                path: TreePath::new(fields.get("Path")?).ok()?,
                from: fields.get("From")?.parse().ok()?,
                to: fields.get("To")?.parse().ok()?,
                key,
                decision: fields.decision()?,
                by: fields.get("By").map(str::to_owned),
                patch,
            })
        };
        read().ok_or_else(|| {
            let names = FIELDS[..FIELDS.len() - 2].join(", ");
            whole(&format!(
                "it is not a stored resolution: remarks with {names} are expected"
            ))
        })
    }
}

/// Remarks have one line each.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The remarks of a head that have a key.
struct Fields<'a>(&'a [String]);

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find_map(|note| {
            let value = note.trim().strip_prefix(key)?.strip_prefix(':')?;
            Some(value.trim())
        })
    }

    fn decision(&self) -> Option<Decision> {
        Some(match self.get("Decision")? {
            "ours" => Decision::Ours,
            "theirs" => Decision::Theirs,
            "edited" => Decision::Edited,
            "drop" => Decision::Drop {
                reason: self.get("Because")?.to_owned(),
            },
            "moved" => Decision::MovedTo {
                path: TreePath::new(self.get("Because")?).ok()?,
            },
            _ => return None,
        })
    }
}

/// Reads the resolutions of a directory.
pub(super) fn stored(dir: &TreePath, tree: &Tree, faults: &mut Vec<Fault>) -> Resolutions {
    let mut resolutions = Resolutions::new();
    for (path, file) in tree.iter().filter(|(path, _)| path.as_str() != REMARKS) {
        match Resolution::parse(dir.join(path).as_str(), file) {
            Ok(resolution) => {
                resolutions.insert(resolution.key, resolution);
            }
            Err(found) => faults.extend(found),
        }
    }
    resolutions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolution(decision: Decision) -> Resolution {
        Resolution {
            path: TreePath::new("src/a.rs").unwrap(),
            from: Version::new(1, 0, 0),
            to: Version::new(2, 0, 0),
            key: ConflictKey::of("a\n", "b\n", Some("c\nd\n")),
            decision,
            by: Some("Ada  Lovelace".to_owned()),
            patch: None,
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let head = [Difference::new("one field more", "the loopback needs it")];
        let decisions = [
            Decision::Ours,
            Decision::Theirs,
            Decision::Edited,
            Decision::Drop {
                reason: "upstream has it".to_owned(),
            },
            Decision::MovedTo {
                path: TreePath::new("src/b.rs").unwrap(),
            },
        ];
        for decision in decisions {
            for text in ["c\nd\n", "c\nd\ne\n", "c\nd"] {
                let stored = resolution(decision.clone());
                let stored = stored.with_text("c\nd\n", text, &head).unwrap();
                let file = File::regular(stored.render().as_bytes());
                let read = Resolution::parse("patches/resolutions/x", &file).unwrap();
                assert_eq!(read.text("c\nd\n").as_deref(), Some(text));
                assert_eq!((read.key, &read.decision), (stored.key, &stored.decision));
                assert_eq!(read.render(), stored.render());
            }
        }
        let mut gone = resolution(Decision::Drop {
            reason: "x\ny".to_owned(),
        });
        gone.key.theirs = None;
        let file = File::regular(gone.render().as_bytes());
        let read = Resolution::parse("x", &file).unwrap();
        assert_eq!(read.key, gone.key);
        assert_eq!(
            read.decision,
            Decision::Drop {
                reason: "x y".to_owned()
            }
        );
    }

    #[test]
    fn what_is_not_one_says_what_is_wrong_and_where() {
        let faults = |text: &str| {
            let file = File::regular(text.as_bytes());
            let faults = Resolution::parse("r.patch", &file).unwrap_err();
            faults.iter().map(|f| f.message.clone()).collect::<Vec<_>>()
        };
        let whole = "it is not a stored resolution: remarks with Path, From, To, Base, Ours, Theirs, Decision are expected";
        assert_eq!(faults(""), [whole]);
        let stored = resolution(Decision::Ours).render();
        for (from, to) in [
            ("src/a.rs", "../a"),
            ("Base: ", "Base: z"),
            ("ours\n", "mine\n"),
            ("1.0.0", "one"),
        ] {
            assert_eq!(faults(&stored.replace(from, to)), [whole], "{from}");
        }
        let text = format!("{stored}--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1 +1 @@\n-a\n");
        assert!(!faults(&text).is_empty());
    }
}

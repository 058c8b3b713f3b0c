//! What is behind the errors of a failed build, and the failures of tests.
//!
//! One mechanism: a table (`table`) says how an error is recognised and which identifier
//! it is about; that is looked up in the fork before, in what was built and in upstream's
//! release (`lookup`); the table has the title and the next step for what is found.
//! What the table does not know stays as cargo shows it.

mod identify;
mod index;
mod likely;
mod lookup;
mod stubs;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod traits;

pub use likely::{LikelyCause, likely};
use recipe::error::{Fault, Location};
use recipe::tree::Tree;
use serde::Serialize;
pub use stubs::StubPatch;

use crate::output::Diagnostic;

/// The trees in which explanations are looked up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trees<'t> {
    /// What the fork was before.
    pub old: Option<&'t Tree>,
    /// What was built: the fork's own files, patched or edited.
    pub new: Option<&'t Tree>,
    /// The files of the release it was made from, as upstream has them: without
    /// rewrites, paths from the crate's root. Only they show what upstream has.
    pub upstream: Option<&'t Tree>,
}

/// An error of the compiler that an explanation covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoveredError {
    /// The file, as the compiler names it.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The compiler's message, its first line.
    pub message: String,
}

/// What is behind one error or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The name of the entry: `missing-tests`.
    pub name: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub title: String,
    /// The file of the first error.
    pub file: Option<String>,
    /// Its line, counted from 1.
    pub line: Option<u32>,
    /// What changed upstream, or what is known of it, line by line; empty where
    /// nothing is.
    pub upstream: Vec<String>,
    /// The next step, as a sentence without a full stop.
    pub next: String,
    /// The errors that it explains.
    pub covers: Vec<CoveredError>,
    /// How many other errors most likely follow from it.
    pub follow: usize,
    /// Patches that fix it.
    pub patches: Vec<StubPatch>,
}

/// What is known of the errors of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What is explained, in the order of the table of entries.
    pub explained: Vec<Explanation>,
    /// The errors that nothing explains.
    pub unknown: Vec<Diagnostic>,
}

impl Diagnosis {
    /// Returns all of it as findings of an error: what is explained first.
    pub fn faults(&self) -> Vec<Fault> {
        let explained = self.explained.iter().map(Explanation::fault);
        let unknown = self.unknown.iter().map(|diagnostic| {
            let fault = Fault::new(diagnostic.message.clone()).shown(diagnostic.rendered.clone());
            match diagnostic.place() {
                Some(place) => fault.at(Location::file(place)),
                None => fault,
            }
        });
        explained.chain(unknown).collect()
    }
}

/// How a tree that fails is edited, and the edit kept.
pub const HOW_TO_EDIT: &str = "to edit the tree, put it in place unverified (`upgrade --no-verify`, or `vendor`); \
     `wash-wasi-sync refresh` keeps the edits";

/// Explains the compiler's errors.
pub fn explain(diagnostics: &[Diagnostic], trees: Trees<'_>) -> Diagnosis {
    identify::explain(diagnostics, trees)
}

/// Explains errors that are known as text only: what cargo prints for people.
pub fn explain_text(text: &str, trees: Trees<'_>) -> Diagnosis {
    explain(&text::read(text), trees)
}

impl Explanation {
    /// Returns file and line as text.
    pub fn place(&self) -> Option<String> {
        place(self.file.as_deref(), self.line)
    }

    /// Says which other errors it stands for; `None` where there are none.
    pub fn others(&self) -> Option<String> {
        let own = self.place();
        let covers = self.covers.iter();
        let covers = covers.filter_map(|one| place(one.file.as_deref(), one.line));
        let mut places: Vec<String> = covers.collect();
        places.retain(|place| Some(place) != own.as_ref());
        places.dedup();
        let mut parts = Vec::new();
        if !places.is_empty() {
            let shown = places.iter().take(MAX_SHOWN).cloned().collect::<Vec<_>>();
            let rest = if places.len() > MAX_SHOWN {
                ", …"
            } else {
                ""
            };
            parts.push(format!("also: {}{rest}", shown.join(", ")));
        }
        match self.follow {
            0 => {}
            1 => parts.push("one more error most likely follows from it".to_owned()),
            more => parts.push(format!("{more} more errors most likely follow from it")),
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Returns it as a finding of an error.
    pub fn fault(&self) -> Fault {
        let lines = self.upstream.iter().cloned();
        let lines = lines.chain(self.others()).chain([self.next.clone()]);
        let help: Vec<String> = lines.collect();
        let fault = Fault::new(self.title.clone()).help(help.join("\n"));
        match self.place() {
            Some(place) => fault.at(Location::file(place)),
            None => fault,
        }
    }
}

/// How many places of further errors are shown.
const MAX_SHOWN: usize = 3;

fn place(file: Option<&str>, line: Option<u32>) -> Option<String> {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    Some(format!("{}{line}", file?))
}

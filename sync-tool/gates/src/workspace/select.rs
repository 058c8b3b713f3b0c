//! Which of upstream's files are exported.

use std::collections::BTreeSet;

use recipe::manifest::Pattern;

use super::crates::{CrateError, Crates};
use super::{dir_of, is_below, tree_path};

/// What a file of upstream's is to the build of its tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Its content is built, or read by cargo.
    Content,
    /// Cargo looks whether it is there, to load members that are not built.
    Presence,
    /// Nothing.
    None,
}

/// The files that a workspace needs.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// The directories that are needed wholly.
    whole: BTreeSet<String>,
    /// Those that the manifest names besides.
    programs: Vec<Pattern>,
    /// The directories of crates whose manifests cargo reads.
    loaded: BTreeSet<String>,
}

impl Selection {
    /// Selects what the crate in a directory is built from, with the directories
    /// of `programs` and what the crates there are built from.
    pub(super) fn of(
        crates: &Crates<'_>,
        dir: &str,
        programs: &[Pattern],
    ) -> Result<Self, Vec<CrateError>> {
        let is_program = |dir: &str| {
            let manifest = tree_path(&format!("{dir}/Cargo.toml"));
            manifest.is_some_and(|path| programs.iter().any(|p| p.matches(&path)))
        };
        let mut starts = vec![dir];
        starts.extend(crates.dirs().filter(|dir| is_program(dir)));
        match (crates.built_from(&starts), crates.loaded()) {
            (Ok(whole), Ok(loaded)) => Ok(Selection {
                whole,
                programs: programs.to_vec(),
                loaded,
            }),
            (built, loaded) => {
                let mut faults: Vec<CrateError> = Vec::new();
                for fault in built.err().into_iter().chain(loaded.err()).flatten() {
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }
                Err(faults)
            }
        }
    }

    /// Tells what a file is needed for.
    pub(super) fn need(&self, path: &str) -> Need {
        let name = path.rsplit('/').next().unwrap_or(path);
        // The toolchain is what the user chose.
        if matches!(name, "rust-toolchain" | "rust-toolchain.toml") {
            return Need::None;
        }
        let manifest = name == "Cargo.toml" && self.loaded.contains(dir_of(path));
        let whole = self.whole.iter().any(|dir| is_below(path, dir));
        if path == "Cargo.lock" || manifest || whole || self.is_program(path) {
            return Need::Content;
        }
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        match extension {
            // Guests are bound to the WIT of crates that are not built.
            Some("wit" | "witx") => Need::Content,
            Some("rs" | "toml") => Need::Presence,
            _ if name == "Cargo.lock" => Need::Presence,
            _ => Need::None,
        }
    }

    fn is_program(&self, path: &str) -> bool {
        tree_path(path).is_some_and(|path| self.programs.iter().any(|p| p.matches(&path)))
    }
}

//! The test programs that cargo says it has built.

use std::path::PathBuf;

use serde::Deserialize;

use super::identity::{Target, TargetKind};

/// A test program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The target it was built from.
    pub target: Target,
    /// The program.
    pub program: PathBuf,
    /// The directory of its package.
    pub package_dir: PathBuf,
}

/// How much of a build was there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Fresh {
    /// What was built now.
    pub built: usize,
    /// What was there.
    pub fresh: usize,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Named>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
    fresh: Option<bool>,
}

#[derive(Deserialize)]
struct Named {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Fresh {
    /// Reads a line of cargo's, counts what it tells of, and returns the test
    /// program, if it tells of one.
    pub fn read(&mut self, line: &str) -> Option<Artifact> {
        // Most lines are no artifact, and some are long.
        if !line.starts_with("{\"reason\":\"compiler-artifact\"") {
            return None;
        }
        let line: Line = serde_json::from_str(line).ok()?;
        if line.reason != "compiler-artifact" {
            return None;
        }
        match line.fresh {
            Some(true) => self.fresh += 1,
            _ => self.built += 1,
        }
        let is_test = line.profile.is_some_and(|profile| profile.test);
        let program = line.executable.filter(|_| is_test)?;
        let named = line.target?;
        let has = |kinds: &[&str]| named.kind.iter().any(|kind| kinds.contains(&kind.as_str()));
        let kind = if has(&["test"]) {
            TargetKind::Test
        } else if has(&["bin", "example", "bench", "custom-build"]) {
            TargetKind::Other
        } else {
            // lib, rlib, dylib, proc-macro and what may come.
            TargetKind::Lib
        };
        let package_dir = line.manifest_path?.parent()?.to_owned();
        Some(Artifact {
            target: Target {
                kind,
                name: named.name,
            },
            program,
            package_dir,
        })
    }
}

//! Gates: what a made tree must pass before it is committed, and what came of it.
//!
//! Which gates there are follows from the features and targets of the generated
//! `Cargo.toml`; running them is the affair of [`crate::cargo`].

mod manifest;
mod result;
#[cfg(test)]
mod tests;
mod transcript;

pub use manifest::CrateManifest;
pub use result::{Crash, Failure, GateOutcome, GateResult, Reason, failures};
use serde::Serialize;
pub use transcript::Transcript;

use crate::suite::FeatureSet;

/// What a verification gate said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateReport {
    /// The gate's key, as in the lock.
    pub gate: String,
    /// What it is, for people.
    pub title: String,
    /// What it said: `passed`, `passed, 15 tests`, `skipped: …`.
    pub said: String,
    /// How long it took, in milliseconds; 0 where it did not run.
    pub milliseconds: u64,
}

/// The feature sets that are built on their own: key, title, features.
const BUILDS: [(&str, &str, &[&str]); 4] = [
    (
        "build-p1-p2-p3",
        "build with p1, p2 and p3",
        &["p1", "p2", "p3"],
    ),
    ("build-p1-p2", "build with p1 and p2", &["p1", "p2"]),
    ("build-p0", "build with p0", &["p0"]),
    ("build-no-features", "build without features", &[]),
];

/// The features that are added to the default ones when tests run.
const TESTED: [&str; 3] = ["p1", "p2", "p3"];

/// One check of a made tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The stable name, as the lock and reports have it: `unit`, `build-p1-p2`.
    pub key: String,
    /// The name for people.
    pub title: String,
    /// The cargo commands it consists of, without what every command gets.
    pub steps: Vec<Vec<String>>,
    /// Whether tests must run: none at all is a failure then.
    pub tests: bool,
    /// Whether its tests are upstream's, so that the machine may be behind what fails.
    pub of_upstream: bool,
}

/// A gate that a release does not have, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentGate {
    /// The gate's key.
    pub key: String,
    /// The reason, as a sentence without a full stop.
    pub why: String,
}

/// The gates of one crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gates {
    /// Those it must pass, in the order they are run.
    pub gates: Vec<Gate>,
    /// Those it has not, with the reasons.
    pub absent: Vec<AbsentGate>,
}

impl Gate {
    /// Returns the features that its last command names.
    pub fn features(&self) -> FeatureSet {
        let words = self.steps.last().map(Vec::as_slice).unwrap_or_default();
        let mut words = words.iter().skip_while(|word| *word != "--features");
        FeatureSet::of(words.nth(1).map_or("", String::as_str).split(','))
    }
}

impl Gates {
    /// Returns the gates of a crate, by the features and targets of its manifest.
    pub fn of(manifest: &CrateManifest) -> Self {
        let mut all = Gates {
            gates: Vec::new(),
            absent: Vec::new(),
        };
        for (key, title, features) in BUILDS {
            all.add_build(manifest, key, title, features);
        }
        let features = tested_features(manifest);
        for (key, title, what) in [
            ("unit", "unit tests", "--lib"),
            ("doc", "doc tests", "--doc"),
        ] {
            all.gates
                .push(tested(key, title, vec![test(&[what], features.as_deref())]));
        }
        all.gates.push(fork_tests(manifest, features.as_deref()));
        all
    }

    /// Returns the gate that lets cargo check every target, which runs nothing.
    pub fn check(manifest: &CrateManifest) -> Gate {
        let step = words(&["check", "--all-targets"]);
        Gate {
            key: "check".to_owned(),
            title: "check of all targets".to_owned(),
            steps: vec![with_features(step, tested_features(manifest).as_deref())],
            tests: false,
            of_upstream: false,
        }
    }

    fn add_build(&mut self, manifest: &CrateManifest, key: &str, title: &str, features: &[&str]) {
        let missing: Vec<String> = features
            .iter()
            .filter(|name| !manifest.features.contains(**name))
            .map(|name| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let word = if missing.len() == 1 {
                "feature"
            } else {
                "features"
            };
            self.absent.push(AbsentGate {
                key: key.to_owned(),
                why: format!("this release has no {word} {}", missing.join(", ")),
            });
            return;
        }
        let mut step = words(&["build", "--lib", "--no-default-features"]);
        if !features.is_empty() {
            step.extend(["--features".to_owned(), features.join(",")]);
        }
        self.gates.push(Gate {
            key: key.to_owned(),
            title: title.to_owned(),
            steps: vec![step],
            tests: false,
            of_upstream: false,
        });
    }
}

/// Returns the features that tests have besides the default ones, if the crate has any.
fn tested_features(manifest: &CrateManifest) -> Option<String> {
    let features = TESTED.into_iter();
    let features = features.filter(|name| manifest.features.contains(*name));
    let features: Vec<&str> = features.collect();
    (!features.is_empty()).then(|| features.join(","))
}

fn tested(key: &str, title: &str, steps: Vec<Vec<String>>) -> Gate {
    Gate {
        key: key.to_owned(),
        title: title.to_owned(),
        steps,
        tests: true,
        of_upstream: true,
    }
}

/// Returns the fork's own tests: examples and benches build, `[[test]]` targets run.
fn fork_tests(manifest: &CrateManifest, features: Option<&str>) -> Gate {
    let mut steps = Vec::new();
    let built = [
        ("--examples", &manifest.examples),
        ("--benches", &manifest.benches),
    ];
    let built: Vec<&str> = built
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(flag, _)| flag)
        .collect();
    if !built.is_empty() {
        steps.push(with_features(
            [words(&["build"]), words(&built)].concat(),
            features,
        ));
    }
    if !manifest.tests.is_empty() {
        let targets: Vec<&str> = manifest
            .tests
            .iter()
            .flat_map(|name| ["--test", name.as_str()])
            .collect();
        steps.push(test(&targets, features));
    }
    Gate {
        tests: !manifest.tests.is_empty(),
        of_upstream: false,
        ..tested("fork-tests", "the fork's tests", steps)
    }
}

/// Returns a test command: every binary runs, so that the counts are whole.
fn test(what: &[&str], features: Option<&str>) -> Vec<String> {
    with_features(
        [words(&["test", "--no-fail-fast"]), words(what)].concat(),
        features,
    )
}

fn with_features(mut step: Vec<String>, features: Option<&str>) -> Vec<String> {
    if let Some(features) = features {
        step.extend(["--features".to_owned(), features.to_owned()]);
    }
    step
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

//! What a run tells while it works; how that is shown is the renderer's affair.

use serde::Serialize;

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTime {
    /// The step.
    pub step: &'static str,
    /// Its time.
    pub milliseconds: u64,
}

/// Takes status lines and progress. Implementations write to stderr or nowhere.
pub trait Status: Send + Sync {
    /// Tells one line that a user wants to know without asking.
    fn note(&self, line: &str);
    /// Tells one line that a user should act on.
    fn warn(&self, line: &str);
    /// Tells one line that only `-v` shows.
    fn detail(&self, line: &str);
    /// Starts a step that may take long. Dropping the step ends it.
    fn step(&self, name: &str) -> Box<dyn Step>;
}

/// A step that is under way.
pub trait Step: Send {
    /// Says what the step is at.
    fn at(&self, what: &str);
    /// Says how much of how much is done, in bytes or items.
    fn done(&self, done: u64, of: u64);
}

/// Shows nothing.
pub struct Silent;

impl Status for Silent {
    fn note(&self, _: &str) {}
    fn warn(&self, _: &str) {}
    fn detail(&self, _: &str) {}
    fn step(&self, _: &str) -> Box<dyn Step> {
        Box::new(Silent)
    }
}

impl Step for Silent {
    fn at(&self, _: &str) {}
    fn done(&self, _: u64, _: u64) {}
}

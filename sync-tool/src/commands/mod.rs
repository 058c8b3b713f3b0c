//! One file a verb; each reads like the story of what it does.

mod check;
mod completion;
mod conflicts;
mod context;
mod crate_lock;
mod diff;
mod documents;
mod export;
mod forecast;
mod fork_code;
mod install;
mod pipeline;
mod project;
mod radar;
mod recorded;
mod refresh;
mod release;
mod report;
mod review;
mod run;
mod show;
mod status;
mod test;
mod upgrade;
mod upstream_tests;
mod vendor;
mod vendored;
mod verified;
mod versions;

pub use run::main;

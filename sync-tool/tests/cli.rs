//! Whole commands, from the command line to the exit code, in a small world that
//! the test makes: an upstream repository, a registry, a project and its user.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/both_worlds.rs"]
mod both;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/git_world.rs"]
mod git_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_world.rs"]
mod registry_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_server.rs"]
mod server;

#[path = "cli/project.rs"]
mod project;
#[path = "cli/releases.rs"]
mod releases;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/world.rs"]
mod world;

#[path = "cli/bounds.rs"]
mod bounds;
#[path = "cli/by_release.rs"]
mod by_release;
#[path = "cli/cargo_config.rs"]
mod cargo_config;
#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/conflicts.rs"]
mod conflicts;
#[path = "cli/drift.rs"]
mod drift;
#[path = "cli/edits.rs"]
mod edits;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/forecast.rs"]
mod forecast;
#[path = "cli/formats.rs"]
mod formats;
#[path = "cli/fresh.rs"]
mod fresh;
#[path = "cli/line_ends.rs"]
mod line_ends;
#[path = "cli/manifest.rs"]
mod manifest;
#[path = "cli/messages.rs"]
mod messages;
#[path = "cli/newer_inputs.rs"]
mod newer_inputs;
#[path = "cli/odd_upstream.rs"]
mod odd_upstream;
#[path = "cli/owned_dirs.rs"]
mod owned_dirs;
#[path = "cli/partial.rs"]
mod partial;
#[path = "cli/radar.rs"]
mod radar;
#[path = "cli/recorded.rs"]
mod recorded;
#[path = "cli/reference.rs"]
mod reference;
#[path = "cli/rust.rs"]
mod rust;
#[path = "cli/series.rs"]
mod series;
#[path = "cli/sources.rs"]
mod sources;
#[path = "cli/taken.rs"]
mod taken;
#[path = "cli/texts.rs"]
mod texts;
#[path = "cli/upgrade.rs"]
mod upgrade;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/verified.rs"]
mod verified;

use world::{TREE, World, differing, see, shown};

//! `test`, from the command line to the exit code, on a small upstream workspace that
//! the test makes and cargo builds without a registry.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/git_world.rs"]
mod git_world;

#[path = "upstream_tests/files.rs"]
mod files;
#[path = "upstream_tests/world.rs"]
mod world;

#[path = "upstream_tests/broken.rs"]
mod broken;
#[path = "upstream_tests/ends.rs"]
mod ends;
#[path = "upstream_tests/gate.rs"]
mod gate;
#[path = "upstream_tests/stopped.rs"]
mod stopped;
#[path = "upstream_tests/wanted.rs"]
mod wanted;

use world::{World, shown};

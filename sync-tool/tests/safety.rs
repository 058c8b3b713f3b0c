//! What the whole program does where things go wrong: it is stopped, the disk is
//! full, programs are missing, what it reads is broken. Nothing is lost or half
//! written, and each error says what to do next.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/both_worlds.rs"]
mod both;
#[path = "support/safety_files.rs"]
mod files;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/git_world.rs"]
mod git_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_world.rs"]
mod registry_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_server.rs"]
mod server;
#[path = "support/safety_signals.rs"]
mod signals;
#[path = "support/safety_world.rs"]
mod world;

#[path = "safety/archives.rs"]
mod archives;
#[cfg(feature = "failpoints")]
#[path = "safety/edited.rs"]
mod edited;
#[path = "safety/held.rs"]
mod held;
#[path = "safety/interrupted.rs"]
mod interrupted;
#[path = "safety/killed.rs"]
mod killed;
#[path = "safety/locks.rs"]
mod locks;
#[path = "safety/missing.rs"]
mod missing;
#[path = "safety/mounted.rs"]
mod mounted;
#[path = "safety/project.rs"]
mod project;
#[path = "safety/secrets.rs"]
mod secrets;
#[path = "safety/world.rs"]
mod the_world;
#[path = "safety/upstream.rs"]
mod upstream;

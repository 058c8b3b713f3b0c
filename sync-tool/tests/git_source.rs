//! The git source against repositories that the real `git` program makes and serves.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[path = "support/git_world.rs"]
mod world;

#[path = "git_source/caches.rs"]
mod caches;
#[path = "git_source/fetched.rs"]
mod fetched;
#[path = "git_source/in_place.rs"]
mod in_place;
#[path = "git_source/interrupted.rs"]
mod interrupted;
#[path = "git_source/packaged.rs"]
mod packaged;
#[path = "git_source/refused.rs"]
mod refused;

//! Upstream's workspace in the cache, with the fork as a member: of a small one that
//! the tests write, and of upstream's releases where `WASH_WASI_UPSTREAM` names a git
//! repository of wasmtime; where it does not, that is said on stderr.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/git_world.rs"]
mod git_world;
#[path = "support/workspace_world.rs"]
mod world;

#[path = "workspace/built.rs"]
mod built;
#[cfg(feature = "failpoints")]
#[path = "workspace/killed.rs"]
mod killed;
#[path = "workspace/laid_out.rs"]
mod laid_out;
#[path = "workspace/real.rs"]
mod real;
#[path = "workspace/refused.rs"]
mod refused;
#[path = "workspace/sources.rs"]
mod sources;

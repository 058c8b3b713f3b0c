//! The registry source against a registry of our own on 127.0.0.1, and once
//! against the one that cargo's configuration leads to.

#[path = "support/registry_server.rs"]
mod server;
#[path = "support/registry_world.rs"]
mod world;

#[path = "registry_source/access.rs"]
mod access;
#[path = "registry_source/caches.rs"]
mod caches;
#[path = "registry_source/downloads.rs"]
mod downloads;
#[path = "registry_source/exported.rs"]
mod exported;
#[path = "registry_source/index.rs"]
mod index;
#[path = "registry_source/local.rs"]
mod local;
#[path = "registry_source/real.rs"]
mod real;

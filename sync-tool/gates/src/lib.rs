//! What a made tree must pass: builds, tests, upstream's own tests in its workspace; and
//! what their failures mean.

pub mod cargo;
pub mod diagnosis;
pub mod gate;
pub mod output;
pub mod preflight;
pub mod suite;
pub mod workspace;

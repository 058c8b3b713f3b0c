//! The outside: upstream's sources, cargo, the disk, the network, processes.

pub mod cargo;
pub mod disk;
pub mod draft;
pub mod failpoint;
pub mod host;
pub mod http;
pub(crate) mod parallel;
pub mod process;
pub mod review;
pub mod rustfmt;
pub mod stage;
pub mod status;
pub mod suite;
pub mod upstream;
pub mod workspace;

pub use host::{Environment, Host, Interrupt};
pub use process::{Call, Outcome};
pub use status::{Silent, Status, Step};

//! What a run may touch: environment, processes, disk, locks, interrupts, status lines.

pub mod disk;
mod environment;
pub mod failpoint;
pub mod lock;
pub mod parallel;
pub mod process;
pub mod status;

pub use environment::{Environment, Host, Interrupt, decided};
pub use process::{Call, Outcome};
pub use status::{Silent, Status, Step};

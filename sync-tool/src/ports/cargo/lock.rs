//! Makes the crate's `Cargo.lock`.

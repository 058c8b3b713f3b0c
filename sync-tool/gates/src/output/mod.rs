//! What cargo and test programs print, read for the gates and for upstream's tests.

mod cargo;
mod libtest;

pub use cargo::{Diagnostic, Expansion, TestProgram};
pub(crate) use cargo::{Message, read};
pub use libtest::{FailedTest, TestCounts};
pub(crate) use libtest::{LibtestReader, listed, result};

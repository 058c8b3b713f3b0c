//! What differs in WASI P2 in release 48.
#![allow(dead_code, reason = "each test uses a part of it")]

use super::wash::p2::bindings::sockets::network::ErrorCode;

/// Whether who closes without having read all resets the connection. From 48 on
/// upstream ends the direction of its own first, and the peer sees that end, as
/// with sockets of the system.
pub const CLOSING_RESETS: bool = false;

/// Whether `network-error-code` knows the errors of TCP streams.
pub const STREAM_ERRORS_HAVE_CODES: bool = false;

/// Whether a stream that has waited for a datagram holds the socket until its
/// drop has been waited for, so that the guest traps that takes streams before.
pub const WAITING_HOLDS_THE_SOCKET: bool = true;

/// Whether what a guest does without waiting spends the budget of its task.
pub const POLLS_SPEND_THE_BUDGET: bool = true;

/// Returns what the last operation on a stream failed with.
pub fn stream_code(error: wasmtime::Error) -> ErrorCode {
    match error.downcast::<super::wash::sockets::ErrorCode>() {
        Ok(code) => ErrorCode::from(code),
        Err(error) => error.downcast().unwrap(),
    }
}

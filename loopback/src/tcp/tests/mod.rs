mod planes;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Returns what a future gives when it is first polled, `None` where it waits.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

//! What is begun, given up where it is not done at once, and begun again: neither
//! bytes nor connections may get lost by that.

use shared::Fault;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use wit_bindgen::rt::async_support::{StreamReader, StreamResult, StreamWriter};

/// Waits for some items, at most so many; none are there at the end.
pub async fn read<T: 'static>(input: &mut StreamReader<T>, most: usize) -> Option<Vec<T>> {
    let (result, items) = {
        let mut read = pin!(input.read(Vec::with_capacity(most)));
        match at_once(read.as_mut()).await {
            Some(done) => done,
            None => read.as_mut().cancel(),
        }
    };
    let (result, items) = match result {
        StreamResult::Cancelled => input.read(items).await,
        _ => (result, items),
    };
    match result {
        StreamResult::Complete(_) => Some(items),
        _ => (!items.is_empty()).then_some(items),
    }
}

/// Waits until all of it is written.
pub async fn write(output: &mut StreamWriter<u8>, bytes: Vec<u8>) -> Result<(), Fault> {
    let (result, rest) = {
        let mut write = pin!(output.write(bytes));
        let (result, rest) = match at_once(write.as_mut()).await {
            Some(done) => done,
            None => write.as_mut().cancel(),
        };
        (result, rest.into_vec())
    };
    // Who writes again after being told that the reader is gone, traps.
    let dropped = result == StreamResult::Dropped;
    match rest.is_empty() || !dropped && output.write_all(rest).await.is_empty() {
        true => Ok(()),
        false => Err("send: the stream was dropped".to_owned()),
    }
}

/// Returns what a future gives when it is asked but once.
pub async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

//! Threads that use one network at a time. They park when they have to wait,
//! so that a wake-up that is lost hangs the test.

use std::future::poll_fn;
use std::net::Shutdown;
use std::thread::{self, Thread};

use super::*;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Writes `total` bytes that count up, in pieces of a size that changes.
fn write_all(stream: &Stream, total: usize, most: usize) {
    let mut sent = 0;
    while sent < total {
        let size = (1 + sent % most).min(total - sent);
        let bytes: Vec<u8> = (sent..sent + size).map(|at| at as u8).collect();
        let mut left = bytes.into();
        if stream.offer(&mut left) {
            sent += size;
            continue;
        }
        let count = block_on(poll_fn(|cx| stream.poll_write(cx, &left))).unwrap();
        sent += count;
    }
    stream.shutdown(Shutdown::Write);
}

fn read_all(stream: &Stream, total: usize, most: usize) {
    let mut came = 0;
    let mut into = vec![0; most];
    loop {
        block_on(stream.readable());
        let count = match stream.try_read(&mut into) {
            Ok(0) => break,
            Ok(count) => count,
            Err(Error::WouldBlock) => continue,
            Err(error) => panic!("{error}"),
        };
        assert!(
            into[..count]
                .iter()
                .zip(came..)
                .all(|(byte, at)| *byte == at as u8)
        );
        came += count;
    }
    assert_eq!(came, total);
}

#[test]
fn both_directions_at_once() {
    const TOTAL: usize = 300_000;
    let network = Shared::default();
    for (written, read) in [(3, 700), (5_000, 11), (2_000, 2_000)] {
        let options = Options {
            receive_buffer: 1_152,
            send_buffer: 2_304,
            ..Options::default()
        };
        let ends = pair_with(&network, options);
        thread::scope(|scope| {
            for end in &ends {
                scope.spawn(|| write_all(end, TOTAL, written));
                scope.spawn(|| read_all(end, TOTAL, read));
            }
        });
    }
    assert_unused(&network);
}

#[test]
fn many_connect_to_one_listener() {
    const CLIENTS: usize = 4;
    const EACH: usize = 300;
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 1);
    let to = listener.local_addr();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let stream = block_on(connecting(&network, to)).unwrap();
                    let sent = block_on(poll_fn(|cx| stream.poll_write(cx, b"ping")));
                    assert_eq!(sent, Ok(4));
                    let mut into = [0; 8];
                    let read = block_on(poll_fn(|cx| stream.poll_read(cx, &mut into)));
                    assert_eq!(into[..read.unwrap()], *b"pong");
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..CLIENTS * EACH / 2 {
                    let stream = block_on(listener.accept());
                    let mut into = [0; 8];
                    let read = block_on(poll_fn(|cx| stream.poll_read(cx, &mut into)));
                    assert_eq!(into[..read.unwrap()], *b"ping");
                    assert_eq!(stream.try_write(b"pong"), Ok(4));
                }
            });
        }
    });
    drop(listener);
    assert_unused(&network);
}

#[test]
fn listeners_that_come_and_go_leave_nobody_waiting() {
    const ROUNDS: usize = 300;
    let network = Shared::default();
    let to = address("127.0.0.1:80");
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    match block_on(connecting(&network, to)) {
                        Ok(stream) => {
                            let read = block_on(poll_fn(|cx| stream.poll_read(cx, &mut [0])));
                            assert!(matches!(read, Ok(0) | Err(Error::ConnectionReset)));
                        }
                        Err(error) => assert_eq!(error, Error::ConnectionRefused),
                    }
                }
            });
        }
        scope.spawn(|| {
            for round in 0..ROUNDS {
                let listener = listen(&network, "127.0.0.1:80", 0);
                for _ in 0..round % 3 {
                    drop(listener.try_accept());
                }
            }
        });
    });
    assert_unused(&network);
}

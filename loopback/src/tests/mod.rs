//! Tests of the parts together; none depends on time or on the host's network.

mod backlog;
mod backlog_model;
#[cfg(target_os = "linux")]
mod families;
mod locks;
mod pipe;
mod pipe_model;
mod polls;
mod ports;
mod ports_model;
mod stress;
mod udp;
#[cfg(target_os = "linux")]
mod udp_kernel;
mod udp_model;
mod waiters;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use proptest::test_runner::Config as ProptestConfig;

use super::*;

type Shared = Arc<Mutex<Network>>;

/// Keeps failing cases out of the source tree, which others make and compare;
/// they are printed.
fn unrecorded() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Counts how often it is woken.
#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Counter {
    fn new() -> (Arc<Counter>, Waker) {
        let counter = Arc::new(Counter::default());
        (Arc::clone(&counter), Waker::from(counter))
    }

    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut noop())
}

/// Returns what a future gives when it is first polled, `None` where it waits.
pub(super) fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match poll_once(future) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn bind(network: &Shared, at: &str) -> Result<Binding, Error> {
    Binding::new(network, Protocol::Tcp, address(at))
}

fn listen(network: &Shared, at: &str, backlog: usize) -> Listener {
    let binding = bind(network, at).unwrap();
    Listener::new(binding, backlog, Options::default()).unwrap()
}

fn connecting(network: &Shared, to: SocketAddr) -> Connecting {
    Connecting::new(network, None, to, Options::default())
}

fn connect(network: &Shared, to: SocketAddr) -> Result<Stream, Error> {
    match poll_once(connecting(network, to)) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::WouldBlock),
    }
}

/// Returns the two ends of a connection, the connecting one first, whose
/// buffers have the given sizes.
fn pair_with(network: &Shared, options: Options) -> [Stream; 2] {
    let binding = bind(network, "127.0.0.1:0").unwrap();
    let listener = Listener::new(binding, 0, options).unwrap();
    let to = listener.local_addr();
    let Poll::Ready(connected) = poll_once(Connecting::new(network, None, to, options)) else {
        panic!("a connect waits for a place in an empty queue");
    };
    [connected.unwrap(), listener.try_accept().unwrap()]
}

fn pair() -> [Stream; 2] {
    pair_with(&Shared::default(), Options::default())
}

/// Fails unless everything has been given back.
fn assert_unused(network: &Shared) {
    let figures = lock(network).figures();
    let used = (figures.sockets, figures.ports, figures.bytes_held);
    assert_eq!(used, (0, 0, 0));
}

/// What sockets hold crosses threads, and so do the futures that wait.
#[test]
fn everything_can_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Network>();
    check::<Binding>();
    check::<Listener>();
    check::<Connecting>();
    check::<Stream>();
    check::<Ready<'static>>();
    check::<Accept<'static>>();
}

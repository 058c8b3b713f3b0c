use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::thread::{self, JoinHandle};

use crate::loopback::os::tokio::sync::Mutex as AsyncMutex;
use crate::loopback::{
    Binding, Connecting, DatagramSocket, Error, Listener, Network, Options, Protocol, Stream,
};

/// A name, how often a thread that could go on is left for another one (`None`: any
/// number of times), and the model.
type Model = (&'static str, Option<usize>, fn());

pub const ALL: &[Model] = &[
    ("lock: two count", None, lock_counts),
    (
        "lock: one of two that wait gives up",
        Some(4),
        lock_given_up,
    ),
    (
        "flow: two futures wait for one writer",
        Some(3),
        flow_two_futures,
    ),
    (
        "flow: two polls wait for one writer",
        Some(3),
        flow_two_polls,
    ),
    (
        "flow: a future that leaves takes nobody's wake-up",
        Some(3),
        flow_left,
    ),
    ("flow: a writer waits for room", Some(3), flow_room),
    (
        "flow: the end wakes whoever reads and writes",
        Some(3),
        flow_end,
    ),
    (
        "backlog: two acceptors, two connects, one place",
        Some(2),
        backlog_two,
    ),
    (
        "backlog: a listener that goes refuses who waits",
        Some(3),
        backlog_closed,
    ),
    (
        "backlog: a connect that is given up leaves its place",
        Some(3),
        backlog_left,
    ),
    (
        "mailbox: two sockets send to one that waits",
        Some(2),
        mailbox_two,
    ),
];

type Shared = Arc<Mutex<Network>>;

fn spawn(future: impl Future<Output = ()> + 'static) -> JoinHandle<()> {
    thread::spawn(move || block_on(future))
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("a model's thread ends");
    }
}

/// Polls once with a waker that wakes nobody.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once, and then gives up, in a task that may be woken.
async fn try_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}

fn lock_counts() {
    let mutex = Arc::new(AsyncMutex::new(0));
    let count = |mutex: Arc<AsyncMutex<i32>>| async move { *mutex.lock().await += 1 };
    let other = spawn(count(Arc::clone(&mutex)));
    block_on(count(Arc::clone(&mutex)));
    join([other]);
    assert_eq!(mutex.try_lock().map(|count| *count).ok(), Some(2));
}

fn lock_given_up() {
    let mutex = Arc::new(AsyncMutex::new(0));
    let held = mutex.try_lock().expect("nobody has it");
    let (leaving, staying) = (Arc::clone(&mutex), Arc::clone(&mutex));
    let threads = [
        spawn(async move {
            if let Some(mut count) = try_once(leaving.lock()).await {
                *count += 1;
            }
        }),
        spawn(async move { *staying.lock().await += 1 }),
    ];
    drop(held);
    join(threads);
    let count = mutex.try_lock().map(|count| *count).ok();
    assert!(matches!(count, Some(1 | 2)));
}

fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Listens with room for one connection that nobody has accepted.
fn listen(network: &Shared, options: Options) -> Listener {
    let binding = Binding::new(network, Protocol::Tcp, any()).expect("a free port");
    Listener::new(binding, 0, options).expect("a listener")
}

fn connect(network: &Shared, listener: &Listener, options: Options) -> Connecting {
    Connecting::new(network, None, listener.local_addr(), options)
}

/// Both ends of a connection with small buffers.
fn pair() -> [Arc<Stream>; 2] {
    let network = Shared::default();
    let options = Options {
        receive_buffer: 512,
        send_buffer: 512,
        ..Options::default()
    };
    let listener = listen(&network, options);
    let Poll::Ready(connected) = poll_once(connect(&network, &listener, options)) else {
        panic!("there is a place");
    };
    let accepted = listener.try_accept().expect("a connection");
    [connected.expect("a connection"), accepted].map(Arc::new)
}

/// Reads a byte, waiting by a future.
async fn read_one(stream: &Stream) -> u8 {
    let mut byte = [0];
    loop {
        match stream.try_read(&mut byte) {
            Ok(count) => {
                assert_eq!(count, 1);
                return byte[0];
            }
            Err(error) => assert_eq!(error, Error::WouldBlock),
        }
        stream.readable().await;
    }
}

fn write(stream: &Stream, bytes: &[u8]) {
    for byte in bytes {
        assert_eq!(stream.try_write(&[*byte]), Ok(1));
    }
}

fn flow_two_futures() {
    let [near, far] = pair();
    let readers = [Arc::clone(&far), far].map(|far| {
        spawn(async move {
            assert!(matches!(read_one(&far).await, 1 | 2));
        })
    });
    write(&near, &[1, 2]);
    join(readers);
}

fn flow_two_polls() {
    let [near, far] = pair();
    let readers = [Arc::clone(&far), far].map(|far| {
        spawn(async move {
            let mut byte = [0];
            let read = poll_fn(|cx| far.poll_read(cx, &mut byte)).await;
            assert_eq!(read, Ok(1));
        })
    });
    write(&near, &[1, 2]);
    join(readers);
}

fn flow_left() {
    let [near, far] = pair();
    let leaving = Arc::clone(&far);
    let readers = [
        spawn(async move {
            try_once(leaving.readable()).await;
        }),
        spawn(async move {
            assert_eq!(read_one(&far).await, 1);
        }),
    ];
    write(&near, &[1]);
    join(readers);
}

fn flow_room() {
    let [near, far] = pair();
    let full = |near: &Stream| near.try_write(&[7; 64]) == Err(Error::WouldBlock);
    let mut written = 0;
    while let Ok(count) = near.try_write(&[7; 64]) {
        written += count;
    }
    assert!(full(&near));
    let writer = spawn(async move {
        near.writable().await;
        assert!(near.try_write(&[7; 64]).is_ok());
    });
    let mut read = 0;
    while read < written {
        read += far.try_read(&mut [0; 256]).expect("what was written");
    }
    join([writer]);
}

fn flow_end() {
    let [near, far] = pair();
    while near.try_write(&[7; 64]).is_ok() {}
    let writing = Arc::clone(&near);
    let waiting = [
        spawn(async move {
            writing.writable().await;
            assert_ne!(writing.try_write(&[7]), Err(Error::WouldBlock));
        }),
        spawn(async move {
            near.readable().await;
            assert_ne!(near.try_read(&mut [0]), Err(Error::WouldBlock));
        }),
    ];
    drop(far);
    join(waiting);
}

fn backlog_two() {
    let network = Shared::default();
    let listener = Arc::new(listen(&network, Options::default()));
    let acceptors = [0, 1].map(|_| {
        let listener = Arc::clone(&listener);
        spawn(async move { drop(listener.accept().await) })
    });
    // They are made here: only their place is waited for.
    let connects = [0, 1].map(|_| connect(&network, &listener, Options::default()));
    for connect in connects {
        assert!(block_on(connect).is_ok());
    }
    join(acceptors);
}

fn backlog_closed() {
    let network = Shared::default();
    let listener = listen(&network, Options::default());
    let connect = || connect(&network, &listener, Options::default());
    let (queued, waits) = (connect(), connect());
    let waiting = spawn(async move {
        assert_eq!(waits.await.err(), Some(Error::ConnectionRefused));
    });
    drop(listener);
    assert!(block_on(queued).is_ok());
    join([waiting]);
    assert_eq!(network.lock().expect("a network").figures().sockets, 0);
}

fn backlog_left() {
    let network = Shared::default();
    let listener = listen(&network, Options::default());
    let connect = || connect(&network, &listener, Options::default());
    let (queued, leaves, waits) = (connect(), connect(), connect());
    let threads = [
        spawn(async move {
            try_once(leaves).await;
        }),
        spawn(async move {
            assert!(waits.await.is_ok());
        }),
    ];
    // Two can be accepted, whether or not the one that leaves was queued before.
    let accepted = [(); 2].map(|()| block_on(listener.accept()));
    join(threads);
    drop((queued, accepted));
}

fn mailbox_two() {
    let network = Shared::default();
    let socket = || {
        let binding = Binding::new(&network, Protocol::Udp, any()).expect("a free port");
        DatagramSocket::new(binding, 1 << 16).expect("a socket")
    };
    let receiver = socket();
    let to = receiver.local_addr();
    let senders = [socket(), socket()].map(|sender| {
        spawn(async move {
            assert_eq!(sender.send_to(&[1], to), Ok(()));
        })
    });
    for _ in 0..2 {
        while receiver.try_recv(&mut [0]).is_err() {
            block_on(receiver.readable());
        }
    }
    join(senders);
}

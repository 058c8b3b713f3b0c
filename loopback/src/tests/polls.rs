//! Polls that no future stands for: nobody takes back what they leave.

use super::super::waiters::MAX_POLLS;
use super::*;

/// Forgets the first of the polls that are `alike`, which need not be kept
/// where there are too many.
pub fn forget_first<T>(polls: &mut Vec<T>, alike: impl Fn(&T) -> bool) {
    if polls.iter().filter(|poll| alike(poll)).count() > MAX_POLLS
        && let Some(first) = polls.iter().position(alike)
    {
        polls.remove(first);
    }
}

const MANY: usize = 300_000;

/// Sockets on which nothing happens.
struct Idle {
    /// It has nothing to read, and no room to write.
    near: Stream,
    far: Stream,
    listener: Listener,
    socket: DatagramSocket,
}

/// A way to poll them; it gives whether something has come.
type Ask = fn(&Idle, &mut Context<'_>) -> bool;
/// What makes such a poll worth to be repeated.
type Event = fn(&Idle, &Shared);

const WAYS: [(&str, Ask, Event); 7] = [
    (
        "read",
        |idle, cx| idle.near.poll_read(cx, &mut [0]).is_ready(),
        send,
    ),
    (
        "read bytes",
        |idle, cx| idle.near.poll_read_bytes(cx, 1).is_ready(),
        send,
    ),
    (
        "read ready",
        |idle, cx| idle.near.poll_read_ready(cx).is_ready(),
        send,
    ),
    (
        "write",
        |idle, cx| idle.near.poll_write(cx, &[0]).is_ready(),
        drain,
    ),
    (
        "write ready",
        |idle, cx| idle.near.poll_write_ready(cx).is_ready(),
        drain,
    ),
    (
        "accept",
        |idle, cx| idle.listener.poll_accept_ready(cx).is_ready(),
        queue,
    ),
    (
        "receive",
        |idle, cx| idle.socket.poll_readable(cx).is_ready(),
        post,
    ),
];

fn send(idle: &Idle, _: &Shared) {
    idle.far.try_write(b"x").unwrap();
}

fn drain(idle: &Idle, _: &Shared) {
    while idle.far.try_read(&mut [0; 4_096]).is_ok() {}
}

fn queue(idle: &Idle, network: &Shared) {
    connect(network, idle.listener.local_addr()).unwrap();
}

fn post(idle: &Idle, _: &Shared) {
    idle.socket.send_to(b"x", idle.socket.local_addr()).unwrap();
}

impl Idle {
    fn new(network: &Shared) -> Idle {
        let [near, far] = pair_with(network, Options::default());
        while near.try_write(&[0; 4_096]).is_ok() {}
        let binding = Binding::new(network, Protocol::Udp, address("127.0.0.1:0")).unwrap();
        Idle {
            near,
            far,
            listener: listen(network, "127.0.0.1:0", 0),
            socket: DatagramSocket::new(binding, 1 << 16).unwrap(),
        }
    }

    /// Polls with a waker that is known nowhere else, and returns its counter.
    fn wait(&self, ask: Ask) -> Arc<Counter> {
        let (counter, waker) = Counter::new();
        assert!(!ask(self, &mut Context::from_waker(&waker)));
        counter
    }
}

/// So does a P3 guest that starts an operation, cancels it and starts it again.
#[test]
fn polls_that_are_given_up_leave_few_wakers() {
    for (way, ask, event) in WAYS {
        let network = Shared::default();
        let idle = Idle::new(&network);
        let all: Vec<_> = (0..MANY).map(|_| idle.wait(ask)).collect();
        let kept = all.iter().filter(|one| Arc::strong_count(one) > 1).count();
        assert_eq!(kept, MAX_POLLS + 1, "{way}");
        assert!(all.iter().all(|one| one.count() == 0), "{way}");
        event(&idle, &network);
        assert_eq!(all.last().unwrap().count(), 1, "{way}");
        let woken: usize = all.iter().map(|one| one.count()).sum();
        assert_eq!(woken, kept, "{way}");
    }
}

/// Whoever only asks takes nobody's place, however many wait.
#[test]
fn a_waker_that_wakes_nobody_displaces_none() {
    for (way, ask, event) in WAYS {
        for many in 1..=MAX_POLLS + 1 {
            let network = Shared::default();
            let idle = Idle::new(&network);
            assert!(!ask(&idle, &mut noop()));
            let all: Vec<_> = (0..many).map(|_| idle.wait(ask)).collect();
            for _ in 0..10 {
                assert!(!ask(&idle, &mut noop()));
            }
            event(&idle, &network);
            assert!(all.iter().all(|one| one.count() == 1), "{way}: {many}");
        }
    }
}

/// A waker may own a task, which may own the socket.
#[test]
fn a_waker_that_is_displaced_is_dropped_without_a_lock() {
    struct Task(Arc<Idle>);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Task {
        fn drop(&mut self) {
            let Task(idle) = self;
            assert!(!idle.near.is_over());
            idle.listener.options();
            idle.socket.local_addr();
        }
    }

    for (_, ask, event) in WAYS {
        let network = Shared::default();
        let idle = Arc::new(Idle::new(&network));
        for _ in 0..10 {
            let waker = Waker::from(Arc::new(Task(Arc::clone(&idle))));
            assert!(!ask(&idle, &mut Context::from_waker(&waker)));
        }
        assert!(Arc::strong_count(&idle) <= MAX_POLLS + 2);
        event(&idle, &network);
        assert_eq!(Arc::strong_count(&idle), 1);
    }
}

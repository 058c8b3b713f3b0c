use std::future::Future as _;
use std::pin::Pin;

use super::*;

#[test]
fn a_backlog_admits_one_more_than_it_says() {
    let network = Shared::default();
    for backlog in [0, 1, 5] {
        let listener = listen(&network, "127.0.0.1:80", backlog);
        let to = listener.local_addr();
        let streams: Vec<_> = (0..=backlog)
            .map(|_| connect(&network, to).unwrap())
            .collect();
        assert_eq!(connect(&network, to).unwrap_err(), Error::WouldBlock);
        for stream in &streams {
            let accepted = listener.try_accept().unwrap();
            assert_eq!(accepted.peer_addr(), stream.local_addr());
        }
        assert_eq!(listener.try_accept().unwrap_err(), Error::WouldBlock);
    }
    assert_unused(&network);
}

#[test]
fn a_place_goes_to_who_has_waited_longest() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 0);
    let to = listener.local_addr();
    let first = connect(&network, to).unwrap();
    let (counter, waker) = Counter::new();
    let mut cx = Context::from_waker(&waker);
    let mut second = connecting(&network, to);
    let mut third = connecting(&network, to);
    assert!(Pin::new(&mut second).poll(&mut cx).is_pending());
    assert!(Pin::new(&mut third).poll(&mut cx).is_pending());
    assert_eq!(
        listener.try_accept().unwrap().peer_addr(),
        first.local_addr()
    );
    assert_eq!(counter.count(), 1);
    let Poll::Ready(Ok(second)) = Pin::new(&mut second).poll(&mut cx) else {
        panic!("the second connect is not done");
    };
    assert!(Pin::new(&mut third).poll(&mut cx).is_pending());
    // More places let the rest in.
    listener.set_backlog(1);
    assert_eq!(counter.count(), 2);
    assert!(Pin::new(&mut third).poll(&mut cx).is_ready());
    assert_eq!(
        listener.try_accept().unwrap().peer_addr(),
        second.local_addr()
    );
}

#[test]
fn a_listener_that_goes_away_refuses_and_resets() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 1);
    let to = listener.local_addr();
    let [accepted, queued] = [0, 1].map(|_| connect(&network, to).unwrap());
    let own = listener.try_accept().unwrap();
    // Promoted, but nobody has told it yet.
    let _filler = connect(&network, to).unwrap();
    let mut promoted = connecting(&network, to);
    assert!(Pin::new(&mut promoted).poll(&mut noop()).is_pending());
    listener.set_backlog(2);
    let (counter, waker) = Counter::new();
    let mut waiting = connecting(&network, to);
    let mut cx = Context::from_waker(&waker);
    assert!(Pin::new(&mut waiting).poll(&mut cx).is_pending());
    drop(listener);
    assert_eq!(counter.count(), 1);
    let Poll::Ready(Err(Error::ConnectionRefused)) = Pin::new(&mut waiting).poll(&mut cx) else {
        panic!("the waiting connect is not refused");
    };
    let Poll::Ready(Ok(promoted)) = Pin::new(&mut promoted).poll(&mut cx) else {
        panic!("a connect that was queued did not complete");
    };
    for stream in [queued, promoted] {
        assert_eq!(stream.try_read(&mut [0]), Err(Error::ConnectionReset));
        assert_eq!(stream.try_read(&mut [0]), Ok(0));
    }
    // Its port is free, and what it accepted lives on.
    let again = listen(&network, "127.0.0.1:80", 0);
    assert_eq!(accepted.try_write(b"on"), Ok(2));
    assert_eq!(own.try_read(&mut [0; 8]), Ok(2));
    assert_eq!(
        connect(&network, to).unwrap().peer_addr(),
        again.local_addr()
    );
}

#[test]
fn nobody_listening_refuses_and_gives_everything_back() {
    let network = Shared::default();
    let to = address("127.0.0.1:80");
    assert_eq!(connect(&network, to).unwrap_err(), Error::ConnectionRefused);
    let bound = bind(&network, "127.0.0.1:80").unwrap();
    assert_eq!(connect(&network, to).unwrap_err(), Error::ConnectionRefused);
    drop(bound);
    let error = connect(&network, address("0.0.0.0:80")).unwrap_err();
    assert_eq!(error, Error::AddressNotAvailable);
    assert_unused(&network);
}

#[test]
fn a_connect_that_is_dropped_takes_no_place() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 0);
    let to = listener.local_addr();
    let first = connect(&network, to).unwrap();
    let waiting = connecting(&network, to);
    let mut last = connecting(&network, to);
    drop(waiting);
    drop((first, listener.try_accept().unwrap()));
    assert!(Pin::new(&mut last).poll(&mut noop()).is_ready());
    // One that is dropped after it got its place is accepted, and is closed,
    // whether or not it had been told.
    let mut untold = connecting(&network, to);
    assert!(Pin::new(&mut untold).poll(&mut noop()).is_pending());
    listener.set_backlog(1);
    drop((last, untold));
    for _ in 0..2 {
        let accepted = listener.try_accept().unwrap();
        assert_eq!(accepted.try_read(&mut [0]), Ok(0));
    }
    drop(listener);
    assert_unused(&network);
}

#[test]
fn options_are_those_of_the_moment_of_queueing() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 8);
    let _early = connect(&network, listener.local_addr()).unwrap();
    let options = Options {
        hop_limit: 7,
        ..listener.options()
    };
    listener.set_options(options);
    let _late = connect(&network, listener.local_addr()).unwrap();
    assert_eq!(listener.try_accept().unwrap().options(), Options::default());
    assert_eq!(listener.try_accept().unwrap().options(), options);
}

#[test]
fn the_network_limits_backlogs() {
    let network = Shared::default();
    let limits = Limits {
        backlog: 0,
        ..Limits::default()
    };
    lock(&network).set_limits(limits);
    let listener = listen(&network, "127.0.0.1:80", usize::MAX);
    let _queued = connect(&network, listener.local_addr()).unwrap();
    listener.set_backlog(usize::MAX);
    let error = connect(&network, listener.local_addr()).unwrap_err();
    assert_eq!(error, Error::WouldBlock);
}

#[test]
fn an_accept_that_is_dropped_loses_no_connection() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 8);
    let (counter, waker) = Counter::new();
    let mut cx = Context::from_waker(&waker);
    let mut stays = Box::pin(listener.accept());
    let mut goes = Box::pin(listener.accept());
    assert!(goes.as_mut().poll(&mut noop()).is_pending());
    assert!(stays.as_mut().poll(&mut cx).is_pending());
    assert!(listener.poll_accept_ready(&mut noop()).is_pending());
    let stream = connect(&network, listener.local_addr()).unwrap();
    drop(goes);
    assert_eq!(counter.count(), 1);
    assert!(listener.poll_accept_ready(&mut noop()).is_ready());
    let Poll::Ready(accepted) = stays.as_mut().poll(&mut cx) else {
        panic!("the connection is lost");
    };
    assert_eq!(accepted.peer_addr(), stream.local_addr());
}

#[test]
fn only_a_tcp_socket_listens() {
    let network = Shared::default();
    let udp = Binding::new(&network, Protocol::Udp, address("127.0.0.1:80")).unwrap();
    let error = Listener::new(udp, 1, Options::default()).unwrap_err();
    assert_eq!(error, Error::AddressNotAvailable);
    assert_unused(&network);
}

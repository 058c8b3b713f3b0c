use super::*;

#[test]
fn a_taken_port_is_in_use_until_it_is_dropped() {
    let network = Shared::default();
    let first = bind(&network, "127.0.0.1:80").unwrap();
    assert_eq!(
        bind(&network, "127.0.0.1:80").unwrap_err(),
        Error::AddressInUse
    );
    assert_eq!(
        bind(&network, "[::ffff:127.0.0.1]:80").unwrap_err(),
        Error::AddressInUse
    );
    assert_eq!(
        bind(&network, "0.0.0.0:80").unwrap_err(),
        Error::AddressInUse
    );
    let others = ["127.0.0.2:80", "127.0.0.1:81", "[::1]:80"].map(|at| bind(&network, at).unwrap());
    let udp = Binding::new(&network, Protocol::Udp, address("127.0.0.1:80")).unwrap();
    assert_eq!(lock(&network).figures().ports, 5);
    drop((first, udp));
    let again = bind(&network, "127.0.0.1:80").unwrap();
    drop((again, others));
    assert_unused(&network);
}

#[test]
fn a_wildcard_conflicts_with_each_address_of_its_family() {
    let network = Shared::default();
    let wild = bind(&network, "0.0.0.0:0").unwrap();
    let port = wild.local_addr().port();
    for at in ["127.0.0.1", "127.255.255.255", "0.0.0.0"] {
        let error = bind(&network, &format!("{at}:{port}")).unwrap_err();
        assert_eq!(error, Error::AddressInUse);
    }
    let v6 = bind(&network, &format!("[::]:{port}")).unwrap();
    assert_eq!(v6.local_addr().to_string(), format!("[::]:{port}"));
    assert_eq!(
        bind(&network, &format!("[::1]:{port}")).unwrap_err(),
        Error::AddressInUse
    );
}

#[test]
fn other_addresses_are_not_available() {
    let network = Shared::default();
    for at in [
        "192.0.2.1:0",
        "[2001:db8::1]:0",
        "128.0.0.1:1",
        "[::2]:1",
        "[::ffff:192.0.2.1]:1",
    ] {
        assert_eq!(bind(&network, at).unwrap_err(), Error::AddressNotAvailable);
        assert_eq!(
            connect(&network, address(at)).unwrap_err(),
            Error::AddressNotAvailable
        );
    }
    assert_unused(&network);
}

#[test]
fn every_ephemeral_port_can_be_taken_once() {
    let network = Shared::default();
    let mut taken: Vec<_> = (0..32_768)
        .map(|_| bind(&network, "127.0.0.1:0").unwrap())
        .collect();
    let mut ports: Vec<_> = taken
        .iter()
        .map(|taken| taken.local_addr().port())
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!((ports.len(), ports[0]), (32_768, 32_768));
    for at in ["127.0.0.1:0", "0.0.0.0:0"] {
        assert_eq!(bind(&network, at).unwrap_err(), Error::AddressInUse);
    }
    // Another address still has them all.
    drop(bind(&network, "127.0.0.2:0").unwrap());
    let freed = taken.swap_remove(4_711).local_addr();
    assert_eq!(bind(&network, "127.0.0.1:0").unwrap().local_addr(), freed);
    drop(taken);
    assert_unused(&network);
}

#[test]
fn nobody_is_bound_to_a_port_that_is_passed_through() {
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        let network = Shared::default();
        let bind = |at: &str| Binding::new(&network, protocol, address(at));
        lock(&network).pass_through(protocol, 32_768..=65_534);
        for at in ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"] {
            let taken = bind(&format!("{at}:40000"));
            assert_eq!(taken.unwrap_err(), Error::AddressInUse, "{at}");
            let any = bind(&format!("{at}:0")).unwrap();
            assert_eq!(any.local_addr().port(), 65_535);
            let none = bind(&format!("{at}:0"));
            assert_eq!(none.unwrap_err(), Error::AddressInUse, "{at}");
        }
        // Of the network's other addresses, none leads to the host.
        drop(bind("127.0.0.2:40000").unwrap());
        let held = bind("127.0.0.1:80").unwrap();
        lock(&network).pass_through(protocol, [80]);
        drop(bind("127.0.0.1:40000").unwrap());
        drop(held);
        assert_eq!(bind("0.0.0.0:80").unwrap_err(), Error::AddressInUse);
        assert_unused(&network);
    }
}

#[test]
fn freed_ports_are_not_given_out_again_at_once() {
    let network = Shared::default();
    let first = bind(&network, "127.0.0.1:0").unwrap().local_addr();
    assert_ne!(bind(&network, "127.0.0.1:0").unwrap().local_addr(), first);
}

#[test]
fn networks_begin_at_ports_of_their_own() {
    let first = |protocol, at| {
        let network = Shared::default();
        let binding = Binding::new(&network, protocol, address(at)).unwrap();
        binding.local_addr().port()
    };
    let of_tcp = [(); 64].map(|()| first(Protocol::Tcp, "127.0.0.1:0"));
    let of_udp = [(); 64].map(|()| first(Protocol::Udp, "[::]:0"));
    // Chance puts them so close together once in more than 10^90 times.
    for ports in [of_tcp, of_udp] {
        let most = ports.iter().max().unwrap() - ports.iter().min().unwrap();
        assert!(most > 1_024, "{ports:?}");
    }
}

/// A listener that is gone leaves its connections, whose pairs are taken.
#[test]
fn a_port_with_connections_is_given_out_last() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:0", 0);
    let at = listener.local_addr();
    let live = (
        connect(&network, at).unwrap(),
        listener.try_accept().unwrap(),
    );
    drop(listener);
    let client = bind(&network, "127.0.0.1:0").unwrap();
    let from = client.local_addr();
    let other = listen(&network, "127.0.0.1:80", 0);
    let connecting = Connecting::new(
        &network,
        Some(client),
        other.local_addr(),
        Options::default(),
    );
    let Poll::Ready(Ok(stream)) = poll_once(connecting) else {
        panic!("no connection from {from}");
    };
    // Its peer lives on, and so does the pair.
    drop(stream);
    let half = other.try_accept().unwrap();
    // The search comes round to where it began.
    for _ in 0..32_760 {
        drop(bind(&network, "127.0.0.1:0").unwrap());
    }
    let mut taken: Vec<_> = (0..32_767)
        .map(|_| bind(&network, "127.0.0.1:0").unwrap())
        .collect();
    let mut last: Vec<_> = taken[32_765..].iter().map(Binding::local_addr).collect();
    last.sort();
    let mut expected = vec![at, from];
    expected.sort();
    assert_eq!(last, expected);
    // The only one left is implicit.
    for any in ["127.0.0.1:0", "0.0.0.0:0"] {
        assert_eq!(bind(&network, any).unwrap_err(), Error::AddressInUse);
    }
    // By name it can be had at once, and from any other end be reached.
    taken.retain(|taken| taken.local_addr() != at);
    let again = listen(&network, &at.to_string(), 0);
    taken.clear();
    let stream = connect(&network, at).unwrap();
    assert_ne!(stream.local_addr(), live.0.local_addr());
    drop((stream, again, live, half, other));
    assert_unused(&network);
}

#[test]
fn more_connections_than_ports_can_live() {
    let network = Shared::default();
    let listeners = ["127.0.0.1:80", "127.0.0.2:80"].map(|at| listen(&network, at, 4_096));
    let mut streams = Vec::new();
    for listener in &listeners {
        for _ in 0..32_768 {
            streams.push(connect(&network, listener.local_addr()).unwrap());
            streams.push(listener.try_accept().unwrap());
        }
        // One route has no more pairs than there are ports.
        let error = connect(&network, listener.local_addr()).unwrap_err();
        assert_eq!(error, Error::AddressNotAvailable);
    }
    assert_eq!(lock(&network).figures().sockets, 2 * 65_536 + 2);
    // Nobody else is given the shared ones, but at other addresses.
    let shared = streams[0].local_addr().to_string();
    for at in ["0.0.0.0:0", "127.0.0.1:0", &shared] {
        assert_eq!(bind(&network, at).unwrap_err(), Error::AddressInUse);
    }
    let bound = bind(&network, "127.0.0.2:0").unwrap();
    assert!(bound.local_addr().port() >= 32_768);
    drop((streams, listeners, bound));
    drop(bind(&network, &shared).unwrap());
    assert_unused(&network);
}

#[test]
fn a_bound_socket_connects_from_its_address() {
    let network = Shared::default();
    let listener = listen(&network, "0.0.0.0:80", 1);
    for (from, local) in [
        ("127.0.0.3:4000", "127.0.0.3:4000"),
        ("0.0.0.0:4001", "127.0.0.1:4001"),
    ] {
        let binding = bind(&network, from).unwrap();
        let to = address("127.0.0.2:80");
        let connecting = Connecting::new(&network, Some(binding), to, Options::default());
        let Poll::Ready(Ok(stream)) = poll_once(connecting) else {
            panic!("no connection from {from}");
        };
        let accepted = listener.try_accept().unwrap();
        assert_eq!(stream.local_addr(), address(local));
        assert_eq!(stream.peer_addr(), to);
        assert_eq!(
            (accepted.local_addr(), accepted.peer_addr()),
            (to, address(local))
        );
        assert_eq!(bind(&network, local).unwrap_err(), Error::AddressInUse);
        // The pair stays taken as long as the accepted end lives.
        drop(stream);
        let binding = bind(&network, from).unwrap();
        let again = Connecting::new(&network, Some(binding), to, Options::default());
        let Poll::Ready(Err(error)) = poll_once(again) else {
            panic!("the pair was given out twice");
        };
        assert_eq!(error, Error::AddressNotAvailable);
        drop(accepted);
    }
    drop(listener);
    assert_unused(&network);
}

#[test]
fn families_do_not_meet() {
    let network = Shared::default();
    let listener = listen(&network, "[::1]:80", 1);
    let error = connect(&network, address("127.0.0.1:80")).unwrap_err();
    assert_eq!(error, Error::ConnectionRefused);
    let binding = bind(&network, "127.0.0.1:0").unwrap();
    let to = listener.local_addr();
    let connecting = Connecting::new(&network, Some(binding), to, Options::default());
    let Poll::Ready(Err(Error::AddressNotAvailable)) = poll_once(connecting) else {
        panic!("an IPv4 socket connects to an IPv6 address");
    };
    let stream = connect(&network, to).unwrap();
    assert_eq!(stream.local_addr().ip(), address("[::1]:0").ip());
}

#[test]
fn a_limit_on_sockets_holds_and_is_given_back() {
    let network = Shared::default();
    let limits = Limits {
        sockets: 3,
        ..Limits::default()
    };
    lock(&network).set_limits(limits);
    let listener = listen(&network, "127.0.0.1:80", 8);
    let stream = connect(&network, listener.local_addr()).unwrap();
    let error = connect(&network, listener.local_addr()).unwrap_err();
    assert_eq!(error, Error::LimitReached);
    assert_eq!(
        bind(&network, "127.0.0.1:0").unwrap_err(),
        Error::LimitReached
    );
    drop((stream, listener.try_accept().unwrap()));
    drop(connect(&network, listener.local_addr()).unwrap());
    drop(listener);
    assert_unused(&network);
}

#[test]
fn a_poisoned_lock_is_recovered() {
    let network = Shared::default();
    let poisoner = Arc::clone(&network);
    let panicked = std::thread::spawn(move || {
        let _guard = lock(&poisoner);
        std::panic::resume_unwind(Box::new("held"));
    });
    assert!(panicked.join().is_err());
    assert!(network.is_poisoned());
    let [connected, accepted] = pair_with(&network, Options::default());
    assert_eq!(connected.try_write(b"fine"), Ok(4));
    drop((connected, accepted));
    assert_unused(&network);
}

/// A host may put another network into the same place while sockets live.
#[test]
fn what_is_dropped_goes_back_to_the_network_it_was_taken_from() {
    let network = Shared::default();
    let listener = listen(&network, "127.0.0.1:80", 3);
    let at = listener.local_addr();
    let client = bind(&network, "127.0.0.1:0").unwrap();
    let connecting = Connecting::new(&network, Some(client), at, Options::default());
    let Poll::Ready(Ok(bound)) = poll_once(connecting) else {
        panic!("a bound socket does not connect");
    };
    let unbound = connect(&network, at).unwrap();
    let late = bind(&network, "127.0.0.1:0").unwrap();
    let udp = Binding::new(&network, Protocol::Udp, at).unwrap();
    let udp = DatagramSocket::new(udp, 1_000).unwrap();
    let before = std::mem::take(&mut *lock(&network));
    assert_unused(&network);
    // The new one knows nothing of those before it, nor they of it.
    assert_eq!(connect(&network, at).unwrap_err(), Error::ConnectionRefused);
    let again = listen(&network, "127.0.0.1:80", 1);
    let other = Binding::new(&network, Protocol::Udp, at).unwrap();
    let other = DatagramSocket::new(other, 1_000).unwrap();
    udp.send_to(b"own", at).unwrap();
    assert_eq!(other.try_recv(&mut [0; 9]), Err(Error::WouldBlock));
    assert_eq!(udp.try_recv(&mut [0; 9]), Ok((3, at)));
    let late = poll_once(Connecting::new(
        &network,
        Some(late),
        at,
        Options::default(),
    ));
    assert!(matches!(late, Poll::Ready(Ok(_))));
    assert_eq!(again.try_accept().unwrap_err(), Error::WouldBlock);
    drop((listener, bound, unbound, late, udp));
    let figures = lock(&network).figures();
    assert_eq!((figures.sockets, figures.ports), (2, 2));
    assert_unused(&Mutex::new(before).into());
    drop((connect(&network, at).unwrap(), again, other));
    assert_unused(&network);
}

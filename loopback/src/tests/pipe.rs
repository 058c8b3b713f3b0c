use std::cell::Cell;
use std::net::Shutdown;

use bytes::Bytes;

use super::*;

fn small() -> Options {
    Options {
        receive_buffer: 1_152,
        send_buffer: 2_304,
        ..Options::default()
    }
}

fn read(stream: &Stream) -> Result<Vec<u8>, Error> {
    let mut into = [0; 4_096];
    let count = stream.try_read(&mut into)?;
    Ok(into[..count].to_vec())
}

/// Writes until there is no more room, and returns how much went in.
fn fill(stream: &Stream, piece: &[u8]) -> usize {
    let mut written = 0;
    while let Ok(count) = stream.try_write(piece) {
        written += count;
    }
    written
}

#[test]
fn bytes_come_out_as_they_went_in() {
    let [a, b] = pair();
    assert_eq!(read(&b), Err(Error::WouldBlock));
    assert_eq!(a.try_write(b"one "), Ok(4));
    assert_eq!(a.try_write(b"two"), Ok(3));
    assert_eq!(a.try_write(b""), Ok(0));
    assert_eq!(b.try_read(&mut []), Ok(0));
    assert_eq!(read(&b).unwrap(), b"one two");
    assert_eq!(b.try_write(b"three"), Ok(5));
    assert_eq!(&a.try_read_bytes(2).unwrap()[..], b"th");
    assert_eq!(&a.try_read_bytes(9).unwrap()[..], b"ree");
    assert_eq!(a.try_read_bytes(9), Err(Error::WouldBlock));
}

#[test]
fn a_whole_chunk_is_moved() {
    let [a, b] = pair();
    let mut chunk = Bytes::from(vec![7; 50_000]);
    let place = chunk.as_ptr();
    assert!(a.offer(&mut chunk) && chunk.is_empty());
    // A part is copied; the rest can still be moved.
    assert_eq!(b.try_read_bytes(1).unwrap()[..], [7]);
    let rest = b.try_read_bytes(usize::MAX).unwrap();
    assert_eq!((rest.len(), rest.as_ptr()), (49_999, place.wrapping_add(1)));
}

#[test]
fn what_is_not_worth_moving_is_left() {
    let [a, b] = pair();
    for chunk in [Bytes::from(vec![7; 511]), Bytes::from(vec![7; 100_000])] {
        let mut left = chunk.clone();
        assert!(!a.offer(&mut left));
        assert_eq!(left, chunk);
    }
    let mut spacious = Vec::with_capacity(20_000);
    spacious.resize(1_000, 7);
    assert!(!a.offer(&mut Bytes::from(spacious)));
    drop(b);
    let mut chunk = Bytes::from(vec![7; 1_000]);
    assert!(!a.offer(&mut chunk));
    assert_eq!(chunk.len(), 1_000);
}

#[test]
fn memory_is_charged_not_bytes() {
    let network = Shared::default();
    for (piece, least) in [(1, 2_000), (600, 2_400), (3_000, 3_000)] {
        let [a, b] = pair_with(&network, small());
        let written = fill(&a, &vec![1; piece]);
        let [_, (held, window)] = a.held();
        assert_eq!(window, 3_456);
        assert!(held <= window, "{held} of {window}");
        assert!((least..=window).contains(&written), "{written} by {piece}");
        drop((a, b));
    }
    // The slice pins the buffer it is cut from, so it is charged by that.
    let [a, b] = pair_with(&network, small());
    for _ in 0..100 {
        let slice = Bytes::from(vec![1; 3_000]).split_off(2_400);
        let mut left = slice.clone();
        drop(slice);
        a.offer(&mut left);
        let [_, (held, window)] = a.held();
        assert!(held <= window);
    }
    drop((a, b));
    assert_unused(&network);
}

#[test]
fn a_writer_waits_until_a_third_is_free() {
    let [a, b] = pair_with(&Shared::default(), small());
    let (counter, waker) = Counter::new();
    let mut cx = Context::from_waker(&waker);
    assert!(a.poll_write_ready(&mut cx).is_ready());
    fill(&a, &[1; 100]);
    assert!(a.poll_write_ready(&mut cx).is_pending());
    assert!(a.poll_write(&mut cx, &[1]).is_pending());
    while counter.count() == 0 {
        assert!(a.poll_write_ready(&mut noop()).is_pending());
        assert_eq!(b.try_read(&mut [0; 50]), Ok(50));
        let [_, (held, window)] = a.held();
        assert_eq!(counter.count() > 0, window - held >= window / 3);
    }
    assert!(a.poll_write_ready(&mut noop()).is_ready());
    assert_eq!(a.try_write(&[1]), Ok(1));
}

#[test]
fn half_a_connection_can_be_closed() {
    let [a, b] = pair();
    assert_eq!(a.try_write(b"last words"), Ok(10));
    a.shutdown(Shutdown::Write);
    assert_eq!(a.try_write(b"more"), Err(Error::BrokenPipe));
    assert_eq!(b.try_write(b"answer"), Ok(6));
    assert_eq!(read(&b).unwrap(), b"last words");
    assert_eq!(read(&b).unwrap(), b"");
    assert_eq!(read(&a).unwrap(), b"answer");
    assert_eq!(read(&a), Err(Error::WouldBlock));
    drop(b);
    assert_eq!(read(&a).unwrap(), b"");
}

#[test]
fn what_nobody_wants_is_discarded() {
    let network = Shared::default();
    let [a, b] = pair_with(&network, small());
    let filled = fill(&a, &[1; 100]);
    let (counter, waker) = Counter::new();
    assert!(
        a.poll_write_ready(&mut Context::from_waker(&waker))
            .is_pending()
    );
    b.shutdown(Shutdown::Read);
    assert_eq!(counter.count(), 1);
    assert_eq!(read(&b).unwrap(), b"");
    for _ in 0..filled {
        assert_eq!(a.try_write(&[1; 100]), Ok(100));
    }
    assert_eq!(a.held()[1].0, 0);
    assert_eq!(b.try_write(b"still"), Ok(5));
    assert_eq!(read(&a).unwrap(), b"still");
    // It was not read for all that.
    drop(b);
    assert_eq!(read(&a), Err(Error::ConnectionReset));
}

#[test]
fn closing_with_unread_data_resets_after_what_was_written() {
    let [a, b] = pair();
    a.try_write(b"unread").unwrap();
    b.try_write(b"written").unwrap();
    drop(b);
    assert_eq!(read(&a).unwrap(), b"written");
    assert_eq!(read(&a), Err(Error::ConnectionReset));
    // As with Linux, a reset is told once.
    assert_eq!(read(&a).unwrap(), b"");
    assert_eq!(a.try_write(b"x"), Err(Error::BrokenPipe));
}

#[test]
fn a_writer_is_told_of_a_reset_if_it_comes_first() {
    let [a, b] = pair();
    b.set_abort(true);
    drop(b);
    assert_eq!(a.try_write(b"x"), Err(Error::ConnectionReset));
    assert_eq!(a.try_write(b"x"), Err(Error::BrokenPipe));
    assert_eq!(read(&a).unwrap(), b"");
}

#[test]
fn a_reset_after_the_end_is_no_news_to_a_reader() {
    let [a, b] = pair();
    a.try_write(b"unread").unwrap();
    b.shutdown(Shutdown::Write);
    drop(b);
    assert_eq!(read(&a).unwrap(), b"");
    assert_eq!(a.try_write(b"x"), Err(Error::BrokenPipe));
}

#[test]
fn the_first_write_to_a_closed_peer_succeeds() {
    let [a, b] = pair();
    drop(b);
    assert_eq!(a.try_write(b"x"), Ok(1));
    assert_eq!(a.try_write(b"x"), Err(Error::BrokenPipe));
    assert_eq!(read(&a).unwrap(), b"");
}

#[test]
fn whoever_waits_is_woken_by_the_end() {
    type End = fn(Stream, &Stream);
    let by_peer: [End; 2] = [
        |peer, _| drop(peer),
        |peer, _| peer.shutdown(Shutdown::Both),
    ];
    let by_itself: [End; 1] = [|_peer, own| own.shutdown(Shutdown::Both)];
    for end in by_peer.into_iter().chain(by_itself) {
        let [a, b] = pair_with(&Shared::default(), small());
        fill(&a, &[1; 100]);
        let (readers, waker) = Counter::new();
        assert!(
            a.poll_read(&mut Context::from_waker(&waker), &mut [0])
                .is_pending()
        );
        let (writers, waker) = Counter::new();
        assert!(
            a.poll_write(&mut Context::from_waker(&waker), &[0])
                .is_pending()
        );
        end(b, &a);
        assert_eq!((readers.count(), writers.count()), (1, 1));
        assert!(a.poll_read_ready(&mut noop()).is_ready());
        assert!(a.poll_write_ready(&mut noop()).is_ready());
    }
}

#[test]
fn any_number_can_wait_and_leave() {
    let [a, b] = pair();
    let counters: Vec<_> = (0..3).map(|_| Counter::new()).collect();
    let mut futures: Vec<_> = counters.iter().map(|_| Box::pin(b.readable())).collect();
    for (future, (_, waker)) in futures.iter_mut().zip(&counters) {
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_pending()
        );
    }
    drop(futures.remove(0));
    // Nothing is left of the one that went.
    assert_eq!(Arc::strong_count(&counters[0].0), 2);
    a.try_write(b"x").unwrap();
    let counts: Vec<_> = counters
        .iter()
        .map(|(counter, _)| counter.count())
        .collect();
    assert_eq!(counts, [0, 1, 1]);
    assert!(
        futures
            .iter_mut()
            .all(|future| future.as_mut().poll(&mut noop()).is_ready())
    );
    assert!(poll_once(a.writable()).is_ready());
}

#[test]
fn larger_buffers_let_a_writer_go_on() {
    let [a, b] = pair_with(&Shared::default(), small());
    fill(&a, &[1; 100]);
    let (counter, waker) = Counter::new();
    assert!(
        a.poll_write_ready(&mut Context::from_waker(&waker))
            .is_pending()
    );
    b.set_options(Options::default());
    assert_eq!((counter.count(), b.options()), (1, Options::default()));
    assert_eq!(a.try_write(&[1; 10_000]), Ok(10_000));
    // Smaller ones take nothing back.
    b.set_options(small());
    assert_eq!(a.try_write(&[1; 16_384]), Err(Error::WouldBlock));
    assert!(b.try_read_bytes(usize::MAX).is_ok());
}

#[test]
fn the_network_limits_what_is_held_and_starves_nobody() {
    let network = Shared::default();
    let limits = Limits {
        bytes: 8_192,
        ..Limits::default()
    };
    lock(&network).set_limits(limits);
    let [hog, _silent] = pair_with(&network, Options::default());
    let written = fill(&hog, &[1; 1_000]);
    assert!((4_096..8_192).contains(&written), "{written}");
    let held = lock(&network).figures().bytes_held;
    assert!(held <= 8_192 && held > 7_900, "{held}");
    assert!(hog.poll_write_ready(&mut noop()).is_pending());
    // There is no place for another connection, but one that exists goes on.
    let error = pair_error(&network);
    assert_eq!(error, Error::LimitReached);
    lock(&network).set_limits(Limits::default());
    let [a, b] = pair_with(&network, Options::default());
    lock(&network).set_limits(limits);
    for _ in 0..100 {
        let count = a.try_write(&[1; 1_000]).unwrap();
        assert!(count > 0 && a.try_write(&[1]) == Err(Error::WouldBlock));
        let (counter, waker) = Counter::new();
        assert!(
            a.poll_write_ready(&mut Context::from_waker(&waker))
                .is_pending()
        );
        assert_eq!(read(&b).unwrap().len(), count);
        assert_eq!(counter.count(), 1);
    }
    drop((hog, _silent, a, b));
    assert_unused(&network);
}

fn pair_error(network: &Shared) -> Error {
    let listener = listen(network, "127.0.0.1:0", 0);
    connect(network, listener.local_addr()).unwrap_err()
}

#[test]
fn passed_bytes_are_counted() {
    let network = Shared::default();
    let [a, b] = pair_with(&network, Options::default());
    assert_eq!(a.try_write(&[1; 1_000]), Ok(1_000));
    assert_eq!(lock(&network).figures().bytes_passed, 0);
    read(&b).unwrap();
    let figures = lock(&network).figures();
    assert_eq!((figures.bytes_passed, figures.bytes_held), (1_000, 1_024));
}

#[test]
fn an_idle_connection_is_small() {
    use super::super::connection::Connection;
    // The tables come on top, and what upstream keeps for its resources.
    let size = size_of::<Connection>() + 2 * size_of::<Stream>();
    assert!(size <= 640, "{size} bytes");
}

/// Small reads and writes are charged in groups; whoever is to wait stays so
/// until that has been let pass.
#[test]
fn a_task_is_charged_by_what_it_does() {
    let [a, _b] = pair();
    let charged = Cell::new(0);
    let turn = |answer: Poll<()>| {
        a.poll_turn(|| {
            charged.set(charged.get() + 1);
            answer
        })
    };
    for _ in 0..40 {
        assert!(a.try_write(b"x").is_ok() && turn(Poll::Ready(())).is_ready());
    }
    assert_eq!(charged.get(), 10);
    // A large one counts by itself.
    assert!(a.try_write(&[0; 4_096]).is_ok() && turn(Poll::Ready(())).is_ready());
    assert_eq!(charged.get(), 11);
    let waits = (0..8).filter(|_| turn(Poll::Pending).is_pending()).count();
    assert_eq!((waits, charged.get()), (5, 16));
    // Who asks again and again without waiting is told in the end.
    assert!((0..20).any(|_| turn(Poll::Pending).is_ready()));
    assert!(a.try_write(&[0; 4_096]).is_ok());
    charged.set(16);
    assert!(turn(Poll::Ready(())).is_ready());
    assert_eq!(charged.get(), 17);
}

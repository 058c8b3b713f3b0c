//! The lock that stands in the place of tokio's.

use std::pin::Pin;

use super::super::os::tokio::sync::{Mutex, MutexGuard};
use super::*;

/// A future of a lock, on the heap to be dropped whenever a test likes.
fn locking(mutex: &Mutex<u32>) -> Pin<Box<dyn Future<Output = MutexGuard<'_, u32>> + '_>> {
    Box::pin(mutex.lock())
}

fn poll<'a>(
    future: &mut Pin<Box<dyn Future<Output = MutexGuard<'a, u32>> + 'a>>,
    waker: &Waker,
) -> Poll<MutexGuard<'a, u32>> {
    future.as_mut().poll(&mut Context::from_waker(waker))
}

#[test]
fn one_at_a_time_has_it() {
    let mutex = Mutex::new(1);
    let mut held = mutex.try_lock().unwrap();
    *held += 1;
    assert!(mutex.try_lock().is_err());
    assert!(poll_once(mutex.lock()).is_pending());
    drop(held);
    assert_eq!(*mutex.try_lock().unwrap(), 2);
    assert!(poll_once(mutex.lock()).is_ready());
}

#[test]
fn whoever_waits_is_woken_when_it_is_let_go() {
    let mutex = Mutex::new(0);
    let held = mutex.try_lock().unwrap();
    let (wakers, mut waiting): (Vec<_>, Vec<_>) =
        (0..3).map(|_| (Counter::new(), locking(&mutex))).unzip();
    for (future, (_, waker)) in waiting.iter_mut().zip(&wakers) {
        assert!(poll(future, waker).is_pending());
    }
    drop(held);
    assert!(wakers.iter().all(|(counter, _)| counter.count() == 1));
    let Poll::Ready(held) = poll(&mut waiting[1], &wakers[1].1) else {
        panic!("nobody has it");
    };
    // The others come too late, and are told again.
    assert!(poll(&mut waiting[0], &wakers[0].1).is_pending());
    drop(held);
    assert_eq!(wakers[0].0.count(), 2);
    assert!(poll(&mut waiting[2], &wakers[2].1).is_ready());
}

/// A wake-up must not be lost with the one who got it.
#[test]
fn whoever_gives_up_leaves_it_to_the_others() {
    let mutex = Mutex::new(0);
    let held = mutex.try_lock().unwrap();
    let [(first, first_waker), (second, second_waker)] = [Counter::new(), Counter::new()];
    let (mut leaving, mut staying) = (locking(&mutex), locking(&mutex));
    assert!(poll(&mut leaving, &first_waker).is_pending());
    assert!(poll(&mut staying, &second_waker).is_pending());
    drop(held);
    drop(leaving);
    assert_eq!((first.count(), second.count()), (1, 1));
    assert!(poll(&mut staying, &second_waker).is_ready());
}

#[test]
fn what_gives_up_leaves_no_waker() {
    let mutex = Mutex::new(0);
    let held = mutex.try_lock().unwrap();
    let (counter, waker) = Counter::new();
    let mut waiting = locking(&mutex);
    assert!(poll(&mut waiting, &waker).is_pending());
    drop(waiting);
    drop(waker);
    assert_eq!(Arc::strong_count(&counter), 1);
    drop(held);
    assert_eq!(counter.count(), 0);
}

/// Many threads count with it; a guard that is held while its task waits may be
/// let go in another thread than took it.
#[test]
fn no_count_is_lost_between_threads() {
    const TASKS: u32 = 16;
    const ROUNDS: u32 = if cfg!(miri) { 5 } else { 2_000 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    let mutex = Arc::new(Mutex::new(0));
    let tasks = (0..TASKS).map(|_| {
        let mutex = Arc::clone(&mutex);
        runtime.spawn(async move {
            for round in 0..ROUNDS {
                let mut held = mutex.lock().await;
                let seen = *held;
                if round % 16 == 0 {
                    tokio::task::yield_now().await;
                }
                *held = seen + 1;
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*mutex.try_lock().unwrap(), TASKS * ROUNDS);
}

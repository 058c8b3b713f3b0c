//! Does several things at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Below this many items for each, one more thread costs more than it saves.
const WORTH_A_THREAD: usize = 8;

/// Returns how many threads are worth it for so many items that keep a processor busy.
pub fn processors(items: usize) -> usize {
    let most = thread::available_parallelism().map_or(1, usize::from);
    most.min(items / WORTH_A_THREAD).max(1)
}

/// Does one piece of work beside another, and returns what came of each.
pub fn both<A: Send, B>(beside: impl FnOnce() -> A + Send, own: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let thread = scope.spawn(beside);
        let own = own();
        (joined(thread), own)
    })
}

/// Returns what a thread came to; its panic is this one's.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    let result = thread.join();
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Does work on every item, on at most this many threads, and returns the
/// results in the order of the items.
///
/// # Errors
///
/// One of the work's own; what was not begun by then is not done.
pub fn each<T: Sync, R: Send, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        while let Some((i, item)) = take(&next, items) {
            match work(item) {
                Ok(result) => done.push((i, result)),
                Err(e) => {
                    next.store(items.len(), Ordering::Relaxed);
                    return Err(e);
                }
            }
        }
        Ok(done)
    };
    let shares: Vec<Result<Vec<(usize, R)>, E>> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let own = share();
        let others = others.into_iter().map(joined);
        std::iter::once(own).chain(others).collect()
    });
    let mut all = Vec::with_capacity(items.len());
    for share in shares {
        all.extend(share?);
    }
    all.sort_unstable_by_key(|(i, _)| *i);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

fn take<'t, T>(next: &AtomicUsize, items: &'t [T]) -> Option<(usize, &'t T)> {
    let i = next.fetch_add(1, Ordering::Relaxed);
    items.get(i).map(|item| (i, item))
}

#[cfg(test)]
mod tests {
    use recipe::error::{Error, Result};

    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for (count, threads) in [(0, 4), (1, 4), (7, 4), (100, 1), (100, 4), (1000, 16)] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Result<Vec<usize>> = each(&items, threads, |i| Ok(i * 2));
            let expected: Vec<usize> = items.iter().map(|i| i * 2).collect();
            assert_eq!(doubled.unwrap(), expected, "{count} on {threads}");
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        for threads in [1, 4] {
            let items: Vec<usize> = (0..100).collect();
            let done = AtomicUsize::new(0);
            let result = each(&items, threads, |i| {
                done.fetch_add(1, Ordering::Relaxed);
                if *i == 0 {
                    return Err(Error::general("the first fails"));
                }
                Ok(())
            });
            assert_eq!(result.unwrap_err().to_string(), "the first fails");
            assert!(done.load(Ordering::Relaxed) >= 1);
        }
    }
}

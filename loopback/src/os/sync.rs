//! A lock that is cheap where nobody else wants it.

use std::cell::UnsafeCell;
use std::fmt;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll};

use super::super::lock;
use super::super::waiters::{Ticket, Waiters};

/// Stands in the place of [`tokio::sync::Mutex`], of which it has what upstream
/// uses.
///
/// Upstream takes such a lock several times for each read and write, and nearly
/// always is the only one that wants it. Then taking it and letting it go are
/// one atomic operation each. Those who wait are all woken when it is let go:
/// there is hardly ever more than one.
pub struct Mutex<T: ?Sized> {
    taken: AtomicBool,
    /// Whether there may be somebody among the waiters.
    awaited: AtomicBool,
    waiters: std::sync::Mutex<Waiters>,
    value: UnsafeCell<T>,
}

/// The hold on what a [`Mutex`] guards, until it is dropped.
#[must_use = "it is unlocked as soon as this is dropped"]
pub struct MutexGuard<'a, T: ?Sized>(&'a Mutex<T>);

/// What comes of trying to take a [`Mutex`] that is taken.
#[derive(Debug)]
pub struct TryLockError(());

#[allow(unsafe_code, reason = "sharing is what a lock is for")]
// SAFETY: only who holds the lock gets at the value, one at a time.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

#[allow(unsafe_code, reason = "sharing is what a lock is for")]
// SAFETY: a shared guard gives no more than a shared value.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

#[allow(unsafe_code, reason = "a guard is held while a task waits")]
// SAFETY: it may let the lock go in another thread than took it, and moves
// nothing but the access to the value.
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// Makes one that nobody has.
    pub fn new(value: T) -> Mutex<T> {
        Mutex {
            taken: AtomicBool::new(false),
            awaited: AtomicBool::new(false),
            waiters: std::sync::Mutex::default(),
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] if somebody has it.
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        match self.taken.swap(true, SeqCst) {
            false => Ok(MutexGuard(self)),
            true => Err(TryLockError(())),
        }
    }

    /// Waits until it can be taken. Dropping what waits changes nothing.
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        if let Ok(guard) = self.try_lock() {
            return guard;
        }
        let mut place = Place {
            waiters: &self.waiters,
            ticket: Ticket::default(),
        };
        poll_fn(|cx| self.poll_lock(&mut place.ticket, cx)).await
    }

    fn poll_lock<'a>(&'a self, ticket: &mut Ticket, cx: &Context<'_>) -> Poll<MutexGuard<'a, T>> {
        let mut waiters = lock(&self.waiters);
        let replaced = waiters.register_ticket(ticket, cx.waker());
        self.awaited.store(true, SeqCst);
        drop(waiters);
        drop(replaced);
        // It may have been let go before it was known that somebody waits.
        self.try_lock().map_or(Poll::Pending, Poll::Ready)
    }

    #[cold]
    fn wake(&self) {
        let mut waiters = lock(&self.waiters);
        self.awaited.store(false, SeqCst);
        let woken = waiters.take();
        drop(waiters);
        woken.wake();
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.0.taken.store(false, SeqCst);
        if self.0.awaited.load(SeqCst) {
            self.0.wake();
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[allow(unsafe_code, reason = "a lock knows better than the compiler")]
    fn deref(&self) -> &T {
        // SAFETY: nobody else has the lock while this guard lives.
        unsafe { &*self.0.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[allow(unsafe_code, reason = "a lock knows better than the compiler")]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else has the lock, and this guard is borrowed alone.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex")
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

/// A place among those who wait, given up when it is dropped.
struct Place<'a> {
    waiters: &'a std::sync::Mutex<Waiters>,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.ticket.is_used() {
            let waker = lock(self.waiters).remove(&self.ticket);
            drop(waker);
        }
    }
}

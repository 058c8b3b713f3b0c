//! A lock that is cheap where nobody else wants it.

use std::cell::UnsafeCell;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::task::{Context, Poll};

use super::super::lock;
use super::super::waiters::{Ticket, Waiters};

/// Nobody has the lock.
const FREE: u8 = 0;
/// Somebody has it, and nobody has begun to wait since.
const TAKEN: u8 = 1;
/// Somebody has it, and there may be somebody among the waiters.
const AWAITED: u8 = 2;

/// Stands in the place of [`tokio::sync::Mutex`], of which it has what upstream
/// uses.
///
/// Upstream takes such a lock several times for each read and write, and nearly
/// always is the only one that wants it. Then taking it and letting it go are
/// one atomic operation each. Those who wait are all woken when it is let go:
/// there is hardly ever more than one.
pub struct Mutex<T: ?Sized> {
    /// All changes are read-modify-write operations, so that each sees the one before
    /// it: whoever lets go knows of everybody who found the lock taken.
    state: AtomicU8,
    waiters: std::sync::Mutex<Waiters>,
    value: UnsafeCell<T>,
}

/// The hold on what a [`Mutex`] guards, until it is dropped.
#[must_use = "it is unlocked as soon as this is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// It crosses threads, or is shared by them, where such a reference may.
    value: PhantomData<&'a mut T>,
}

/// What comes of trying to take a [`Mutex`] that is taken.
#[derive(Debug)]
pub struct TryLockError(());

#[allow(unsafe_code, reason = "sharing is what a lock is for")]
// SAFETY: only who holds the lock gets at the value, one at a time.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Makes one that nobody has.
    pub fn new(value: T) -> Mutex<T> {
        Mutex {
            state: AtomicU8::new(FREE),
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
        let taken = self.state.compare_exchange(FREE, TAKEN, Acquire, Relaxed);
        taken.map_or(Err(TryLockError(())), |_| Ok(self.guard()))
    }

    /// Returns the hold on the value, of whom has just taken the lock.
    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            value: PhantomData,
        }
    }

    /// Waits until it can be taken. Dropping what waits changes nothing.
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        if let Ok(guard) = self.try_lock() {
            return guard;
        }
        let mut registration = Registration {
            waiters: &self.waiters,
            ticket: Ticket::default(),
        };
        poll_fn(|cx| self.poll_lock(&mut registration.ticket, cx)).await
    }

    fn poll_lock<'a>(&'a self, ticket: &mut Ticket, cx: &Context<'_>) -> Poll<MutexGuard<'a, T>> {
        let replaced = lock(&self.waiters).register_ticket(ticket, cx.waker());
        drop(replaced);
        // Whoever lets it go from here on finds the waker. If that was done before, the
        // lock is free and this takes it; it wakes once more than it need when it lets go.
        match self.state.swap(AWAITED, AcqRel) {
            FREE => Poll::Ready(self.guard()),
            _ => Poll::Pending,
        }
    }

    #[cold]
    fn wake(&self) {
        let woken = lock(&self.waiters).take();
        woken.wake();
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if self.mutex.state.swap(FREE, AcqRel) == AWAITED {
            self.mutex.wake();
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[allow(unsafe_code, reason = "a lock knows better than the compiler")]
    fn deref(&self) -> &T {
        // SAFETY: nobody else has the lock while this guard lives.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[allow(unsafe_code, reason = "a lock knows better than the compiler")]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else has the lock, and this guard is borrowed alone.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A place among those who wait, given up when it is dropped.
struct Registration<'a> {
    waiters: &'a std::sync::Mutex<Waiters>,
    ticket: Ticket,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        if self.ticket.is_used() {
            let waker = lock(self.waiters).remove(&self.ticket);
            drop(waker);
        }
    }
}

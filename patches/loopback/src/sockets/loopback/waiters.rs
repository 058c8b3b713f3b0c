use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

/// What a waiter is known by: the two pointers that make up a waker, or the
/// number of a ticket and zero, which no waker's second pointer is.
type Key = (usize, usize);

type Rest = Box<BTreeMap<Key, Waker>>;

/// Those who wait for one thing to happen.
///
/// The same waker is kept once, however often it is registered, and every
/// waiter is woken when the thing happens, so that none can be forgotten.
/// What a waiter leaves behind is bounded: a future that is dropped takes its
/// [`Ticket`] back, and a poll without a ticket belongs to a task that lives.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// The usual case of a single waiter costs no allocation.
    first: Option<(usize, Waker)>,
    rest: Option<Rest>,
}

/// Wakers taken out of [`Waiters`], to be woken once no lock is held.
#[derive(Debug, Default)]
#[must_use = "whoever waits has to be woken"]
pub(super) struct Wakers {
    first: Option<Waker>,
    rest: Option<Rest>,
}

/// The claim of one future on one place among the waiters.
#[derive(Debug, Default)]
pub(super) struct Ticket(usize);

impl Ticket {
    /// Returns the number, which is given out at the first need.
    fn number(&mut self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        if self.0 == 0 {
            self.0 = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        self.0
    }

    /// Returns whether the future may have left a waker anywhere.
    pub(super) fn is_used(&self) -> bool {
        self.0 != 0
    }
}

impl Waiters {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_none()
    }

    /// Registers a waker for a poll that nothing else identifies.
    pub(super) fn register(&mut self, waker: &Waker) {
        if let Some((0, first)) = &self.first
            && first.will_wake(waker)
        {
            return;
        }
        let key = (
            waker.data().addr(),
            std::ptr::from_ref(waker.vtable()).addr(),
        );
        if self
            .rest
            .as_ref()
            .is_some_and(|rest| rest.contains_key(&key))
        {
            return;
        }
        self.add(0, key, waker.clone());
    }

    /// Registers the waker of the future that owns `ticket`. Returns the one
    /// it replaces, to be dropped once no lock is held: a waker may own a task,
    /// which may own a socket.
    #[must_use = "a waker must not be dropped under a lock"]
    pub(super) fn register_ticket(&mut self, ticket: &mut Ticket, waker: &Waker) -> Option<Waker> {
        let number = ticket.number();
        if let Some((own, first)) = &mut self.first
            && *own == number
        {
            return replace(first, waker);
        }
        let rest = self.rest.as_mut();
        if let Some(own) = rest.and_then(|rest| rest.get_mut(&(number, 0))) {
            return replace(own, waker);
        }
        self.add(number, (number, 0), waker.clone());
        None
    }

    fn add(&mut self, number: usize, key: Key, waker: Waker) {
        if self.first.is_none() {
            self.first = Some((number, waker));
        } else {
            // The key is new: nothing is displaced.
            self.rest.get_or_insert_default().insert(key, waker);
        }
    }

    /// Takes the ticket's waker back, to be dropped once no lock is held.
    #[must_use = "a waker must not be dropped under a lock"]
    pub(super) fn remove(&mut self, ticket: &Ticket) -> Option<Waker> {
        if ticket.is_used() && self.first.as_ref().is_some_and(|(own, _)| *own == ticket.0) {
            return self.first.take().map(|(_, waker)| waker);
        }
        let rest = self.rest.as_mut()?;
        let waker = rest.remove(&(ticket.0, 0));
        if rest.is_empty() {
            self.rest = None;
        }
        waker
    }

    /// Takes all of them out; whoever is not satisfied yet registers again.
    pub(super) fn take(&mut self) -> Wakers {
        Wakers {
            first: self.first.take().map(|(_, waker)| waker),
            rest: self.rest.take(),
        }
    }
}

/// Puts `waker` in the place of `own`, unless both wake the same.
fn replace(own: &mut Waker, waker: &Waker) -> Option<Waker> {
    let same = own.will_wake(waker);
    (!same).then(|| std::mem::replace(own, waker.clone()))
}

impl Wakers {
    /// Wakes them all. No lock may be held.
    #[inline]
    pub(super) fn wake(self) {
        if let Some(waker) = self.first {
            waker.wake();
        }
        if let Some(rest) = self.rest {
            rest.into_values().for_each(Waker::wake);
        }
    }
}

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

/// So many polls are kept beside the first one, the last ones.
pub(super) const MAX_POLLS: usize = 3;

/// Those who wait for one thing to happen.
///
/// A future has a [`Ticket`]: it is kept until it is woken or takes its ticket
/// back. A poll without one belongs to nobody that could take it back: a guest
/// that cancels what it began leaves its waker behind, another each time. So of
/// those, no more are kept than the first, if nobody waited before it, the last
/// three, and the last one without data; `tokio` keeps the last one.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// The usual case of a single waiter costs no allocation.
    first: Option<(usize, Waker)>,
    rest: Option<Box<Rest>>,
}

#[derive(Debug, Default)]
struct Rest {
    futures: BTreeMap<usize, Waker>,
    /// The last one comes first.
    polls: [Option<Waker>; MAX_POLLS],
    /// One without data has a place of its own, so as to take none of the others'.
    noop: Option<Waker>,
}

/// Registers the waker of a poll that no future stands for, and lets the lock
/// go that guards `waiters`. Whom that displaces is dropped after it: a waker
/// may own a task, which may own a socket.
pub(super) fn register<G>(
    mut guard: G,
    waiters: impl FnOnce(&mut G) -> &mut Waiters,
    waker: &Waker,
) {
    let displaced = waiters(&mut guard).register(waker);
    drop(guard);
    drop(displaced);
}

/// Wakers taken out of [`Waiters`], to be woken once no lock is held.
#[derive(Debug, Default)]
#[must_use = "whoever waits has to be woken"]
pub(super) struct Wakers {
    first: Option<Waker>,
    rest: Option<Box<Rest>>,
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

    /// Registers as [`register`] does. Returns the one that has to go for it, to
    /// be dropped once no lock is held.
    #[must_use = "a waker must not be dropped under a lock"]
    pub(super) fn register(&mut self, waker: &Waker) -> Option<Waker> {
        if let Some((0, first)) = &self.first
            && first.will_wake(waker)
        {
            return None;
        }
        if self.rest.as_mut().is_some_and(|rest| rest.renew(waker)) {
            return None;
        }
        if self.first.is_none() && !is_noop(waker) {
            self.first = Some((0, waker.clone()));
            return None;
        }
        self.rest.get_or_insert_default().add(waker)
    }

    /// Registers the waker of the future that owns `ticket`. Returns the one
    /// it replaces, to be dropped once no lock is held.
    #[must_use = "a waker must not be dropped under a lock"]
    pub(super) fn register_ticket(&mut self, ticket: &mut Ticket, waker: &Waker) -> Option<Waker> {
        let number = ticket.number();
        if let Some((own, first)) = &mut self.first
            && *own == number
        {
            return replace(first, waker);
        }
        let rest = self.rest.as_mut();
        if let Some(own) = rest.and_then(|rest| rest.futures.get_mut(&number)) {
            return replace(own, waker);
        }
        if self.first.is_none() {
            self.first = Some((number, waker.clone()));
            return None;
        }
        // The number is new: nothing is displaced.
        let rest = self.rest.get_or_insert_default();
        rest.futures.insert(number, waker.clone())
    }

    /// Takes the ticket's waker back, to be dropped once no lock is held.
    #[must_use = "a waker must not be dropped under a lock"]
    pub(super) fn remove(&mut self, ticket: &Ticket) -> Option<Waker> {
        if ticket.is_used() && self.first.as_ref().is_some_and(|(own, _)| *own == ticket.0) {
            return self.first.take().map(|(_, waker)| waker);
        }
        let rest = self.rest.as_mut()?;
        let waker = rest.futures.remove(&ticket.0);
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

impl Rest {
    fn is_empty(&self) -> bool {
        let polls = self.polls.iter().chain([&self.noop]);
        self.futures.is_empty() && polls.flatten().next().is_none()
    }

    /// Returns whether a poll has left that waker, which becomes the last one.
    fn renew(&mut self, waker: &Waker) -> bool {
        let is_own = |own: &Option<Waker>| own.as_ref().is_some_and(|own| own.will_wake(waker));
        let at = self.polls.iter().position(is_own);
        if let Some(at) = at {
            self.polls[..=at].rotate_right(1);
        }
        at.is_some()
    }

    /// Adds the waker of a poll, and returns the oldest if there are too many.
    fn add(&mut self, waker: &Waker) -> Option<Waker> {
        if is_noop(waker) {
            return self.noop.replace(waker.clone());
        }
        self.polls.rotate_right(1);
        self.polls[0].replace(waker.clone())
    }
}

/// Returns whether a waker has no data, as that of [`Waker::noop`] has none: it is that of a poll
/// that only asks, where nobody is to be woken.
pub(super) fn is_noop(waker: &Waker) -> bool {
    waker.data().is_null()
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
            let polls = rest.polls.into_iter().chain([rest.noop]).flatten();
            rest.futures
                .into_values()
                .chain(polls)
                .for_each(Waker::wake);
        }
    }
}

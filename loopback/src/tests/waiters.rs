use super::super::waiters::{Ticket, Waiters};
use super::*;

#[test]
fn all_are_woken_once_each() {
    let mut waiters = Waiters::default();
    let counters: Vec<_> = (0..4).map(|_| Counter::new()).collect();
    for (_, waker) in counters.iter().chain(&counters) {
        assert!(waiters.register(waker).is_none());
    }
    waiters.take().wake();
    assert!(waiters.is_empty());
    waiters.take().wake();
    assert!(counters.iter().all(|(counter, _)| counter.count() == 1));
}

#[test]
fn the_same_task_behind_two_tickets_is_kept_while_one_is_left() {
    for first in [true, false] {
        let mut waiters = Waiters::default();
        let (counter, waker) = Counter::new();
        let mut tickets = [Ticket::default(), Ticket::default()];
        for ticket in &mut tickets {
            assert!(waiters.register_ticket(ticket, &waker).is_none());
        }
        drop(waiters.remove(&tickets[usize::from(!first)]));
        drop(waiters.remove(&tickets[usize::from(!first)]));
        assert!(!waiters.is_empty());
        waiters.take().wake();
        assert_eq!(counter.count(), 1);
        assert!(waiters.remove(&tickets[0]).is_none());
    }
}

#[test]
fn a_ticket_has_one_place_whatever_task_polls_it() {
    let mut waiters = Waiters::default();
    let (other, other_waker) = Counter::new();
    assert!(waiters.register(&other_waker).is_none());
    let mut ticket = Ticket::default();
    let (old, old_waker) = Counter::new();
    let (new, new_waker) = Counter::new();
    assert!(waiters.register_ticket(&mut ticket, &old_waker).is_none());
    assert!(waiters.register_ticket(&mut ticket, &old_waker).is_none());
    assert!(waiters.register_ticket(&mut ticket, &new_waker).is_some());
    waiters.take().wake();
    assert_eq!([old.count(), new.count(), other.count()], [0, 1, 1]);
}

#[test]
fn an_unused_ticket_removes_nobody() {
    let mut waiters = Waiters::default();
    let (counter, waker) = Counter::new();
    assert!(waiters.register(&waker).is_none());
    assert!(waiters.remove(&Ticket::default()).is_none());
    waiters.take().wake();
    assert_eq!(counter.count(), 1);
}

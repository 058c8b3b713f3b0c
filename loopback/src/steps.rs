use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::Poll;

/// So many small reads or writes take about as long as one of the system's.
const MAX_STEPS: u8 = 4;

/// A task that had to wait so often in a row goes on: it only asks, again and again.
const MAX_WAITS: u8 = 16;

/// How many small steps, reads or writes, a socket took since a task was charged for it,
/// and above [`MAX_STEPS`] how often the task has had to wait. An estimate: it is not
/// kept in step between threads.
#[derive(Debug, Default)]
pub(super) struct Steps(AtomicU8);

impl Steps {
    /// Counts a step that is not small.
    pub(super) fn count_large(&self) {
        self.0.fetch_max(MAX_STEPS, Relaxed);
    }

    /// Lets a small step pass, or has the task charged and wait where it has spent
    /// what it had. It has got more as soon as it has waited; one that has not is
    /// let pass in the end, or it would never get on.
    pub(super) fn poll(&self, charge: impl FnOnce() -> Poll<()>) -> Poll<()> {
        let steps = self.0.load(Relaxed).saturating_add(1);
        if steps < MAX_STEPS {
            self.0.store(steps, Relaxed);
            return Poll::Ready(());
        }
        let charged = charge();
        let waits = charged.is_pending() && steps < MAX_STEPS + MAX_WAITS;
        self.0.store(if waits { steps } else { 0 }, Relaxed);
        match waits {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

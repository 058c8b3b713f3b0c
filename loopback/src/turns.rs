use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::Poll;

/// So many small steps take about as long as one of the system's.
const DUE: u8 = 4;

/// Who is told to wait so often in a row does not: it only asks, again and again.
const PATIENCE: u8 = 16;

/// What has been done with a socket since a task was charged for it, in small steps,
/// and above [`DUE`] how often the task has been told to wait. An estimate: it is not
/// kept in step between threads.
#[derive(Debug, Default)]
pub(super) struct Turns(AtomicU8);

impl Turns {
    /// Counts a step that is not small.
    pub(super) fn owe(&self) {
        self.0.fetch_max(DUE, Relaxed);
    }

    /// Lets a small step pass, or has the task charged and wait where it has spent
    /// what it had. It has got more as soon as it has waited; one that has not is
    /// let pass in the end, or it would never get on.
    pub(super) fn poll(&self, charge: impl FnOnce() -> Poll<()>) -> Poll<()> {
        let steps = self.0.load(Relaxed).saturating_add(1);
        if steps < DUE {
            self.0.store(steps, Relaxed);
            return Poll::Ready(());
        }
        let charged = charge();
        let waits = charged.is_pending() && steps < DUE + PATIENCE;
        self.0.store(if waits { steps } else { 0 }, Relaxed);
        match waits {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

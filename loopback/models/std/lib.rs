//! The standard library with the locks, atomics and cells of loom.

pub use ::std::*;

/// Those that every step of is a place to go on with another thread.
pub mod sync {
    pub use ::std::sync::*;
    pub use loom::sync::{Mutex, MutexGuard};

    /// The counters are left as they are: nobody waits for them.
    pub mod atomic {
        pub use ::std::sync::atomic::*;
        pub use loom::sync::atomic::{AtomicBool, AtomicU8};
    }
}

/// Those that loom finds unordered uses of.
pub mod cell {
    pub use ::std::cell::*;

    /// A cell that loom watches.
    #[derive(Debug)]
    pub struct UnsafeCell<T: ?Sized>(loom::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Makes one.
        pub fn new(value: T) -> Self {
            UnsafeCell(loom::cell::UnsafeCell::new(value))
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Returns where the value is: for loom, a change of it at this moment.
        pub fn get(&self) -> *mut T {
            self.0.with_mut(|value| value)
        }
    }
}

//! Stands in the place of the crate `io_lifetimes`, of which it has what
//! upstream's sockets use: later releases do without the crate.

use super::rustix::fd::AsFd;

/// What can be looked at as a socket of the standard library.
pub trait AsSocketlike: AsFd {
    /// Returns the socket as if it were a `T`.
    fn as_socketlike_view<T>(&self) -> views::SocketlikeView<'_, T> {
        views::SocketlikeView::new(self.as_fd())
    }
}

impl<S: AsFd + ?Sized> AsSocketlike for S {}

/// Views of sockets as those of the standard library.
pub mod views {
    use std::marker::PhantomData;
    use std::ops::Deref;

    use super::super::BorrowedFd;

    /// What a socket can do as a `T`, which it need not be.
    pub struct SocketlikeView<'a, T>(BorrowedFd<'a>, PhantomData<fn() -> T>);

    impl<'a, T> SocketlikeView<'a, T> {
        pub(super) fn new(socket: BorrowedFd<'a>) -> Self {
            SocketlikeView(socket, PhantomData)
        }
    }

    impl<'a, T> Deref for SocketlikeView<'a, T> {
        type Target = BorrowedFd<'a>;

        fn deref(&self) -> &BorrowedFd<'a> {
            &self.0
        }
    }
}

/// The way through bare descriptors.
pub mod raw {
    /// What gives up its descriptor.
    pub trait IntoRawSocketlike {
        /// What stands in the place of the descriptor.
        type Raw;

        /// Returns what stands in the place of the descriptor.
        fn into_raw_socketlike(self) -> Self::Raw;
    }

    /// What is made from a descriptor.
    pub trait FromRawSocketlike<R> {
        /// What stands in the place of what is made.
        type Socket;

        /// Returns what stands in the place of a socket made from `raw`.
        ///
        /// # Safety
        ///
        /// There is nothing to heed: only the name is that of the function of
        /// the crate, which takes a bare number.
        #[expect(unsafe_code, reason = "upstream calls it as an unsafe function")]
        unsafe fn from_raw_socketlike(raw: R) -> Self::Socket;
    }
}

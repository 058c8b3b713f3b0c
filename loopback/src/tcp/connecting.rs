use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::io::Errno;
use tokio::time::{Sleep, sleep};

use crate::runtime::RUNTIME;

use super::super::destination::{Destination, check_family};
use super::super::{Connecting, Protocol};
use super::{TcpSocket, TcpStream, poll_charged, system_error};

/// How long a connect waits for a place in a backlog. Linux gives up when it has sent
/// its request seven times, which takes 127 s, some seconds more from 6.5 on.
const TIMEOUT: Duration = match cfg!(test) {
    true => Duration::from_millis(10),
    false => Duration::from_secs(127),
};

type SystemConnect = Pin<Box<dyn Future<Output = io::Result<tokio::net::TcpStream>> + Send>>;

/// A connect in progress. Like every future it begins when it is first
/// polled; dropping it gives everything back.
#[must_use = "futures do nothing unless polled"]
pub struct ConnectingTcpStream(Progress);

enum Progress {
    New(TcpSocket, SocketAddr),
    Network(SystemConnect),
    /// With the end of its time, once it has to wait.
    Loopback(Connecting, Option<Pin<Box<Sleep>>>),
    Done,
}

impl ConnectingTcpStream {
    pub(super) fn new(socket: TcpSocket, remote: SocketAddr) -> Self {
        ConnectingTcpStream(Progress::New(socket, remote))
    }
}

/// Chooses the side on which the socket connects, and lets the other one go.
fn start(socket: TcpSocket, remote: SocketAddr) -> io::Result<Progress> {
    let common = socket.common().clone();
    let network = common.network()?;
    check_family(common.settings.is_ipv6(), remote, Errno::INVAL)?;
    let destination = Destination::of(network, Protocol::Tcp, remote)?;
    let (binding, descriptor) = match (socket, destination) {
        (TcpSocket::Network(socket), Destination::System) => (None, socket.descriptor),
        (TcpSocket::Network(socket), Destination::Loopback) => {
            if socket.descriptor.is_some() {
                return Err(Errno::NETUNREACH.into());
            }
            (None, None)
        }
        (TcpSocket::Loopback(socket), Destination::Loopback) => (Some(socket.binding), None),
        (TcpSocket::Loopback(_), Destination::System) => {
            // So says Linux, where it does so at all.
            let error = match remote {
                SocketAddr::V4(_) => Errno::INVAL,
                SocketAddr::V6(_) => Errno::HOSTUNREACH,
            };
            return Err(error.into());
        }
        (TcpSocket::Unspecified(socket), Destination::System) => (None, Some(socket.descriptor)),
        (TcpSocket::Unspecified(socket), Destination::Loopback) => (Some(socket.binding), None),
    };
    Ok(match destination {
        Destination::Loopback => {
            let options = common.settings.options;
            let connect = Connecting::new(network, binding, remote, options);
            Progress::Loopback(connect, None)
        }
        Destination::System => {
            let descriptor = descriptor.map_or_else(|| common.descriptor(), Ok)?;
            Progress::Network(Box::pin(descriptor.connect(remote)))
        }
    })
}

/// Returns a timer of upstream's own runtime: that of the host need not have any.
fn timer() -> Pin<Box<Sleep>> {
    let _entered = RUNTIME.enter();
    Box::pin(sleep(TIMEOUT))
}

impl Future for ConnectingTcpStream {
    type Output = io::Result<TcpStream>;

    /// Returns the connection; an error of `TimedOut` where its listener has had no
    /// place for it for two minutes.
    ///
    /// # Panics
    ///
    /// Panics, as futures do, if it is polled after it has returned.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_charged(cx, |cx| self.0.poll(cx))
    }
}

impl Progress {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let progress = self;
        if let Progress::New(..) = progress
            && let Progress::New(socket, remote) = std::mem::replace(progress, Progress::Done)
        {
            match start(socket, remote) {
                Ok(started) => *progress = started,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let result = match progress {
            Progress::Network(connect) => ready!(connect.as_mut().poll(cx)).map(TcpStream::Network),
            Progress::Loopback(connect, end) => match Pin::new(connect).poll(cx) {
                Poll::Ready(result) => result.map(TcpStream::Loopback).map_err(system_error),
                Poll::Pending => {
                    ready!(end.get_or_insert_with(timer).as_mut().poll(cx));
                    Err(Errno::TIMEDOUT.into())
                }
            },
            Progress::New(..) | Progress::Done => panic!("a connect is polled once it is done"),
        };
        *progress = Progress::Done;
        Poll::Ready(result)
    }
}

impl fmt::Debug for ConnectingTcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Progress::New(..) => "ConnectingTcpStream(New)",
            Progress::Network(_) => "ConnectingTcpStream(Network)",
            Progress::Loopback(..) => "ConnectingTcpStream(Loopback)",
            Progress::Done => "ConnectingTcpStream(Done)",
        })
    }
}

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use rustix::fd::AsFd;
use rustix::io::{Errno, Result};

use super::super::os::{SocketOption, set_system_option, system_option};
use super::super::tcp::{BUFFER_FACTOR, buffer_bounds};
use super::socket::Make;

/// The options of a socket, and which of them somebody has set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    hop_limit: u8,
    /// The sizes of the buffers, as a guest sees them.
    receive_buffer: u32,
    send_buffer: u32,
    ipv6: bool,
    system: &'static System,
    /// Whether the hop limit, the receive and the send buffer have been set.
    touched: [bool; 3],
}

impl Settings {
    /// Returns the options that a new socket of the system has, as `make` makes
    /// them.
    pub(super) fn new(ipv6: bool, make: &Make) -> Settings {
        let system = System::of(ipv6, make);
        Settings {
            hop_limit: system.hop_limit,
            receive_buffer: system.receive_buffer,
            send_buffer: system.send_buffer,
            ipv6,
            system,
            touched: [false; 3],
        }
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.ipv6
    }

    /// Returns how many bytes of memory may be queued.
    pub(super) fn queue_limit(&self) -> usize {
        self.receive_buffer as usize
    }

    /// Returns an option as the system would give it.
    pub(super) fn get(&self, name: SocketOption) -> Result<u32> {
        match name {
            SocketOption::TimeToLive | SocketOption::UnicastHops => Ok(self.hop_limit.into()),
            SocketOption::ReceiveBuffer => Ok(self.receive_buffer.saturating_mul(BUFFER_FACTOR)),
            SocketOption::SendBuffer => Ok(self.send_buffer.saturating_mul(BUFFER_FACTOR)),
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    /// Sets an option as the system would.
    pub(super) fn set(&mut self, name: SocketOption, value: u32) -> Result<()> {
        let system = self.system;
        let clamped = |range: &RangeInclusive<u32>| value.clamp(*range.start(), *range.end());
        match name {
            SocketOption::UnicastHops if value == u32::MAX => self.hop_limit = system.hop_limit,
            SocketOption::TimeToLive if value == 0 => return Err(Errno::INVAL),
            SocketOption::TimeToLive | SocketOption::UnicastHops => {
                self.hop_limit = u8::try_from(value).map_err(|_| Errno::INVAL)?;
                self.touched[0] = true;
            }
            SocketOption::ReceiveBuffer => {
                self.receive_buffer = clamped(&system.receive_bounds);
                self.touched[1] = true;
            }
            SocketOption::SendBuffer => {
                self.send_buffer = clamped(&system.send_bounds);
                self.touched[2] = true;
            }
            _ => return Err(Errno::NOPROTOOPT),
        }
        Ok(())
    }

    /// Gives a socket of the system the options that have been set here.
    pub(super) fn apply(&self, socket: impl AsFd + Copy) -> Result<()> {
        let all = [
            (hops(self.ipv6), self.hop_limit.into()),
            (SocketOption::ReceiveBuffer, self.receive_buffer),
            (SocketOption::SendBuffer, self.send_buffer),
        ];
        for ((name, value), touched) in all.into_iter().zip(self.touched) {
            if !touched {
                continue;
            }
            // Where the system refuses a size, upstream goes on without it.
            match set_system_option(socket, name, value) {
                Err(Errno::NOBUFS) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn hops(ipv6: bool) -> SocketOption {
    if ipv6 {
        SocketOption::UnicastHops
    } else {
        SocketOption::TimeToLive
    }
}

/// What the system's own sockets are like, so that ours can be like them.
#[derive(Debug)]
struct System {
    hop_limit: u8,
    receive_buffer: u32,
    send_buffer: u32,
    receive_bounds: RangeInclusive<u32>,
    send_bounds: RangeInclusive<u32>,
}

impl System {
    /// Asks a socket that is made for that, once for each process; where there
    /// can be none, takes what Linux has.
    fn of(ipv6: bool, make: &Make) -> &'static System {
        static SYSTEM: [OnceLock<System>; 2] = [const { OnceLock::new() }; 2];
        SYSTEM[usize::from(ipv6)].get_or_init(|| {
            let socket = make().ok();
            let measured = socket.and_then(|socket| System::asked(&socket, ipv6).ok());
            measured.unwrap_or(System {
                hop_limit: 64,
                receive_buffer: 106_496,
                send_buffer: 106_496,
                receive_bounds: 1_152..=212_992,
                send_bounds: 2_304..=212_992,
            })
        })
    }

    fn asked(socket: &std::net::UdpSocket, ipv6: bool) -> Result<System> {
        let hop_limit = system_option(socket, hops(ipv6))?;
        let receive_buffer = system_option(socket, SocketOption::ReceiveBuffer)? / BUFFER_FACTOR;
        let send_buffer = system_option(socket, SocketOption::SendBuffer)? / BUFFER_FACTOR;
        let bounds = |name, default| buffer_bounds(socket, name, default);
        Ok(System {
            hop_limit: u8::try_from(hop_limit).unwrap_or(u8::MAX),
            receive_buffer,
            send_buffer,
            receive_bounds: bounds(SocketOption::ReceiveBuffer, receive_buffer),
            send_bounds: bounds(SocketOption::SendBuffer, send_buffer),
        })
    }
}

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use rustix::fd::AsFd;
use rustix::io::{Errno, Result};

use super::super::Options;
use super::super::os::{SocketOption, set_system_option, system_option};

/// By how much a buffer is larger than what was asked for. Upstream divides by
/// it again, so that guests see what they have set.
pub(in super::super) const BUFFER_FACTOR: u32 = if cfg!(target_os = "linux") { 2 } else { 1 };

/// The largest buffer where the system does not say what it allows.
const LARGEST_BUFFER: u32 = 8 << 20;

/// The options of a socket, and which of them somebody has set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) options: Options,
    ipv6: bool,
    reuse_address: bool,
    touched: u16,
}

impl Settings {
    /// Returns the options that a new socket of the system has.
    pub(super) fn new(ipv6: bool) -> Settings {
        Settings {
            options: System::of(ipv6).options,
            ipv6,
            reuse_address: false,
            touched: 0,
        }
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.ipv6
    }

    pub(super) fn get(&self, name: SocketOption) -> u32 {
        match name {
            SocketOption::ReuseAddress => self.reuse_address.into(),
            _ => get(&self.options, name),
        }
    }

    pub(super) fn set(&mut self, name: SocketOption, value: u32) -> Result<()> {
        match name {
            SocketOption::ReuseAddress => self.reuse_address = value != 0,
            _ => set(&mut self.options, self.ipv6, name, value)?,
        }
        self.touched |= bit(name);
        Ok(())
    }

    /// Gives a socket of the system the options that have been set here.
    pub(super) fn apply(&self, socket: impl AsFd + Copy) -> Result<()> {
        let named = |name: &&SocketOption| self.touched & bit(**name) != 0;
        for name in ALL.iter().filter(named) {
            let value = match name {
                SocketOption::ReceiveBuffer | SocketOption::SendBuffer => {
                    self.get(*name) / BUFFER_FACTOR
                }
                _ => self.get(*name),
            };
            // Where the system refuses a size, upstream goes on without it.
            match set_system_option(socket, *name, value) {
                Err(Errno::NOBUFS) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

const ALL: &[SocketOption] = &[
    SocketOption::ReuseAddress,
    SocketOption::KeepAlive,
    SocketOption::KeepAliveIdle,
    SocketOption::KeepAliveInterval,
    SocketOption::KeepAliveCount,
    SocketOption::TimeToLive,
    SocketOption::UnicastHops,
    SocketOption::ReceiveBuffer,
    SocketOption::SendBuffer,
];

fn bit(name: SocketOption) -> u16 {
    1 << name as u16
}

/// Returns an option as the system would give it.
pub(super) fn get(options: &Options, name: SocketOption) -> u32 {
    match name {
        SocketOption::ReuseAddress => 0,
        SocketOption::KeepAlive => options.keep_alive.into(),
        SocketOption::KeepAliveIdle => options.keep_alive_idle.into(),
        SocketOption::KeepAliveInterval => options.keep_alive_interval.into(),
        SocketOption::KeepAliveCount => options.keep_alive_count.into(),
        SocketOption::TimeToLive | SocketOption::UnicastHops => options.hop_limit.into(),
        SocketOption::ReceiveBuffer => options.receive_buffer.saturating_mul(BUFFER_FACTOR),
        SocketOption::SendBuffer => options.send_buffer.saturating_mul(BUFFER_FACTOR),
    }
}

/// Sets an option within the bounds that Linux sets, or as it does outside.
pub(super) fn set(options: &mut Options, ipv6: bool, name: SocketOption, value: u32) -> Result<()> {
    match name {
        SocketOption::ReuseAddress => {}
        SocketOption::KeepAlive => options.keep_alive = value != 0,
        SocketOption::KeepAliveIdle => {
            options.keep_alive_idle = within(value, 1..=32_767)?;
        }
        SocketOption::KeepAliveInterval => {
            options.keep_alive_interval = within(value, 1..=32_767)?;
        }
        SocketOption::KeepAliveCount => options.keep_alive_count = within(value, 1..=127)?,
        SocketOption::TimeToLive => options.hop_limit = within(value, 1..=255)?,
        SocketOption::UnicastHops if value == u32::MAX => {
            options.hop_limit = System::of(ipv6).options.hop_limit;
        }
        SocketOption::UnicastHops => options.hop_limit = within(value, 0..=255)?,
        SocketOption::ReceiveBuffer => {
            options.receive_buffer = clamped(value, &System::of(ipv6).receive_buffer);
        }
        SocketOption::SendBuffer => {
            options.send_buffer = clamped(value, &System::of(ipv6).send_buffer);
        }
    }
    Ok(())
}

fn within<T: TryFrom<u32>>(value: u32, range: RangeInclusive<u32>) -> Result<T> {
    let value = Some(value).filter(|value| range.contains(value));
    value
        .and_then(|value| T::try_from(value).ok())
        .ok_or(Errno::INVAL)
}

fn clamped(value: u32, range: &RangeInclusive<u32>) -> u32 {
    value.clamp(*range.start(), *range.end())
}

/// What the system's own sockets are like, so that ours can be like them.
#[derive(Debug)]
struct System {
    options: Options,
    /// The sizes that a socket can have, as a guest sees them.
    receive_buffer: RangeInclusive<u32>,
    send_buffer: RangeInclusive<u32>,
}

static SYSTEM: [LazyLock<System>; 2] = [
    LazyLock::new(|| System::measured(false)),
    LazyLock::new(|| System::measured(true)),
];

impl System {
    fn of(ipv6: bool) -> &'static System {
        &SYSTEM[usize::from(ipv6)]
    }

    /// Asks a socket that is made for that, once for each process; where there
    /// can be none, takes what Linux has.
    fn measured(ipv6: bool) -> System {
        let usual = System {
            options: Options::default(),
            receive_buffer: 1_152..=212_992,
            send_buffer: 2_304..=212_992,
        };
        let socket = if ipv6 {
            tokio::net::TcpSocket::new_v6()
        } else {
            tokio::net::TcpSocket::new_v4()
        };
        let measured = socket.ok().map(|socket| usual.asked(&socket, ipv6));
        measured.and_then(Result::ok).unwrap_or(usual)
    }

    fn asked(&self, socket: &tokio::net::TcpSocket, ipv6: bool) -> Result<System> {
        let mut options = self.options;
        let hops = if ipv6 {
            SocketOption::UnicastHops
        } else {
            SocketOption::TimeToLive
        };
        let small = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let tiny = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        options.hop_limit = tiny(system_option(socket, hops)?);
        options.keep_alive = system_option(socket, SocketOption::KeepAlive)? != 0;
        options.keep_alive_idle = small(system_option(socket, SocketOption::KeepAliveIdle)?);
        let interval = system_option(socket, SocketOption::KeepAliveInterval)?;
        options.keep_alive_interval = small(interval);
        options.keep_alive_count = tiny(system_option(socket, SocketOption::KeepAliveCount)?);
        options.receive_buffer =
            system_option(socket, SocketOption::ReceiveBuffer)? / BUFFER_FACTOR;
        options.send_buffer = system_option(socket, SocketOption::SendBuffer)? / BUFFER_FACTOR;
        Ok(System {
            receive_buffer: bounds(socket, SocketOption::ReceiveBuffer, options.receive_buffer),
            send_buffer: bounds(socket, SocketOption::SendBuffer, options.send_buffer),
            options,
        })
    }
}

/// Finds the sizes that a buffer can have by asking for the extremes.
pub(in super::super) fn bounds(
    socket: impl AsFd + Copy,
    name: SocketOption,
    default: u32,
) -> RangeInclusive<u32> {
    let asked = |value: u32| {
        set_system_option(socket, name, value)?;
        system_option(socket, name).map(|value| value / BUFFER_FACTOR)
    };
    let least = asked(1).unwrap_or(1);
    let most = asked(i32::MAX.unsigned_abs()).unwrap_or(LARGEST_BUFFER);
    let most = match cfg!(target_os = "linux") {
        true => most,
        false => most.min(LARGEST_BUFFER),
    };
    least.min(default)..=most.max(default)
}

//! Looks at what this process has on the host: sockets, and memory.

#[cfg(target_os = "linux")]
use std::collections::HashSet;
use std::io;
use wasmtime::{Error, Result};

/// Returns the lines of this process's TCP and UDP sockets in the system's tables.
#[cfg(target_os = "linux")]
pub fn sockets_of_the_host() -> io::Result<Vec<String>> {
    let mut inodes = HashSet::new();
    for descriptor in std::fs::read_dir("/proc/self/fd")? {
        // One that was closed meanwhile leads nowhere.
        let Ok(to) = std::fs::read_link(descriptor?.path()) else {
            continue;
        };
        let to = to.to_string_lossy().into_owned();
        if let Some(inode) = to
            .strip_prefix("socket:[")
            .and_then(|to| to.strip_suffix(']'))
        {
            inodes.insert(inode.to_owned());
        }
    }
    let mut found = Vec::new();
    if inodes.is_empty() {
        return Ok(found);
    }
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        // Without IPv6 there is no table of it.
        let lines = std::fs::read_to_string(format!("/proc/self/net/{table}")).unwrap_or_default();
        let ours = |line: &&str| {
            line.split_whitespace()
                .nth(9)
                .is_some_and(|inode| inodes.contains(inode))
        };
        found.extend(
            lines
                .lines()
                .filter(ours)
                .map(|line| format!("{table} {line}")),
        );
    }
    Ok(found)
}

/// Elsewhere there is no such table.
#[cfg(not(target_os = "linux"))]
pub fn sockets_of_the_host() -> io::Result<Vec<String>> {
    Ok(Vec::new())
}

/// A socket of the host is seen where there is one.
pub fn looking_finds() -> Result<String> {
    if !sockets_of_the_host()?.is_empty() {
        return Err(Error::msg("this process has sockets already"));
    }
    let _listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let found = sockets_of_the_host()?.len();
    match found == 1 || !cfg!(target_os = "linux") {
        true => Ok(format!("{found} found")),
        false => Err(Error::msg(format!("{found} found"))),
    }
}

/// Returns how much memory this process has, in bytes, and takes that for the most
/// that it has had.
#[cfg(target_os = "linux")]
pub fn forget_peak() -> io::Result<u64> {
    std::fs::write("/proc/self/clear_refs", "5")?;
    memory("VmRSS:")
}

/// Returns the most memory that this process has had, in bytes.
#[cfg(target_os = "linux")]
pub fn peak() -> io::Result<u64> {
    memory("VmHWM:")
}

#[cfg(target_os = "linux")]
fn memory(name: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes * 1_024)
        .ok_or_else(|| io::Error::other(format!("no {name} in /proc/self/status")))
}

/// Elsewhere it is not measured.
#[cfg(not(target_os = "linux"))]
pub fn forget_peak() -> io::Result<u64> {
    Ok(0)
}

/// Elsewhere it is not measured.
#[cfg(not(target_os = "linux"))]
pub fn peak() -> io::Result<u64> {
    Ok(0)
}

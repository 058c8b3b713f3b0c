/// The options of a TCP socket, which accepted sockets take over from their
/// listener. Defaults are those of Linux, as a guest sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether probes are wanted. Nothing is ever lost here, so none is sent.
    pub keep_alive: bool,
    /// After how many idle seconds the first probe would be sent.
    pub keep_alive_idle: u16,
    /// Seconds between probes.
    pub keep_alive_interval: u16,
    /// How many unanswered probes would end the connection.
    pub keep_alive_count: u8,
    /// The hop limit, which no packet here ever reaches.
    pub hop_limit: u8,
    /// The receive buffer in bytes: this socket's part of the window that its
    /// peer writes into.
    pub receive_buffer: u32,
    /// The send buffer in bytes: this socket's part of the window that it
    /// writes into itself.
    pub send_buffer: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            keep_alive: false,
            keep_alive_idle: 7_200,
            keep_alive_interval: 75,
            keep_alive_count: 9,
            hop_limit: 64,
            receive_buffer: 65_536,
            send_buffer: 8_192,
        }
    }
}

impl Options {
    /// Returns the window in bytes of what a socket with these options sends
    /// to one with the options `to`.
    pub(super) fn window(&self, to: &Options) -> usize {
        let sum = u64::from(self.send_buffer) + u64::from(to.receive_buffer);
        usize::try_from(sum).unwrap_or(usize::MAX)
    }
}

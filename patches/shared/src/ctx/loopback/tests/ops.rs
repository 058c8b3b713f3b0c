use proptest::prelude::*;

/// How many sockets there are at a time.
pub const SLOTS: usize = 5;

/// What is done, to the sockets in which slots.
#[derive(Debug, Clone)]
pub enum Op {
    Create(usize),
    Bind(usize, u8),
    /// Binds to the port of another slot, if that listens.
    BindLike(usize, usize, u8),
    Listen(usize),
    Connect(usize, usize),
    Accept(usize, usize),
    Write(usize, usize),
    Read(usize, usize),
    Shutdown(usize, u8),
    DropStreams(usize),
    Addresses(usize),
    KeepAlive(usize, u16),
}

/// Returns operations, those that lead somewhere more often.
pub fn op() -> impl Strategy<Value = Op> {
    let slot = || 0..SLOTS;
    prop_oneof![
        2 => slot().prop_map(Op::Create),
        3 => (slot(), 1..3_u8).prop_map(|(slot, ip)| Op::Bind(slot, ip)),
        1 => (slot(), slot(), 1..3_u8).prop_map(|(slot, like, ip)| Op::BindLike(slot, like, ip)),
        4 => slot().prop_map(Op::Listen),
        8 => (slot(), slot()).prop_map(|(slot, to)| Op::Connect(slot, to)),
        6 => (slot(), slot()).prop_map(|(slot, into)| Op::Accept(slot, into)),
        8 => (slot(), 0..4_000_usize).prop_map(|(slot, size)| Op::Write(slot, size)),
        8 => (slot(), 1..9_000_usize).prop_map(|(slot, size)| Op::Read(slot, size)),
        2 => (slot(), 0..3_u8).prop_map(|(slot, how)| Op::Shutdown(slot, how)),
        2 => slot().prop_map(Op::DropStreams),
        2 => slot().prop_map(Op::Addresses),
        1 => (slot(), 1..200_u16).prop_map(|(slot, value)| Op::KeepAlive(slot, value)),
    ]
}

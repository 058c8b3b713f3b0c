//! Why a test most likely failed, from what it printed.

use std::sync::LazyLock;

use regex::RegexSet;
use serde::Serialize;

/// A likely reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LikelyCause {
    /// The name of the entry: `port-taken`.
    pub name: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub title: &'static str,
    /// The next step, as a sentence without a full stop.
    pub next: &'static str,
    /// Whether it is the machine's doing: then the test fails on upstream's crate too.
    pub machine: bool,
    #[serde(skip)]
    output: &'static str,
}

/// The table. The first entry whose expression matches tells it.
static FAILURES: [LikelyCause; 8] = [
    LikelyCause {
        name: "no-name-service",
        output: r"(?i)temporary[ -](?:name[ -]resolver|resolver)[ -]failure|ErrorCode::(?:NameUnresolvable|TemporaryResolverFailure)|name-unresolvable|failed to lookup address information|Name or service not known",
        title: "the machine resolves no public names",
        next: "allow the machine to ask a name server",
        machine: true,
    },
    LikelyCause {
        name: "no-route",
        output: r"(?i)network is unreachable|no route to host|ErrorCode::RemoteUnreachable|remote-unreachable|ENETUNREACH|EHOSTUNREACH",
        title: "the machine has no route to an outside address",
        next: "a default route is enough, nothing is sent far",
        machine: true,
    },
    LikelyCause {
        name: "port-taken",
        output: r"(?i)address already in use|ErrorCode::AddressInUse|address-in-use|EADDRINUSE",
        title: "a port is taken: by another program, or by a socket that did not give it back",
        next: "run the test alone with `--filter`; if it fails there too, the loopback network keeps a port",
        machine: false,
    },
    LikelyCause {
        name: "no-ipv6",
        output: r"(?i)address family not supported|EAFNOSUPPORT|cannot assign requested address",
        title: "the machine lacks an address family, most often IPv6",
        next: "turn on IPv6 for the loopback interface",
        machine: true,
    },
    LikelyCause {
        name: "disk-full",
        output: r"(?i)no space left on device|disk quota exceeded",
        title: "the disk is full",
        next: "free some space, then run the same command again",
        machine: true,
    },
    LikelyCause {
        name: "files-open",
        output: r"(?i)too many open files|EMFILE",
        title: "the process may not open more files",
        next: "raise the limit with `ulimit -n`, then run the same command again",
        machine: true,
    },
    LikelyCause {
        name: "guest-not-built",
        output: r"(?i)asset not compiled|failed to (?:find|open|read) (?:file )?`?[^\n]*\.wasm|No such file or directory[^\n]*\.wasm",
        title: "the test's guest was not built",
        next: "see the build's own messages; guests need the target `wasm32-wasip1`: `rustup target add wasm32-wasip1`",
        machine: false,
    },
    LikelyCause {
        name: "import-missing",
        output: r"(?i)component imports instance `[^`]+`, but a matching implementation was not found|unknown import: `[^`]+`|type mismatch for (?:function|import)",
        title: "guest and host are of different WIT: the host lacks an import, or has it otherwise",
        next: "take every WIT file and guest of one release; `wash-wasi-sync check` finds files that are not upstream's",
        machine: false,
    },
];

/// Returns the likely reason for a failure, from what the test printed.
pub fn likely(output: &str) -> Option<&'static LikelyCause> {
    static OUTPUTS: LazyLock<RegexSet> = LazyLock::new(|| {
        RegexSet::new(FAILURES.iter().map(|entry| entry.output)).expect("constant expressions")
    });
    FAILURES.get(OUTPUTS.matches(output).iter().next()?)
}

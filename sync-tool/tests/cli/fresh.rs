//! A fresh project: the tree is made, checked and looked at.

use super::*;

#[test]
fn the_tree_is_made_checked_and_told_about() {
    let world = World::new();
    shown!(world.run("vendor"), @r#"
    exit 0
    vendor/wash-wasi is 2.0.0-rc.6 (upstream 41.0.0)
      14 files from git, commit [digest], digest [digest]
    Patches of patches/v38.0.1: 2 files, all exact; 13 of at most 30 changed lines
      src/sockets/mod.rs exact +3 −1
      src/sockets/tcp.rs exact +8 −1
    Rules
      rewrite wasmtime_wasi to wash_wasi: 3 times in 3 files
      insert #![allow(unsafe_code, reason = "as upstream")]: 1 time in 1 file
    Left out of Cargo.toml
      dev-dependencies wasm-guests: it is not published
      test all: it needs a package that is not published
      test process_stdin: it needs a package that is not published
    Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: README.md, docs/differences.md, manifest.lock, patches/locks/41.0.0.lock
    Time: fetch [time], prepare [time], make [time], cargo lock [time], stage [time], verify [time], commit [time]
    --- stderr
    fetching v41.0.0 of [upstream]
    fetching 13 files of [upstream]
    formatting
    making the crate's Cargo.lock
    "#);
    shown!(world.run("vendor"), @r"
    exit 0
    vendor/wash-wasi is 2.0.0-rc.6 (upstream 41.0.0) already
      14 files from git, commit [digest], digest [digest]
    Time: fetch [time], prepare [time], make [time], cargo lock [time]
    ");
    shown!(world.run("check"), @r"
    exit 0
    The sync is correct. vendor/wash-wasi at 2.0.0-rc.6 is upstream 41.0.0 with the fork's changes, as locked: 14 files, digest [digest]
    Intentional differences from upstream:
      src/sockets/mod.rs: the loopback is asked before the host
        components of one workload talk without the host's network
      src/sockets/tcp.rs: a socket knows whether it is of the loopback
        the host must not be asked for what only the loopback has
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    ");
    shown!(world.run("check --deep"), @r"
    exit 0
    The sync is correct. vendor/wash-wasi at 2.0.0-rc.6 is upstream 41.0.0 with the fork's changes, made again from upstream: 14 files, digest [digest]
    Intentional differences from upstream:
      src/sockets/mod.rs: the loopback is asked before the host
        components of one workload talk without the host's network
      src/sockets/tcp.rs: a socket knows whether it is of the loopback
        the host must not be asked for what only the loopback has
    note: 8 of 8 gates did not run; to build and test the tree: `wash-wasi-sync vendor --verify`
    --- stderr
    listing the tags of [upstream]
    ");
    shown!(world.run("status"), @r"
    exit 0
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line 41.0.0, over all 45.0.0; to go there: `wash-wasi-sync upgrade --to latest`
    Tree: as locked, 14 files, digest [digest]
      Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    --- stderr
    listing the tags of [upstream]
    ");
    shown!(world.run("status --differences"), @r"
    exit 0
    Pin: 2.0.0-rc.6 follows upstream 41.0.0, commit [digest]
    Upstream: newest of the line 41.0.0, over all 45.0.0; to go there: `wash-wasi-sync upgrade --to latest`
    Tree: as locked, 14 files, digest [digest]
      Not built and tested: vendor without --verify; to do so: `wash-wasi-sync vendor --verify`
    Series: patches/v38.0.1, in use: 13 of at most 30 changed lines in 2 patches, 1 file of its own
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
    Intentional differences:
      src/sockets/mod.rs: the loopback is asked before the host
        components of one workload talk without the host's network
      src/sockets/tcp.rs: a socket knows whether it is of the loopback
        the host must not be asked for what only the loopback has
    --- stderr
    listing the tags of [upstream]
    ");
    shown!(world.run("versions"), @r"
    exit 0
    * 2.0.0-rc.6  v41.0.0    The second
      2.0.0-rc.5  v38.0.1    The first
    ");
    shown!(world.run("diff --stat"), @r"
    exit 0
    wash-wasi 2.0.0-rc.6 against wasmtime-wasi 41.0.0
      Cargo.toml +33 −12
      README.md +1 −1
      src/lib.rs +1 −1
      src/random.rs +1 −0
      src/sockets/loopback/mod.rs +14 −0 (new)
      src/sockets/loopback/ports.rs +4 −0 (new)
      src/sockets/mod.rs +3 −1
      src/sockets/tcp.rs +8 −1
      tests/all/main.rs +1 −1
      tests/loopback.rs +9 −0 (new)
    10 files, +75 −17
    ");
    shown!(world.run("diff src/sockets/tcp.rs"), @r"
    exit 0
    --- a/src/sockets/tcp.rs
    +++ b/src/sockets/tcp.rs
    @@ -4,12 +4,19 @@
     #[derive(Debug, PartialEq, Eq)]
     pub struct Socket {
         port: u16,
    +    pub(super) loopback: bool,
     }
     
     impl Socket {
         /// Makes a socket of the host.
         pub fn host(port: u16) -> Self {
    -        Socket { port }
    +        let loopback = false;
    +        Socket { port, loopback }
    +    }
    +
    +    /// Tells whether it is of the loopback.
    +    pub fn is_loopback(&self) -> bool {
    +        self.loopback
         }
     
         /// Returns the port.
    ");
    shown!(world.run("diff --from 38 --to v41 --stat"), @r"
    exit 0
    wasmtime-wasi 41.0.0 against wasmtime-wasi 38.0.4
      README.md +1 −1
      src/lib.rs +3 −3
      wit/deps/new.wit +1 −0 (new)
      wit/deps/old.wit +0 −1 (gone)
      wit/world.wit +1 −1
    5 files, +6 −6
    --- stderr
    listing the tags of [upstream]
    fetching v38.0.4 of [upstream]
    fetching 6 files of [upstream]
    ");
    shown!(world.run("show src/random.rs"), @r"
    exit 0
    //! Random bytes.

    /// Returns the first byte.
    pub fn first(bytes: &[u8; 4]) -> u8 {
        // SAFETY: there are four of them.
        unsafe { *bytes.as_ptr() }
    }
    ");
    shown!(world.run("show wit/deps/old.wit --at 38.0.1"), @r"
    exit 0
    package wasi:old;
    --- stderr
    fetching v38.0.1 of [upstream]
    fetching 5 files of [upstream]
    ");
    let whole = world.run("diff").done().out;
    assert!(
        whole.starts_with("--- a/Cargo.toml\n+++ b/Cargo.toml\n@@"),
        "{whole}"
    );
    assert!(!whole.contains("Cargo.lock"), "{whole}");
    shown!(world.read("vendor/wash-wasi/Cargo.toml"), @r#"
    # Generated by wash-wasi-sync. Edits are found and named; to keep one: `wash-wasi-sync refresh`.
    # This is wasmtime-wasi 41.0.0,
    # commit [digest] of
    # [upstream], changed by the fork:
    # - `wasmtime_wasi` is called `wash_wasi` in every file
    # - `#![allow(unsafe_code, reason = "as upstream")]` stands at the head of files with `unsafe`
    # - src/sockets/mod.rs is patched
    # - src/sockets/tcp.rs is patched
    # - src/sockets/loopback/mod.rs is added
    # - tests/loopback.rs is added
    # - src/sockets/loopback/ports.rs is added
    # - Cargo.toml stands for itself, without upstream's workspace

    [package]
    name = "wash-wasi"
    version = "2.0.0-rc.6"
    authors = ["The fork's"]
    edition = "2024"
    rust-version = "1.85"
    license = "Apache-2.0 WITH LLVM-exception"
    description = "With a loopback"
    repository = "https://example.org/fork"
    include = ["src/**/*", "tests/**/*", "wit/**/*", "*.md"]
    autotests = false
    autobenches = false
    autoexamples = false

    [lints.rust]
    unsafe_code = "deny"
    unused_lifetimes = "warn"

    [features]
    default = ["p2"]
    p0 = []
    p1 = []
    p2 = []
    p3 = []

    # Not published, so left out: wasm-guests.
    # Left out test targets: all, process_stdin.
    # Their files are here as upstream has them; they run in upstream's workspace,
    # where the fork stands as one more member.
    [dev-dependencies]

    [[test]]
    name = "loopback"

    [workspace]
    "#);
    shown!(world.read("docs/differences.md"), @r"
    # Differences

    <!-- wash-wasi-sync: differences (generated; edits are lost) -->

    From wasmtime-wasi 41.0.0, by the series `patches/v38.0.1`: 11 lines added, 2 removed.

    ### `src/sockets/mod.rs` (+3 −1)

    - **Change:** the loopback is asked before the host. **Reason:** components of one workload talk without the host's network.

    ### `src/sockets/tcp.rs` (+8 −1)

    - **Change:** a socket knows whether it is of the loopback. **Reason:** the host must not be asked for what only the loopback has.

    <!-- wash-wasi-sync: end of differences -->

    The end.
    ");
}

//! An invented upgrade, of the kinds that occur.

use page::{
    Before, Change, ChangeKind, Chapter, Commit, ConflictReview, Decision, Delta, DeltaChange,
    Difference, Entry, FileReview, FileState, Gate, GateResult, HunkReview, Layer, Review, Sides,
    State, Text, Versions,
};

/// Returns a review with four conflicts in three files, of which one is resolved.
pub(crate) fn review() -> Review {
    Review {
        fork: "wash-wasi".into(),
        upstream: "wasmtime-wasi".into(),
        repository: Some("https://github.com/bytecodealliance/wasmtime".into()),
        from: versions("2.0.0-rc.6", "41.0.0"),
        to: versions("2.0.0-rc.7", "42.0.2"),
        base: "41.0.0".into(),
        state: State::Conflicts,
        next: Some("wash-wasi-sync conflicts open 1".into()),
        complete: "wash-wasi-sync conflicts --format json".into(),
        gates: gates(),
        delta: Some(DeltaChange {
            before: Delta { added: 19, removed: 3 },
            after: Delta { added: 20, removed: 4 },
        }),
        budget: Some(30),
        files: vec![tcp(), udp(), deleted(), sockets(), exact("src/ctx.rs"), taken()],
        changes: changes(),
        chapters: Vec::new(),
        notes: vec![
            "Upstream moved `src/p2/network.rs` to `src/sockets/network.rs`; the patch followed it.".into(),
            "A decision about `src/sockets/tcp.rs` is remembered: `wash-wasi-sync resolve src/sockets/tcp.rs --remembered`.".into(),
        ],
        tool: "wash-wasi-sync 0.1.0".into(),
    }
}

/// Returns the review of an upgrade that needed no person and is in place.
pub(crate) fn done() -> Review {
    let mut review = review();
    review.state = State::Done;
    review.next = None;
    review.files.retain(|file| file.conflicts.is_empty());
    for gate in &mut review.gates {
        gate.result = GateResult::Passed;
        gate.said = Some("237 tests, 1 failing with upstream’s crate too (1 min 47 s)".into());
    }
    review
}

/// Returns a report of what upstream changed, with nothing to put in place.
pub(crate) fn report() -> Review {
    let entry = |tag: &str, text: &str| Entry {
        tag: Some(tag.into()),
        text: text.into(),
        ..Entry::default()
    };
    let used = Entry {
        is_urgent: true,
        code: vec![
            ("before".into(), "pub fn bind(&mut self, address: SocketAddr) -> Result<(), ErrorCode>".into()),
            ("after".into(), "pub async fn bind(&mut self, address: SocketAddr, check: &SocketAddrCheck) -> Result<(), ErrorCode>".into()),
        ],
        details: vec!["used in `loopback/src/tcp/socket.rs` line 120".into()],
        ..entry("changed", "`sockets::TcpSocket::bind`")
    };
    let notes = (0..20).map(|number| Entry {
        pull_requests: vec![13_000 + number],
        ..entry(
            "WASI",
            "The default of the socket checks is to deny TCP and UDP.",
        )
    });
    Review {
        state: State::Report,
        chapters: vec![
            Chapter {
                title: "Interfaces that the fork uses".into(),
                lead: "Found by name in the patches and the fork's own code.".into(),
                entries: vec![used, entry("gone", "`sockets::util`")],
            },
            Chapter {
                title: "Release notes".into(),
                lead: "There are no release notes of 43.0.1.".into(),
                entries: notes.collect(),
            },
        ],
        ..done()
    }
}

fn versions(fork: &str, upstream: &str) -> Versions {
    Versions {
        fork: fork.into(),
        upstream: upstream.into(),
    }
}

fn gates() -> Vec<Gate> {
    let gate = |title: &str, result, said: Option<&str>| Gate {
        title: title.into(),
        result,
        said: said.map(Into::into),
    };
    vec![
        gate("build with p1, p2 and p3", GateResult::NotRun, None),
        gate("unit tests", GateResult::NotRun, None),
        gate("the fork’s tests", GateResult::NotRun, None),
        gate(
            "upstream’s tests",
            GateResult::Skipped,
            Some("upstream’s test programs are not published"),
        ),
    ]
}

fn changes() -> Vec<Change> {
    let change = |path: &str, kind, is_patched| Change {
        path: path.into(),
        kind,
        is_patched,
    };
    let mut changes = vec![
        change("src/sockets/tcp.rs", ChangeKind::Changed, true),
        change("src/sockets/udp.rs", ChangeKind::Changed, true),
        change("src/sockets/mod.rs", ChangeKind::Changed, true),
        change("src/sockets/network.rs", ChangeKind::Added, false),
        change("src/p2/network.rs", ChangeKind::Removed, false),
    ];
    for name in ["clocks", "filesystem", "random", "stdio", "view"] {
        changes.push(change(
            &format!("src/p3/{name}.rs"),
            ChangeKind::Changed,
            false,
        ));
        changes.push(change(
            &format!("wit/deps/{name}.wit"),
            ChangeKind::Added,
            false,
        ));
    }
    changes
}

fn text(first_line: usize, text: &str) -> Text {
    Text {
        first_line,
        text: text.into(),
    }
}

fn commit(id: &str, subject: &str, date: &str, pull_request: u64) -> Commit {
    Commit {
        id: id.repeat(5),
        subject: subject.into(),
        date: Some(date.into()),
        pull_request: Some(pull_request),
    }
}

fn difference(change: &str, reason: &str) -> Difference {
    Difference {
        change: change.into(),
        reason: reason.into(),
    }
}

/// Returns a file of which nothing is known but its state.
fn file(path: &str, state: FileState) -> FileReview {
    FileReview {
        path: path.into(),
        patch: Some(format!("patches/v41.0.0/{path}.patch")),
        state,
        differences: Vec::new(),
        notes: Vec::new(),
        hunks: Vec::new(),
        conflicts: Vec::new(),
        decision: None,
        remembered: None,
        commits: Vec::new(),
    }
}

fn tcp() -> FileReview {
    FileReview {
        differences: vec![
            difference(
                "A new socket is told its context’s network.",
                "It is where its loopback addresses are.",
            ),
            difference(
                "Only accepted sockets of the system are given the listener’s options.",
                "Those of the loopback network have them on every platform.",
            ),
        ],
        notes: vec!["Upstream renamed `SocketAddrFamily` to `SocketAddressFamily`; the patch was read with the new name.".into()],
        conflicts: vec![imports(), apply_options()],
        hunks: vec![moved(), module()],
        commits: vec![
            commit("3f1a9c02", "Share the socket implementation of WASIp2 and WASIp3", "2026-02-11", 12_345),
            commit("b7720e4d", "Apply inherited options in one place", "2026-01-29", 12_301),
            commit("09cc15aa", "Refactor the address checks of sockets", "2026-01-08", 12_190),
        ],
        remembered: Some("patches/resolutions/4f0c9a1be277.patch".into()),
        ..file("src/sockets/tcp.rs", FileState::Conflict)
    }
}

fn imports() -> ConflictReview {
    let old = "use crate::p2::{P2TcpStreamingState, SocketResult};\n\
        use crate::sockets::util::{\n    \
        ErrorCode, get_unicast_hop_limit, is_valid_address_family, receive_buffer_size,\n\
        };\n\
        use crate::sockets::{DEFAULT_TCP_BACKLOG, SocketAddrFamily, WasiSocketsCtx};\n";
    let new = "use crate::sockets::{\n    \
        DEFAULT_TCP_BACKLOG, ErrorCode, MaybeReady, SocketAddressFamily, WasiSocketsCtx,\n    \
        get_receive_buffer_size, get_unicast_hop_limit, is_valid_address_family,\n\
        };\n";
    ConflictReview {
        number: 1,
        item: None,
        cause: None,
        sides: Some(Sides {
            base: text(1, old),
            ours: text(
                1,
                &old.replace(
                    "SocketResult};\n",
                    "SocketResult};\nuse crate::sockets::loopback::os::{rustix, tokio};\n",
                ),
            ),
            theirs: text(1, new),
        }),
        merged: None,
        next: Some("wash-wasi-sync conflicts open 1".into()),
        commits: vec![commit(
            "3f1a9c02",
            "Share the socket implementation of WASIp2 and WASIp3",
            "2026-02-11",
            12_345,
        )],
    }
}

fn apply_options() -> ConflictReview {
    let function = |body: &str| {
        format!(
            "    /// Finishes an accepted connection, and gives it what the listener has.\n    \
            fn accepted(&self, result: io::Result<tokio::net::TcpStream>) -> Poll<TcpSocket> {{\n\
            {body}    }}\n"
        )
    };
    ConflictReview {
        number: 2,
        item: Some("impl TcpSocket, fn accepted".into()),
        cause: None,
        sides: Some(Sides {
            base: text(
                548,
                &function(
                    "        let state = match result {\n            Ok(client) => {\n                \
            self.listener_options.apply(self.family, &client);\n                \
            TcpState::connected(client)\n            }\n            \
            Err(err) => TcpState::Closed(err.into()),\n        };\n        \
            Poll::Ready(TcpSocket { state, family: self.family })\n",
                ),
            ),
            ours: text(
                549,
                &function(
                    "        let state = match result {\n            Ok(client) => {\n                \
            client.on_system(|client| self.listener_options.apply(self.family, client));\n                \
            TcpState::connected(client)\n            }\n            \
            Err(err) => TcpState::Closed(err.into()),\n        };\n        \
            Poll::Ready(TcpSocket { state, family: self.family })\n",
                ),
            ),
            theirs: text(
                561,
                &function(
                    "        // Options that are not inherited on this platform must be set by hand, and a failure to do so is reported when the socket is first used, not here.\n        \
            let state = match result.map_err(ErrorCode::from) {\n            Ok(client) => \
            match self.listener_options.apply(self.family, &client) {\n                \
            Ok(()) => TcpState::connected(client),\n                \
            Err(err) => TcpState::Closed(err),\n            },\n            \
            Err(err) => TcpState::Closed(err),\n        };\n        \
            Poll::Ready(TcpSocket::from_state(state, self.family))\n",
                ),
            ),
        }),
        merged: None,
        next: Some("wash-wasi-sync conflicts open 2".into()),
        commits: vec![
            commit(
                "3f1a9c02",
                "Share the socket implementation of WASIp2 and WASIp3",
                "2026-02-11",
                12_345,
            ),
            commit(
                "b7720e4d",
                "Apply inherited options in one place",
                "2026-01-29",
                12_301,
            ),
        ],
    }
}

fn moved() -> HunkReview {
    let old = "        let socket = with_ambient_tokio_runtime(|| socket(family))?;\n\n        \
        Ok(Self::from_state(TcpState::Default(socket), family))\n";
    let new = "        ctx.allowed_network_uses.check_allowed_tcp()?;\n\n        \
        let socket = with_ambient_tokio_runtime(|| socket(family))?;\n\n        \
        Ok(Self {\n            tcp_state: TcpState::Default(socket),\n            family,\n        })\n";
    HunkReview {
        layer: Layer::Items,
        item: Some("impl TcpSocket, fn new".into()),
        before: Some(Before {
            base: text(102, old),
            ours: text(
                103,
                &old.replace("(family))?;", "(family))?.on(&ctx.loopback);"),
            ),
        }),
        theirs: text(117, new),
        merged: text(
            118,
            &new.replace("(family))?;", "(family))?.on(&ctx.loopback);"),
        ),
    }
}

fn module() -> HunkReview {
    let old = "    value.clamp(MIN_CNT, MAX_CNT)\n}\n";
    HunkReview {
        layer: Layer::Lines,
        item: None,
        before: Some(Before {
            base: text(884, old),
            ours: text(886, &format!("{old}mod loopback;\n")),
        }),
        theirs: text(893, old),
        merged: text(895, &format!("{old}mod loopback;\n")),
    }
}

fn udp() -> FileReview {
    let old = "        let socket = UdpSocket::bind(family)?;\n        Ok(Self { socket })\n";
    let new = "        cx.allowed_network_uses.check_allowed_udp()?;\n        \
        let socket = with_ambient_tokio_runtime(|| socket(family))?;\n        Ok(Self { socket, family })\n";
    FileReview {
        differences: vec![difference(
            "A new socket is told its context’s network.",
            "It is where its loopback addresses are.",
        )],
        conflicts: vec![ConflictReview {
            number: 3,
            item: Some("impl UdpSocket, fn new".into()),
            cause: None,
            sides: Some(Sides {
                base: text(44, old),
                ours: text(45, &old.replace("family)?", "family)?.on(&cx.loopback)")),
                theirs: text(46, new),
            }),
            merged: Some(text(
                47,
                &new.replace("(family))?", "(family))?.on(&cx.loopback)"),
            )),
            next: None,
            commits: Vec::new(),
        }],
        commits: vec![commit(
            "3f1a9c02",
            "Share the socket implementation of WASIp2 and WASIp3",
            "2026-02-11",
            12_345,
        )],
        decision: Some(Decision {
            how: "edited".into(),
            by: Some("Ada Example, 2026-03-02".into()),
            reason: Some("upstream makes the socket itself now".into()),
        }),
        ..file("src/sockets/udp.rs", FileState::Resolved)
    }
}

fn sockets() -> FileReview {
    let hunk = |layer, item: Option<&str>, line, old: &str, ours: &str, new: &str, merged: &str| {
        HunkReview {
            layer,
            item: item.map(Into::into),
            before: Some(Before {
                base: text(line, old),
                ours: text(line, ours),
            }),
            theirs: text(line + 4, new),
            merged: text(line + 4, merged),
        }
    };
    FileReview {
        differences: vec![
            difference(
                "The module `sockets::loopback` is there.",
                "It holds the in-memory network, which upstream does not have.",
            ),
            difference(
                "A context has a loopback network.",
                "Its sockets find it there; contexts that share it reach each other.",
            ),
        ],
        hunks: vec![
            hunk(
                Layer::Normalised,
                None,
                9,
                "use wasmtime::component::{HasData, ResourceTable};\n",
                "use std::sync::{Arc, Mutex};\nuse wasmtime::component::{HasData, ResourceTable};\n",
                "use std::sync::Arc;\nuse wasmtime::component::{HasData, Resource, ResourceTable};\n",
                "use std::sync::{Arc, Mutex};\nuse wasmtime::component::{HasData, Resource, ResourceTable};\n",
            ),
            hunk(
                Layer::Exact,
                None,
                15,
                "mod tcp;\nmod udp;\n",
                "pub mod loopback;\nmod tcp;\nmod udp;\n",
                "mod tcp;\nmod udp;\n",
                "pub mod loopback;\nmod tcp;\nmod udp;\n",
            ),
            hunk(
                Layer::Items,
                Some("struct WasiSocketsCtx"),
                66,
                "    pub(crate) allowed_network_uses: AllowedNetworkUses,\n}\n",
                "    pub(crate) allowed_network_uses: AllowedNetworkUses,\n    pub(crate) loopback: Arc<Mutex<loopback::Network>>,\n}\n",
                "    pub(crate) allowed_network_uses: AllowedNetworkUses,\n    pub(crate) dns_cache: DnsCache<'static>, // 5 minutes\n}\n",
                "    pub(crate) allowed_network_uses: AllowedNetworkUses,\n    pub(crate) dns_cache: DnsCache<'static>, // 5 minutes\n    pub(crate) loopback: Arc<Mutex<loopback::Network>>,\n}\n",
            ),
        ],
        commits: vec![commit(
            "5be0d713",
            "Cache the results of name lookups",
            "2026-01-20",
            12_260,
        )],
        ..file("src/sockets/mod.rs", FileState::Merged)
    }
}

fn exact(path: &str) -> FileReview {
    FileReview {
        differences: vec![difference(
            "`WasiCtxBuilder` has a further method, `loopback_network`, in a child module.",
            "A host gives its contexts a network by it.",
        )],
        hunks: vec![HunkReview {
            layer: Layer::Exact,
            item: None,
            before: Some(Before {
                base: text(565, "        &mut self.sockets\n    }\n}\n"),
                ours: text(565, "        &mut self.sockets\n    }\n}\nmod loopback;\n"),
            }),
            theirs: text(565, "        &mut self.sockets\n    }\n}\n"),
            merged: text(565, "        &mut self.sockets\n    }\n}\nmod loopback;\n"),
        }],
        ..file(path, FileState::Exact)
    }
}

fn deleted() -> FileReview {
    FileReview {
        conflicts: vec![ConflictReview {
            number: 4,
            item: None,
            cause: Some(
                "Upstream deleted the file; 83 of its 112 lines are in `src/sockets/network.rs` now.".into(),
            ),
            sides: None,
            merged: None,
            next: Some("wash-wasi-sync resolve src/p2/network.rs --moved-to src/sockets/network.rs".into()),
            commits: Vec::new(),
        }],
        ..file("src/p2/network.rs", FileState::DeletedUpstream)
    }
}

fn taken() -> FileReview {
    FileReview {
        notes: vec![
            "Upstream’s text has the change of the patch; the new series leaves it out.".into(),
        ],
        ..file("src/p2/tcp.rs", FileState::TakenByUpstream)
    }
}

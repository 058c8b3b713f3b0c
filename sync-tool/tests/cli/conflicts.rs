//! Conflicts: told, written for review, and nothing else is touched.

use super::*;

#[test]
fn lines_that_both_changed_end_the_run() {
    let world = World::vendored();
    let before = world.see();
    shown!(world.run("upgrade --to v43.0.0"), @r"
    exit 11
    Conflicts: upstream 43.0.0 and the fork's patches contradict each other in 1 file; the pinned tree is untouched

    src/sockets/mod.rs (patches/v38.0.1/src/sockets/mod.rs.patch)
      base, upstream 41.0.0 (line 13)
            Some(Socket::host(port))
      ours (line 15)
            Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))
      theirs, upstream 43.0.0 (line 13)
            Socket::host(port).into()

    Written for review, with diff3 markers and as conflicts.json: vendor/.wash-wasi-sync/conflicts/v43.0.0
    help: see what upstream changed: `wash-wasi-sync diff --from 41.0.0 --to 43.0.0 src/sockets/mod.rs`
    help: then write the patches for 43.0.0 into a series of their own (docs/upgrade-guide.md)
    --- stderr
    fetching v43.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    ");
    let review = "vendor/.wash-wasi-sync/conflicts/v43.0.0";
    let marked = world.read(&format!("{review}/src/sockets/mod.rs"));
    shown!(marked, @r"
    //! Sockets.

    mod tcp;

    pub use tcp::Socket;

    pub mod loopback;

    /// The ports that the host listens on.
    pub const PORTS: [u16; 2] = [80, 443];

    /// Connects to a port of the host.
    pub fn connect(port: u16) -> Option<Socket> {
        let port = Some(port).filter(|port| PORTS.contains(port))?;
    <<<<<<< ours: upstream 41.0.0 with patches/v38.0.1/src/sockets/mod.rs.patch
        Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))
    ||||||| base: upstream 41.0.0
        Some(Socket::host(port))
    =======
        Socket::host(port).into()
    >>>>>>> theirs: upstream 43.0.0
    }
    ");
    let json: serde_json::Value =
        serde_json::from_str(&world.read(&format!("{review}/conflicts.json"))).unwrap();
    shown!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    [
      {
        "path": "src/sockets/mod.rs",
        "patch": "patches/v38.0.1/src/sockets/mod.rs.patch",
        "from": "41.0.0",
        "to": "43.0.0",
        "kind": "lines",
        "merge": {
          "chunks": [
            {
              "resolved": "//! Sockets.\n\nmod tcp;\n\npub use tcp::Socket;\n\npub mod loopback;\n\n/// The ports that the host listens on.\npub const PORTS: [u16; 2] = [80, 443];\n\n/// Connects to a port of the host.\npub fn connect(port: u16) -> Option<Socket> {\n    let port = Some(port).filter(|port| PORTS.contains(port))?;\n"
            },
            {
              "conflict": {
                "base": {
                  "lines": {
                    "start": 13,
                    "end": 14
                  },
                  "text": "    Some(Socket::host(port))\n"
                },
                "ours": {
                  "lines": {
                    "start": 15,
                    "end": 16
                  },
                  "text": "    Some(loopback::socket(port).unwrap_or_else(|| Socket::host(port)))\n"
                },
                "theirs": {
                  "lines": {
                    "start": 13,
                    "end": 14
                  },
                  "text": "    Socket::host(port).into()\n"
                }
              }
            },
            {
              "resolved": "}\n"
            }
          ]
        }
      }
    ]
    "#);
    world.remove(review);
    world.same_as(&before);
    world.run("check").done();
}

#[test]
fn a_deleted_file_is_a_conflict_and_never_a_silent_loss() {
    let world = World::vendored();
    let before = world.see();
    let dir = world.both.git.path("review");
    let args = ["upgrade", "--to", "44", "--conflicts-dir", "../review"];
    shown!(world.run_args(&args), @r"
    exit 11
    Conflicts: upstream 44.0.0 and the fork's patches contradict each other in 1 file; the pinned tree is untouched

    src/sockets/tcp.rs (patches/v38.0.1/src/sockets/tcp.rs.patch)
      upstream 44.0.0 has no such file any more; its content is now mostly in src/sockets/stream.rs (9 of 9 lines)

    Written for review, with diff3 markers and as conflicts.json: ../review
    help: see what upstream changed: `wash-wasi-sync diff --from 41.0.0 --to 44.0.0 src/sockets/tcp.rs`
    help: then write the patches for 44.0.0 into a series of their own (docs/upgrade-guide.md)
    --- stderr
    listing the tags of [upstream]
    fetching v44.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    ");
    let files: Vec<String> = see(&dir).into_keys().collect();
    assert_eq!(files, [".written", "conflicts.json", "src/sockets/tcp.rs"]);
    world.same_as(&before);
    let ran = world.run_args(&[&args[..], &["--format", "json"]].concat());
    let report = ran.ended(11).json();
    assert_eq!(report["ended"], "conflicts");
    assert_eq!(report["conflicts"][0]["kind"], "deleted");
    assert_eq!(report["to"]["upstream"], "44.0.0");
    let now_in = &report["conflicts"][0]["now_in"];
    assert_eq!(now_in["path"], "src/sockets/stream.rs");
}

#[test]
fn a_series_that_does_not_fit_the_pin_is_no_matter_for_vendor() {
    let world = World::vendored();
    world.edit(
        "manifest.toml",
        "upstream = \"41.0.0\" # the pin",
        "upstream = \"43.0.0\"",
    );
    world.edit(
        "manifest.toml",
        "version = \"2.0.0-rc.6\"",
        "version = \"2.0.0-rc.9\"",
    );
    shown!(world.refused("vendor", 11), @r"
    exit 11
    --- stderr
    fetching v43.0.0 of [upstream]
    fetching 6 files of [upstream]
    formatting
    error: patches do not apply to 43.0.0
      × hunk 1 (`@@ -4,11 +4,13 @@`): its old text stands nowhere: 9 of its 11 lines match where line
      │ 10 is `/// Connects to a port of the host.` and should be `/// Connects to a port.`
       ╭─[patches/v38.0.1/src/sockets/mod.rs.patch:6:1]
     5 │ +++ b/src/sockets/mod.rs
     6 │ @@ -4,11 +4,13 @@
       · ─────────────────
     7 │  
       ╰────
      help: bring the hunk's context and removed lines to what the file says
    help: fix the patches, or let `wash-wasi-sync upgrade --to v43.0.0` merge them
    ");
}

#[test]
fn a_protected_file_that_went_into_another_is_found_there() {
    let world = World::new();
    world.remove("patches/v38.0.1/src/sockets/tcp.rs.patch");
    world.run("vendor").done();
    world.tag("46.0.0", |root| {
        let path = |name: &str| root.join("src/sockets").join(name);
        let [sockets, tcp] =
            ["mod.rs", "tcp.rs"].map(|name| std::fs::read_to_string(path(name)).unwrap());
        let nested: String = tcp
            .lines()
            .skip(2)
            .map(|line| format!("    {line}\n"))
            .collect();
        let merged = sockets.replace("mod tcp;\n", &format!("mod tcp {{\n{nested}}}\n"));
        std::fs::write(path("mod.rs"), merged).unwrap();
        std::fs::remove_file(path("tcp.rs")).unwrap();
    });
    let ran = world.refused("upgrade --to 46.0.0 --dry-run", 0);
    let line = "src/sockets/tcp.rs protected +0 −19; now mostly in src/sockets/mod.rs";
    assert!(ran.out.contains(line), "{ran}");
    let ran = world.refused("diff --stat --from 41 --to 46", 0);
    let line = "src/sockets/tcp.rs +0 −19 (gone; now mostly in src/sockets/mod.rs (";
    assert!(ran.out.contains(line), "{ran}");
}

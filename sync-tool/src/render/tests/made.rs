//! `upgrade` and `vendor`: what was made, and what was not.

use gates::gate::GateReport;
use recipe::compare::{Changed, FileChange};
use recipe::manifest::FileKind;
use recipe::merge::{Conflict, Layer, merge};
use recipe::patch::Difference;
use recipe::prepare::RuleCount;
use recipe::release::SourceKind;
use recipe::series::{ConflictKind, FileConflict, Texts};

use super::*;
use crate::report::{
    ConflictReport, ConflictsReport, Ended, MadeReport, MergedFileReport, PatchReport, SeriesReport,
};
use upstream::git::Commit;

fn change(name: &str, kind: FileKind, what: Changed, lines: Delta) -> FileChange {
    FileChange {
        now_in: None,
        path: path(name),
        kind,
        what,
        lines,
    }
}

fn gate(key: &str, title: &str, said: &str, milliseconds: u64) -> GateReport {
    GateReport {
        gate: key.to_owned(),
        title: title.to_owned(),
        said: said.to_owned(),
        milliseconds,
    }
}

fn series() -> SeriesReport {
    let patch = |name: &str, merged, moved: &[&str], delta| PatchReport {
        path: path(name),
        merged,
        moved: moved.iter().map(|m| (*m).to_owned()).collect(),
        delta,
    };
    SeriesReport {
        base: "38.0.4".parse().unwrap(),
        dir: path("patches/v38.0.4"),
        stored_as: Some(path("patches/v41.0.0")),
        merge_base: Some("40.0.0".parse().unwrap()),
        patches: vec![
            patch("src/ctx.rs", true, &[], delta(9, 1)),
            patch(
                "src/sockets/mod.rs",
                false,
                &["hunk 1 stands 4 lines lower"],
                delta(22, 0),
            ),
        ],
        taken: Vec::new(),
        merges: Vec::new(),
        delta: delta(31, 1),
        budget: 30,
    }
}

fn upgraded() -> MadeReport {
    let step = |step, milliseconds| StepTime { step, milliseconds };
    MadeReport {
        command: "upgrade",
        ended: Ended::Committed,
        from: Some(versions("2.0.0-rc.5", "38.0.4")),
        to: versions("2.0.0-rc.6", "41.0.0"),
        source: SourceKind::Git,
        commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        path: "vendor/wash-wasi".to_owned(),
        files: 94,
        digest: Some(Digest::of("a tree")),
        changes: vec![
            change(
                "src/ctx.rs",
                FileKind::Patched,
                Changed::Changed,
                delta(40, 7),
            ),
            change(
                "src/sockets/udp.rs",
                FileKind::Patched,
                Changed::Changed,
                delta(1, 1),
            ),
            change("src/view.rs", FileKind::Direct, Changed::New, delta(72, 0)),
            change("src/net.rs", FileKind::Direct, Changed::Gone, delta(0, 51)),
            change(
                "Cargo.toml",
                FileKind::Generated,
                Changed::Changed,
                delta(3, 3),
            ),
        ],
        binary: Vec::new(),
        patch: None,
        rules: vec![RuleCount {
            rule: "rewrite wasmtime_wasi to wash_wasi".to_owned(),
            matches: 102,
            files: 24,
        }],
        series: Some(series()),
        conflicts: Vec::new(),
        open: None,
        left_out: vec!["test all: it needs a package that is not published".to_owned()],
        gates: vec![
            gate(
                "build-p0",
                "build with p0",
                "absent: this release has no feature `p0`",
                0,
            ),
            gate("build-p1-p2", "build with p1 and p2", "passed", 61_400),
            gate("unit", "unit tests", "passed, 15 tests", 2_140),
        ],
        written: vec![path("manifest.lock"), path("manifest.toml")],
        notes: vec!["2.0.0-rc.6 is a new version of the fork".to_owned()],
        steps: vec![step("fetch", 8), step("verify", 63_540)],
    }
}

fn conflict(name: &str, kind: ConflictKind) -> FileConflict {
    FileConflict {
        path: path(name),
        patch: path(&format!("patches/v38.0.4/{name}.patch")),
        differences: Vec::new(),
        from: "38.0.4".parse().unwrap(),
        to: "41.0.0".parse().unwrap(),
        texts: Texts::default(),
        kind,
        hunks: Vec::new(),
        notes: Vec::new(),
    }
}

fn place(number: usize, conflict: &FileConflict, lines: Option<Conflict>) -> ConflictReport {
    ConflictReport {
        number,
        path: conflict.path.clone(),
        item: lines.as_ref().map(|_| "impl Ctx, fn new".to_owned()),
        patch: conflict.patch.clone(),
        differences: vec![Difference::new("a field\nmore", "the loopback needs it")],
        from: conflict.from.clone(),
        to: conflict.to.clone(),
        lines,
        kind: conflict.kind.clone(),
        notes: vec!["`Foo` is `Bar` now".to_owned()],
        resolution: None,
        remembered: (number == 1).then(|| path("patches/resolutions/src/ctx.rs.0.patch")),
        file: format!("work/files/{}", conflict.path),
        line: 7,
        commits: vec![Commit {
            id: "0123456789abcdef".to_owned(),
            subject: "Move it (#123)".to_owned(),
            date: "2026-07-14".to_owned(),
            pull_request: Some(123),
        }],
    }
}

#[test]
fn an_upgrade_tells_protected_files_first() {
    insta::assert_snapshot!(HUMAN.made(&upgraded()), @r"
    vendor/wash-wasi went from 2.0.0-rc.5 (upstream 38.0.4) to 2.0.0-rc.6 (upstream 41.0.0)
      94 files from git, commit 0123456789ab, digest 3772490f916f
    Protected files that changed (2)
      src/ctx.rs patched +40 −7
      src/sockets/udp.rs protected +1 −1
    New files (1)
      src/view.rs direct +72 −0
    Files that are gone (1)
      src/net.rs direct +0 −51
    Changed files (1)
      Cargo.toml generated +3 −3
    Patches of patches/v38.0.4: 2 files, 1 merged; 32 changed lines, above the budget of 30
      src/ctx.rs merged +9 −1
      src/sockets/mod.rs exact +22 −0 (hunk 1 stands 4 lines lower)
      merged from upstream 40.0.0 with these patches
      stored as the series patches/v41.0.0
    Rules
      rewrite wasmtime_wasi to wash_wasi: 102 times in 24 files
    Left out of Cargo.toml
      test all: it needs a package that is not published
    Verified
      build with p0: absent: this release has no feature `p0`
      build with p1 and p2: passed (1 min 1 s)
      unit tests: passed, 15 tests (2.1 s)
    Wrote: manifest.lock, manifest.toml
    note: 2.0.0-rc.6 is a new version of the fork
    Time: fetch 8 ms, verify 1 min 3 s
    ");
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let many = |n: usize| {
        change(
            &format!("src/f{n}.rs"),
            FileKind::Direct,
            Changed::Changed,
            delta(1, 1),
        )
    };
    let report = MadeReport {
        changes: (0..28).map(many).collect(),
        ..upgraded()
    };
    let text = HUMAN.made(&report);
    assert!(text.contains("Changed files (28)\n"), "{text}");
    assert!(
        text.contains("  and 8 more: `--format json` lists them all\n"),
        "{text}"
    );
}

#[test]
fn what_is_new_as_a_whole_is_not_listed() {
    let report = MadeReport {
        from: None,
        changes: vec![
            change("src/ctx.rs", FileKind::Patched, Changed::New, delta(40, 0)),
            change("src/lib.rs", FileKind::Direct, Changed::New, delta(9, 0)),
        ],
        files: 2,
        rules: Vec::new(),
        binary: Vec::new(),
        series: None,
        left_out: Vec::new(),
        gates: vec![gate("unit", "unit tests", "skipped: --no-verify", 0)],
        ..upgraded()
    };
    insta::assert_snapshot!(HUMAN.made(&report), @r"
    vendor/wash-wasi is 2.0.0-rc.6 (upstream 41.0.0)
      2 files from git, commit 0123456789ab, digest 3772490f916f
    Not built and tested: --no-verify; to do so: `wash-wasi-sync vendor --verify`
    Wrote: manifest.lock, manifest.toml
    note: 2.0.0-rc.6 is a new version of the fork
    Time: fetch 8 ms, verify 1 min 3 s
    ");
}

#[test]
fn a_dry_run_and_a_tree_that_is_there_say_so() {
    let dry = MadeReport {
        ended: Ended::DryRun,
        series: None,
        gates: Vec::new(),
        ..upgraded()
    };
    insta::assert_snapshot!(HUMAN.made(&dry), @r"
    vendor/wash-wasi would become 2.0.0-rc.6 (upstream 41.0.0); nothing was written
      94 files from git, commit 0123456789ab, digest 3772490f916f
    Protected files that changed (2)
      src/ctx.rs protected +40 −7
      src/sockets/udp.rs protected +1 −1
    New files (1)
      src/view.rs direct +72 −0
    Files that are gone (1)
      src/net.rs direct +0 −51
    Changed files (1)
      Cargo.toml generated +3 −3
    Rules
      rewrite wasmtime_wasi to wash_wasi: 102 times in 24 files
    Left out of Cargo.toml
      test all: it needs a package that is not published
    Would write: manifest.lock, manifest.toml
    note: 2.0.0-rc.6 is a new version of the fork
    Time: fetch 8 ms, verify 1 min 3 s
    ");
    let same = MadeReport {
        ended: Ended::Unchanged,
        from: Some(upgraded().to),
        changes: Vec::new(),
        gates: Vec::new(),
        written: Vec::new(),
        ..upgraded()
    };
    insta::assert_snapshot!(HUMAN.made(&same), @r"
    vendor/wash-wasi is 2.0.0-rc.6 (upstream 41.0.0) already
      94 files from git, commit 0123456789ab, digest 3772490f916f
    note: 2.0.0-rc.6 is a new version of the fork
    Time: fetch 8 ms, verify 1 min 3 s
    ");
}

#[test]
fn conflicts_show_all_sides() {
    let lines = merge("1\n2\n3\n", "1\nours\n3\n", "1\n3\n").unwrap();
    let both = lines.conflicts().next().cloned();
    let gone = ConflictKind::Deleted { now_in: None };
    let unparsable = ConflictKind::Unparsable {
        error: "7:1: expected `}`".to_owned(),
        text: String::new(),
    };
    let conflicts = vec![
        conflict("src/ctx.rs", ConflictKind::Lines { merge: lines }),
        conflict("src/p2/tcp.rs", gone),
        conflict("src/p2/udp.rs", unparsable),
    ];
    let open = ConflictsReport {
        from: "38.0.4".parse().unwrap(),
        to: "41.0.0".parse().unwrap(),
        files: 3,
        left: 3,
        conflicts: vec![
            place(1, &conflicts[0], both),
            place(2, &conflicts[1], None),
            place(3, &conflicts[2], None),
        ],
        merged: vec![MergedFileReport {
            path: path("src/p3/udp.rs"),
            layers: [(Layer::Lines, 1), (Layer::Items, 2)].into(),
            file: "work/files/src/p3/udp.rs".to_owned(),
            resolution: None,
            remembered: Some(path("patches/resolutions/src/p3/udp.rs.0.patch")),
        }],
        next: "`wash-wasi-sync conflicts open 1` edits the file".to_owned(),
    };
    insta::assert_snapshot!(HUMAN.conflict(&open), @r"
    1. src/ctx.rs, impl Ctx, fn new  not resolved
       Change: a field
               more
       Reason: the loopback needs it
       upstream 38.0.4 (line 2)
         2
       upstream 41.0.0 (nothing before line 2)
       the fork (line 2)
         ours
       resolved before (patches/resolutions/src/ctx.rs.0.patch): `wash-wasi-sync resolve src/ctx.rs --remembered`
       note: `Foo` is `Bar` now
       0123456789 2026-07-14 Move it (#123)
       file: work/files/src/ctx.rs:7
    2. src/p2/tcp.rs  not resolved
       Change: a field
               more
       Reason: the loopback needs it
       upstream has no such file any more
       note: `Foo` is `Bar` now
       0123456789 2026-07-14 Move it (#123)
       file: work/files/src/p2/tcp.rs:7
    3. src/p2/udp.rs  not resolved
       Change: a field
               more
       Reason: the loopback needs it
       the lines merge, but the result does not parse as Rust: 7:1: expected `}`
       note: `Foo` is `Bar` now
       0123456789 2026-07-14 Move it (#123)
       file: work/files/src/p2/udp.rs:7
    next: `wash-wasi-sync conflicts open 1` edits the file; `wash-wasi-sync help conflicts` explains all of it
    ");
    let report = MadeReport {
        ended: Ended::Conflicts,
        conflicts,
        open: Some(open),
        ..upgraded()
    };
    insta::assert_snapshot!(HUMAN.made(&report), @r"
    Conflicts: upstream 41.0.0 and the fork's patches contradict each other in 3 files; the pinned tree is untouched
    note: 2.0.0-rc.6 is a new version of the fork

    1. src/ctx.rs, impl Ctx, fn new  not resolved
       Change: a field
               more
       Reason: the loopback needs it
       upstream 38.0.4 (line 2)
         2
       upstream 41.0.0 (nothing before line 2)
       the fork (line 2)
         ours
       resolved before (patches/resolutions/src/ctx.rs.0.patch): `wash-wasi-sync resolve src/ctx.rs --remembered`

    2. src/p2/tcp.rs  not resolved
       Change: a field
               more
       Reason: the loopback needs it
       upstream has no such file any more

    3. src/p2/udp.rs  not resolved
       Change: a field
               more
       Reason: the loopback needs it
       the lines merge, but the result does not parse as Rust: 7:1: expected `}`

    Merged by themselves; to be reviewed
      src/p3/udp.rs (lines 1, items 2); decided otherwise before (patches/resolutions/src/p3/udp.rs.0.patch): `resolve src/p3/udp.rs --remembered`

    next: `wash-wasi-sync conflicts open 1` edits the file; `wash-wasi-sync help conflicts` explains all of it
    ");
    let dry = MadeReport {
        open: None,
        ..report
    };
    insta::assert_snapshot!(HUMAN.made(&dry), @r"
    Conflicts: upstream 41.0.0 and the fork's patches contradict each other in 3 files; the pinned tree is untouched
    note: 2.0.0-rc.6 is a new version of the fork
      src/ctx.rs (patches/v38.0.4/src/ctx.rs.patch): 1 conflict in its lines
      src/p2/tcp.rs (patches/v38.0.4/src/p2/tcp.rs.patch): upstream has no such file any more
      src/p2/udp.rs (patches/v38.0.4/src/p2/udp.rs.patch): the lines merge, but the result does not parse as Rust: 7:1: expected `}`
    next: run the same command without `--dry-run` to resolve them
    ");
}

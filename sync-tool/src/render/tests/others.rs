//! The smaller reports, and those for programs.

use std::collections::BTreeMap;

use recipe::compare::{Changed, FileDiff};
use recipe::drift::{Drift, DriftKind};
use recipe::manifest::{FileKind, HistoryRow};
use recipe::patch::Difference;
use recipe::refresh::Edit;

use super::*;
use crate::report::{
    CheckReport, DiffReport, Newest, RefreshReport, SeriesStatus, ShowReport, StatusReport,
    SupportStatus, TreeState, VersionsReport,
};

fn drift(name: &str, what: DriftKind, kind: Option<FileKind>) -> Drift {
    Drift {
        path: name.to_owned(),
        what,
        kind,
    }
}

fn drifted() -> Vec<Drift> {
    vec![
        drift("patches/v41.0.0/src/ctx.rs.patch", DriftKind::Input, None),
        drift("src/ctx.rs", DriftKind::Changed, Some(FileKind::Patched)),
        drift("src/odd, name: 100%.rs", DriftKind::Unknown, None),
    ]
}

fn checked(drift: Vec<Drift>) -> CheckReport {
    let difference = Difference::new("a seam for the loopback", "nothing else\nleads to it");
    CheckReport {
        pinned: versions("2.0.0-rc.6", "41.0.0"),
        path: "vendor/wash-wasi".to_owned(),
        exported: false,
        files: 94,
        digest: Digest::of("a tree"),
        deep: false,
        drift,
        notes: Vec::new(),
        differences: BTreeMap::from([(path("src/ctx.rs"), vec![difference])]),
    }
}

fn status(tree: TreeState) -> StatusReport {
    let gates = [
        ("build-p0", "absent: this release has no feature `p0`"),
        ("doc", "passed, 9 tests"),
        ("unit", "passed, 15 tests"),
    ];
    StatusReport {
        open: None,
        pinned: versions("2.0.0-rc.6", "41.0.0"),
        commit: None,
        newest: Some(Newest {
            of_line: Some("41.0.3".parse().unwrap()),
            overall: Some("48.0.0".parse().unwrap()),
            newer_in_registry: Vec::new(),
        }),
        newest_unknown: None,
        support: None,
        series: vec![SeriesStatus {
            base: "38.0.4".parse().unwrap(),
            dir: path("patches/v38.0.4"),
            in_use: true,
            patches: BTreeMap::from([(path("src/ctx.rs"), delta(30, 1))]),
            delta: delta(30, 1),
            budget: 30,
            files: 2,
        }],
        path: path("vendor/wash-wasi"),
        tree,
        gates: gates
            .map(|(gate, said)| (gate.to_owned(), said.to_owned()))
            .into(),
        differences: None,
        releases: None,
    }
}

#[test]
fn a_check_tells_what_drifted_and_how_to_go_on() {
    insta::assert_snapshot!(HUMAN.check(&checked(drifted())), @r"
    Drift: 3 differences
      patches/v41.0.0/src/ctx.rs.patch is not what the tree was made of
      vendor/wash-wasi/src/ctx.rs was changed (patched)
      vendor/wash-wasi/src/odd, name: 100%.rs does not belong there
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    ");
    insta::assert_snapshot!(annotations(&Findings::from(&checked(drifted()))), @r"
    ::error file=patches/v41.0.0/src/ctx.rs.patch,title=wash-wasi drift::patches/v41.0.0/src/ctx.rs.patch is not what the tree was made of
    ::error file=vendor/wash-wasi/src/ctx.rs,title=wash-wasi drift::vendor/wash-wasi/src/ctx.rs was changed
    ::error file=vendor/wash-wasi/src/odd%2C name%3A 100%25.rs,title=wash-wasi drift::vendor/wash-wasi/src/odd, name: 100%25.rs does not belong there
    ");
    let clean = CheckReport {
        deep: true,
        notes: vec!["2 of 7 gates did not run".to_owned()],
        ..checked(Vec::new())
    };
    insta::assert_snapshot!(HUMAN.check(&clean), @r"
    The sync is correct. vendor/wash-wasi at 2.0.0-rc.6 is upstream 41.0.0 with the fork's changes, made again from upstream: 94 files, digest 3772490f916f
    Intentional differences from upstream:
      src/ctx.rs: a seam for the loopback
        nothing else leads to it
    note: 2 of 7 gates did not run
    ");
    let renamed_only = CheckReport {
        differences: BTreeMap::new(),
        ..checked(Vec::new())
    };
    insta::assert_snapshot!(HUMAN.check(&renamed_only), @r"
    The sync is correct. vendor/wash-wasi at 2.0.0-rc.6 is upstream 41.0.0 with the fork's changes, as locked: 94 files, digest 3772490f916f
    No intentional differences from upstream.
    ");
}

#[test]
fn sarif_points_at_files_of_the_repository() {
    let sarif = sarif(&Findings::from(&checked(drifted()))).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    insta::assert_snapshot!(format!("{:#}", sarif["runs"][0]["results"][2]), @r#"
    {
      "ruleId": "unknown",
      "ruleIndex": 3,
      "level": "error",
      "message": {
        "text": "vendor/wash-wasi/src/odd, name: 100%.rs does not belong there"
      },
      "locations": [
        {
          "physicalLocation": {
            "artifactLocation": {
              "uri": "vendor/wash-wasi/src/odd%2C%20name%3A%20100%25.rs",
              "uriBaseId": "%SRCROOT%"
            }
          }
        }
      ],
      "partialFingerprints": {
        "driftPath/v1": "unknown:vendor/wash-wasi/src/odd, name: 100%.rs"
      }
    }
    "#);
}

#[test]
fn a_status_tells_where_the_fork_stands() {
    let clean = TreeState::Clean {
        files: 94,
        digest: Digest::of("a tree"),
    };
    insta::assert_snapshot!(HUMAN.status(&status(clean)), @r"
    Pin: 2.0.0-rc.6 follows upstream 41.0.0
    Upstream: newest of the line 41.0.3, over all 48.0.0; to follow the line: `wash-wasi-sync upgrade --to 41`
    Tree: as locked, 94 files, digest 3772490f916f
      2 gates passed
      build-p0: absent: this release has no feature `p0`
    Series: patches/v38.0.4, in use: 31 changed lines, above the budget of 30 in 1 patch, 2 files of its own
      src/ctx.rs +30 −1
    ");
    insta::assert_snapshot!(HUMAN.status(&status(TreeState::Drifted { drift: drifted() })), @r"
    Pin: 2.0.0-rc.6 follows upstream 41.0.0
    Upstream: newest of the line 41.0.3, over all 48.0.0; to follow the line: `wash-wasi-sync upgrade --to 41`
    Tree: 3 differences
      patches/v41.0.0/src/ctx.rs.patch is not what the tree was made of
      vendor/wash-wasi/src/ctx.rs was changed (patched)
      vendor/wash-wasi/src/odd, name: 100%.rs does not belong there
    help: to keep edits: `wash-wasi-sync refresh`
    help: to drop them: `wash-wasi-sync vendor --discard-edits`
    help: to make the tree of the inputs as they are now: `wash-wasi-sync vendor`
    Series: patches/v38.0.4, in use: 31 changed lines, above the budget of 30 in 1 patch, 2 files of its own
      src/ctx.rs +30 −1
    ");
    let unknown = StatusReport {
        newest: None,
        newest_unknown: Some("github.com cannot be reached".to_owned()),
        series: Vec::new(),
        ..status(TreeState::Absent)
    };
    insta::assert_snapshot!(HUMAN.status(&unknown), @r"
    Pin: 2.0.0-rc.6 follows upstream 41.0.0
    Upstream: newest releases unknown: github.com cannot be reached
    Tree: not there; make it: `wash-wasi-sync vendor`
    ");
}

#[test]
fn a_status_warns_of_a_line_that_upstream_no_longer_supports() {
    let on = |line: &str, supported, long_term| {
        let support = SupportStatus {
            supported,
            long_term,
            newest_long_term: Some(48),
            lines: vec![48, 49, 50],
        };
        let report = StatusReport {
            pinned: versions("2.0.0-rc.6", line),
            support: Some(support),
            series: Vec::new(),
            ..status(TreeState::Absent)
        };
        let text = HUMAN.status(&report);
        text.lines().nth(2).map(str::to_owned).unwrap_or_default()
    };
    insta::assert_snapshot!(on("41.0.0", false, false), @"  upstream no longer supports line 41, so it gets no security fixes; supported: 48, 49, 50; to go to the long-term line: `wash-wasi-sync upgrade --to 48`");
    insta::assert_snapshot!(on("48.0.8", true, true), @"  upstream supports line 48 (long-term)");
}

#[test]
fn a_refresh_tells_where_edits_went() {
    let edit = |name: &str, what, stored: &str, shared: &[&str]| Edit {
        path: path(name),
        what,
        stored: path(stored),
        shared_by: shared.iter().map(|v| v.parse().unwrap()).collect(),
        patch: None,
    };
    let report = RefreshReport {
        edits: vec![
            edit(
                "src/ctx.rs",
                Changed::Changed,
                "patches/v41.0.0/src/ctx.rs.patch",
                &["41.0.0"],
            ),
            edit(
                "src/new.rs",
                Changed::New,
                "patches/loopback/src/new.rs",
                &["38.0.4", "41.0.0"],
            ),
            edit(
                "src/old.rs",
                Changed::Gone,
                "patches/loopback/src/old.rs",
                &["38.0.4", "41.0.0"],
            ),
        ],
        written: vec![path("manifest.lock")],
        dry_run: false,
        delta: None,
        budget: 30,
    };
    insta::assert_snapshot!(HUMAN.refresh(&report), @r"
    Kept 3 edits:
      src/ctx.rs (changed) in patches/v41.0.0/src/ctx.rs.patch
      src/new.rs (new) in patches/loopback/src/new.rs
        shared by the series 38.0.4, 41.0.0
      src/old.rs (gone) no longer in patches/loopback/src/old.rs
        shared by the series 38.0.4, 41.0.0
    Wrote: manifest.lock
    ");
}

#[test]
fn a_difference_is_shown_as_git_shows_it() {
    let file = |name: &str, what, lines, text: &str| FileDiff {
        now_in: None,
        path: path(name),
        what,
        lines,
        text: text.to_owned(),
    };
    let report = DiffReport {
        old: "wasmtime-wasi 41.0.0".to_owned(),
        new: "wash-wasi 2.0.0-rc.6".to_owned(),
        files: vec![
            file("a.bin", Changed::Changed, delta(0, 0), ""),
            file(
                "a.rs",
                Changed::New,
                delta(1, 0),
                "--- /dev/null\n+++ b/a.rs\n@@ -0,0 +1 @@\n+1\n",
            ),
            file(
                "b.rs",
                Changed::Gone,
                delta(0, 2),
                "--- a/b.rs\n+++ /dev/null\n@@ -1,2 +0,0 @@\n--- x\n-y\n",
            ),
        ],
        stat: false,
    };
    insta::assert_snapshot!(HUMAN.diff(&report), @r"
    a.bin: binary files differ
    --- /dev/null
    +++ b/a.rs
    @@ -0,0 +1 @@
    +1
    --- a/b.rs
    +++ /dev/null
    @@ -1,2 +0,0 @@
    --- x
    -y
    ");
    let colored = Human::new(Styles::new(true)).diff(&report);
    insta::assert_snapshot!(printable(&colored).replace('\u{1b}', "␛"), @r"
    a.bin: binary files differ
    ␛[1m--- /dev/null␛[0m
    ␛[1m+++ b/a.rs␛[0m
    ␛[36m@@ -0,0 +1 @@␛[0m
    ␛[32m+1␛[0m
    ␛[1m--- a/b.rs␛[0m
    ␛[1m+++ /dev/null␛[0m
    ␛[36m@@ -1,2 +0,0 @@␛[0m
    ␛[31m--- x␛[0m
    ␛[31m-y␛[0m
    ");
    let stat = DiffReport {
        stat: true,
        ..report
    };
    insta::assert_snapshot!(HUMAN.diff(&stat), @r"
    wash-wasi 2.0.0-rc.6 against wasmtime-wasi 41.0.0
      a.bin +0 −0
      a.rs +1 −0 (new)
      b.rs +0 −2 (gone)
    3 files, +1 −2
    ");
}

#[test]
fn versions_and_files_are_shown_plainly() {
    let row = |fork: &str, upstream: &str, notes: &str| HistoryRow {
        fork: fork.parse().unwrap(),
        upstream: upstream.parse().unwrap(),
        notes: notes.to_owned(),
    };
    let report = VersionsReport {
        pinned: versions("2.0.0-rc.10", "41.0.0"),
        rows: vec![
            row("2.0.0-rc.5", "38.0.0", "One"),
            row("2.0.0-rc.10", "41.0.0", "Two"),
        ],
        written: vec![path("README.md")],
    };
    insta::assert_snapshot!(HUMAN.versions(&report), @r"
    * 2.0.0-rc.10  v41.0.0    Two
      2.0.0-rc.5   v38.0.0    One
    Wrote: README.md
    ");
    let shown = ShowReport {
        upstream: "41.0.0".parse().unwrap(),
        path: path("a.bin"),
        mode: "644".to_owned(),
        digest: Digest::of("a tree"),
        text: None,
    };
    insta::assert_snapshot!(HUMAN.show(&shown), @r"
    a.bin is binary: mode 644, digest 3772490f916f9552aaf44abb1c0046039eaa558e619f9d8ad48ac9c9af5e49b8
    ");
}

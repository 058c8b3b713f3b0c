use super::super::{FileKind, HistoryRow, Manifest};
use super::{GOOD, good_with, manifest, path, version};
use crate::error::Result;

fn row(fork: &str, upstream: &str, notes: &str) -> HistoryRow {
    HistoryRow {
        fork: version(fork),
        upstream: version(upstream),
        notes: notes.into(),
    }
}

fn edited(manifest: Result<Manifest>) -> Manifest {
    manifest.unwrap_or_else(|e| panic!("the edit has faults: {e}"))
}

/// Checks an edit: it leaves every line as it is but the ones named, each with
/// what stands in its place; returns the manifest.
#[track_caller]
fn check(before: &str, after: Result<Manifest>, changes: &[(&str, &str)]) -> Manifest {
    let after = edited(after);
    let mut expected = before.to_owned();
    for (old, new) in changes {
        assert_eq!(
            expected.matches(old).count(),
            1,
            "`{old}` has to be there once"
        );
        expected = expected.replace(old, new);
    }
    assert_eq!(&*after.text, expected);
    after
}

#[test]
fn another_pin_changes_two_values() {
    let after = check(
        GOOD,
        manifest(GOOD).with_pin(&version("48.0.0"), &version("2.0.0-rc.7")),
        &[
            ("version = \"2.0.0-rc.6\" #", "version = \"2.0.0-rc.7\" #"),
            ("upstream = \"41.0.0\"      ", "upstream = \"48.0.0\"      "),
        ],
    );
    assert_eq!(after.fork.pin, version("48.0.0"));
    assert_eq!(after.fork.version, version("2.0.0-rc.7"));
}

#[test]
fn the_same_pin_changes_nothing() {
    let same = manifest(GOOD).with_pin(&version("41.0.0"), &version("2.0.0-rc.6"));
    check(GOOD, same, &[]);
}

#[test]
fn a_pin_that_the_history_contradicts_is_refused() {
    let refused = manifest(GOOD).with_pin(&version("48.0.0"), &version("2.0.0-rc.6"));
    let error = refused.expect_err("the history says 41.0.0");
    assert!(error.to_string().contains("by the history"), "{error}");
}

#[test]
fn a_row_more_stands_below_the_others() {
    let after = check(
        GOOD,
        manifest(GOOD).with_history(&row("2.0.0-rc.7", "48.0.0", "sockets \"moved\"")),
        &[(
            "notes = \"first\"\n",
            "notes = \"first\"\n\n[[history]]\nfork = \"2.0.0-rc.7\"\nupstream = \"48.0.0\"\nnotes = 'sockets \"moved\"'\n",
        )],
    );
    assert_eq!(
        after.history[2],
        row("2.0.0-rc.7", "48.0.0", "sockets \"moved\"")
    );
}

#[test]
fn a_row_of_the_same_fork_version_is_replaced() {
    let before = good_with("notes = \"first\"", "notes = \"first\" # truly");
    let after = manifest(&before).with_history(&row("2.0.0-rc.2", "38.0.3", "other"));
    check(
        &before,
        after,
        &[
            ("upstream = \"38.0.4\"", "upstream = \"38.0.3\""),
            ("notes = \"first\" # truly", "notes = \"other\" # truly"),
        ],
    );
}

#[test]
fn a_series_more_stands_below_the_others() {
    let after = check(
        GOOD,
        manifest(GOOD).with_series(&version("48.0.0"), &path("patches/v48.0.0"), 16),
        &[(
            "patches = \"patches/v38.0.4\"\n",
            "patches = \"patches/v38.0.4\"\n\n[[series]]\nbase = \"48.0.0\"\npatches = \"patches/v48.0.0\"\nlimit = 16\n",
        )],
    );
    assert_eq!(after.series[2].base, version("48.0.0"));
    assert_eq!(
        after.series.iter().map(|s| s.limit).collect::<Vec<_>>(),
        [30, 30, 16]
    );
}

#[test]
fn a_series_that_is_there_is_refused() {
    let again = manifest(GOOD).with_series(&version("41.0.0"), &path("patches/again"), 30);
    let error = again.expect_err("there is one of that base");
    assert!(
        error
            .to_string()
            .contains("two series have the base 41.0.0"),
        "{error}"
    );
}

#[test]
fn a_patched_path_more_takes_the_look_of_the_others() {
    let after = check(
        GOOD,
        manifest(GOOD).with_patched(&path("src/ctx.rs")),
        &[(
            "    \"src/sockets/mod.rs\",\n",
            "    \"src/sockets/mod.rs\",\n    \"src/ctx.rs\",\n",
        )],
    );
    assert_eq!(after.kind_of(&path("src/ctx.rs")), Some(FileKind::Patched));
    let line = good_with(
        "[\n    \"src/lib.rs\",\n    \"src/sockets/mod.rs\",\n]",
        "[\"src/lib.rs\"]",
    );
    check(
        &line,
        manifest(&line).with_patched(&path("src/ctx.rs")),
        &[("[\"src/lib.rs\"]", "[\"src/lib.rs\", \"src/ctx.rs\"]")],
    );
}

#[test]
fn comments_between_patched_paths_stay_with_theirs() {
    let before = good_with(
        "    \"src/sockets/mod.rs\",\n",
        "    # Module declarations.\n    \"src/sockets/mod.rs\", # and a call\n",
    );
    check(
        &before,
        manifest(&before).with_patched(&path("src/ctx.rs")),
        &[("# and a call\n", "# and a call\n    \"src/ctx.rs\",\n")],
    );
    let open = good_with(
        "    \"src/sockets/mod.rs\",\n",
        "    \"src/sockets/mod.rs\" # and a call\n",
    );
    check(
        &open,
        manifest(&open).with_patched(&path("src/ctx.rs")),
        &[(
            "    \"src/sockets/mod.rs\" # and a call\n",
            "    \"src/sockets/mod.rs\", # and a call\n    \"src/ctx.rs\"\n",
        )],
    );
}

#[test]
fn the_first_patched_path_gets_a_rule_of_its_own() {
    let (before, rest) = GOOD.split_once("# The seams.\n").expect("the rule");
    let (_, after) = rest.split_once("kind = \"patched\"\n\n").expect("its end");
    let text = format!("{before}{after}");
    let after = check(
        &text,
        manifest(&text).with_patched(&path("src/ctx.rs")),
        &[(
            "kind = \"omitted\"\noptional = true\n",
            "kind = \"omitted\"\noptional = true\n\n[[files]]\npaths = [\"src/ctx.rs\"]\nkind = \"patched\"\n",
        )],
    );
    assert_eq!(after.kind_of(&path("src/ctx.rs")), Some(FileKind::Patched));
}

#[test]
fn a_patched_path_is_patched_whatever_rules_follow() {
    let after = edited(manifest(GOOD).with_patched(&path("src/p0/a.rs")));
    assert_eq!(after.kind_of(&path("src/p0/a.rs")), Some(FileKind::Patched));
    for comment in [
        "# Word-bounded",
        "# The seams.",
        "# not `src/p0/a/b`",
        "# The end.",
    ] {
        assert!(after.text.contains(comment), "{comment}");
    }
}

#[test]
fn a_path_that_is_patched_already_changes_nothing() {
    check(GOOD, manifest(GOOD).with_patched(&path("src/lib.rs")), &[]);
}

#[test]
fn what_had_no_rows_gets_its_first() {
    let (before, _) = GOOD.split_once("[[series]]").expect("series");
    let text = format!("{before}[documents]\nversions = [\"README.md\"]\n# The end.\n");
    let first = edited(manifest(&text).with_series(&version("41.0.0"), &path("patches/v41"), 30));
    let second = edited(first.with_history(&row("2.0.0-rc.6", "41.0.0", "first")));
    assert_eq!(second.series.len(), 1);
    assert_eq!(second.history.len(), 1);
    let mut lines = second.text.lines();
    // In order, and nothing lost.
    assert!(
        text.lines().all(|line| lines.any(|other| other == line)),
        "{}",
        second.text
    );
}

#[test]
fn line_ends_stay_as_they_are() {
    let before = GOOD.replace('\n', "\r\n");
    let after = manifest(&before).with_pin(&version("48.0.0"), &version("2.0.0-rc.7"));
    let after = edited(edited(after).with_history(&row("2.0.0-rc.7", "48.0.0", "n")));
    assert_eq!(
        after.text.matches('\n').count(),
        after.text.matches("\r\n").count()
    );
    assert_eq!(
        after.text.len() - before.len(),
        "\r\n[[history]]\r\nfork = \"2.0.0-rc.7\"\r\nupstream = \"48.0.0\"\r\nnotes = \"n\"\r\n"
            .len()
    );
}

#[test]
fn tables_written_inline_are_edited_in_place() {
    let (before, fork) = GOOD.split_once("[fork]").expect("the table");
    let (_, after) = fork.split_once("# Word").expect("what follows it");
    let inline = "fork = { crate = \"wash-wasi\", path = \"v\", version = \"2.0.0-rc.6\", upstream = \"41.0.0\", authors = [], description = \"d\", repository = \"r\" } # ours\n";
    let text = format!("{inline}{before}# Word{after}");
    check(
        &text,
        manifest(&text).with_pin(&version("48.0.0"), &version("2.0.0-rc.7")),
        &[(
            "version = \"2.0.0-rc.6\", upstream = \"41.0.0\"",
            "version = \"2.0.0-rc.7\", upstream = \"48.0.0\"",
        )],
    );
}

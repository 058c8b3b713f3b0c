//! What series promise.

mod decided;

use super::*;
use crate::error::Result;
use crate::testing::{manifest_with, path, tree};

const RULES: &str = r##"
[[files]]
paths = ["**"]
kind = "direct"

[[files]]
paths = ["src/a.rs", "src/b.rs"]
kind = "patched"

[[series]]
base = "38.0.4"
patches = "patches/v38"
"##;

const BASE: &str = "fn one() {}\n\nfn two() {}\n\nfn three() {}\n\nfn four() {}\n";

fn patch_text(file: &str, base: &str, new: &str) -> String {
    let differences = vec![Difference::new("a seam", "the loopback")];
    let patch = Patch::between(file, base, new, differences).expect("a patch");
    patch.expect("a difference").render()
}

fn inputs(files: &[(&str, &str)]) -> Result<Inputs> {
    load(RULES, &tree(files))
}

fn load(rules: &str, all: &Tree) -> Result<Inputs> {
    let below = |dir: &TreePath| {
        let prefix = format!("{dir}/");
        let inner = |(path, file): (&TreePath, &File)| {
            let path = path.as_str().strip_prefix(&prefix)?;
            Some((TreePath::new(path).ok()?, file.clone()))
        };
        Ok(all.iter().filter_map(inner).collect())
    };
    Inputs::load(manifest_with(rules), below)
}

fn one_patch() -> Inputs {
    let text = patch_text("src/a.rs", BASE, &BASE.replace("two()", "two(n: Network)"));
    inputs(&[("patches/v38/src/a.rs.patch", &text)]).expect("good inputs")
}

fn rebase_onto(stored: &StoredSeries, base: &Tree, to: &Version, theirs: &Tree) -> Result<Rebased> {
    rebase_with(&Resolutions::new(), stored, base, to, theirs)
}

fn rebase_with(
    resolutions: &Resolutions,
    stored: &StoredSeries,
    base: &Tree,
    to: &Version,
    theirs: &Tree,
) -> Result<Rebased> {
    let exact = &stored.apply_to(theirs).applied;
    let from = &stored.base;
    let rebase = Rebase {
        from,
        base,
        to,
        theirs,
        exact,
        resolutions,
        renames: &[],
        formatter: None,
    };
    rebase.rebase(stored)
}

/// Returns how the changes came into a file that had to be merged.
fn merged<'r>(rebased: &'r Rebased, name: &str) -> Option<&'r MergedFile> {
    rebased.files[&path(name)].merged.as_ref()
}

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

#[test]
fn faults_of_all_files_come_together() {
    let good = patch_text("src/a.rs", BASE, &BASE.replace("two", "2"));
    let direct = patch_text("src/c.rs", BASE, &BASE.replace("two", "2"));
    let error = inputs(&[
        (
            "patches/v38/src/a.rs.patch",
            &good.replace("Reason: the loopback\n", ""),
        ),
        ("patches/v38/src/b.rs.patch", &good),
        ("patches/v38/src/c.rs.patch", &direct),
        ("patches/v38/notes.txt", "?"),
        ("patches/v38/files/src/own.rs", ""),
        ("patches/loopback/src/own.rs", ""),
        ("patches/locks/later.lock", ""),
    ])
    .unwrap_err();
    let faults = error.all_faults().iter();
    let lines = faults.map(|f| format!("{}: {}", f.place.as_ref().expect("a place"), f.message));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    patches/v38/notes.txt: the file is neither a patch nor below `files/`
    patches/v38/src/a.rs.patch:1:1: `Change:` has no `Reason:` after it
    patches/v38/src/b.rs.patch: the patch is for `src/a.rs`, its name says `src/b.rs`
    patches/v38/src/c.rs.patch: `src/c.rs` is patched, but no rule says so
    patches/locks/later.lock: the file is not a cargo lock of a release
    patches/loopback/src/own.rs: no rule says that such a file is the fork's
    patches/v38/files/src/own.rs: no rule says that such a file is the fork's
    patches/v38/files/src/own.rs: `src/own.rs` stands in `patches/loopback` too
    ");
}

#[test]
fn a_series_may_begin_with_remarks_alone() {
    let error = inputs(&[]).unwrap_err();
    assert!(error.all_faults()[0].message.contains("has no files"));
    let begun = inputs(&[("patches/v38/README.md", "for 38 and after\n")]).unwrap();
    let series = &begun.series[0];
    assert!(series.patches.is_empty() && series.files.is_empty());
    let fits = tree(&[("src/a.rs", BASE)]);
    let chosen = choose(&begun.series, &version("38.0.4"), &fits);
    assert!(chosen.series.is_some() && chosen.fit.rejected.is_empty());
}

#[test]
fn the_nearest_series_that_applies_is_taken() {
    let inputs = one_patch();
    let mut later = inputs.series[0].clone();
    later.base = version("40.0.0");
    let all = [inputs.series[0].clone(), later];
    let fits = tree(&[("src/a.rs", BASE)]);
    for (release, base) in [
        ("38.0.0", "38.0.4"),
        ("39.0.0", "38.0.4"),
        ("41.0.0", "40.0.0"),
    ] {
        let Choice { series, fit } = choose(&all, &version(release), &fits);
        assert_eq!(series.unwrap().base, version(base), "{release}");
        assert!(fit.rejected.is_empty());
    }
    let other = tree(&[("src/a.rs", "fn other() {}\n")]);
    for (release, base) in [
        ("37.0.0", "38.0.4"),
        ("39.9.9", "38.0.4"),
        ("50.0.0", "40.0.0"),
    ] {
        let Choice { series, fit } = choose(&all, &version(release), &other);
        assert_eq!(series.unwrap().base, version(base), "{release}");
        assert_eq!(fit.rejected.len(), 1);
    }
    assert!(choose(&[], &version("41.0.0"), &fits).series.is_none());
}

#[test]
fn a_series_whose_patches_upstream_took_serves_no_earlier_release() {
    let inputs = one_patch();
    let taken = StoredSeries {
        base: version("43.0.0"),
        patches: BTreeMap::new(),
        ..inputs.series[0].clone()
    };
    let all = [inputs.series[0].clone(), taken];
    let other = tree(&[("src/a.rs", "fn other() {}\n")]);
    for (release, base, rejected) in [("42.0.0", "38.0.4", 1), ("43.0.0", "43.0.0", 0)] {
        let Choice { series, fit } = choose(&all, &version(release), &other);
        assert_eq!(series.unwrap().base, version(base), "{release}");
        assert_eq!(fit.rejected.len(), rejected, "{release}");
    }
}

#[test]
fn a_change_elsewhere_is_merged_and_the_new_patch_applies() {
    let inputs = one_patch();
    let stored = &inputs.series[0];
    let base = tree(&[("src/a.rs", BASE)]);
    // The context of the hunk changed, so it cannot apply exactly.
    let theirs_text = BASE.replace("four()", "five()");
    let theirs = tree(&[("src/a.rs", &theirs_text)]);
    let to = version("41.0.0");
    let rebased = rebase_onto(stored, &base, &to, &theirs).unwrap();
    assert!(
        merged(&rebased, "src/a.rs").is_none(),
        "context is three lines: it is exact"
    );
    let theirs_text = BASE.replace("three()", "3()").replace("3()", "drei()");
    let theirs = tree(&[("src/a.rs", &theirs_text)]);
    let rebased = rebase_onto(stored, &base, &to, &theirs).unwrap();
    let taken = merged(&rebased, "src/a.rs").map(|merged| merged.agreed);
    assert_eq!(taken, Some(Delta::default()));
    let expected = theirs_text.replace("two()", "two(n: Network)");
    assert_eq!(rebased.files[&path("src/a.rs")].text, expected);

    let dir = path("patches/v41.0.0");
    let new = rebased.stored(stored, &to, &dir, &theirs).unwrap();
    assert_eq!(
        new.apply_to(&theirs).applied[&path("src/a.rs")].text,
        expected
    );
    let patch = &new.patches[&path("src/a.rs")];
    assert_eq!(
        patch.patch.differences,
        stored.patches[&path("src/a.rs")].patch.differences
    );
    assert_eq!(patch.file, path("patches/v41.0.0/src/a.rs.patch"));
}

#[test]
fn what_upstream_has_too_is_counted_and_a_patch_that_is_all_taken_goes() {
    let ours = BASE
        .replace("one()", "one(n: u8)")
        .replace("four()", "four(n: u8)");
    let text = patch_text("src/a.rs", BASE, &ours);
    let inputs = inputs(&[("patches/v38/src/a.rs.patch", &text)]).unwrap();
    let (stored, to) = (&inputs.series[0], version("41.0.0"));
    let base = tree(&[("src/a.rs", BASE)]);
    let line = Delta {
        added: 1,
        removed: 1,
    };
    let part = BASE.replace("one()", "one(n: u8)");
    for (theirs, lines, left) in [(&part, line, true), (&ours, line + line, false)] {
        let theirs = tree(&[("src/a.rs", theirs)]);
        let rebased = rebase_onto(stored, &base, &to, &theirs).unwrap();
        let taken = merged(&rebased, "src/a.rs").map(|merged| merged.agreed);
        assert_eq!(taken, Some(lines));
        let new = rebased
            .stored(stored, &to, &path("patches/new"), &theirs)
            .unwrap();
        assert_eq!(new.patches.len(), usize::from(left));
        let fit = new.apply_to(&theirs);
        assert_eq!(
            fit.applied.values().all(|a| a.text == ours),
            fit.rejected.is_empty()
        );
    }
}

#[test]
fn conflicts_are_values_with_all_sides() {
    let inputs = one_patch();
    let base = tree(&[("src/a.rs", BASE)]);
    let theirs = tree(&[("src/a.rs", &BASE.replace("two()", "two(x: u8)"))]);
    let rebased = rebase_onto(&inputs.series[0], &base, &version("41.0.0"), &theirs).unwrap();
    assert!(rebased.files.is_empty());
    insta::assert_snapshot!(rebased.conflicts[0].with_markers(), @r"
    fn one() {}

    <<<<<<< ours: upstream 38.0.4 with patches/v38/src/a.rs.patch
    fn two(n: Network) {}
    ||||||| base: upstream 38.0.4
    fn two() {}
    =======
    fn two(x: u8) {}
    >>>>>>> theirs: upstream 41.0.0

    fn three() {}

    fn four() {}
    ");
}

#[test]
fn a_deleted_file_and_a_merge_that_is_no_rust_are_conflicts() {
    let new = BASE.replace("fn two() {}", "fn two() {");
    let text = patch_text("src/a.rs", BASE, &new.replace("four() {}", "four() {} }"));
    let inputs = inputs(&[("patches/v38/src/a.rs.patch", &text)]).unwrap();
    let base = tree(&[("src/a.rs", BASE)]);
    let to = version("41.0.0");
    let gone = rebase_onto(&inputs.series[0], &base, &to, &Tree::new()).unwrap();
    assert!(matches!(
        gone.conflicts[0].kind,
        ConflictKind::Deleted { .. }
    ));

    let broken = BASE
        .replace("three() {}", "three() {")
        .replace("one", "eins");
    let theirs = tree(&[("src/a.rs", &broken)]);
    let rebased = rebase_onto(&inputs.series[0], &base, &to, &theirs).unwrap();
    let ConflictKind::Unparsable { error, .. } = &rebased.conflicts[0].kind else {
        panic!("{:?}", rebased.conflicts);
    };
    assert!(error.contains(':'), "{error}");
}

/// Returns inputs whose manifest has these rows, and these files beside a series.
fn with_rows(rows: &str, owned: &[&str]) -> Result<Inputs> {
    let mut files = tree(&[("patches/v38/README.md", "for 38 and after\n")]);
    for path in owned {
        let file = tree(&[(path, path)]);
        files.extend(file.iter().map(|(path, file)| (path.clone(), file.clone())));
    }
    let rule =
        "[[files]]\npaths = [\"always.rs\", \"tests/**\"]\nkind = \"owned\"\noptional = true";
    load(&format!("{RULES}\n{rule}\n{rows}"), &files)
}

#[test]
fn owned_files_are_those_of_the_release() {
    let rows = r#"
        [[owned]]
        path = "tests/calls.rs"
        file = "tests/calls_old.rs"
        until = "42.0.0"

        [[owned]]
        path = "tests/calls.rs"
        file = "tests/calls_new.rs"
        since = "43.0.0"

        [[owned]]
        path = "tests/late.rs"
        since = "43.0.0"
    "#;
    let files = [
        "always.rs",
        "tests/calls_old.rs",
        "tests/calls_new.rs",
        "tests/late.rs",
    ];
    let files = files.map(|file| format!("patches/loopback/{file}"));
    let inputs = with_rows(rows, &files.each_ref().map(String::as_str)).expect("good inputs");
    let of = |release| {
        let release = version(release);
        let owned = inputs.owned_at(&release);
        let mut lines: Vec<_> = owned
            .map(|owned| format!("{} from {}", owned.path, owned.stored))
            .collect();
        lines.sort();
        let digests = inputs.digests(&release, None);
        assert_eq!(digests.len(), lines.len());
        lines.join(", ")
    };
    assert_eq!(
        of("41.0.4"),
        "always.rs from always.rs, tests/calls.rs from tests/calls_old.rs"
    );
    assert_eq!(of("42.0.2"), "always.rs from always.rs");
    assert_eq!(
        of("43.0.0"),
        "always.rs from always.rs, tests/calls.rs from tests/calls_new.rs, \
         tests/late.rs from tests/late.rs"
    );
}

#[test]
fn rows_of_owned_files_that_cannot_be_are_faults() {
    let rows = r#"
        [[owned]]
        path = "tests/gone.rs"
        until = "42.0.0"

        [[owned]]
        path = "always.rs"
        file = "tests/form.rs"
        until = "42.0.0"
    "#;
    let owned = [
        "patches/loopback/always.rs",
        "patches/loopback/tests/form.rs",
    ];
    let error = with_rows(rows, &owned).unwrap_err();
    let faults = error.all_faults().iter();
    let lines = faults.map(|fault| format!("{} ({})", fault.message, fault.help.as_ref().unwrap()));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    `patches/loopback/tests/gone.rs` is not there (restore the file, or remove the row)
    `patches/loopback/always.rs` stands there in every release (move the file, and give it a row of its own)
    ");
}

//! What was decided about conflicts.

use super::*;
use crate::merge::Layer;

/// Decides the one conflict of a rebase.
fn decide(rebased: &Rebased, decision: Decision, text: Option<&str>) -> Resolutions {
    let resolution = rebased.conflicts[0].resolution(decision, text).unwrap();
    Resolutions::from([(resolution.key, resolution)])
}

#[test]
fn a_conflict_that_was_decided_is_none_any_more() {
    let inputs = one_patch();
    let stored = &inputs.series[0];
    let base = tree(&[("src/a.rs", BASE)]);
    let theirs_text = BASE.replace("two()", "two(x: u8)");
    let theirs = tree(&[("src/a.rs", &theirs_text)]);
    let to = version("41.0.0");
    let rebased = rebase_onto(stored, &base, &to, &theirs).unwrap();
    let both = BASE.replace("two()", "two(x: u8, n: Network)");
    let ours = BASE.replace("two()", "two(n: Network)");
    for (decision, edited, text, patches) in [
        (Decision::Ours, None, Some(&ours), 1),
        (Decision::Theirs, None, Some(&theirs_text), 0),
        (Decision::Edited, Some(&*both), Some(&both), 1),
        (
            Decision::Drop {
                reason: "theirs has it".to_owned(),
            },
            None,
            None,
            0,
        ),
    ] {
        let resolutions = decide(&rebased, decision.clone(), edited);
        let again = rebase_with(&resolutions, stored, &base, &to, &theirs).unwrap();
        assert!(again.conflicts.is_empty(), "{decision:?}");
        assert_eq!(again.used.len(), 1);
        let file = again.files.get(&path("src/a.rs"));
        assert_eq!(file.map(|file| &file.text), text, "{decision:?}");
        let layers = file.and_then(|file| file.merged.as_ref()).map(|m| &m.hunks);
        let layers = layers.into_iter().flatten().map(|hunk| hunk.layer);
        assert!(
            layers.eq((0..patches).map(|_| Layer::Decision)),
            "{decision:?}"
        );
        let new = again
            .stored(stored, &to, &path("patches/new"), &theirs)
            .unwrap();
        assert_eq!(new.patches.len(), patches);
        // Of other texts nothing was decided.
        let other = tree(&[("src/a.rs", &theirs_text.replace("u8", "u16"))]);
        let other = rebase_with(&resolutions, stored, &base, &to, &other).unwrap();
        assert_eq!(other.conflicts.len(), 1);
    }
}

#[test]
fn a_resolution_that_is_no_rust_or_does_not_apply_is_not_used() {
    let inputs = one_patch();
    let stored = &inputs.series[0];
    let base = tree(&[("src/a.rs", BASE)]);
    let theirs = tree(&[("src/a.rs", &BASE.replace("two()", "two(x: u8)"))]);
    let to = version("41.0.0");
    let rebased = rebase_onto(stored, &base, &to, &theirs).unwrap();
    let broken = decide(&rebased, Decision::Edited, Some("fn {\n"));
    let mut other = decide(&rebased, Decision::Edited, Some(BASE));
    for resolution in other.values_mut() {
        let patch = Patch::between("src/a.rs", "fn x() {}\n", "fn y() {}\n", Vec::new());
        resolution.patch = patch.unwrap();
    }
    for (resolutions, why) in [
        (broken, "does not parse as Rust"),
        (other, "does not apply"),
    ] {
        let again = rebase_with(&resolutions, stored, &base, &to, &theirs).unwrap();
        assert!(again.used.is_empty());
        let notes = again.conflicts[0].notes.join("\n");
        assert!(notes.contains(why), "{notes}");
    }
}

#[test]
fn a_change_goes_to_the_file_that_is_decided_on() {
    let b = patch_text("src/b.rs", "fn b() {}\n", "fn b(n: Network) {}\n");
    let a = patch_text("src/a.rs", BASE, &BASE.replace("two()", "two(n: Network)"));
    let inputs = inputs(&[
        ("patches/v38/src/a.rs.patch", &a),
        ("patches/v38/src/b.rs.patch", &b),
    ]);
    let inputs = inputs.unwrap();
    let stored = &inputs.series[0];
    let base = tree(&[("src/a.rs", BASE), ("src/b.rs", "fn b() {}\n")]);
    let to = version("41.0.0");
    for (target, theirs) in [
        (
            "src/c.rs",
            tree(&[("src/b.rs", "fn b() {}\n"), ("src/c.rs", BASE)]),
        ),
        (
            "src/b.rs",
            tree(&[("src/b.rs", &format!("fn b() {{}}\n\n{BASE}"))]),
        ),
    ] {
        let rebased = rebase_onto(stored, &base, &to, &theirs).unwrap();
        let kind = &rebased.conflicts[0].kind;
        assert!(matches!(kind, ConflictKind::Deleted { .. }), "{kind:?}");
        let moved = Decision::MovedTo { path: path(target) };
        let resolutions = decide(&rebased, moved, None);
        let again = rebase_with(&resolutions, stored, &base, &to, &theirs).unwrap();
        assert!(again.conflicts.is_empty(), "{:?}", again.conflicts);
        let file = &again.files[&path(target)];
        assert!(file.text.contains("two(n: Network)"));
        let new = again
            .stored(stored, &to, &path("patches/new"), &theirs)
            .unwrap();
        let patch = &new.patches[&path(target)].patch;
        assert_eq!(patch.differences.len(), file.sources.len());
    }
}

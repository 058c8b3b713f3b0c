use super::super::{HunkFaultKind as K, Nearest};
use super::{Patch, parsed, with_head};

/// Applies hunks to a text; returns what came of it or the kinds of the faults.
fn apply(hunks: &str, base: &str) -> Result<String, Vec<K>> {
    match parsed(&with_head(hunks)).apply(base) {
        Ok(applied) => Ok(applied.text),
        Err(faults) => {
            assert!(faults.iter().all(|fault| !fault.help().is_empty()));
            Err(faults.into_iter().map(|fault| fault.kind).collect())
        }
    }
}

const HUNK: &str = "@@ -2,2 +2,2 @@\n two\n-three\n+THREE\n";

#[test]
fn a_hunk_applies_wherever_its_text_stands() {
    assert_eq!(apply(HUNK, "two\nthree\n").as_deref(), Ok("two\nTHREE\n"));
    let lower = "x\n".repeat(15) + "two\nthree\ny\n";
    let applied = parsed(&with_head(HUNK)).apply(&lower).expect("it applies");
    assert_eq!(applied.text, "x\n".repeat(15) + "two\nTHREE\ny\n");
    assert_eq!(applied.places[0].offset(), 14);
    assert_eq!(
        applied.places[0].to_string(),
        "hunk 1 stands 14 lines lower, at line 16"
    );
    let higher = parsed(&with_head(HUNK))
        .apply("two\nthree\n")
        .expect("it applies");
    assert_eq!(
        higher.places[0].to_string(),
        "hunk 1 stands 1 line higher, at line 1"
    );
    let there = parsed(&with_head(HUNK))
        .apply("one\ntwo\nthree\n")
        .expect("it applies");
    assert_eq!(
        there.places[0].to_string(),
        "hunk 1 stands at line 2, as written"
    );
}

#[test]
fn two_places_are_a_fault_with_both_lines() {
    let twice = K::Ambiguous {
        count: 2,
        lines: vec![1, 4],
    };
    assert_eq!(apply(HUNK, "two\nthree\nx\ntwo\nthree\n"), Err(vec![twice]));
    let overlapping = K::Ambiguous {
        count: 3,
        lines: vec![1, 2, 3],
    };
    assert_eq!(
        apply("@@ -1,2 +1 @@\n a\n-a\n", &"a\n".repeat(4)),
        Err(vec![overlapping])
    );
    let many = parsed(&with_head("@@ -1 +1,2 @@\n a\n+b\n")).apply(&"a\n".repeat(32));
    let message = many.expect_err("many places")[0].to_string();
    assert!(
        message.ends_with("line 19, line 20 and 12 more"),
        "{message}"
    );
}

#[test]
fn no_place_names_the_line_that_differs() {
    let nowhere = |line, expected: &str, found: Option<&str>, matched, of| {
        Err(vec![K::Nowhere {
            nearest: Some(Nearest {
                line,
                expected: expected.into(),
                found: found.map(Into::into),
                matched,
                of,
            }),
        }])
    };
    assert_eq!(
        apply(HUNK, "one\ntwo\nfour\n"),
        nowhere(3, "three\n", Some("four\n"), 1, 2)
    );
    assert_eq!(apply(HUNK, "one\ntwo\n"), nowhere(3, "three\n", None, 1, 2));
    assert_eq!(
        apply(HUNK, "two\nthree\r\n"),
        nowhere(2, "three\n", Some("three\r\n"), 1, 2)
    );
    assert_eq!(
        apply(HUNK, "two\nthree"),
        nowhere(2, "three\n", Some("three"), 1, 2)
    );
    assert_eq!(
        apply(HUNK, "neither\n"),
        Err(vec![K::Nowhere { nearest: None }])
    );
    assert_eq!(apply(HUNK, ""), Err(vec![K::Nowhere { nearest: None }]));
}

#[test]
fn of_equally_near_places_the_one_nearest_to_the_written_line_is_told() {
    let base = "two\nx\n".to_owned() + &"y\n".repeat(50) + "two\nz\n";
    let hunk = HUNK.replace("-2,2", "-50,2");
    let Err(kinds) = apply(&hunk, &base) else {
        panic!("it cannot apply")
    };
    let [
        K::Nowhere {
            nearest: Some(nearest),
        },
    ] = kinds.as_slice()
    else {
        panic!("{kinds:?}")
    };
    assert_eq!(nearest.line, 54);
    assert_eq!(
        nearest.to_string(),
        "1 of its 2 lines match where line 54 is `z` and should be `three`"
    );
}

#[test]
fn line_ends_are_shown_where_they_are_the_difference() {
    let faults = parsed(&with_head(HUNK))
        .apply("two\nthree\r\n")
        .expect_err("it cannot apply");
    assert!(
        faults[0]
            .to_string()
            .contains(r"`three\r\n` and should be `three\n`"),
        "{}",
        faults[0]
    );
    assert!(faults[0].help().contains("line ends"));
}

#[test]
fn a_common_line_still_says_where_a_hunk_comes_nearest() {
    let base = "}\n".repeat(200);
    let Err(kinds) = apply("@@ -7,2 +7,2 @@\n }\n-x\n+y\n", &base) else {
        panic!("it cannot apply")
    };
    assert!(matches!(kinds.as_slice(), [K::Nowhere { nearest: Some(near) }] if near.line == 8));
}

#[test]
fn places_are_in_order_and_apart() {
    let two = "@@ -1 +1 @@\n-b\n+B\n@@ -3 +3 @@\n-a\n+A\n";
    assert_eq!(apply(two, "b\na\n").as_deref(), Ok("B\nA\n"));
    let before = K::OutOfOrder {
        line: 1,
        previous_end: 2,
    };
    assert_eq!(apply(two, "a\nb\n"), Err(vec![before]));
    let overlapping = "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -5,2 +5,2 @@\n b\n-c\n+C\n";
    let within = K::OutOfOrder {
        line: 2,
        previous_end: 2,
    };
    assert_eq!(apply(overlapping, "a\nb\nc\n"), Err(vec![within]));
}

#[test]
fn all_hunks_that_fail_are_told() {
    let hunks = "@@ -1 +1 @@\n-a\n+A\n@@ -3 +3 @@\n-b\n+B\n@@ -5 +5 @@\n-c\n+C\n";
    let faults = parsed(&with_head(hunks))
        .apply("b\n")
        .expect_err("two are nowhere");
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.hunk, fault.at, fault.header.as_str()))
        .collect();
    assert_eq!(told, [(1, 6, "@@ -1 +1 @@"), (3, 12, "@@ -5 +5 @@")]);
}

#[test]
fn a_missing_line_end_is_part_of_the_text() {
    let mark = "\\ No newline at end of file\n";
    let ends = format!("@@ -2 +2,2 @@\n-b\n{mark}+b\n+c\n{mark}");
    assert_eq!(apply(&ends, "a\nb").as_deref(), Ok("a\nb\nc"));
    assert!(apply(&ends, "a\nb\n").is_err());
    let cuts = format!("@@ -1 +1 @@\n-a\n+A\n{mark}");
    assert_eq!(apply(&cuts, "x\na\n").as_deref(), Ok("x\nA"));
    assert_eq!(apply(&cuts, "a\nx\n"), Err(vec![K::NotAtEnd { line: 2 }]));
}

#[test]
fn everything_can_be_removed() {
    assert_eq!(
        apply("@@ -1,2 +0,0 @@\n-a\n-b\n", "a\nb\n").as_deref(),
        Ok("")
    );
}

#[test]
fn a_large_file_of_equal_lines_takes_no_quadratic_time() {
    let base = "\n".repeat(300_000) + "end\n";
    let hunk = format!("@@ -1,2001 +1,2002 @@\n{} end\n+more\n", " \n".repeat(2000));
    let patch: Patch = parsed(&with_head(&hunk));
    let applied = patch.apply(&base).expect("it applies");
    assert_eq!(applied.places[0].line, 298_001);
    let blank = format!("@@ -1,20000 +1,20001 @@\n{}+more\n", " \n".repeat(20_000));
    assert!(
        matches!(apply(&blank, &base), Err(kinds) if matches!(&kinds[..], [K::Ambiguous { count: 280_001, .. }]))
    );
}

/// Returns how many steps it takes to look for hunks that stand nowhere, or at many
/// places, in a file of as many lines.
fn steps(count: usize, base: impl Fn(usize) -> String, hunk: impl Fn(usize) -> String) -> usize {
    let base: String = (0..count).map(base).collect();
    let hunks: String = (0..count)
        .map(|at| format!("@@ -{0},2 +{0},2 @@\n{1}", 2 * at + 1, hunk(at)))
        .collect();
    let patch = parsed(&with_head(&hunks));
    super::super::index::STEPS.take();
    let faults = patch.apply(&base).expect_err("no hunk applies");
    assert_eq!(faults.len(), count);
    super::super::index::STEPS.take()
}

#[test]
fn the_work_for_bad_hunks_grows_with_them_and_not_with_their_square() {
    type Lines = fn(usize) -> String;
    let worlds: [(&str, Lines, Lines); 4] = [
        (
            "new lines",
            |at| format!("{at}\n"),
            |at| format!(" {at}\n-x\n+y\n"),
        ),
        (
            "common lines",
            |_| "}\n".to_owned(),
            |_| " }\n-x\n+y\n".to_owned(),
        ),
        (
            "many places",
            |_| "}\n".to_owned(),
            |_| " }\n-}\n+y\n".to_owned(),
        ),
        (
            "rare places",
            |at| format!("{}\n", at % 50),
            |at| format!(" {}\n-x\n+y\n", at % 50),
        ),
    ];
    for (world, base, hunk) in worlds {
        let [few, many] = [2_000, 16_000].map(|count| steps(count, base, hunk));
        assert!(
            many < few * 16,
            "{world}: {few} steps, and {many} for eight times as much"
        );
    }
}

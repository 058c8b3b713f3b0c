//! Which words of two texts differ.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::scan::{Kind, Word};

/// The most words of a changed part that are compared one by one, which takes time in the
/// square of them; a longer part is marked as a whole.
const MAX_WORDS: usize = 2_000;

/// Returns for each word of both texts whether the other lacks it.
pub(crate) fn differing(a: &[Word<'_>], b: &[Word<'_>]) -> [Vec<bool>; 2] {
    let mut marks = [vec![false; a.len()], vec![false; b.len()]];
    let [a_lines, b_lines] = [lines(a), lines(b)];
    let texts = |words: &[Word<'_>], lines: &[Range<usize>]| -> Vec<String> {
        let text = |line: &Range<usize>| words[line.clone()].iter().map(|w| w.text).collect();
        lines.iter().map(text).collect()
    };
    let [a_texts, b_texts] = [texts(a, &a_lines), texts(b, &b_lines)];
    for op in capture_diff_slices(Algorithm::Patience, &a_texts, &b_texts) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let [a_part, b_part] = [
            span(&a_lines[op.old_range()]),
            span(&b_lines[op.new_range()]),
        ];
        changed(a, a_part, b, b_part, &mut marks);
    }
    marks
}

/// Marks the words of a changed part.
fn changed(
    a: &[Word<'_>],
    a_part: Range<usize>,
    b: &[Word<'_>],
    b_part: Range<usize>,
    marks: &mut [Vec<bool>; 2],
) {
    let [a_words, b_words] = [&a[a_part.clone()], &b[b_part.clone()]];
    let is_long = a_words.len().max(b_words.len()) > MAX_WORDS;
    let [a_texts, b_texts] = [a_words, b_words].map(texts);
    let ops = match is_long {
        true => Vec::new(),
        false => capture_diff_slices(Algorithm::Myers, &a_texts, &b_texts),
    };
    let kept: usize = ops
        .iter()
        .map(|op| match op {
            DiffOp::Equal { old_index, len, .. } => weight(&a_words[*old_index..old_index + len]),
            _ => 0,
        })
        .sum();
    // Two texts that have little in common are easier to read without islands.
    if kept * 4 < weight(a_words).min(weight(b_words)) || ops.is_empty() {
        marks[0][a_part].fill(true);
        marks[1][b_part].fill(true);
    } else {
        for [a_run, b_run] in runs(&ops, a_words, b_words) {
            marks[0][a_part.clone()][a_run].fill(true);
            marks[1][b_part.clone()][b_run].fill(true);
        }
    }
}

/// Returns the runs of words that differ.
fn runs(ops: &[DiffOp], a: &[Word<'_>], b: &[Word<'_>]) -> Vec<[Range<usize>; 2]> {
    let mut runs = Vec::new();
    // How far back a run may move: over what both texts have.
    let mut floors = [0, 0];
    for op in ops {
        let [old, new] = [op.old_range(), op.new_range()];
        if let DiffOp::Equal { .. } = op {
            floors = [old.start, new.start];
            continue;
        }
        floors = match old.is_empty() || new.is_empty() {
            true => floors,
            false => [old.start, new.start],
        };
        runs.push([
            from_line_start(a, old.clone(), floors[0]),
            from_line_start(b, new.clone(), floors[1]),
        ]);
        floors = [old.end, new.end];
    }
    runs
}

/// Moves a run of words that only one text has up to the start of a line, where the words
/// before it are those that it ends with: `use a; use` is read as `use a;` before `use`.
fn from_line_start(words: &[Word<'_>], run: Range<usize>, floor: usize) -> Range<usize> {
    let mut moved = run.clone();
    loop {
        if run.is_empty() || moved.start == 0 || words[moved.start - 1].text == "\n" {
            return moved;
        }
        let is_same = words[moved.start - 1].text == words[moved.end - 1].text;
        if moved.start <= floor || !is_same {
            return run;
        }
        moved = moved.start - 1..moved.end - 1;
    }
}

fn texts<'a>(words: &[Word<'a>]) -> Vec<&'a str> {
    words.iter().map(|word| word.text).collect()
}

/// Returns how many characters are not space.
fn weight(words: &[Word<'_>]) -> usize {
    let words = words.iter().filter(|word| word.kind != Kind::Space);
    words.map(|word| word.text.len()).sum()
}

/// Returns the words of each line, its end among them.
pub(crate) fn lines(words: &[Word<'_>]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, word) in words.iter().enumerate() {
        if word.text == "\n" || at + 1 == words.len() {
            lines.push(start..at + 1);
            start = at + 1;
        }
    }
    lines
}

/// Returns the words of successive lines.
fn span(lines: &[Range<usize>]) -> Range<usize> {
    match lines {
        [] => 0..0,
        [first, .., last] => first.start..last.end,
        [only] => only.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::words;

    /// Returns both texts with brackets around what is marked.
    fn marked(a: &str, b: &str) -> [String; 2] {
        let [a, b] = [a, b].map(|text| words(text, true));
        let marks = differing(&a, &b);
        assert_eq!(unmarked(&a, &marks[0]), unmarked(&b, &marks[1]));
        let show = |words: &[Word<'_>], marks: &[bool]| -> String {
            let each = words.iter().zip(marks);
            let each = each.map(|(word, is_marked)| match is_marked {
                true => format!("[{}]", word.text.escape_debug()),
                false => word.text.to_owned(),
            });
            each.collect()
        };
        [show(&a, &marks[0]), show(&b, &marks[1])]
    }

    fn unmarked<'a>(words: &[Word<'a>], marks: &[bool]) -> Vec<&'a str> {
        let each = words
            .iter()
            .zip(marks)
            .filter(|(_, is_marked)| !**is_marked);
        each.map(|(word, _)| word.text).collect()
    }

    proptest::proptest! {
        /// What is not marked is the same in both.
        #[test]
        fn all_that_differs_is_marked(a in "([ab,] ?|\n){0,30}", b in "([ab,] ?|\n){0,30}") {
            marked(&a, &b);
        }
    }

    #[test]
    fn words_that_differ_are_marked() {
        assert_eq!(
            marked(
                "fn f(a: u8) {\n    g(a);\n}\n",
                "fn f(a: u16) {\n    g(a);\n}\n"
            ),
            [
                "fn f(a: [u8]) {\n    g(a);\n}\n",
                "fn f(a: [u16]) {\n    g(a);\n}\n"
            ]
        );
        assert_eq!(marked("a\nb\n", "a\nx\nb\n"), ["a\nb\n", "a\n[x][\\n]b\n"]);
        assert_eq!(marked("", "a"), ["", "[a]"]);
        assert_eq!(
            marked("use b::{c};\n", "use a;\nuse b::{c, d};\n")[1],
            "[use][ ][a][;][\\n]use b::{c[,][ ][d]};\n"
        );
    }

    #[test]
    fn what_has_little_in_common_is_marked_as_a_whole() {
        assert_eq!(
            marked("alpha(beta, gamma)", "delta + epsilon, zeta"),
            [
                "[alpha][(][beta][,][ ][gamma][)]",
                "[delta][ ][+][ ][epsilon][,][ ][zeta]"
            ]
        );
    }

    #[test]
    fn long_parts_are_marked_as_a_whole() {
        let long = |word: &str| format!("{word} b ").repeat(MAX_WORDS);
        let [a, _] = marked(&long("x"), &long("y"));
        assert!(a.starts_with("[x][ ][b][ ][x]"));
    }
}

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
        for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
            marks[0][a_part.clone()][op.old_range()].fill(true);
            marks[1][b_part.clone()][op.new_range()].fill(true);
        }
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

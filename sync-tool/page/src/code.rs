//! Code as markup: lines with numbers, coloured words, marked differences, an end.

use std::fmt::Write as _;
use std::ops::Range;

use crate::escape::{cut, push_code, write_left_out};
use crate::marks;
use crate::model::Text;
use crate::scan::{Kind, Word, words};

/// The most lines of a pane.
const MAX_LINES: usize = 400;
/// The most characters of a line.
const MAX_LINE: usize = 1_000;
/// The most bytes of a pane, but for the end of its last line: lines as long as people write.
const MAX_BYTES: usize = MAX_LINES * 100;

/// What stands around a word that only one of two texts has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    Removed,
    Added,
}

impl Mark {
    const fn tag(self) -> &'static str {
        match self {
            Mark::Removed => "del",
            Mark::Added => "ins",
        }
    }
}

/// A text, cut to what a pane holds.
#[derive(Debug)]
pub(crate) struct Source {
    first_line: usize,
    lines: String,
    left_out: usize,
    total: usize,
    is_rust: bool,
}

impl Source {
    pub(crate) fn new(text: &Text, is_rust: bool) -> Self {
        let total = text.text.split_inclusive('\n').count();
        let (mut lines, mut shown_lines) = (String::new(), 0);
        for line in text.text.split_inclusive('\n').take(MAX_LINES) {
            if lines.len() > MAX_BYTES {
                break;
            }
            shown_lines += 1;
            let (shown, more) = cut(line.trim_end_matches('\n'), MAX_LINE);
            lines.push_str(shown);
            _ = write_left_out(more, &mut lines);
            if line.ends_with('\n') {
                lines.push('\n');
            }
        }
        Source {
            first_line: text.first_line,
            lines,
            left_out: total - shown_lines,
            total,
            is_rust,
        }
    }

    pub(crate) fn words(&self) -> Vec<Word<'_>> {
        words(&self.lines, self.is_rust)
    }

    /// Returns how many lines are not shown.
    pub(crate) const fn left_out(&self) -> usize {
        self.left_out
    }

    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// Returns the numbers of the first and the last line.
    pub(crate) const fn numbers(&self) -> [usize; 2] {
        [
            self.first_line,
            (self.first_line + self.total).saturating_sub(1),
        ]
    }

    /// Returns whether the text ends within a line.
    pub(crate) fn is_open(&self) -> bool {
        self.left_out == 0 && !self.lines.is_empty() && !self.lines.ends_with('\n')
    }
}

/// Returns the lines of a source as markup.
pub(crate) fn markup(source: &Source, words: &[Word<'_>], marked: &[bool], mark: Mark) -> String {
    let mut out = String::new();
    for (number, line) in (source.first_line..).zip(marks::lines(words)) {
        let is_marked = line.clone().any(|at| marked[at]);
        let class = if is_marked { mark.tag() } else { "" };
        _ = write!(out, "<span class=\"l {class}\" data-n=\"{number}\">");
        push_line(words, marked, line, mark, &mut out);
        out.push_str("\n</span>");
    }
    out
}

fn push_line(
    words: &[Word<'_>],
    marked: &[bool],
    line: Range<usize>,
    mark: Mark,
    out: &mut String,
) {
    let mut is_open = false;
    for at in line.clone() {
        if words[at].text == "\n" {
            break;
        }
        // Indentation is not marked, nor what is at the end of a line: nothing is to be seen there.
        let is_within = words[at].kind != Kind::Space || is_open && at + 2 < line.end;
        let is_marked = marked[at] && (is_within || is_odd_space(words[at].text));
        if is_marked != is_open {
            _ = write!(out, "<{}{}>", if is_open { "/" } else { "" }, mark.tag());
            is_open = is_marked;
        }
        push_word(words[at], out);
    }
    if is_open {
        _ = write!(out, "</{}>", mark.tag());
    }
}

/// Tells whether white space has more in it than blanks, which a reviewer must see.
fn is_odd_space(text: &str) -> bool {
    text.contains(|c| c != ' ')
}

fn push_word(word: Word<'_>, out: &mut String) {
    let class = match word.kind {
        Kind::Plain | Kind::Space => return push_code(word.text, out),
        Kind::Comment => "c",
        Kind::Literal => "s",
        Kind::Keyword => "k",
        Kind::Type => "t",
        Kind::Function => "f",
        Kind::Macro => "m",
        Kind::Lifetime => "a",
    };
    _ = write!(out, "<i class=\"{class}\">");
    push_code(word.text, out);
    out.push_str("</i>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        let text = Text {
            first_line: 7,
            text: text.to_owned(),
        };
        Source::new(&text, true)
    }

    #[test]
    fn lines_have_numbers_colours_and_marks() {
        let source = source("let a = \"<\";\n  b");
        let words = source.words();
        let marked: Vec<_> = words.iter().map(|word| word.text != "let").collect();
        assert_eq!(
            markup(&source, &words, &marked, Mark::Added),
            "<span class=\"l ins\" data-n=\"7\"><i class=\"k\">let</i> <ins>a = \
             <i class=\"s\">&#34;&lt;&#34;</i>;</ins>\n</span>\
             <span class=\"l ins\" data-n=\"8\">  <ins>b</ins>\n</span>"
        );
        assert_eq!(source.numbers(), [7, 8]);
        assert!(source.is_open());
    }

    #[test]
    fn long_texts_are_cut() {
        let long = source(&"a\n".repeat(MAX_LINES + 3));
        assert_eq!((long.left_out(), long.total()), (3, MAX_LINES + 3));
        assert!(!long.is_open());
        let wide = source(&"ü".repeat(MAX_LINE + 5));
        assert!(wide.lines.ends_with("ü … (5 more characters)"));
        assert_eq!(wide.left_out(), 0);
        let large = source(&("x".repeat(MAX_LINE) + "\n").repeat(100));
        assert_eq!(large.left_out(), 60);
    }
}

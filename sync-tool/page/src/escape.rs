//! Texts that others wrote, written into HTML so that they say what they say and do nothing.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html, Safe};
use recipe::text::{is_control, visible};

/// The most characters of a name or a sentence.
const MAX_SENTENCE: usize = 2_000;

/// Escapes HTML, writes control characters as Rust does, as `\u{202e}`, and cuts what is
/// too long for a name or a sentence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible;

impl Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        let (shown, left_out) = cut(text, MAX_SENTENCE);
        Html.write_escaped_str(&mut out, &visible(shown))?;
        write_left_out(left_out, &mut out)
    }
}

/// Says how many characters were cut off, if any.
pub(crate) fn write_left_out(left_out: usize, out: &mut impl Write) -> fmt::Result {
    match left_out {
        0 => Ok(()),
        more => write!(out, " … ({more} more characters)"),
    }
}

/// Returns a sentence as markup, in which what stands between backticks is code.
pub(crate) fn prose(text: &str) -> Safe<String> {
    let mut out = String::new();
    let (shown, left_out) = cut(text, MAX_SENTENCE);
    let mut parts = shown.split('`').peekable();
    for is_code in [false, true].into_iter().cycle() {
        let Some(part) = parts.next() else { break };
        // A backtick that none follows is one.
        let [open, close] = match (is_code, parts.peek()) {
            (true, Some(_)) => ["<code>", "</code>"],
            (true, None) => ["`", ""],
            (false, _) => ["", ""],
        };
        out.push_str(open);
        _ = Visible.write_escaped_str(&mut out, part);
        out.push_str(close);
    }
    _ = write_left_out(left_out, &mut out);
    Safe(out)
}

/// Returns at most how many bytes a sentence has as markup.
pub(crate) fn escaped_len(text: &str) -> usize {
    let bytes = |c| match c {
        '<' | '>' | '&' | '"' | '\'' => 5,
        '`' => 7,
        c if is_control(c) => 8,
        c => c.len_utf8(),
    };
    60 + text.chars().take(MAX_SENTENCE).map(bytes).sum::<usize>()
}

/// Appends code, whose control characters are marked as what is written for them.
pub(crate) fn push_code(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\t' => out.push('\t'),
            c if is_control(c) => {
                out.push_str("<b class=\"esc\">");
                out.extend(c.escape_default());
                out.push_str("</b>");
            }
            c => out.push(c),
        }
    }
}

/// Returns the beginning of a text, and how many characters are left out.
pub(crate) fn cut(text: &str, max: usize) -> (&str, usize) {
    match text.char_indices().nth(max) {
        None => (text, 0),
        Some((at, _)) => (&text[..at], text[at..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> String {
        let mut out = String::new();
        Visible.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn a_sentence_does_nothing() {
        assert_eq!(
            sentence("<a href=\"x\" onclick='y'>&\0\u{202e}\u{1b}[2J"),
            "&#60;a href=&#34;x&#34; onclick=&#39;y&#39;&#62;&#38;\\u{0}\\u{202e}\\u{1b}[2J"
        );
    }

    #[test]
    fn a_sentence_has_an_end() {
        let long = sentence(&"ü".repeat(MAX_SENTENCE + 7));
        assert!(long.ends_with("ü … (7 more characters)"), "{long}");
        assert_eq!(
            sentence(&"ü".repeat(MAX_SENTENCE)),
            "ü".repeat(MAX_SENTENCE)
        );
    }

    #[test]
    fn code_in_a_sentence_is_code() {
        assert_eq!(prose("a `b<` c ` d").0, "a <code>b&#60;</code> c ` d");
        let long = "`&` ".repeat(MAX_SENTENCE);
        let shown = prose(&long).0;
        assert!(shown.ends_with(" … (6000 more characters)"), "{shown}");
        assert!(shown.len() <= escaped_len(&long), "{}", shown.len());
    }

    #[test]
    fn code_does_nothing() {
        let mut out = String::new();
        push_code("a<b>&\t\r\u{2066}", &mut out);
        assert_eq!(
            out,
            "a&lt;b&gt;&amp;\t<b class=\"esc\">\\r</b><b class=\"esc\">\\u{2066}</b>"
        );
    }
}

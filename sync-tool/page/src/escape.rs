//! Texts that others wrote, written into HTML so that they say what they say and do nothing.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Safe};
use recipe::text::is_control;

/// The most characters of a name or a sentence.
const MAX_SENTENCE: usize = 2_000;

/// Escapes HTML, writes characters that act or are invisible as Rust does, as `\u{202e}`,
/// and cuts what is too long for a name or a sentence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible;

impl Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        let (shown, left_out) = cut(text, MAX_SENTENCE);
        write_visible(shown, ["", ""], &mut out)?;
        write_left_out(left_out, &mut out)
    }
}

/// Tells whether a character acts on what is around it, or cannot be seen: what a reviewer
/// would not notice (Unicode, category Cf, apart from the signs of scripts).
fn is_hidden(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    is_invisible || is_control(c) && c != '\t' && c != '\n'
}

/// Writes a text, and around each hidden character what marks it.
fn write_visible(text: &str, [open, close]: [&str; 2], out: &mut impl Write) -> fmt::Result {
    for c in text.chars() {
        match c {
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '&' => out.write_str("&amp;")?,
            '"' => out.write_str("&#34;")?,
            '\'' => out.write_str("&#39;")?,
            c if is_hidden(c) => write!(out, "{open}{}{close}", c.escape_default())?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

/// Appends code, in which hidden characters are marked.
pub(crate) fn push_code(text: &str, out: &mut String) {
    _ = write_visible(text, ["<b class=\"esc\">", "</b>"], out);
}

/// The most characters of a difference.
const MAX_DIFF: usize = 20_000;

/// Returns a unified diff as markup, in which lines are marked by their sign.
pub(crate) fn diff(text: &str) -> Safe<String> {
    let (shown, left_out) = cut(text, MAX_DIFF);
    let mut out = String::new();
    for line in shown.split_inclusive('\n') {
        let tag = match line.as_bytes().first() {
            Some(b'+') => "ins",
            Some(b'-') => "del",
            _ => "span",
        };
        out.push_str(&format!("<{tag}>"));
        push_code(line, &mut out);
        out.push_str(&format!("</{tag}>"));
    }
    _ = write_left_out(left_out, &mut out);
    Safe(out)
}

/// Returns at most how many bytes a difference has as markup.
pub(crate) fn diff_len(text: &str) -> usize {
    let bytes = |c| match c {
        '\n' => 14,
        c if is_hidden(c) => 30,
        c => c.len_utf8().max(5),
    };
    100 + text.chars().take(MAX_DIFF).map(bytes).sum::<usize>()
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
        c if is_hidden(c) => 10,
        c => c.len_utf8(),
    };
    60 + text.chars().take(MAX_SENTENCE).map(bytes).sum::<usize>()
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
            "&lt;a href=&#34;x&#34; onclick=&#39;y&#39;&gt;&amp;\\u{0}\\u{202e}\\u{1b}[2J"
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
        assert_eq!(prose("a `b<` c ` d").0, "a <code>b&lt;</code> c ` d");
        let long = "`&` ".repeat(MAX_SENTENCE);
        let shown = prose(&long).0;
        assert!(shown.ends_with(" … (6000 more characters)"), "{shown}");
        assert!(shown.len() <= escaped_len(&long), "{}", shown.len());
    }

    #[test]
    fn code_does_nothing() {
        let mut out = String::new();
        push_code("a<b>&\t\r\u{2066}\u{200b}ü", &mut out);
        assert_eq!(
            out,
            "a&lt;b&gt;&amp;\t<b class=\"esc\">\\r</b><b class=\"esc\">\\u{2066}</b>\
             <b class=\"esc\">\\u{200b}</b>ü"
        );
    }
}

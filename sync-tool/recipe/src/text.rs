//! Texts that others wrote, made safe to be shown: they say what they say, and
//! change nothing around them.

use std::borrow::Cow;

/// Tells whether a character acts on a terminal or on the order of the text around it,
/// instead of being shown (Unicode, categories Cc, Zl and Zp, and UAX 9, explicit
/// formatting).
pub fn is_control(c: char) -> bool {
    let reorders = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || reorders.contains(c)
}

/// Returns a text with its control characters written as Rust does, as `\u{1b}`;
/// line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_control(c) && c != '\n' && c != '\t')
}

/// The same for what must not begin a line of its own: a name, a sentence.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_control)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let each = text.chars().map(|c| match is_escaped(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    });
    Cow::Owned(each.collect())
}

/// Returns a text as one line of Markdown that shows it. Code spans stay code.
pub fn markdown(text: &str) -> String {
    let text = text.replace('\n', " ");
    let text = line(&text);
    let mut rest = text.as_ref();
    let mut out = String::new();
    while let Some(at) = rest.find('`') {
        let (before, from) = rest.split_at(at);
        let ticks = run(from);
        plain(before, &mut out);
        let end = ticks + closing(&from[ticks..], ticks).unwrap_or(0);
        match end > ticks {
            true => out.push_str(&from[..end]),
            false => out.push_str(&r"\`".repeat(ticks)),
        }
        rest = &from[end..];
    }
    plain(rest, &mut out);
    out
}

/// Returns a text as a code span of Markdown.
pub fn code_span(text: &str) -> String {
    let runs = text.match_indices('`').map(|(at, _)| run(&text[at..]));
    match runs.max() {
        None => format!("`{}`", line(text)),
        Some(longest) => {
            let ticks = "`".repeat(longest + 1);
            format!("{ticks} {} {ticks}", line(text))
        }
    }
}

/// Counts the backticks that a text begins with.
fn run(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Returns where a code span ends: behind the next run of just as many backticks.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        at += found;
        let length = run(&text[at..]);
        at += length;
        if length == ticks {
            return Some(at);
        }
    }
    None
}

/// Writes text so that Markdown has no meaning for it.
fn plain(text: &str, out: &mut String) {
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Within a word it is a part of the word.
            '_' if before.is_alphanumeric()
                && chars.peek().is_some_and(|c| c.is_alphanumeric()) =>
            {
                out.push(c);
            }
            '\\' | '*' | '_' | '[' | ']' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
        before = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_written_out() {
        let text = "a\u{1b}[2J\u{9b}\u{202e}\u{2028}\r\n\tü\u{7f}";
        assert_eq!(
            visible(text),
            "a\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}\\r\n\tü\\u{7f}"
        );
        assert_eq!(line("a\n\tü"), "a\\n\\tü");
    }

    #[test]
    fn markdown_shows_the_text() {
        for (text, shown) in [
            ("a | b_c `d_<e>` f", "a | b_c `d_<e>` f"),
            ("<!-- x --> & *y*", r"&lt;!-- x --&gt; &amp; \*y\*"),
            ("one ` two `` three", r"one \` two \`\` three"),
            ("``a ` b`` [c](d) \\", r"``a ` b`` \[c\](d) \\"),
            ("a\nb\u{1b}", r"a b\\u{1b}"),
        ] {
            assert_eq!(markdown(text), shown);
        }
        assert_eq!(code_span("a`b"), "`` a`b ``");
    }
}

//! Words of a text, and what they are in Rust. The text is a part of a file and need not parse.

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Plain,
    Space,
    Comment,
    Literal,
    Keyword,
    Type,
    Function,
    Macro,
    Lifetime,
}

/// A word: never empty, and never over the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
}

#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "box", "break", "const", "continue", "crate", "dyn", "else",
    "enum", "extern", "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod",
    "move", "mut", "pub", "ref", "return", "self", "Self", "static", "struct", "super",
    "trait", "true", "type", "unsafe", "use", "where", "while", "yield",
];

/// Cuts a text into words; all of them together are the text.
pub(crate) fn words(text: &str, is_rust: bool) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (length, kind) = next(rest, is_rust);
        let (whole, behind) = rest.split_at(length);
        // A comment or a string over several lines is a word on each, and each line end is one.
        for line in whole.split_inclusive('\n') {
            let (line, end) = match line.strip_suffix('\n') {
                Some(before) => (before, &line[before.len()..]),
                None => (line, ""),
            };
            for (text, kind) in [(line, kind), (end, Kind::Space)] {
                if !text.is_empty() {
                    words.push(Word { text, kind });
                }
            }
        }
        rest = behind;
    }
    words
}

/// Returns the length in bytes of the word that a text begins with, and its kind.
fn next(rest: &str, is_rust: bool) -> (usize, Kind) {
    let first = rest.chars().next().unwrap_or_default();
    if first.is_whitespace() {
        return (while_(rest, char::is_whitespace), Kind::Space);
    }
    if is_rust && let Some(found) = comment(rest).or_else(|| quoted(rest)) {
        return found;
    }
    if is_word(first) {
        let length = while_(rest, is_word);
        let kind = if is_rust {
            name(&rest[..length], &rest[length..])
        } else {
            Kind::Plain
        };
        return (length, kind);
    }
    (first.len_utf8(), Kind::Plain)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns how many bytes at the beginning are such characters.
fn while_(text: &str, is_in: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_in(c)).unwrap_or(text.len())
}

fn comment(rest: &str) -> Option<(usize, Kind)> {
    let line = rest.find('\n').unwrap_or(rest.len());
    if rest.starts_with("//") {
        return Some((line, Kind::Comment));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(found) = rest[at..].find(['/', '*']) {
        at += found;
        match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => depth += 1,
            Some(b"*/") if depth == 1 => return Some((at + 2, Kind::Comment)),
            Some(b"*/") => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    // The end is not in this part of the file, as for half a comment.
    Some((rest.len(), Kind::Comment))
}

/// Finds strings, characters, bytes and lifetimes.
fn quoted(rest: &str) -> Option<(usize, Kind)> {
    let prefix = ["br", "cr", "b", "c", "r", ""]
        .into_iter()
        .find(|prefix| rest.starts_with(prefix))?;
    let body = &rest[prefix.len()..];
    let hashes = while_(body, |c| c == '#');
    if hashes > 0 && !prefix.ends_with('r') {
        return None;
    }
    match body[hashes..].chars().next()? {
        '"' if prefix.ends_with('r') => {
            let open = prefix.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let end = rest[open..].find(&close).map(|at| open + at + close.len());
            Some((end.unwrap_or_else(|| line_end(rest)), Kind::Literal))
        }
        '"' => Some((prefix.len() + string(body, rest), Kind::Literal)),
        '\'' if matches!(prefix, "" | "b") => {
            character(body).map(|(length, kind)| (prefix.len() + length, kind))
        }
        _ => None,
    }
}

fn line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Returns the length of a string; up to the line's end where it has no end of its own.
fn string(body: &str, rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    line_end(body).min(rest.len())
}

/// Tells a character from a lifetime.
fn character(body: &str) -> Option<(usize, Kind)> {
    let inner = &body[1..];
    let first = inner.chars().next()?;
    if first == '\\' {
        // Behind the backslash and what it escapes, which may be a quote.
        let escaped = 1 + inner.chars().nth(1)?.len_utf8();
        let end = inner[escaped..].find(['\'', '\n'])?;
        return inner[escaped + end..]
            .starts_with('\'')
            .then_some((1 + escaped + end + 1, Kind::Literal));
    }
    if inner[first.len_utf8()..].starts_with('\'') {
        return Some((first.len_utf8() + 2, Kind::Literal));
    }
    let name = while_(inner, is_word);
    (name > 0).then_some((1 + name, Kind::Lifetime))
}

/// Says what an identifier or a number is.
fn name(text: &str, behind: &str) -> Kind {
    let first = text.chars().next().unwrap_or_default();
    if first.is_numeric() {
        Kind::Literal
    } else if KEYWORDS.contains(&text) {
        Kind::Keyword
    } else if behind.starts_with('!') && !behind.starts_with("!=") {
        Kind::Macro
    } else if first.is_uppercase() {
        Kind::Type
    } else if behind.starts_with('(') || behind.starts_with("::<") {
        Kind::Function
    } else {
        Kind::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(&str, Kind)> {
        let found = words(text, true).into_iter();
        found
            .filter(|word| word.kind != Kind::Space)
            .map(|word| (word.text, word.kind))
            .collect()
    }

    #[test]
    fn rust_is_told_apart() {
        use Kind::*;
        assert_eq!(
            kinds("let x: Vec<&'a u8> = vec![b'\\'', '{', 1_0u8]; f(r#\"a\"b\"#) // it's"),
            [
                ("let", Keyword),
                ("x", Plain),
                (":", Plain),
                ("Vec", Type),
                ("<", Plain),
                ("&", Plain),
                ("'a", Lifetime),
                ("u8", Plain),
                (">", Plain),
                ("=", Plain),
                ("vec", Macro),
                ("!", Plain),
                ("[", Plain),
                ("b'\\''", Literal),
                (",", Plain),
                ("'{'", Literal),
                (",", Plain),
                ("1_0u8", Literal),
                ("]", Plain),
                (";", Plain),
                ("f", Function),
                ("(", Plain),
                ("r#\"a\"b\"#", Literal),
                (")", Plain),
                ("// it's", Comment),
            ]
        );
    }

    #[test]
    fn no_word_is_over_a_line_end() {
        let text = "/* a\n /* b */\n*/ \"c\nd\" \n\n";
        let found = words(text, true);
        assert!(
            found
                .iter()
                .all(|w| w.text == "\n" || !w.text.contains('\n'))
        );
        assert_eq!(
            found[0],
            Word {
                text: "/* a",
                kind: Kind::Comment
            }
        );
        assert_eq!(found.iter().map(|w| w.text).collect::<String>(), text);
    }

    #[test]
    fn any_part_of_a_file_is_cut_into_words() {
        let text = "\"a\\\" 'b /*/ r##\"#\" br'x' ü'ü' '\\u{1}' 'static \\ \r\n\0";
        for (at, _) in text.char_indices() {
            for part in [&text[at..], &text[..at]] {
                for is_rust in [true, false] {
                    let back: String = words(part, is_rust).iter().map(|w| w.text).collect();
                    assert_eq!(back, part);
                }
            }
        }
    }
}

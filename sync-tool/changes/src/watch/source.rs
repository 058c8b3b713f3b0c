//! Rust without its comments, and which brackets belong together.

use std::collections::BTreeMap;

use rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};

/// A source in which each byte of a comment is a space: all else stands where it stood.
pub(super) struct Source {
    pub(super) code: String,
    /// Where the bracket is that closes the one at a place.
    closing: BTreeMap<usize, usize>,
}

impl Source {
    /// Reads any text; one that is not Rust may have fewer brackets that belong together.
    pub(super) fn new(text: &str) -> Self {
        let mut code = String::with_capacity(text.len());
        let mut closing = BTreeMap::new();
        let mut open = Vec::new();
        let mut at = 0;
        for token in tokenize(text, FrontmatterAllowed::No) {
            let end = at + token.len as usize;
            let written = &text[at..end];
            match token.kind {
                TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => {
                    code.extend(written.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
                }
                kind => {
                    code.push_str(written);
                    match kind {
                        TokenKind::OpenParen => open.push((TokenKind::CloseParen, at)),
                        TokenKind::OpenBrace => open.push((TokenKind::CloseBrace, at)),
                        TokenKind::OpenBracket => open.push((TokenKind::CloseBracket, at)),
                        kind if open.last().is_some_and(|(close, _)| *close == kind) => {
                            closing.extend(open.pop().map(|(_, opened)| (opened, at)));
                        }
                        _ => {}
                    }
                }
            }
            at = end;
        }
        Self { code, closing }
    }

    /// Returns what stands between the bracket at a place and the one that closes it.
    pub(super) fn group(&self, open: usize) -> Option<std::ops::Range<usize>> {
        self.closing.get(&open).map(|close| open + 1..*close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blank_and_strings_stay() {
        let text = "a! { \"// {\" /* ü } */ '{' // }\n} /* /* ( */ ) */ b";
        let source = Source::new(text);
        assert_eq!(source.code.len(), text.len());
        let shown = source.code.split_whitespace().collect::<Vec<_>>();
        assert_eq!(shown, ["a!", "{", "\"//", "{\"", "'{'", "}", "b"]);
        assert_eq!(source.code.find('\n'), text.find('\n'));
        let group = source.group(3).expect("a group");
        assert!(source.code[group].trim_end().ends_with("'{'"));
    }

    #[test]
    fn what_does_not_balance_has_no_group() {
        for text in ["{", "(]", "}{", "\"", "/*", "r#\"", "'"] {
            let source = Source::new(text);
            assert_eq!(source.code.len(), text.len());
            assert_eq!(source.group(0), None, "{text}");
        }
    }
}

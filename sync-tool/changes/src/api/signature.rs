//! Declarations as one line of text, in which neither layout nor comments count.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Returns tokens as one line, with the blanks that people write.
pub(super) fn text(tokens: impl ToTokens) -> String {
    let mut line = Line::default();
    line.stream(tokens.to_token_stream());
    line.text
}

#[derive(Default)]
struct Line {
    text: String,
    /// The last token.
    last: String,
    /// Whether it is a name or keyword.
    is_word: bool,
}

impl Line {
    fn stream(&mut self, stream: TokenStream) {
        let mut trees = stream.into_iter().peekable();
        let mut operator = String::new();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Punct(punct) => {
                    let is_last = trees.peek().is_none();
                    if punct.as_char() == ',' && is_last {
                        continue;
                    }
                    operator.push(punct.as_char());
                    let joins = punct.spacing() == Spacing::Joint
                        && matches!(trees.peek(), Some(TokenTree::Punct(next)) if is_one(&operator, next.as_char()));
                    if !joins {
                        self.push(&std::mem::take(&mut operator), false);
                    }
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.push(open, false);
                    self.stream(group.stream());
                    self.push(close, false);
                }
                TokenTree::Ident(ident) => self.push(&ident.to_string(), true),
                TokenTree::Literal(literal) => self.push(&literal.to_string(), true),
            }
        }
    }

    fn push(&mut self, token: &str, is_word: bool) {
        if token.is_empty() {
            return;
        }
        if token == ">" && self.last == "," {
            // A comma that a line break added.
            self.text.truncate(self.text.len() - 1);
        }
        if !self.text.is_empty() && self.is_apart(token, is_word) {
            self.text.push(' ');
        }
        self.text.push_str(token);
        self.last = token.to_owned();
        self.is_word = is_word;
    }

    /// Tells whether a blank stands before a token.
    fn is_apart(&self, token: &str, is_word: bool) -> bool {
        let last = self.last.as_str();
        match (last, token) {
            ("(" | "[" | "&" | "&&" | "::" | "." | "'" | "#" | "?" | "*" | "!", _) => false,
            ("<", _) if !self.is_word => false,
            (_, ")" | "]" | "," | ";" | ":" | "." | ">") => false,
            (_, "::") => matches!(last, ":" | "->" | "=" | "+" | ","),
            (_, "<") => matches!(last, "->" | "=" | ":" | "+" | ",") || last == "as",
            (_, "(") => !(self.is_word || last == ">"),
            (_, "!") => !self.is_word,
            (_, "[") if last == "#" => false,
            (">", _) => is_word || !matches!(token, "(" | "::"),
            _ => true,
        }
    }
}

/// Tells whether a sign continues an operator. `<` and `>` stay alone: they are brackets.
fn is_one(operator: &str, next: char) -> bool {
    matches!(
        (operator, next),
        (":", ':')
            | ("-", '>')
            | ("=", '>' | '=')
            | ("." | "..", '.' | '=')
            | ("&", '&')
            | ("|", '|')
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_written_as_people_write_it() {
        for line in [
            "pub async fn f<'a, T: ?Sized + 'a>(&'a mut self, x: &mut [u8; 4]) -> Result<(), T>",
            "impl<T> From<Vec<T>> for crate::p2::X<'_, T>",
            "fn f(f: impl Fn(&mut T) -> &mut U + Send + Sync + 'static) where T: Send, U: Sized",
            "pub(crate) fn g(p: *const u8, q: &dyn Fn(u8) -> !)",
            "pub type F = Box<dyn Fn(SocketAddr, Use) -> Pin<Box<dyn Future<Output = bool> + Send>>>",
            "A { x: u8, y: (u8, u16) }",
            "#[cfg(feature = \"p3\")] pub fn h() -> impl Future<Output = ()> + use<>",
            "type Error = <T as Trait>::Error",
        ] {
            let tokens: TokenStream = line.parse().expect("it lexes");
            assert_eq!(text(tokens), line);
        }
    }

    #[test]
    fn layout_comments_and_commas_at_line_ends_do_not_count() {
        let broken = "fn f<\n    T,\n>(\n    a: u8, // of it\n    b: X<\n        T,\n    >,\n)";
        let tokens: TokenStream = broken.parse().expect("it lexes");
        assert_eq!(text(tokens), "fn f<T>(a: u8, b: X<T>)");
    }
}

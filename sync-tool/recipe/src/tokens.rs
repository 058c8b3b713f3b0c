//! Rust sources as tokens, of which hostile ones cannot exhaust the stack.

use std::str::FromStr as _;

use proc_macro2::{TokenStream, TokenTree};

/// How deep groups may be nested: far more than code that people write or rustfmt reads.
const MAX_DEPTH: usize = 256;

/// Returns the tokens of a source; `None` where it does not lex, or is nested deeper than
/// what walks through it may go.
pub fn lex(source: &str) -> Option<TokenStream> {
    let tokens = TokenStream::from_str(source).ok()?;
    let mut levels = vec![tokens.clone().into_iter()];
    while let Some(level) = levels.last_mut() {
        match level.next() {
            None => _ = levels.pop(),
            Some(TokenTree::Group(_)) if levels.len() >= MAX_DEPTH => return None,
            Some(TokenTree::Group(group)) => levels.push(group.stream().into_iter()),
            Some(_) => {}
        }
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_too_deep_is_not_read() {
        let nested = |depth| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
        assert!(lex(&nested(MAX_DEPTH - 1)).is_some());
        assert!(lex(&nested(MAX_DEPTH)).is_none());
        assert!(lex(&nested(100_000)).is_none());
        assert!(lex("(").is_none());
    }
}

//! Reads addresses as a guest writes them, such as `tcp:127.0.0.1:80`.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// A word of the text.
#[derive(Debug, PartialEq)]
pub enum Token {
    Name(String),
    Number(u32),
    Colon,
    Dot,
}

/// Why a text is no address.
#[derive(Debug)]
pub enum ParseError {
    Empty,
    Unexpected(char),
    TooLarge,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Empty => f.write_str("the address is empty"),
            ParseError::Unexpected(found) => write!(f, "{found:?} is not expected here"),
            ParseError::TooLarge => f.write_str("a number is too large"),
        }
    }
}

pub struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Lexer {
            chars: text.chars().peekable(),
        }
    }

    /// Returns the next token; `None` at the end.
    pub fn next_token(&mut self) -> Result<Option<Token>, ParseError> {
        let Some(&first) = self.chars.peek() else {
            return Ok(None);
        };
        let token = match first {
            ':' => self.single(Token::Colon),
            '.' => self.single(Token::Dot),
            '0'..='9' => self.number()?,
            'a'..='z' => self.name(),
            '[' => self.single(Token::Open),
            '-' => self.single(Token::Dash),
            _ => return Err(ParseError::Unexpected(first)),
        };
        Ok(Some(token))
    }

    fn single(&mut self, token: Token) -> Token {
        self.chars.next();
        token
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let mut value = 0_u32;
        while let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(10)) {
            self.chars.next();
            value = value.checked_mul(10).ok_or(ParseError::TooLarge)?;
            value = value.checked_add(digit).ok_or(ParseError::TooLarge)?;
        }
        Ok(Token::Number(value))
    }

    fn name(&mut self) -> Token {
        let mut name = String::new();
        while let Some(letter) = self.chars.next_if(|c| c.is_ascii_lowercase()) {
            name.push(letter);
        }
        Token::Name(name)
    }
}

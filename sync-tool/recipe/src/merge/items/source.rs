//! A source as the engine sees it: its lines, its tokens, and its items as ranges of lines.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher as _;
use std::ops::Range;

/// A parsed source.
pub(super) struct Source<'a> {
    /// The lines, with their ends.
    pub lines: Vec<&'a str>,
    /// The file's own items.
    pub root: Container,
    pub tokens: Vec<Token>,
    /// The digests of all names in it.
    pub names: HashSet<u64>,
    /// The digests of names that it defines, variables among them, with their lines.
    pub bound: Vec<(u64, usize)>,
}

/// A sequence of children, each on lines of its own, such as the items between the braces
/// of a module or the statements of a block.
pub(super) struct Container {
    pub order: Order,
    /// The lines between the delimiters.
    pub lines: Range<usize>,
    pub children: Vec<Child>,
}

/// Whether the order of a container's children has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Free,
    Fixed,
}

/// What a child is to its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Attribute,
    /// A run of imports with nothing between them.
    Use,
    Function,
    Impl,
    /// Any other item that has a name.
    Item,
    Variant,
    Field,
    Arm,
    Statement,
    /// An argument, parameter, or field of an expression.
    Element,
}

/// What a child may do when it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    None,
    /// It may move a value away.
    Moves,
    Any,
}

/// What identifies a child.
pub(super) struct Label {
    pub kind: Kind,
    /// What it is found by in the other texts; none where only its tokens tell.
    pub key: Option<String>,
    /// What people call it, where they do: `fn bind`.
    pub name: Option<String>,
    /// The names that it declares or matches, if its place among others with other names
    /// has no meaning.
    pub names: Vec<String>,
    pub effect: Effect,
}

/// A child of a container: its comments, attributes and blank lines, then its own text.
pub(super) struct Child {
    pub label: Label,
    pub lines: Range<usize>,
    /// The first line with a token.
    pub code: usize,
    pub has_blank_before: bool,
    /// The attributes before it, then what is between its delimiters, in order.
    pub inner: Vec<Container>,
    /// The digests of its tokens, in order.
    pub tokens: Vec<u64>,
    /// What it is matched by: its key, or its tokens.
    pub id: u64,
}

/// What a token is to the names of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// No name, or one that the language gives a meaning.
    None,
    /// A name behind a dot or in a path, or one that gives a field its value.
    Member,
    Name,
}

/// A token of a source, without its groups.
pub(super) struct Token {
    pub digest: u64,
    pub role: Role,
    /// Its first character; signs and delimiters have no other.
    kind: char,
    /// The lines in which it starts and ends, counted from 0.
    pub start: usize,
    pub end: usize,
}

impl Container {
    /// Returns the lines behind the last child.
    pub(super) fn tail(&self) -> Range<usize> {
        let start = self.children.last();
        start.map_or(self.lines.start, |child| child.lines.end)..self.lines.end
    }
}

/// Returns the digest of a value, the same in every run.
pub(super) fn digest(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Source<'_> {
    /// Returns the tokens that start in lines.
    pub(super) fn tokens_of(&self, lines: &Range<usize>) -> &[Token] {
        tokens_of(&self.tokens, lines)
    }
}

/// Returns those of a source's tokens that start in lines.
pub(super) fn tokens_of<'t>(tokens: &'t [Token], lines: &Range<usize>) -> &'t [Token] {
    let at = |line| tokens.partition_point(|token| token.start < line);
    &tokens[at(lines.start)..at(lines.end)]
}

impl Token {
    pub(super) fn new(text: &str, role: Role, span: proc_macro2::Span) -> Self {
        let (start, end) = (span.start(), span.end());
        Token {
            digest: digest(text),
            role,
            kind: text.chars().next().unwrap_or(' '),
            start: start.line.saturating_sub(1),
            end: end.line.saturating_sub(1),
        }
    }

    pub(super) fn opens(&self) -> bool {
        matches!(self.kind, '[' | '(' | '{')
    }

    pub(super) fn closes(&self) -> bool {
        matches!(self.kind, ']' | ')' | '}')
    }

    /// Tells whether it is a sign.
    pub(super) fn is(&self, sign: char) -> bool {
        self.kind == sign
    }
}

//! A run of imports as text: its groups, statements, and what stands between them.

use syn::{Item, ItemUse, Visibility};

use super::order::Style;
use super::tree::{Leaf, MAX_WIDTH, Tree};
use crate::tokens::lex;

/// A run of imports.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub groups: Vec<Group>,
    /// What stands behind the last one.
    pub rest: String,
    pub indent: String,
    pub line_end: &'static str,
}

/// Statements without a line between them: rustfmt sorts these.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// The blank lines and comments above it.
    pub gap: String,
    pub statements: Vec<Statement>,
}

/// A `use`.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub kind: ImportKind,
    pub tree: Tree,
    /// Its lines as they are written, with their ends.
    text: String,
    /// The attributes as they are written, up to the visibility.
    head: String,
    /// What stands behind it in its line.
    tail: String,
    /// Whether there are comments between its attributes, or behind them.
    comments: [bool; 2],
    /// Whether its text is no longer its own.
    pub is_changed: bool,
    /// Which statement of its group it was.
    at: Option<usize>,
}

/// What leaves need to have alike to stand in one statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ImportKind {
    pub attributes: Vec<String>,
    pub visibility: String,
}

/// One thing imported by a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub leaf: Leaf,
    pub kind: ImportKind,
}

impl Statement {
    /// Returns what it imports.
    pub(super) fn imports(&self) -> impl Iterator<Item = Import> {
        let leaves = self.tree.leaves().into_iter();
        leaves.map(|(leaf, _)| self.import(leaf))
    }

    pub(super) fn import(&self, leaf: Leaf) -> Import {
        let kind = self.kind.clone();
        Import { leaf, kind }
    }

    /// Makes a statement for another run, of a part of this one's tree.
    pub(super) fn with(&self, tree: Tree) -> Statement {
        Statement {
            tree,
            tail: String::new(),
            is_changed: true,
            at: None,
            ..self.clone()
        }
    }

    /// Tells whether a comment would lose what it is about without the statement.
    pub(super) fn has_comment(&self) -> bool {
        !self.tail.is_empty() || self.comments.contains(&true)
    }

    fn print(&mut self, indent: &str, line_end: &str) -> Option<()> {
        let has_skip = |text: &String| text.contains("rustfmt");
        let is_new = self.at.is_none();
        if self.comments[1]
            || is_new && self.comments[0]
            || self.kind.attributes.iter().any(has_skip)
        {
            return None;
        }
        let Statement { head, tail, .. } = &*self;
        let visibility = match self.kind.visibility.as_str() {
            "" => String::new(),
            visibility => format!("{visibility} "),
        };
        let before = indent.chars().count() + visibility.chars().count() + "use ;".len();
        let tree = self
            .tree
            .print(MAX_WIDTH.saturating_sub(before), indent.len());
        let text = format!("{indent}{head}{visibility}use {tree};{tail}\n");
        self.text = text.replace("\r\n", "\n").replace('\n', line_end);
        Some(())
    }
}

impl Run {
    /// Reads a run; `None` for anything else, or where statements share a line.
    pub(super) fn read(text: &str) -> Option<Run> {
        lex(text)?;
        let file = syn::parse_file(text).ok()?;
        if file.shebang.is_some() || !file.attrs.is_empty() || text.starts_with('\u{feff}') {
            return None;
        }
        let mut run = Run {
            groups: Vec::new(),
            rest: String::new(),
            indent: String::new(),
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
        };
        let mut end = 0;
        for item in &file.items {
            let Item::Use(item) = item else { return None };
            let (mut statement, lines) = statement(item, text)?;
            let indent = &text[lines.start..][..text[lines.start..].find(|c| c != ' ')?];
            let gap = text.get(end..lines.start)?;
            if run.groups.is_empty() {
                indent.clone_into(&mut run.indent);
            }
            if indent != run.indent {
                return None;
            }
            if run.groups.is_empty() || !gap.is_empty() {
                run.groups.push(Group {
                    gap: gap.to_owned(),
                    statements: Vec::new(),
                });
            }
            let group = run.groups.last_mut()?;
            statement.at = Some(group.statements.len());
            group.statements.push(statement);
            end = lines.end;
        }
        text[end..].clone_into(&mut run.rest);
        Some(run)
    }

    /// Returns the statements, in order.
    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.groups.iter().flat_map(|group| &group.statements)
    }

    /// Returns all comments, sorted; a statement that has some inside is one.
    pub(super) fn comments(&self) -> Vec<&str> {
        let gaps = self.groups.iter().map(|group| &group.gap);
        let lines = gaps.chain([&self.rest]).flat_map(|gap| gap.lines());
        let statements = self.statements().flat_map(|statement| {
            let inside = statement.comments.contains(&true);
            [
                statement.tail.as_str(),
                if inside { &statement.text } else { "" },
            ]
        });
        let all = lines.chain(statements).map(str::trim);
        let mut comments: Vec<&str> = all.filter(|line| !line.is_empty()).collect();
        comments.sort_unstable();
        comments
    }

    /// Tells whether every group is in an order of rustfmt's.
    pub(super) fn keeps(&self, style: Style) -> bool {
        let trees = |group: &Group| group.statements.iter().map(|s| s.tree.clone()).collect();
        let mut groups = self.groups.iter().map(trees);
        groups.all(|trees: Vec<Tree>| style.is_kept_by(&trees.iter().collect::<Vec<_>>()))
    }

    /// Puts each changed statement at its place and makes its text; a group that has none
    /// left goes with the blank lines above it. `None` where a comment would then be about
    /// something else.
    pub(super) fn settle(&mut self, style: Style) -> Option<()> {
        for group in &mut self.groups {
            group.settle(style, &self.indent, self.line_end)?;
        }
        let is_blank = |gap: &str| gap.trim().is_empty();
        let mut at = 0;
        while let Some(group) = self.groups.get(at) {
            if !group.statements.is_empty() {
                at += 1;
                continue;
            }
            let above = self.groups.remove(at).gap;
            let below = match self.groups.get_mut(at) {
                Some(next) => &mut next.gap,
                None => &mut self.rest,
            };
            match (is_blank(&above), is_blank(below)) {
                (_, true) if at == 0 => *below = above,
                (true, _) => {}
                (false, true) => *below = above,
                (false, false) => {
                    *below = format!("{above}{}", below.trim_start_matches(['\r', '\n']))
                }
            }
        }
        Some(())
    }

    /// Returns the text.
    pub(super) fn text(&self) -> String {
        let groups = self.groups.iter().map(|group| {
            let statements = group.statements.iter().map(|s| s.text.as_str());
            format!("{}{}", group.gap, statements.collect::<String>())
        });
        groups.chain([self.rest.clone()]).collect()
    }
}

impl Group {
    /// Tells whether a comment stands directly above.
    pub(super) fn has_comment_above(&self) -> bool {
        self.gap
            .lines()
            .next_back()
            .is_some_and(|line| !line.trim().is_empty())
    }

    fn settle(&mut self, style: Style, indent: &str, line_end: &str) -> Option<()> {
        let (changed, kept) = std::mem::take(&mut self.statements)
            .into_iter()
            .partition::<Vec<_>, _>(|statement| statement.is_changed);
        self.statements = kept;
        for mut statement in changed {
            statement.print(indent, line_end)?;
            let trees = self.statements.iter().map(|other| &other.tree);
            let at = style.place(&statement.tree, trees);
            self.statements.insert(at, statement);
        }
        let is_first = self
            .statements
            .first()
            .is_some_and(|first| first.at == Some(0));
        (is_first || !self.has_comment_above()).then_some(())
    }
}

/// Reads a statement; returns its whole lines too.
fn statement(item: &ItemUse, text: &str) -> Option<(Statement, std::ops::Range<usize>)> {
    let use_at = item.use_token.span.byte_range().start;
    let body = match &item.vis {
        Visibility::Inherited => use_at,
        Visibility::Public(token) => token.span.byte_range().start,
        Visibility::Restricted(restricted) => restricted.pub_token.span.byte_range().start,
    };
    let end = item.semi_token.span.byte_range().end;
    let spans = item.attrs.iter().map(|attribute| {
        let close = attribute.bracket_token.span.close();
        attribute.pound_token.span.byte_range().start..close.byte_range().end
    });
    let spans: Vec<_> = spans.collect();
    let start = spans.first().map_or(body, |span| span.start);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let tail = text[end..line_end].trim_end();
    let is_comment = tail.is_empty() || tail.trim_start().starts_with("//");
    if !text[line..start].trim_start_matches(' ').is_empty() || !is_comment {
        return None;
    }
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let attributes: Vec<_> = spans
        .iter()
        .map(|span| words(&text[span.clone()]))
        .collect();
    let between = [start].into_iter().chain(spans.iter().map(|span| span.end));
    let ends = spans.iter().map(|span| span.start).chain([body]);
    let mut gaps = between.zip(ends).filter(|(from, to)| from < to);
    let in_head = gaps.any(|(from, to)| !text[from..to].trim().is_empty());
    let solid = |text: &str| text.split_whitespace().collect::<String>();
    let in_body = solid(&text[body..end]) != solid(&lex(&text[body..end])?.to_string());
    let statement = Statement {
        kind: ImportKind {
            attributes,
            visibility: words(&text[body..use_at]),
        },
        tree: Tree::read(&item.tree, item.leading_colon.is_some())?,
        text: text[line..line_end].to_owned(),
        head: text[start..body].to_owned(),
        tail: tail.to_owned(),
        comments: [in_head, in_body],
        is_changed: false,
        at: None,
    };
    Some((statement, line..line_end))
}

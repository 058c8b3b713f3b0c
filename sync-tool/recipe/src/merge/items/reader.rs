//! Reads the items of a parsed file as ranges of its lines.
//!
//! A child has lines of its own where its first token is the first of a line; those that
//! share one are one child. A container counts where its delimiters do not share lines with
//! children: else it is a part of the child around it, as any other text.

use std::ops::Range;

use proc_macro2::LineColumn;
use proc_macro2::extra::DelimSpan;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::labels;
use super::source::{Child, Container, Kind, Label, Order, Role, Source, Token, digest, tokens_of};

pub(super) fn read<'a>(text: &'a str, tokens: Vec<Token>, file: &syn::File) -> Source<'a> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut reader = Reader {
        lines: &lines,
        tokens: &tokens,
        found: Vec::new(),
        bound: Vec::new(),
    };
    let mut entries = reader.inner_attributes(&file.attrs);
    for item in &file.items {
        entries.push(reader.entry(item, labels::item(item), |v| v.visit_item(item)));
    }
    let children = reader.children(0, entries);
    let root = Container {
        order: Order::Free,
        lines: 0..lines.len(),
        children,
    };
    let names = tokens.iter().filter(|token| token.role != Role::None);
    Source {
        names: names.map(|token| token.digest).collect(),
        bound: reader.bound,
        lines,
        root,
        tokens,
    }
}

struct Reader<'a> {
    lines: &'a [&'a str],
    tokens: &'a [Token],
    /// The containers of the child that is being visited.
    found: Vec<Container>,
    bound: Vec<(u64, usize)>,
}

/// A child whose neighbours are not known yet.
struct Entry {
    start: LineColumn,
    end: LineColumn,
    label: Label,
    inner: Vec<Container>,
}

impl Reader<'_> {
    fn entry(&mut self, node: &impl Spanned, label: Label, visit: impl FnOnce(&mut Self)) -> Entry {
        let around = std::mem::take(&mut self.found);
        visit(self);
        let inner = std::mem::replace(&mut self.found, around);
        let span = node.span();
        self.bind(&label, span.start());
        Entry {
            start: span.start(),
            end: span.end(),
            label,
            inner,
        }
    }

    /// Notes the name that an item defines.
    fn bind(&mut self, label: &Label, at: LineColumn) {
        let defines = label.kind != Kind::Impl;
        let name = label.name.as_deref().filter(|_| defines);
        if let Some((word, name)) = name.and_then(|name| name.rsplit_once(' '))
            && word != "macro call"
        {
            self.bound.push((digest(name), at.line.saturating_sub(1)));
        }
    }

    fn inner_attributes(&mut self, attributes: &[syn::Attribute]) -> Vec<Entry> {
        let inner = attributes
            .iter()
            .filter(|attribute| matches!(attribute.style, syn::AttrStyle::Inner(_)));
        inner
            .map(|attribute| self.entry(attribute, Label::of(Kind::Attribute), |_| {}))
            .collect()
    }

    /// Adds a container to those of the child around it, if children have lines of their own.
    fn add(&mut self, order: Order, span: &DelimSpan, entries: Vec<Entry>) {
        let (open, close) = (span.open().end(), span.close().start());
        let first = entries.first().map_or(close, |entry| entry.start);
        if open.line < first.line && open.line < close.line && self.is_first(close) {
            let children = self.children(open.line, entries);
            self.found.push(Container {
                order,
                lines: open.line..close.line - 1,
                children,
            });
        } else {
            let inner = entries.into_iter().flat_map(|entry| entry.inner);
            self.found.extend(inner);
        }
    }

    fn is_first(&self, at: LineColumn) -> bool {
        let line = at.line.checked_sub(1).and_then(|line| self.lines.get(line));
        let mut before = line
            .into_iter()
            .flat_map(|line| line.chars())
            .take(at.column);
        before.all(|c| c.is_whitespace() || c == '\u{feff}')
    }

    /// Makes children of entries, the first of which may begin at a line counted from 0.
    fn children(&self, from: usize, entries: Vec<Entry>) -> Vec<Child> {
        let mut joined: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            match joined.last_mut() {
                Some(last)
                    if entry.start.line <= last.end.line
                        || last.label.kind == Kind::Use && entry.label.kind == Kind::Use =>
                {
                    last.join(entry);
                }
                _ => joined.push(entry),
            }
        }
        let mut from = from;
        let mut children: Vec<Child> = Vec::with_capacity(joined.len());
        for entry in joined {
            let lines = from..entry.end.line.max(from);
            from = lines.end;
            children.push(self.child(entry, lines));
        }
        number(&mut children);
        children
    }

    fn child(&self, entry: Entry, lines: Range<usize>) -> Child {
        let Entry {
            start,
            label,
            mut inner,
            ..
        } = entry;
        let code = start.line.saturating_sub(1).clamp(lines.start, lines.end);
        let tokens = tokens_of(self.tokens, &(code..lines.end));
        let attributes = match label.kind {
            Kind::Use | Kind::Attribute => code..code,
            _ => code..attributes_end(tokens, code).min(lines.end),
        };
        // Containers that begin in the lines of attributes belong to macros in them.
        inner.retain(|container| container.lines.start > attributes.end);
        inner.sort_by_key(|container| container.lines.start);
        let attributes = Container {
            order: Order::Fixed,
            children: self.attributes(&attributes),
            lines: attributes,
        };
        inner.insert(0, attributes);
        let tokens: Vec<u64> = tokens.iter().map(|token| token.digest).collect();
        let id = match &label.key {
            Some(key) => digest((label.kind, key)),
            None => digest((label.kind, &tokens)),
        };
        Child {
            label,
            has_blank_before: self
                .lines
                .get(lines.start)
                .is_some_and(|line| line.trim().is_empty()),
            lines,
            code,
            inner,
            tokens,
            id,
        }
    }

    fn attributes(&self, lines: &Range<usize>) -> Vec<Child> {
        let tokens = tokens_of(self.tokens, lines);
        let (mut from, mut depth) = (lines.start, 0_usize);
        let mut children: Vec<Child> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            depth += usize::from(token.opens());
            depth -= usize::from(token.closes());
            let next = tokens.get(at + 1).map_or(lines.end, |next| next.start);
            if depth > 0 || !token.is(']') || next <= token.end || token.end < from {
                continue;
            }
            let own = from..token.end + 1;
            let tokens = tokens_of(self.tokens, &own).iter();
            let tokens: Vec<u64> = tokens.map(|token| token.digest).collect();
            children.push(Child {
                label: labels::attribute(&tokens),
                code: own.start,
                has_blank_before: false,
                inner: Vec::new(),
                id: digest(&tokens),
                tokens,
                lines: own.clone(),
            });
            from = own.end;
        }
        children
    }
}

impl Entry {
    /// Takes up an entry that shares a line, or is one more import.
    fn join(&mut self, other: Entry) {
        let is_use = self.label.kind == Kind::Use && other.label.kind == Kind::Use;
        self.end = self.end.max(other.end);
        self.inner.extend(other.inner);
        if is_use {
            return;
        }
        self.label.names.clear();
        self.label.key = match (self.label.key.take(), other.label.key) {
            (Some(one), Some(two)) => Some(format!("{one} {two}")),
            _ => None,
        };
        self.label.name = self.label.name.take().or(other.label.name);
    }
}

/// Returns the line at which the code behind attributes starts, if they have lines of their own.
fn attributes_end(tokens: &[Token], code: usize) -> usize {
    let (mut at, mut end) = (0, code);
    loop {
        let is = |offset: usize, sign| tokens.get(at + offset).is_some_and(|token| token.is(sign));
        if !is(0, '#') || !is(1, '[') {
            return end;
        }
        let mut depth = 0_usize;
        let close = tokens[at..].iter().position(|token| {
            depth += usize::from(token.opens());
            depth -= usize::from(token.closes());
            token.closes() && depth == 0
        });
        let Some(close) = close else { return end };
        at += close + 1;
        match tokens.get(at) {
            Some(next) if next.start > tokens[at - 1].end => end = next.start,
            _ => return end,
        }
    }
}

/// Tells children with the same key apart, by how many were before them.
fn number(children: &mut [Child]) {
    let mut seen = std::collections::HashMap::new();
    for child in children
        .iter_mut()
        .filter(|child| child.label.key.is_some())
    {
        let count = seen.entry(child.id).or_insert(0_usize);
        *count += 1;
        if *count > 1 {
            child.id = digest((child.id, *count));
        }
    }
}

macro_rules! children {
    ($reader:ident, $nodes:expr, $label:expr, $visit:ident) => {{
        let mut entries = Vec::new();
        for node in $nodes {
            let label = $label(node);
            entries.push($reader.entry(node, label, |v| v.$visit(node)));
        }
        entries
    }};
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, node: &'ast syn::ItemMod) {
        if let Some((brace, items)) = &node.content {
            let mut entries = self.inner_attributes(&node.attrs);
            entries.extend(children!(self, items, labels::item, visit_item));
            self.add(Order::Free, &brace.span, entries);
        }
    }

    fn visit_item_impl(&mut self, node: &'ast syn::ItemImpl) {
        let mut entries = self.inner_attributes(&node.attrs);
        entries.extend(children!(
            self,
            &node.items,
            labels::impl_item,
            visit_impl_item
        ));
        self.add(Order::Free, &node.brace_token.span, entries);
    }

    fn visit_item_trait(&mut self, node: &'ast syn::ItemTrait) {
        let mut entries = self.inner_attributes(&node.attrs);
        entries.extend(children!(
            self,
            &node.items,
            labels::trait_item,
            visit_trait_item
        ));
        self.add(Order::Free, &node.brace_token.span, entries);
    }

    fn visit_item_foreign_mod(&mut self, node: &'ast syn::ItemForeignMod) {
        let label = |_: &syn::ForeignItem| Label::of(Kind::Item);
        let entries = children!(self, &node.items, label, visit_foreign_item);
        self.add(Order::Fixed, &node.brace_token.span, entries);
    }

    fn visit_item_enum(&mut self, node: &'ast syn::ItemEnum) {
        let numbered = node.variants.iter().any(|v| v.discriminant.is_some());
        let entries = children!(self, &node.variants, labels::variant, visit_variant);
        let order = match numbered || labels::is_ordered(&node.attrs) {
            true => Order::Fixed,
            false => Order::Free,
        };
        self.add(order, &node.brace_token.span, entries);
    }

    fn visit_item_struct(&mut self, node: &'ast syn::ItemStruct) {
        match &node.fields {
            syn::Fields::Named(fields) if labels::is_ordered(&node.attrs) => {
                let entries = children!(self, &fields.named, labels::field, visit_field);
                self.add(Order::Fixed, &fields.brace_token.span, entries);
            }
            _ => visit::visit_item_struct(self, node),
        }
    }

    fn visit_fields_named(&mut self, node: &'ast syn::FieldsNamed) {
        let entries = children!(self, &node.named, labels::field, visit_field);
        self.add(Order::Free, &node.brace_token.span, entries);
    }

    fn visit_signature(&mut self, node: &'ast syn::Signature) {
        let entries = children!(self, &node.inputs, labels::parameter, visit_fn_arg);
        self.add(Order::Fixed, &node.paren_token.span, entries);
    }

    fn visit_receiver(&mut self, node: &'ast syn::Receiver) {
        let at = node.self_token.span.start();
        self.bound.push((digest("self"), at.line.saturating_sub(1)));
    }

    fn visit_pat_ident(&mut self, node: &'ast syn::PatIdent) {
        let name = node.ident.to_string();
        // Others are constants and variants.
        if name.starts_with(|c: char| c.is_lowercase() || c == '_') {
            let at = node.ident.span().start();
            self.bound.push((digest(name), at.line.saturating_sub(1)));
        }
        visit::visit_pat_ident(self, node);
    }

    fn visit_block(&mut self, node: &'ast syn::Block) {
        let entries = children!(self, &node.stmts, labels::statement, visit_stmt);
        self.add(Order::Fixed, &node.brace_token.span, entries);
    }

    fn visit_expr_match(&mut self, node: &'ast syn::ExprMatch) {
        self.visit_expr(&node.expr);
        let entries = children!(self, &node.arms, labels::arm, visit_arm);
        self.add(Order::Fixed, &node.brace_token.span, entries);
    }

    fn visit_expr_struct(&mut self, node: &'ast syn::ExprStruct) {
        if node.rest.is_some() || node.dot2_token.is_some() {
            return visit::visit_expr_struct(self, node);
        }
        let entries = children!(self, &node.fields, labels::value, visit_field_value);
        self.add(Order::Fixed, &node.brace_token.span, entries);
    }

    fn visit_expr_call(&mut self, node: &'ast syn::ExprCall) {
        self.visit_expr(&node.func);
        let entries = children!(self, &node.args, labels::element, visit_expr);
        self.add(Order::Fixed, &node.paren_token.span, entries);
    }

    fn visit_expr_method_call(&mut self, node: &'ast syn::ExprMethodCall) {
        self.visit_expr(&node.receiver);
        let entries = children!(self, &node.args, labels::element, visit_expr);
        self.add(Order::Fixed, &node.paren_token.span, entries);
    }

    fn visit_expr_array(&mut self, node: &'ast syn::ExprArray) {
        let entries = children!(self, &node.elems, labels::element, visit_expr);
        self.add(Order::Fixed, &node.bracket_token.span, entries);
    }
}

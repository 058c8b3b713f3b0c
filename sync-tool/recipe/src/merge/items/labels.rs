//! What identifies the children of containers, by their syntax.

use syn::spanned::Spanned;
use syn::{ImplItem, Item, Pat, Stmt, TraitItem};

use super::source::{Effect, Kind, Label, digest};

impl Label {
    /// Makes a label without a name.
    pub(super) fn of(kind: Kind) -> Self {
        Label {
            kind,
            key: None,
            name: None,
            names: Vec::new(),
            effect: Effect::None,
        }
    }

    fn named(kind: Kind, name: String) -> Self {
        Label {
            key: Some(name.clone()),
            names: vec![name.clone()],
            name: Some(name),
            ..Label::of(kind)
        }
    }
}

/// Returns the text of a node with single blanks between its parts.
fn text(node: &impl Spanned) -> String {
    let text = node.span().source_text().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn item(item: &Item) -> Label {
    let (word, name) = match item {
        Item::Const(item) => ("const", item.ident.to_string()),
        Item::Enum(item) => ("enum", item.ident.to_string()),
        Item::ExternCrate(item) => ("extern crate", item.ident.to_string()),
        Item::Fn(item) => return function(&item.sig),
        Item::ForeignMod(_) => ("extern", "block".to_owned()),
        Item::Impl(item) => return implementation(item),
        Item::Macro(item) => match &item.ident {
            Some(ident) => ("macro", ident.to_string()),
            None => ("macro call", text(&item.mac.path)),
        },
        Item::Mod(item) => ("mod", item.ident.to_string()),
        Item::Static(item) => ("static", item.ident.to_string()),
        Item::Struct(item) => ("struct", item.ident.to_string()),
        Item::Trait(item) => ("trait", item.ident.to_string()),
        Item::TraitAlias(item) => ("trait", item.ident.to_string()),
        Item::Type(item) => ("type", item.ident.to_string()),
        Item::Union(item) => ("union", item.ident.to_string()),
        Item::Use(_) => {
            return Label {
                key: Some("use".to_owned()),
                ..Label::of(Kind::Use)
            };
        }
        _ => return Label::of(Kind::Item),
    };
    Label::named(Kind::Item, format!("{word} {name}"))
}

fn function(signature: &syn::Signature) -> Label {
    Label::named(Kind::Function, format!("fn {}", signature.ident))
}

fn implementation(item: &syn::ItemImpl) -> Label {
    let self_type = text(&item.self_ty);
    let name = match &item.trait_ {
        Some((path, _)) => format!("impl {} for {self_type}", text(path)),
        None => format!("impl {self_type}"),
    };
    let generics = item.generics.params.iter().map(text).collect::<Vec<_>>();
    let bounds = item.generics.where_clause.as_ref().map(text);
    let key = format!(
        "{name} <{}> {}",
        generics.join(", "),
        bounds.unwrap_or_default().trim_end_matches(',')
    );
    Label {
        key: Some(key.clone()),
        names: vec![key],
        name: Some(name),
        ..Label::of(Kind::Impl)
    }
}

pub(super) fn impl_item(item: &ImplItem) -> Label {
    match item {
        ImplItem::Const(item) => Label::named(Kind::Item, format!("const {}", item.ident)),
        ImplItem::Fn(item) => function(&item.sig),
        ImplItem::Type(item) => Label::named(Kind::Item, format!("type {}", item.ident)),
        _ => Label::of(Kind::Item),
    }
}

pub(super) fn trait_item(item: &TraitItem) -> Label {
    match item {
        TraitItem::Const(item) => Label::named(Kind::Item, format!("const {}", item.ident)),
        TraitItem::Fn(item) => function(&item.sig),
        TraitItem::Type(item) => Label::named(Kind::Item, format!("type {}", item.ident)),
        _ => Label::of(Kind::Item),
    }
}

/// Returns the label of a variant: where the order of variants has no meaning at all, their
/// container says so.
pub(super) fn variant(variant: &syn::Variant) -> Label {
    Label {
        names: Vec::new(),
        ..Label::named(Kind::Variant, format!("variant {}", variant.ident))
    }
}

pub(super) fn field(field: &syn::Field) -> Label {
    match &field.ident {
        Some(ident) => Label {
            names: Vec::new(),
            ..Label::named(Kind::Field, format!("field {ident}"))
        },
        None => Label::of(Kind::Field),
    }
}

/// Tells whether attributes give the order of fields or variants a meaning.
pub(super) fn is_ordered(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let text = text(attribute);
        path.is_ident("repr") || path.is_ident("derive") && text.contains("Ord")
    })
}

pub(super) fn parameter(parameter: &syn::FnArg) -> Label {
    let key = match parameter {
        syn::FnArg::Receiver(_) => "self".to_owned(),
        syn::FnArg::Typed(typed) => text(&typed.pat),
    };
    Label {
        key: Some(key),
        ..Label::of(Kind::Element)
    }
}

pub(super) fn value(value: &syn::FieldValue) -> Label {
    let name = match &value.member {
        syn::Member::Named(name) => name.to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    };
    let effect = match &value.expr {
        syn::Expr::Lit(_) => Effect::None,
        syn::Expr::Path(path) if path.path.is_ident("None") => Effect::None,
        syn::Expr::Path(_) => Effect::Moves,
        _ => Effect::Any,
    };
    Label {
        key: Some(name.clone()),
        names: vec![name],
        effect,
        ..Label::of(Kind::Element)
    }
}

pub(super) fn element(_: &syn::Expr) -> Label {
    Label::of(Kind::Element)
}

pub(super) fn statement(statement: &Stmt) -> Label {
    match statement {
        Stmt::Item(inner) => item(inner),
        _ => Label::of(Kind::Statement),
    }
}

pub(super) fn arm(arm: &syn::Arm) -> Label {
    let mut names = Vec::new();
    if !variants(&arm.pat, &mut names) {
        names.clear();
    }
    Label {
        key: Some(text(&arm.pat)),
        names,
        ..Label::of(Kind::Arm)
    }
}

/// Collects the names of the variants and the values that a pattern matches; false where it may match others.
fn variants(pattern: &Pat, names: &mut Vec<String>) -> bool {
    let path = match pattern {
        Pat::Path(path) => &path.path,
        Pat::Struct(pattern) => &pattern.path,
        Pat::TupleStruct(pattern) => &pattern.path,
        Pat::Or(or) => return or.cases.iter().all(|case| variants(case, names)),
        Pat::Lit(literal) => {
            let value = constant(&literal.lit);
            names.extend(value.clone());
            return value.is_some();
        }
        Pat::Paren(inner) => return variants(&inner.pat, names),
        _ => return false,
    };
    names.extend(path.segments.last().map(|last| last.ident.to_string()));
    true
}

/// Returns a value in the one way that it is written here, so that two are equal where their
/// names are; the names of variants start otherwise.
fn constant(literal: &syn::Lit) -> Option<String> {
    match literal {
        syn::Lit::Char(value) => Some(format!("'{}", value.value())),
        syn::Lit::Str(value) => Some(format!("\"{}", value.value())),
        syn::Lit::Int(value) => Some(format!("#{}", value.base10_digits())),
        _ => None,
    }
}

/// The attributes that say something by themselves, whatever stands around them.
const PLAIN: [&str; 8] = [
    "allow",
    "cold",
    "deny",
    "expect",
    "inline",
    "must_use",
    "track_caller",
    "warn",
];

/// Returns the label of an attribute, by the digests of its tokens.
pub(super) fn attribute(tokens: &[u64]) -> Label {
    let is = |name: &&&str| tokens.get(2) == Some(&digest(**name));
    let name = PLAIN.iter().find(is);
    let is_level = |name: &str| matches!(name, "allow" | "deny" | "expect" | "warn");
    // Of two levels of the same lint the last one counts.
    let name = name.map(|name| if is_level(name) { "level" } else { name });
    Label {
        names: name.into_iter().map(str::to_owned).collect(),
        ..Label::of(Kind::Attribute)
    }
}

//! Declarations as the syntax tree has them, one by one.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, Visibility};

use super::signature::text;
use super::source::{Declared, Impl, ItemKind, attributes, cfg, is_for_tests, is_public, line};

/// Makes a declaration without members; `rest` is its text behind the visibility.
pub(super) fn declared(
    kind: ItemKind,
    name: &syn::Ident,
    attributes: &[Attribute],
    visibility: &Visibility,
    rest: String,
) -> Declared {
    let visible = match visibility {
        Visibility::Inherited => String::new(),
        visibility => format!("{} ", text(visibility)),
    };
    Declared {
        kind,
        name: name.to_string(),
        public: is_public(visibility),
        signature: format!("{}{visible}{rest}", cfg(attributes)),
        line: line(name.span()),
        members: Vec::new(),
        derives: Vec::new(),
    }
}

pub(super) fn declaration(item: &Item) -> Option<Declared> {
    use ItemKind as Kind;
    let of = |kind, name: &syn::Ident, visibility: &Visibility, rest: String, members| Declared {
        members,
        derives: derives(attributes(item)),
        ..declared(kind, name, attributes(item), visibility, rest)
    };
    Some(match item {
        Item::Fn(item) => {
            let rest = text(&item.sig);
            of(Kind::Function, &item.sig.ident, &item.vis, rest, Vec::new())
        }
        Item::Struct(item) => {
            let rest = headed("struct", &item.ident, &item.generics);
            let fields = fields(&item.fields);
            of(Kind::Struct, &item.ident, &item.vis, rest, fields)
        }
        Item::Union(item) => {
            let rest = headed("union", &item.ident, &item.generics);
            let fields = item.fields.named.iter().enumerate();
            let fields = fields.map(|(at, field)| field_of(at, field)).collect();
            of(Kind::Union, &item.ident, &item.vis, rest, fields)
        }
        Item::Enum(item) => {
            let rest = headed("enum", &item.ident, &item.generics);
            let variants = item.variants.iter().map(variant).collect();
            of(Kind::Enum, &item.ident, &item.vis, rest, variants)
        }
        Item::Trait(item) => trait_of(item),
        Item::Type(item) => {
            let rest = headed("type", &item.ident, &item.generics);
            let rest = format!("{rest} = {}", text(&item.ty));
            of(Kind::TypeAlias, &item.ident, &item.vis, rest, Vec::new())
        }
        Item::Const(item) => {
            let rest = const_of(&item.ident, &item.ty, &item.expr);
            of(Kind::Const, &item.ident, &item.vis, rest, Vec::new())
        }
        Item::Static(item) => {
            let rest = format!("static {}: {}", item.ident, text(&item.ty));
            of(Kind::Static, &item.ident, &item.vis, rest, Vec::new())
        }
        Item::Macro(item) => {
            let name = item.ident.as_ref()?;
            let exports = |attribute: &Attribute| attribute.path().is_ident("macro_export");
            let rest = format!("macro {name}!");
            Declared {
                public: item.attrs.iter().any(exports),
                ..of(Kind::Macro, name, &Visibility::Inherited, rest, Vec::new())
            }
        }
        _ => return None,
    })
}

/// Returns the types that a call of a macro like `bitflags!` declares in its own code, with
/// their constants. What a macro makes of other texts is not seen.
pub(super) fn in_macro(call: &syn::ItemMacro) -> Vec<Declared> {
    let trees: Vec<TokenTree> = call.mac.tokens.clone().into_iter().collect();
    let is = |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(found)) if found == word);
    let mut declared = Vec::new();
    for at in 0..trees.len() {
        let (true, true, Some(TokenTree::Ident(name))) =
            (is(at, "pub"), is(at + 1, "struct"), trees.get(at + 2))
        else {
            continue;
        };
        let rest = trees[at + 2..].iter().enumerate();
        let body = rest.take(6).find_map(|(behind, tree)| match tree {
            TokenTree::Group(group) => Some((behind, group)),
            _ => None,
        });
        let Some((behind, body)) = body else { continue };
        let head: TokenStream = trees[at..at + 2 + behind].iter().cloned().collect();
        let body: Vec<TokenTree> = body.stream().into_iter().collect();
        let consts = body.windows(2).filter_map(|pair| match pair {
            [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "const" => Some(inherited(
                ItemKind::AssociatedConst,
                name,
                &[],
                format!("const {name}"),
            )),
            _ => None,
        });
        declared.push(Declared {
            public: true,
            signature: text(head),
            members: consts.collect(),
            ..inherited(ItemKind::Struct, name, &[], String::new())
        });
    }
    declared
}

fn const_of(name: &syn::Ident, ty: &syn::Type, value: &syn::Expr) -> String {
    format!("const {name}: {} = {}", text(ty), value_of(value))
}

/// Returns a value as the compiler's printer writes it: brackets of generics and signs of
/// comparison look alike in tokens, and values have the latter.
fn value_of(value: &syn::Expr) -> String {
    value.to_token_stream().to_string()
}

fn headed(word: &str, name: &syn::Ident, generics: &syn::Generics) -> String {
    let (parameters, bounds) = halves(generics);
    format!("{word} {name}{parameters}{bounds}")
}

/// Returns the parameters and the bounds behind them.
fn halves(generics: &syn::Generics) -> (String, String) {
    let bounds = match &generics.where_clause {
        Some(bounds) => format!(" {}", text(bounds)),
        None => String::new(),
    };
    let parameters = match generics.params.is_empty() {
        true => String::new(),
        false => format!("<{}>", text(&generics.params)),
    };
    (parameters, bounds)
}

fn derives(attributes: &[Attribute]) -> Vec<String> {
    let derives = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"));
    let lists = derives.filter_map(|attribute| attribute.meta.require_list().ok());
    let names = lists.flat_map(|list| {
        let list = text(&list.tokens);
        let names = list.split(',').map(|name| name.trim().to_owned());
        names.collect::<Vec<_>>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn fields(fields: &syn::Fields) -> Vec<Declared> {
    let fields = fields.iter().enumerate();
    fields.map(|(at, field)| field_of(at, field)).collect()
}

fn field_of(at: usize, field: &syn::Field) -> Declared {
    let name = match &field.ident {
        Some(name) => name.clone(),
        None => {
            let first = field.ty.to_token_stream().into_iter().next();
            let span = first.map_or_else(Span::call_site, |tree| tree.span());
            syn::Ident::new(&format!("_{at}"), span)
        }
    };
    let rest = match &field.ident {
        Some(name) => format!("{name}: {}", text(&field.ty)),
        None => text(&field.ty),
    };
    let mut declared = declared(ItemKind::Field, &name, &field.attrs, &field.vis, rest);
    if field.ident.is_none() {
        declared.name = at.to_string();
    }
    declared
}

fn variant(variant: &syn::Variant) -> Declared {
    let fields = fields(&variant.fields)
        .into_iter()
        .map(|field| field.signature);
    let fields: Vec<String> = fields.collect();
    let fields = match &variant.fields {
        syn::Fields::Named(_) => format!(" {{ {} }}", fields.join(", ")),
        syn::Fields::Unnamed(_) => format!("({})", fields.join(", ")),
        syn::Fields::Unit => String::new(),
    };
    let value = variant.discriminant.as_ref();
    let value = value.map_or(String::new(), |(_, expr)| format!(" = {}", value_of(expr)));
    let rest = format!("{}{fields}{value}", variant.ident);
    inherited(ItemKind::Variant, &variant.ident, &variant.attrs, rest)
}

/// Makes a declaration that is as public as what it stands in.
fn inherited(
    kind: ItemKind,
    name: &syn::Ident,
    attributes: &[Attribute],
    rest: String,
) -> Declared {
    Declared {
        public: true,
        ..declared(kind, name, attributes, &Visibility::Inherited, rest)
    }
}

fn trait_of(item: &syn::ItemTrait) -> Declared {
    let (generics, bounds) = halves(&item.generics);
    let above = match item.supertraits.is_empty() {
        true => String::new(),
        false => format!(": {}", text(&item.supertraits)),
    };
    let unsafety = if item.unsafety.is_some() {
        "unsafe "
    } else {
        ""
    };
    let rest = format!("{unsafety}trait {}{generics}{above}{bounds}", item.ident);
    let member = |kind, name: &syn::Ident, attributes: &[Attribute], rest: String| {
        Some(inherited(kind, name, attributes, rest))
    };
    let members = item.items.iter().filter_map(|item| match item {
        syn::TraitItem::Fn(item) => {
            let given = if item.default.is_some() {
                " { .. }"
            } else {
                ""
            };
            let rest = format!("{}{given}", text(&item.sig));
            member(ItemKind::Method, &item.sig.ident, &item.attrs, rest)
        }
        syn::TraitItem::Const(item) => {
            let rest = format!("const {}: {}", item.ident, text(&item.ty));
            member(ItemKind::AssociatedConst, &item.ident, &item.attrs, rest)
        }
        syn::TraitItem::Type(item) => {
            let bounds = match item.bounds.is_empty() {
                true => String::new(),
                false => format!(": {}", text(&item.bounds)),
            };
            let (generics, _) = halves(&item.generics);
            let rest = format!("type {}{generics}{bounds}", item.ident);
            member(ItemKind::AssociatedType, &item.ident, &item.attrs, rest)
        }
        _ => None,
    });
    Declared {
        members: members.collect(),
        ..declared(ItemKind::Trait, &item.ident, &item.attrs, &item.vis, rest)
    }
}

pub(super) fn implementation(block: &syn::ItemImpl) -> Impl {
    let (generics, bounds) = halves(&block.generics);
    let of = text(&block.self_ty);
    let of_trait = block.trait_.as_ref().map(|(path, _)| text(path));
    let is_of_trait = of_trait.is_some();
    let name = of_trait
        .as_ref()
        .map_or(String::new(), |name| format!("{name} for "));
    let signature = format!("{}impl{generics} {name}{of}{bounds}", cfg(&block.attrs));
    let members = block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(item) if !is_for_tests(&item.attrs) => {
            let kind = if is_of_trait {
                ItemKind::ImplMethod
            } else {
                ItemKind::Method
            };
            let rest = text(&item.sig);
            Some(declared(
                kind,
                &item.sig.ident,
                &item.attrs,
                &item.vis,
                rest,
            ))
        }
        syn::ImplItem::Const(item) if !is_of_trait => {
            let rest = const_of(&item.ident, &item.ty, &item.expr);
            let kind = ItemKind::AssociatedConst;
            Some(declared(kind, &item.ident, &item.attrs, &item.vis, rest))
        }
        syn::ImplItem::Type(item) => {
            let rest = format!("type {} = {}", item.ident, text(&item.ty));
            let kind = ItemKind::AssociatedType;
            Some(declared(kind, &item.ident, &item.attrs, &item.vis, rest))
        }
        _ => None,
    });
    Impl {
        of,
        of_path: match &*block.self_ty {
            syn::Type::Path(of) => of
                .path
                .segments
                .iter()
                .map(|part| part.ident.to_string())
                .collect(),
            _ => Vec::new(),
        },
        of_trait,
        signature,
        line: line(block.impl_token.span),
        members: members.collect(),
    }
}

//! Types and functions of WIT as text.

use wit_parser::TypeOwner;
use wit_parser::{Function, FunctionKind, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId};

/// Returns the name without a version, which is told once for the package.
pub(super) fn interface_name(resolve: &Resolve, id: InterfaceId) -> String {
    let interface = &resolve.interfaces[id];
    let name = interface.name.as_deref().unwrap_or_default();
    match interface.package {
        Some(id) => {
            let package = &resolve.packages[id].name;
            format!("{}:{}/{name}", package.namespace, package.name)
        }
        None => name.to_owned(),
    }
}

/// Returns `a.b` for `[method]a.b`.
pub(super) fn function_name(name: &str) -> String {
    match name.strip_prefix('[').and_then(|name| name.split_once(']')) {
        Some(("constructor", name)) => format!("{name}.constructor"),
        Some((_, name)) => name.to_owned(),
        None => name.to_owned(),
    }
}

pub(super) fn function_text(resolve: &Resolve, function: &Function) -> String {
    let params = function.params.iter();
    let params = params.map(|param| format!("{}: {}", param.name, type_text(resolve, &param.ty)));
    let params: Vec<String> = params.collect();
    let result = function.result.as_ref();
    let result = result.map_or(String::new(), |ty| {
        format!(" -> {}", type_text(resolve, ty))
    });
    let word = match function.kind {
        FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) => "async func",
        FunctionKind::AsyncStatic(_) => "static async func",
        FunctionKind::Static(_) => "static func",
        FunctionKind::Constructor(_) => "constructor",
        _ => "func",
    };
    format!("{word}({}){result}", params.join(", "))
}

pub(super) fn declaration(resolve: &Resolve, name: &str, id: TypeId) -> String {
    let listed =
        |word: &str, items: Vec<String>| format!("{word} {name} {{ {} }}", items.join(", "));
    let typed = |name: &str, ty: &Type| format!("{name}: {}", type_text(resolve, ty));
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            listed(
                "record",
                fields.map(|field| typed(&field.name, &field.ty)).collect(),
            )
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| match &case.ty {
                Some(ty) => format!("{}({})", case.name, type_text(resolve, ty)),
                None => case.name.clone(),
            });
            listed("variant", cases.collect())
        }
        TypeDefKind::Enum(cases) => listed(
            "enum",
            cases.cases.iter().map(|case| case.name.clone()).collect(),
        ),
        TypeDefKind::Flags(flags) => listed(
            "flags",
            flags.flags.iter().map(|flag| flag.name.clone()).collect(),
        ),
        TypeDefKind::Resource => format!("resource {name}"),
        TypeDefKind::Type(Type::Id(of)) if resolve.types[*of].owner != resolve.types[id].owner => {
            let of = &resolve.types[*of];
            let from = match of.owner {
                TypeOwner::Interface(id) => interface_name(resolve, id),
                _ => String::new(),
            };
            let other = of.name.as_deref().unwrap_or_default();
            let renamed = if other == name {
                String::new()
            } else {
                format!(" as {name}")
            };
            format!("use {from}.{{{other}{renamed}}}")
        }
        kind => format!("type {name} = {}", kind_text(resolve, kind)),
    }
}

fn type_text(resolve: &Resolve, ty: &Type) -> String {
    let name = match ty {
        Type::Id(id) => {
            let of = &resolve.types[*id];
            return match &of.name {
                Some(name) => name.clone(),
                None => kind_text(resolve, &of.kind),
            };
        }
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
    };
    name.to_owned()
}

fn kind_text(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let text = |ty: &Type| type_text(resolve, ty);
    let optional = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), text);
    let named = |id: &TypeId| type_text(resolve, &Type::Id(*id));
    match kind {
        TypeDefKind::Handle(Handle::Own(id)) => named(id),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", named(id)),
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<String> = tuple.types.iter().map(text).collect();
            format!("tuple<{}>", types.join(", "))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", text(ty)),
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (None, None) => "result".to_owned(),
            (Some(ok), None) => format!("result<{}>", text(ok)),
            (ok, err) => format!("result<{}, {}>", optional(ok), optional(err)),
        },
        TypeDefKind::List(ty) => format!("list<{}>", text(ty)),
        TypeDefKind::FixedLengthList(ty, length) => format!("list<{}, {length}>", text(ty)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", text(key), text(value)),
        TypeDefKind::Future(ty) => format!("future<{}>", optional(ty)),
        TypeDefKind::Stream(ty) => format!("stream<{}>", optional(ty)),
        TypeDefKind::Type(ty) => text(ty),
        other => other.as_str().to_owned(),
    }
}

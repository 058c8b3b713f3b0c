//! Compares code without its layout: what a formatter may not change.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::tokens::lex;

/// Tells whether two sources have the same code: the same tokens in the same order,
/// but for the order of `use`, `mod …;` and `extern crate` declarations and for what
/// rustfmt adds or removes as lines break: a comma before a closing delimiter, the
/// braces around a single expression in a match arm or closure, those around a single
/// import, and the semicolon of a last statement with `return`, `break` or `continue`.
/// Sources that cannot be read as tokens are the same only if they are equal.
pub fn same_code(before: &str, after: &str) -> bool {
    before == after || tokens(before).is_some_and(|code| Some(code) == tokens(after))
}

fn tokens(source: &str) -> Option<Vec<String>> {
    // The lexer does not know the line that makes a source a script.
    let is_script = source.starts_with("#!") && !source.starts_with("#![");
    let source = match source.split_once('\n') {
        Some((_, rest)) if is_script => rest,
        _ => source,
    };
    Some(level(lex(source)?))
}

/// Returns the tokens of one level and those below it.
fn level(stream: TokenStream) -> Vec<String> {
    let trees = trees(stream);
    let mut code = Vec::new();
    let mut sorted = Vec::new();
    let mut rest = trees.as_slice();
    while let Some((tree, behind)) = rest.split_first() {
        if let Some((mut declared, behind)) = declaration(rest) {
            sorted.append(&mut declared);
            rest = behind;
            continue;
        }
        sorted.sort();
        code.append(&mut sorted);
        match tree {
            TokenTree::Group(inner) => group(inner, &mut code),
            TokenTree::Literal(literal) if code.ends_with(&["doc".to_owned(), "=".to_owned()]) => {
                // A comment: its lines may be indented anew, and lose blanks at their ends.
                let text = literal.to_string();
                code.push(text.split_whitespace().collect());
            }
            other => push(&mut code, &other.to_string()),
        }
        rest = behind;
    }
    sorted.sort();
    code.append(&mut sorted);
    code
}

/// Returns the trees of one level, without the semicolon that a formatter puts behind
/// a `return` at the end of a block.
fn trees(stream: TokenStream) -> Vec<TokenTree> {
    let mut trees: Vec<TokenTree> = stream.into_iter().collect();
    if let Some((last, before)) = trees.split_last()
        && is_punct(last, ';')
    {
        let statement = before.iter().rev().take_while(|tree| !is_punct(tree, ';'));
        let jumps = ["return", "break", "continue"];
        let mut statement = statement.filter(|tree| jumps.iter().any(|jump| is_ident(tree, jump)));
        if statement.next().is_some() {
            trees.pop();
        }
    }
    trees
}

/// Adds a token; a comma that a line break may add or remove is left out.
fn push(code: &mut Vec<String>, token: &str) {
    let last = code.last().map(String::as_str);
    match (last, token) {
        (Some("}"), ",") => return,
        (Some(","), "}" | ")" | "]" | ">" | "{" | ";") => _ = code.pop(),
        _ => {}
    }
    code.push(token.to_owned());
}

fn group(group: &Group, code: &mut Vec<String>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    let inner = level(group.stream());
    let is_body = code.ends_with(&["=".to_owned(), ">".to_owned()])
        || code.last().is_some_and(|last| last == "|");
    if open == "{" && is_body && is_expression(group) {
        inner.iter().for_each(|token| push(code, token));
        push(code, ",");
        return;
    }
    push(code, open);
    inner.iter().for_each(|token| push(code, token));
    push(code, close);
}

/// Tells whether a block may be a single expression.
fn is_expression(block: &Group) -> bool {
    let trees = trees(block.stream());
    !trees.is_empty() && !trees.iter().any(|tree| is_punct(tree, ';'))
}

/// Reads a declaration that formatters sort, as a line for each name that it
/// declares; returns them with what stands behind it.
fn declaration(trees: &[TokenTree]) -> Option<(Vec<String>, &[TokenTree])> {
    let mut at = 0;
    while is_punct(trees.get(at)?, '#') && matches!(trees.get(at + 1)?, TokenTree::Group(_)) {
        at += 2;
    }
    if is_ident(trees.get(at)?, "pub") {
        at += 1;
        at += usize::from(matches!(trees.get(at)?, TokenTree::Group(_)));
    }
    let keyword = trees.get(at)?;
    // Most tokens begin no declaration: nothing is looked for behind them.
    if !["use", "mod", "extern"]
        .iter()
        .any(|word| is_ident(keyword, word))
    {
        return None;
    }
    let end = at + trees[at..].iter().position(|tree| is_punct(tree, ';'))?;
    let head = text(&trees[..at]);
    let mut declared = Vec::new();
    if is_ident(keyword, "use") && !is_punct(trees.get(at + 1)?, '<') {
        names(&format!("{head}use "), &trees[at + 1..end], &mut declared);
    } else if is_ident(keyword, "mod") && end == at + 2
        || is_ident(keyword, "extern") && is_ident(trees.get(at + 1)?, "crate")
    {
        declared.push(text(&trees[..end]));
    } else {
        return None;
    }
    Some((declared, &trees[end + 1..]))
}

/// Adds each name of a tree of imports, with its whole path.
fn names(above: &str, trees: &[TokenTree], declared: &mut Vec<String>) {
    let entries = trees.split(|tree| is_punct(tree, ','));
    for entry in entries.filter(|entry| !entry.is_empty()) {
        match entry {
            [path @ .., TokenTree::Group(group)] => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                names(&format!("{above}{}", text(path)), &inner, declared);
            }
            _ => declared.push(format!("{above}{}", text(entry))),
        }
    }
}

fn text(trees: &[TokenTree]) -> String {
    let code = level(trees.iter().cloned().collect());
    code.iter().map(|token| format!("{token} ")).collect()
}

fn is_punct(tree: &TokenTree, punct: char) -> bool {
    matches!(tree, TokenTree::Punct(p) if p.as_char() == punct)
}

fn is_ident(tree: &TokenTree, name: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_no_code() {
        for (before, after) in [
            (
                "fn a(){f(x,y)}",
                "fn a() {\n    f(\n        x,\n        y,\n    )\n}\n",
            ),
            ("type A = B<C, D>;", "type A = B<\n    C,\n    D,\n>;"),
            (
                "use b::c;\nuse a;\nfn f() {}",
                "use a;\nuse b::c;\nfn f() {}",
            ),
            (
                "use a::{c, b::{self}};",
                "use a::{\n    b::{self},\n    c,\n};",
            ),
            ("use a::{b};", "use a::b;"),
            ("pub(crate) use {a};", "pub(crate) use a;"),
            (
                "#[cfg(x)]\npub use b;\nuse a;",
                "use a;\n#[cfg(x)]\npub use b;",
            ),
            ("mod b;\nmod a;", "mod a;\nmod b;"),
            (
                "fn f() { match x { A => { b() } C => d, } }",
                "fn f() { match x { A => b(), C => d } }",
            ),
            (
                "fn f() { match x { A => if b {} else {}, _ => c } }",
                "fn f() { match x { A => { if b {} else {} } _ => c } }",
            ),
            ("fn f() { g(|x| { h(x) }) }", "fn f() { g(|x| h(x)) }"),
            (
                "impl A for B where C: D {}",
                "impl A for B\nwhere\n    C: D,\n{\n}",
            ),
            ("/// a  \nfn f() {}", "/// a\nfn f() {}"),
            ("#!/bin/x\nfn f(){}", "#!/bin/x\nfn f() {}"),
            (
                "fn f() { match x { A => return g(B {}), } }",
                "fn f() { match x { A => { return g(B {}); } } }",
            ),
            ("type A = B<B<u8> >;", "type A = B<B<u8>>;"),
            ("fn f() {} // a", "// b\nfn f() {}"),
        ] {
            assert!(
                same_code(before, after),
                "{before}\n{after}\n{:?}\n{:?}",
                tokens(before),
                tokens(after)
            );
        }
    }

    #[test]
    fn anything_else_is_code() {
        for (before, after) in [
            ("fn a() {}", "fn a() {} fn b() {}"),
            ("fn a() {} fn b() {}", "fn b() {} fn a() {}"),
            ("fn a() { b(); }", "fn a() { b() }"),
            ("fn a() { b(\"c\") }", "fn a() { b(\"c \") }"),
            ("use a::b;", "use a::{b, c};"),
            ("use a::b;", "pub use a::b;"),
            ("#[cfg(x)]\nuse b;\nuse a;", "#[cfg(x)]\nuse a;\nuse b;"),
            ("use a;\nfn f() {}", "fn f() {}\nuse a;"),
            ("/// a b\nfn f() {}", "/// a c\nfn f() {}"),
            (
                "fn f() { match x { A => { b(); c() } } }",
                "fn f() { match x { A => { c() } } }",
            ),
            ("fn f() { g(|x| { h(x); }) }", "fn f() { g(|x| h(x)) }"),
            ("not { a source", "not { a  source"),
        ] {
            assert!(!same_code(before, after), "{before}\n{after}");
        }
        assert!(same_code("not { a source", "not { a source"));
    }
}

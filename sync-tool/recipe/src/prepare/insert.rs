//! Inner attributes that go to the head of files.

use std::str::FromStr as _;

use proc_macro2::{TokenStream, TokenTree};

use super::rewrite::RuleCount;
use crate::error::{Fault, Location, Result, no_faults};
use crate::manifest::{Insert, Manifest};
use crate::tree::{Tree, TreePath};

/// Puts the manifest's attributes at the head of the files that they are for.
pub(super) fn insert(tree: &mut Tree, manifest: &Manifest) -> Result<Vec<RuleCount>> {
    let mut counts = Vec::new();
    let mut faults = Vec::new();
    for rule in &manifest.inserts {
        let matching = |path: &&TreePath| rule.files.iter().any(|p| p.matches(path));
        let paths: Vec<TreePath> = tree.paths().filter(matching).cloned().collect();
        let mut files = 0;
        for path in paths {
            match insert_into(tree, &path, rule) {
                Ok(inserted) => files += usize::from(inserted),
                Err(fault) => faults.push(fault),
            }
        }
        if files == 0 && !rule.optional {
            let fault = Fault::new("the rule matches no file").at(manifest.place(&rule.span));
            faults.push(fault.help("remove it, or say `optional = true` in it"));
        }
        counts.push(RuleCount {
            rule: format!("insert {}", rule.text),
            matches: files,
            files,
        });
    }
    no_faults(faults, "attributes cannot be inserted")?;
    Ok(counts)
}

/// Inserts into one file, if the rule wants that; tells whether it did.
fn insert_into(tree: &mut Tree, path: &TreePath, rule: &Insert) -> Result<bool, Fault> {
    let Some((file, text)) = tree.get(path.as_str()).and_then(|f| Some((f, f.text()?))) else {
        return Ok(false);
    };
    if let Some(keyword) = &rule.when_contains
        && !has_keyword(text, keyword).map_err(|e| e.at(Location::file(path.as_str())))?
    {
        return Ok(false);
    }
    let file = file.with_bytes(at_head(text, &rule.text).into_bytes());
    tree.insert(path.clone(), file);
    Ok(true)
}

/// Tells whether code has a keyword, comments and literals apart.
fn has_keyword(text: &str, keyword: &str) -> Result<bool, Fault> {
    // Lexing costs more than a search, and most files do not even mention it.
    if !text.contains(keyword) {
        return Ok(false);
    }
    let tokens = TokenStream::from_str(text).map_err(|e| {
        Fault::new(format!("the file is not Rust: {e}"))
            .help("narrow the `files` of the `[[insert]]` rule")
    })?;
    Ok(contains_ident(tokens, keyword))
}

fn contains_ident(tokens: TokenStream, keyword: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == keyword,
        TokenTree::Group(group) => contains_ident(group.stream(), keyword),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns the text with a line in front, behind a byte order mark and a `#!` line.
fn at_head(text: &str, line: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mark = usize::from(text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
    let (mark, rest) = text.split_at(mark);
    let is_script = rest.starts_with("#!") && !rest.starts_with("#![");
    let first = if is_script {
        rest.find('\n').map_or(rest.len(), |at| at + 1)
    } else {
        0
    };
    let (script, rest) = rest.split_at(first);
    format!("{mark}{script}{line}{end}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_counts_in_code_only() {
        for (text, has) in [
            ("unsafe fn f() {}", true),
            ("fn f() { m!({ [unsafe { }] }) }", true),
            ("#[unsafe(no_mangle)] fn f() {}", true),
            ("// unsafe\n/* unsafe */\nfn f() {}", false),
            ("/// unsafe\nfn f() {}", false),
            ("const A: &str = \"unsafe\";", false),
            ("const A: &str = r#\"unsafe \" unsafe\"#;", false),
            ("fn unsafe_one() {}", false),
        ] {
            assert_eq!(has_keyword(text, "unsafe").unwrap(), has, "{text}");
        }
        assert!(has_keyword("fn f( { unsafe", "unsafe").is_err());
    }

    #[test]
    fn the_head_is_behind_a_mark_and_a_script_line() {
        assert_eq!(at_head("use a;\n", "#![x]"), "#![x]\nuse a;\n");
        assert_eq!(at_head("//! a\r\n", "#![x]"), "#![x]\r\n//! a\r\n");
        assert_eq!(
            at_head("#!/bin/x\nuse a;", "#![x]"),
            "#!/bin/x\n#![x]\nuse a;"
        );
        assert_eq!(at_head("#![y]\n", "#![x]"), "#![x]\n#![y]\n");
        assert_eq!(at_head("\u{feff}use a;", "#![x]"), "\u{feff}#![x]\nuse a;");
    }
}

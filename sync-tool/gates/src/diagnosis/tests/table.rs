use super::super::table::{ENTRIES, Entry};
use super::*;

#[test]
fn every_entry_is_whole() {
    let mut names: Vec<&str> = Vec::new();
    for Entry {
        name,
        about,
        codes,
        title,
        next,
        ..
    } in &ENTRIES
    {
        for expression in *about {
            let expression = regex::Regex::new(expression).expect(name);
            let mut groups = expression.capture_names().flatten();
            assert!(
                groups.any(|group| ["name", "names"].contains(&group)),
                "{name}"
            );
        }
        assert!(
            !codes.is_empty() && !title.is_empty() && !next.found.is_empty(),
            "{name}"
        );
        assert!(!names.contains(name), "{name} twice");
        names.push(name);
    }
}

#[test]
fn text_that_is_no_error_is_none() {
    for text in [
        "",
        "error",
        "error[E0425]",
        "warning: unused\n --> a.rs:1:1\n",
        "error: could not compile `a`\n",
    ] {
        assert_eq!(
            explain_text(text, Trees::default()),
            Diagnosis::default(),
            "{text:?}"
        );
    }
}

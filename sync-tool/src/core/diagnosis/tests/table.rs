use super::super::entry::Entry;
use super::*;

#[test]
fn every_entry_is_whole() {
    let mut names: Vec<&str> = Vec::new();
    for Entry {
        name,
        message,
        codes,
        title,
        next,
        ..
    } in &entries::ENTRIES
    {
        assert!(regex::Regex::new(message).is_ok(), "{name}");
        assert!(
            !codes.is_empty() && !title.is_empty() && !next.is_empty(),
            "{name}"
        );
        assert!(!names.contains(name), "{name} twice");
        names.push(name);
    }
}

#[test]
fn no_sentence_has_a_value_left_open() {
    for text in [HOST, IMPORTS, GUESTS, wit::MISSING] {
        for explained in explain_text(text, at_upgrade(&old(), &new(), &new())).explained {
            for sentence in [&explained.title, &explained.next] {
                assert!(!sentence.contains('{'), "{sentence}");
                assert!(!sentence.is_empty(), "{explained:?}");
            }
        }
    }
}

#[test]
fn an_explanation_is_json_too() {
    let diagnosis = explain_text(IMPORTS, at_upgrade(&old(), &new(), &new()));
    let json = serde_json::to_value(&diagnosis).unwrap();
    assert_eq!(json["explained"][0]["name"], "moved-name");
    assert_eq!(json["explained"][0]["file"], "src/user.rs");
    assert_eq!(json["explained"][0]["covers"][1]["line"], 4);
    assert_eq!(json["unknown"].as_array().unwrap().len(), 0);
}

#[test]
fn an_explanation_is_a_finding_of_an_error() {
    let diagnosis = explain_text(IMPORTS, at_upgrade(&old(), &new(), &new()));
    let fault = diagnosis.explained[0].fault();
    assert_eq!(fault.place.unwrap().file, "src/user.rs:1");
    assert_eq!(fault.message, "`util` is no longer in `net`");
    let help = fault.help.unwrap();
    assert!(help.starts_with("before: `crate::net::util`"), "{help}");
    assert!(help.contains("import it from `crate::net`"), "{help}");
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

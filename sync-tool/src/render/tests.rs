//! What output looks like.

mod diagnosis;
mod made;
mod others;
mod suite;

use std::sync::Arc;

use host::status::StepTime;
use recipe::error::{Error, Fault, Kind, Location};
use recipe::manifest::Versions;
use recipe::patch::Delta;
use recipe::tree::{Digest, TreePath};

use super::*;

const HUMAN: Human = Human::new(Styles::new(false));

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn versions(fork: &str, upstream: &str) -> Versions {
    Versions {
        fork: fork.parse().unwrap(),
        upstream: upstream.parse().unwrap(),
    }
}

const fn delta(added: usize, removed: usize) -> Delta {
    Delta { added, removed }
}

#[test]
fn an_error_shows_the_place_and_the_next_step() {
    let text: Arc<str> = Arc::from("[fork]\nversoin = \"2\"\n");
    let error = Error::faults(
        Kind::General,
        "manifest.toml has faults",
        vec![
            Fault::new("unknown key `versoin`")
                .at(Location::span("manifest.toml", text, 7..14))
                .help("did you mean `version`?"),
            Fault::new("it is missing")
                .at(Location::file("README.md"))
                .help("restore it"),
        ],
    )
    .help("run it again");
    insta::assert_snapshot!(error_text(&error, Styles::new(false)), @r#"
    error: manifest.toml has faults
      × unknown key `versoin`
       ╭─[manifest.toml:2:1]
     1 │ [fork]
     2 │ versoin = "2"
       · ───────
       ╰────
      help: did you mean `version`?
      README.md: it is missing
        help: restore it
    help: run it again
    "#);
    let json: Value = serde_json::from_str(&error_json(&error)).unwrap();
    assert_eq!(json["error"]["exit-code"], 1);
    assert_eq!(json["error"]["faults"][0]["line"], 2);
}

#[test]
fn an_error_without_faults_is_one_sentence_and_its_next_steps() {
    let error = Error::upstream("upstream has no release of the line 39").help("take another");
    insta::assert_snapshot!(error_text(&error, Styles::new(false)), @r"
    error: upstream has no release of the line 39
    help: take another
    ");
    let colored = printable(&error_text(&error, Styles::new(true)));
    assert!(colored.starts_with('\u{1b}'), "{colored}");
}

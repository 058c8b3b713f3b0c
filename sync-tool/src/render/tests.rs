//! What output looks like.

use std::sync::Arc;

use super::*;
use crate::error::{Error, Fault, Kind, Place};

#[test]
fn an_error_shows_the_place_and_the_next_step() {
    let text: Arc<str> = Arc::from("[fork]\nversoin = \"2\"\n");
    let error = Error::faults(
        Kind::General,
        "manifest.toml has faults",
        vec![
            Fault::new("unknown key `versoin`")
                .at(Place::span("manifest.toml", text, 7..14))
                .help("did you mean `version`?"),
            Fault::new("it is missing")
                .at(Place::file("README.md"))
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
    let json: serde_json::Value = serde_json::from_str(&error_json(&error)).unwrap();
    assert_eq!(json["error"]["exit-code"], 1);
    assert_eq!(json["error"]["faults"][0]["line"], 2);
}

use insta::assert_snapshot;

use super::super::RadarState;
use super::faults::{error, told};
use super::{GOOD, manifest, version};

const ROW: &str =
    "[[radar]]\nitems = [\"A::f\", \"g\"]\nrelease = \"42.0.2\"\nstate = \"ported\"\n";

#[test]
fn rows_are_as_written_and_decide_nothing_of_the_tree() {
    let text = format!("{GOOD}\n{ROW}security = true\n");
    let read = manifest(&text);
    let [row] = &read.radar[..] else {
        panic!("one: {:?}", read.radar)
    };
    assert_eq!(row.items, ["A::f", "g"]);
    assert_eq!(row.release, version("42.0.2"));
    assert_eq!(row.state, RadarState::Ported);
    assert_eq!((row.reason.as_deref(), row.security), (None, Some(true)));
    assert!(text[row.span.clone()].starts_with("[[radar]]"));
    assert_eq!(read.rules_digest(), manifest(GOOD).rules_digest());
}

#[test]
fn an_edit_keeps_the_rows() {
    let read = manifest(&format!("{GOOD}\n{ROW}"));
    let edited = read.with_pin(&read.fork.pin, &read.fork.version).unwrap();
    assert!(edited.text.contains(ROW));
}

#[test]
fn all_faults_are_told_together() {
    let rows = "[[radar]]\nitems = []\nrelease = \"x\"\nstate = \"done\"\n\
                [[radar]]\nitems = [\"f\"]\nrelease = \"42.0.0\"\nstate = \"not-applicable\"\nreason = \" \"\n";
    let text = format!("{GOOD}\n{ROW}{ROW}{rows}");
    assert_snapshot!(told(&error(&text)), @r#"
    manifest.toml:90:9 `[]`: `items` does not name items
      write it as ["TcpSocket::start_bind"]
    manifest.toml:91:11 `"x"`: `radar.release` is not a version such as 41.0.0: unexpected character 'x' while parsing major version number
      write a version such as 41.0.0
    manifest.toml:92:9 `"done"`: `done` is not a state
      write ported, not-applicable or open
    manifest.toml:96:9 `"not-applicable"`: the row has no reason
      add `reason = "…"`: why it does not concern the fork
    manifest.toml:85:1 `[[radar]]`: `A::f` has two decisions for 42.0.2
      keep one of them
    manifest.toml:85:1 `[[radar]]`: `g` has two decisions for 42.0.2
      keep one of them
    "#);
}

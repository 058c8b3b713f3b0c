//! Release notes as upstream writes them, and as nobody should.

use changes::notes::{
    ApiCounts, Fault, MAX_ITEMS, MissingReason, Notes, Topic, drafts, notes_between, parse,
};
use changes::watch::{Change, Finding, NameChange, Places};
use proptest::prelude::*;
use recipe::text::is_control;
use semver::Version;

/// In the form of upstream's file, with sentences of our own.
const NOTES: &str = "\
## 7.1.0

Released 2026-02-03.

### Changed

* The build is faster. [#12](https://github.com/o/r/pull/12)
  [#13](https://github.com/o/r/pull/13)
  ...

* Wasmtime now requires Rust 1.99.0 to build.
  [#14](https://github.com/o/r/pull/14)

* Hosts of `wasi:cli` see `Option<T>`, <b>not</b> nothing, and more
  words [in words](https://github.com/o/r/pull/15) and [a page](https://example.org/a?b&c).

### Fixed

* A host may not panic any more.
  [CVE-2026-1](https://github.com/o/r/security/advisories/GHSA-aaaa)

* UDP sockets tell their address.
* Strings of components are checked.
  * The longest is counted.

--------------------------------------------------------------------------------

## 7.0.0

Unreleased.

### Added

### Changed

--------------------------------------------------------------------------------

Release notes of others:

<!-- ARCHIVE_START -->
* [6.0.x](https://github.com/o/r/blob/release-6.0.0/RELEASES.md)
";

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

#[test]
fn notes_are_read_and_ordered_by_topic() {
    let parsed = parse(NOTES);
    assert_eq!(parsed.faults, []);
    insta::assert_json_snapshot!(parsed.releases);
}

#[test]
fn topics_are_found_by_words() {
    use Topic::{ComponentModel, MinimumRust, Security, Sockets, Wasi};
    for (text, topics) in [
        ("Fix RUSTSEC-2026-0001", &[Security][..]),
        ("See the advisory.", &[Security]),
        ("a sandbox of secureness", &[]),
        ("`wasi-sockets` denies UDP", &[Sockets, Wasi]),
        ("`SocketAddrUse` grew", &[Sockets]),
        ("Networking works", &[Sockets]),
        ("WASIp3 and Preview 2", &[Wasi]),
        ("p3 streams", &[Wasi]),
        ("Components use `bindgen!`", &[ComponentModel]),
        ("The component-model async ABI", &[ComponentModel]),
        ("MSRV is 1.94", &[MinimumRust]),
        ("Update to Rust 1.95", &[MinimumRust]),
        ("Cranelift's trust 1.0", &[]),
    ] {
        let parsed = parse(&format!("## 1.0.0\n\n* {text}\n"));
        assert_eq!(parsed.releases[0].items[0].topics, topics, "{text}");
    }
}

#[test]
fn a_range_has_each_release_once_and_names_what_is_missing() {
    let of = |text: &str| format!("## {text}\n\n* note\n");
    let [old, draft] = [
        of("7.0.0\n\nReleased 2026-01-02"),
        of("7.2.0\n\nUnreleased\n\n* other"),
    ];
    let dated = of("7.2.0\n\nReleased 2026-03-04.");
    let texts = [
        ("a", NOTES),
        ("b", &*old),
        ("c", &*draft),
        ("d", &*dated),
        ("e", "# nothing"),
    ];
    let released = ["6.0.0", "7.0.0", "7.1.0", "7.1.1", "7.2.0", "8.0.0"].map(version);
    let notes = notes_between(&texts, &released, &version("6.0.0"), &version("8.0.0"));
    let found = notes.releases.iter().map(|release| {
        let date = release.date.as_deref().unwrap_or_default();
        format!("{} {date} {}", release.version, release.total)
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            "7.0.0 2026-01-02 1",
            "7.1.0 2026-02-03 6",
            "7.2.0 2026-03-04 1"
        ]
    );
    let missing = notes
        .missing
        .iter()
        .map(|m| (m.version.to_string(), m.reason));
    let none = MissingReason::NoSection;
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [("7.1.1".to_owned(), none), ("8.0.0".to_owned(), none)]
    );
    assert_eq!(notes.faults, [("e".to_owned(), Fault::NoReleases)]);
    // From one to itself, or downwards, there is nothing.
    for (from, to) in [("7.1.0", "7.1.0"), ("8.0.0", "6.0.0")] {
        let none = notes_between(&texts, &released, &version(from), &version(to));
        assert_eq!((none.releases, none.missing), (vec![], vec![]));
    }
}

#[test]
fn an_empty_section_is_missing() {
    let texts = [("a", NOTES), ("b", "## 7.2.0\n\nReleased 2026-03-04.\n")];
    let notes = notes_between(&texts, &[], &version("6.0.0"), &version("7.2.0"));
    let missing: Vec<_> = notes.missing.iter().map(|m| m.reason).collect();
    assert_eq!(missing, [MissingReason::Unreleased, MissingReason::Empty]);
}

#[test]
fn what_is_broken_is_told_and_bounded() {
    let long = format!("## 1.0.0\n\n* {}\n", "x".repeat(10 << 20));
    assert_eq!(parse(&long).faults, [Fault::TooLong]);
    for text in [
        "",
        "<html><h2>1.0.0</h2></html>",
        "# 1\n## Two",
        "## 1.0\n* x",
    ] {
        assert_eq!(parse(text).faults, [Fault::NoReleases], "{text}");
    }
    let acting =
        parse("## 1.0.0\n\n### Fix\u{202e}ed\n\n* a\u{1b}[2J [b\u{7}](https://x.y/\u{9b})\n");
    assert_eq!(acting.faults, [Fault::ControlCharacters]);
    let item = &acting.releases[0].items[0];
    assert_eq!(
        (&*item.section, &*item.text),
        (r"Fix\u{202e}ed", r"a\u{1b}[2J b\u{7}")
    );
    let script = parse("## 1.0.0\n\n* [a](javascript:alert) <script>\n");
    let item = &script.releases[0].items[0];
    assert_eq!((item.links.len(), &*item.text), (0, "a <script>"));
    let many = parse(&format!("## 1.0.0\n\n{}", "* x\n".repeat(1_000)));
    assert_eq!(
        (many.releases[0].items.len(), many.releases[0].total),
        (MAX_ITEMS, 1_000)
    );
}

#[test]
fn what_is_nested_deep_is_read() {
    for part in [
        "> ", "- ", "[", "*", "`", "<", "![", "**a ", "[a](", "\n* ", "\n    ", "&#1;",
    ] {
        let text = format!("## 1.0.0\n\n* {}", part.repeat(300_000 / part.len()));
        assert_eq!(parse(&text).releases.len(), 1, "{part}");
    }
}

fn finding(names: &[(Change, &str)]) -> Finding {
    let changes = names.iter().map(|(change, name)| NameChange {
        change: *change,
        name: (*name).to_owned(),
        old: Places::default(),
        new: Places::default(),
    });
    Finding {
        id: "defaults".to_owned(),
        title: "Defaults turned.".to_owned(),
        action: "Read them.".to_owned(),
        note: "defaults turned".to_owned(),
        docs: None,
        changes: changes.collect(),
        total: names.len(),
    }
}

#[test]
fn drafts_tell_what_users_notice() {
    let texts = [("a", NOTES)];
    let released = [version("7.1.1")];
    let notes = notes_between(&texts, &released, &version("7.0.0"), &version("7.1.1"));
    let findings = [finding(&[(Change::Gone, "tcp"), (Change::Added, "a`b")])];
    let api = ApiCounts {
        added: 3,
        gone: 1,
        changed: 2,
        used: vec!["fn f()".to_owned()],
    };
    let versions = [&version("7.0.0"), &version("7.1.1")];
    let drafts = drafts("2.0.0-rc.8", versions, &findings, &api, &notes);
    insta::assert_snapshot!(format!("{}\n\n{}", drafts.history_note, drafts.changelog));
}

#[test]
fn a_fix_of_several_lines_is_told_once() {
    let texts = ["1.0.1", "2.0.1"].map(|name| format!("## {name}\n\n### Fixed\n\n* CVE-1 gone\n"));
    let texts = [("a", &*texts[0]), ("b", &*texts[1])];
    let versions = [&version("1.0.0"), &version("3.0.0")];
    let notes = notes_between(&texts, &[], versions[0], versions[1]);
    let drafts = drafts("1", versions, &[], &ApiCounts::default(), &notes);
    assert_eq!(drafts.history_note, "1 security fix");
    let line = "\n- CVE-1 gone (upstream's 1.0.1, 2.0.1)\n";
    assert!(drafts.changelog.ends_with(line), "{}", drafts.changelog);
}

#[test]
fn drafts_of_much_are_short() {
    let findings = vec![finding(&[(Change::Gone, "x"); 100]); 100];
    let text = format!("## 1.0.0\n\n{}", "* wasi CVE-1 x\n".repeat(10_000));
    let notes = notes_between(&[("a", &text)], &[], &version("0.1.0"), &version("1.0.0"));
    let versions = [&version("0.1.0"), &version("1.0.0")];
    let drafts = drafts("1", versions, &findings, &ApiCounts::default(), &notes);
    assert!(drafts.history_note.len() < 300, "{}", drafts.history_note);
    assert!(drafts.changelog.len() < 5_000, "{}", drafts.changelog);
}

/// Texts of the parts that Markdown and these notes are made of.
fn texts() -> impl Strategy<Value = String> {
    let parts = [
        "## 1.0.0",
        "## 2.0.0-rc.1",
        "###",
        "# ",
        "\n",
        "\n\n",
        "* ",
        "  * ",
        "> ",
        "Released 2026-01-01.",
        "Unreleased.",
        "[a](https://github.com/o/r/pull/1)",
        "[",
        "](",
        ")",
        "`",
        "<b>",
        "<!--",
        "-->",
        "---\n",
        "\u{1b}[31m",
        "\u{0}",
        "\u{202e}",
        "\u{2028}",
        "&#27;",
        "&#x9b;",
        "&lt;",
        "\\",
        "CVE-2026-1",
        "ü",
        "\t",
        "\r",
        "wasi tcp",
    ];
    let part = prop_oneof![
        4 => prop::sample::select(parts.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_text_panics_and_no_control_character_gets_out(text in texts()) {
        let notes = notes_between(&[("a", &text)], &[], &version("0.1.0"), &version("9.0.0"));
        let shown = |notes: &Notes| {
            let items = notes.releases.iter().flat_map(|release| &release.items);
            let texts = items.flat_map(|item| {
                let links = item.links.iter().flat_map(|link| [&link.text, &link.url]);
                [&item.section, &item.text].into_iter().chain(links)
            });
            texts.cloned().collect::<Vec<_>>()
        };
        for text in shown(&notes) {
            prop_assert!(!text.contains(is_control), "{text:?}");
        }
        let versions = [&version("0.1.0"), &version("9.0.0")];
        let drafts = drafts(&text, versions, &[], &ApiCounts::default(), &notes);
        prop_assert!(!drafts.history_note.contains(is_control));
        prop_assert!(!drafts.changelog.contains(|c| c != '\n' && is_control(c)));
    }
}

//! Which entries of the watch list fire between upstream's real releases, and how rules work.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use changes::watch::{Change, Finding, MAX_CHANGES, MAX_PLACES, WatchList};
use proptest::prelude::*;
use recipe::text::is_control;
use recipe::tree::{File, Tree, TreePath};
use support::release;

/// The newest patch of each line from the baseline on, and the patches of 48 that changed much.
const RELEASES: [&str; 17] = [
    "38.0.4", "39.0.2", "40.0.4", "41.0.0", "42.0.2", "43.0.2", "44.0.3", "45.0.3", "46.0.3",
    "47.0.4", "48.0.0", "48.0.1", "48.0.2", "48.0.3", "48.0.8", "49.0.5", "50.0.1",
];

fn between(old: &str, new: &str) -> Vec<Finding> {
    WatchList::builtin().findings(&release(old), &release(new))
}

/// Each entry beside each release: how many names differ from the release before it.
#[test]
fn entries_fire_where_it_happened_and_are_silent_elsewhere() {
    let mut fired: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for step in RELEASES.windows(2) {
        for finding in between(step[0], step[1]) {
            fired.insert((finding.id, step[1]), finding.total);
        }
    }
    let heads = RELEASES[1..].iter().map(|release| format!("{release:>7}"));
    let mut matrix = format!("{:19}{}\n", "", heads.collect::<String>());
    for id in WatchList::builtin().ids() {
        let cells = RELEASES[1..].iter().map(|release| {
            let total = fired.get(&(id.to_owned(), *release));
            format!("{:>7}", total.map_or(".".to_owned(), usize::to_string))
        });
        writeln!(matrix, "{id:19}{}", cells.collect::<String>()).expect("a string takes all");
    }
    insta::assert_snapshot!(matrix);
}

#[test]
fn nothing_fires_between_a_release_and_itself() {
    for release in RELEASES {
        assert_eq!(between(release, release), [], "{release}");
    }
}

/// An entry that finds nothing where upstream goes on may look at the wrong place.
#[test]
fn entries_that_find_nothing_are_known() {
    let blind = |version| {
        WatchList::builtin()
            .without_matches(&release(version))
            .join(" ")
    };
    insta::assert_snapshot!(["38.0.4", "48.0.8", "50.0.1"].map(blind).join("\n"));
}

/// What the upgrade guide tells of these releases, by the names that the entries find.
#[test]
fn findings_name_what_happened() {
    use Change::{Added, Changed, Count, Gone};
    let mut steps = BTreeMap::new();
    for (old, new, id, change, name) in [
        ("38.0.4", "39.0.2", "bindgen-names", Gone, "/"),
        ("38.0.4", "39.0.2", "bindgen-names", Added, "."),
        ("38.0.4", "39.0.2", "test-artifacts", Gone, "PREVIEW1_"),
        ("38.0.4", "39.0.2", "test-artifacts", Added, "P1_"),
        (
            "38.0.4",
            "39.0.2",
            "test-stubs",
            Added,
            "p1_cli_much_stdout",
        ),
        ("38.0.4", "39.0.2", "p3-command", Gone, "Command::new"),
        (
            "38.0.4",
            "39.0.2",
            "p3-command",
            Added,
            "Command::instantiate_async",
        ),
        (
            "38.0.4",
            "39.0.2",
            "async-trait",
            Changed,
            "impl wasi_snapshot_preview1::WasiSnapshotPreview1 for WasiP1Ctx",
        ),
        ("39.0.2", "40.0.4", "p3-socket-traits", Changed, "Tcp bind"),
        (
            "39.0.2",
            "40.0.4",
            "p3-socket-traits",
            Changed,
            "Tcp listen",
        ),
        (
            "39.0.2",
            "40.0.4",
            "p3-socket-traits",
            Changed,
            "Udp connect",
        ),
        (
            "40.0.4",
            "41.0.0",
            "wit-directories",
            Gone,
            "src/p3/wit/deps/sockets/",
        ),
        (
            "40.0.4",
            "41.0.0",
            "wit-directories",
            Added,
            "src/p3/wit/deps/sockets.wit",
        ),
        ("40.0.4", "41.0.0", "wit-versions", Changed, "wasi:sockets"),
        ("40.0.4", "41.0.0", "bindgen-options", Changed, "default"),
        ("41.0.0", "42.0.2", "dependencies", Gone, "anyhow"),
        (
            "46.0.3",
            "47.0.4",
            "p3-socket-traits",
            Changed,
            "Tcp listen",
        ),
        ("46.0.3", "47.0.4", "permission-checks", Count, "UdpBind"),
        (
            "46.0.3",
            "47.0.4",
            "system-functions",
            Added,
            "rustix::net::socket_with",
        ),
        (
            "47.0.4",
            "48.0.0",
            "p2-socket-traits",
            Changed,
            "TcpSocket start_listen",
        ),
        (
            "47.0.4",
            "48.0.0",
            "system-functions",
            Gone,
            "io_lifetimes::AsSocketlike",
        ),
        (
            "47.0.4",
            "48.0.0",
            "module-files",
            Gone,
            "src/sockets/util.rs",
        ),
        (
            "47.0.4",
            "48.0.0",
            "defaults",
            Gone,
            "AllowedNetworkUses tcp",
        ),
        (
            "47.0.4",
            "48.0.0",
            "defaults",
            Gone,
            "AllowedNetworkUses udp",
        ),
        (
            "47.0.4",
            "48.0.0",
            "documented-defaults",
            Count,
            "By default this is disabled",
        ),
        (
            "47.0.4",
            "48.0.0",
            "socket-address-uses",
            Added,
            "TcpAccept",
        ),
        (
            "47.0.4",
            "48.0.0",
            "socket-address-uses",
            Gone,
            "UdpConnect",
        ),
        ("47.0.4", "48.0.0", "dependencies", Gone, "cap-std"),
        (
            "48.0.0",
            "48.0.3",
            "code-taken-in",
            Added,
            "src/filesystem/primitives/",
        ),
        ("48.0.8", "49.0.5", "task-budget", Added, "unconstrained"),
        (
            "48.0.8",
            "49.0.5",
            "p2-socket-traits",
            Changed,
            "IncomingDatagramStream drop",
        ),
        ("49.0.5", "50.0.1", "named-imports", Added, "named_imports"),
        (
            "49.0.5",
            "50.0.1",
            "loopback-in-tests",
            Added,
            "TcpListener::bind",
        ),
        (
            "49.0.5",
            "50.0.1",
            "bindgen-options",
            Added,
            "named_imports",
        ),
    ] {
        let findings = steps.entry(new).or_insert_with(|| between(old, new));
        let finding = findings.iter().find(|finding| finding.id == id);
        let changes = finding.map_or(&[][..], |finding| &finding.changes);
        let found = changes.iter().find(|found| found.name == name);
        assert_eq!(
            found.map(|found| found.change),
            Some(change),
            "{new}, {id}: {name}"
        );
    }
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let each = files.iter().map(|(path, text)| {
        (
            TreePath::new(path).expect("a path"),
            File::regular(text.as_bytes()),
        )
    });
    each.collect()
}

fn list(rule: &str) -> WatchList {
    let head = "[[watch]]\nid = 'a'\ntitle = 'A.'\naction = 'B.'\nnote = 'c'\nfiles = ['src/**']\n";
    WatchList::parse(&format!("{head}{rule}")).expect("a sound list")
}

/// Returns what a list finds in one file: each change, its name, and its lines on both sides.
fn found(list: &WatchList, old: &str, new: &str) -> Vec<String> {
    let sides = [old, new].map(|text| tree(&[("src/a.rs", text)]));
    let findings = list.findings(&sides[0], &sides[1]);
    let changes = findings.iter().flat_map(|finding| &finding.changes);
    let shown = changes.map(|change| {
        let lines = [&change.old, &change.new].map(|side| {
            let each = side
                .listed
                .iter()
                .map(|place| (place.line, place.value.as_str()));
            let each = each.map(|(line, value)| format!("{}{value}", line.unwrap_or(0)));
            each.collect::<Vec<_>>().join(" ")
        });
        format!(
            "{:?} {} [{}] [{}]",
            change.change, change.name, lines[0], lines[1]
        )
    });
    shown.collect()
}

#[test]
fn closures_of_the_linker_are_compared_where_a_crate_calls_it() {
    let old = "fn f(l: &mut L) { l.func_new_async(ty, |mut caller, params, out| { x(); })?; }";
    let new = old.replace("|mut caller, params, out|", "|caller: C, (params, out)|");
    let all = found(WatchList::builtin(), old, &new);
    assert_eq!(
        all,
        ["Changed func_new_async [1|mut caller, params, out|] [1|caller: C, (params, out)|]"]
    );
    let moved = format!("\n{old}");
    assert_eq!(found(WatchList::builtin(), old, &moved), [""; 0]);
}

#[test]
fn modules_and_options_are_compared_by_code() {
    let old = "pub mod a;\n// pub mod b;\nbindgen!({ trappable_imports: true, path: \"x\" });";
    let new = "pub mod b { }\n/* pub mod a; */ bindgen!({ ownership: Borrowing { d: 1 } });";
    assert_eq!(
        found(WatchList::builtin(), old, new),
        [
            "Added d [] [21]",
            "Added ownership [] [2Borrowing]",
            "Gone path [3\"x\"] []",
            "Gone trappable_imports [3true] []",
            "Gone mod a [1] []",
            "Added mod b [] [1]",
        ]
    );
}

#[test]
fn a_name_that_another_file_has_is_not_gone() {
    let list = list("in = 'code'\npattern = 'unsafe'\nfires-on = ['added', 'gone', 'count']");
    let kept = ("src/kept.rs", "unsafe {}");
    let old = tree(&[kept, ("src/a.rs", "unsafe {}"), ("other.rs", "unsafe {}")]);
    let moved = tree(&[kept, ("src/b.rs", "\n\nunsafe {}")]);
    assert_eq!(list.findings(&old, &moved), []);
    let fewer = tree(&[kept]);
    let findings = list.findings(&old, &fewer);
    let change = &findings[0].changes[0];
    assert_eq!(
        (change.change, change.old.total, change.new.total),
        (Change::Count, 2, 1)
    );
}

#[test]
fn what_is_found_is_bounded_and_made_visible() {
    let list = list("in = 'text'\npattern = '(?s)<.*?>'\nfires-on = ['added']");
    let long = format!("<\u{1b}[2J{}>", "x".repeat(1_000));
    let texts = found(&list, "", &long);
    assert!(texts[0].starts_with(r"Added <\u{1b}[2Jxxx"), "{texts:?}");
    assert!(texts[0].len() < 300);
    let many: String = (0..1_000).map(|n| format!("<{n}>")).collect();
    let findings = list.findings(&Tree::new(), &tree(&[("src/a", &many)]));
    assert_eq!(
        (findings[0].changes.len(), findings[0].total),
        (MAX_CHANGES, 1_000)
    );
    let findings = list.findings(&Tree::new(), &tree(&[("src/a", &"<a>".repeat(1_000))]));
    let places = &findings[0].changes[0].new;
    assert_eq!((places.listed.len(), places.total), (MAX_PLACES, 1_000));
}

#[test]
fn all_faults_of_a_list_are_told() {
    let entry = |keys: &str| format!("[[watch]]\nid = 'a'\naction = 'B.'\nnote = 'c'\n{keys}\n");
    let sound = "title = 'A.'\nfiles = ['src/**']\nin = 'code'\npattern = 'x'\nfires-on =";
    let broken =
        "title = ''\nfiles = ['[']\nin = 'path'\ninside = '('\npattern = ')'\nfires-on = []";
    let changed = format!("{sound} ['changed']");
    let gone = format!("{sound} ['gone']");
    let text = [broken, &changed, &gone, &gone].map(entry).concat();
    insta::assert_snapshot!(WatchList::parse(&text).expect_err("faults"));
    for text in ["", "[[watch]]\nid = 'a'", "watch = 1", "[["] {
        assert_eq!(
            WatchList::parse(text).expect_err("a fault").0.len(),
            1,
            "{text}"
        );
    }
}

/// Texts of the parts that the list's rules look for.
fn texts() -> impl Strategy<Value = String> {
    let parts = [
        "bindgen!({",
        "})",
        "impl Default for A {",
        "a: true,",
        "}",
        "impl HostTcpSocket for WasiSockets {",
        "fn a(&mut self",
        "pub mod a;",
        "//",
        "/*",
        "*/",
        "\"",
        "r#\"",
        "'",
        "\n",
        "task::unconstrained",
        "SocketAddrUse::A",
        "tokio::net::\u{202e}",
        "\u{1b}",
        "ü",
        "#[async_trait]\n",
        "impl \u{9b} {",
        "(",
        "[",
        "{",
        "/// by default \u{7}",
    ];
    let part = prop_oneof![
        6 => prop::sample::select(parts.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_source_panics_and_no_control_character_gets_out(old in texts(), new in texts()) {
        let paths = ["src/ctx.rs", "src/p3/a.rs", "src/sockets/a.rs", "Cargo.toml"];
        let [old, new] = [&old, &new].map(|text| tree(&paths.map(|path| (path, text.as_str()))));
        for finding in WatchList::builtin().findings(&old, &new) {
            for change in finding.changes {
                prop_assert!(!change.name.contains(is_control), "{change:?}");
                let places = change.old.listed.iter().chain(&change.new.listed);
                for place in places {
                    prop_assert!(!place.value.contains(is_control), "{place:?}");
                }
            }
        }
    }
}

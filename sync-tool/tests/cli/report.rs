//! `report`: what upstream changed between two releases.

use serde_json::Value;

use super::*;
use crate::server::Reply;

const NOTES: &str = "## 46.0.0\n\nReleased 2026-07-20.\n\n### Changed\n\n* Sockets deny everything.\n  [#7](https://example.org/up/pull/7)\n\n### Fixed\n\n* A hole, see GHSA-xxxx.\n  <script>alert(1)</script>\n";

/// A world with a release that has notes and another interface.
fn world() -> World {
    let world = World::vendored();
    let sockets = "crates/wasi/src/sockets/tcp.rs";
    let text = world.both.git.git(&["show", &format!("v42.0.0:{sockets}")]);
    assert!(text.contains("pub fn host(port: u16)"), "{text}");
    let text = text.replace("pub fn host(port: u16)", "pub fn host(port: u32)");
    world.publish(
        "46.0.0",
        &[
            ("RELEASES.md", NOTES.as_bytes()),
            (sockets, text.as_bytes()),
        ],
    );
    world
}

#[test]
fn what_concerns_the_fork_is_told_first() {
    let world = world();
    let before = world.see();
    let json = world.run("report --to 46.0.0 --format json").done().json();
    let used = &json["api"]["used"][0];
    assert_eq!(used["change"], "changed", "{json}");
    assert_eq!(used["path"], "sockets::Socket::host");
    assert!(
        used["places"]
            .as_array()
            .unwrap()
            .iter()
            .any(|place| place["path"].as_str().unwrap().starts_with("patches/")),
        "{used}"
    );
    let items = json["notes"]["releases"][0]["items"].as_array().unwrap();
    assert_eq!(items[0]["topics"][0], "security", "{items:?}");
    assert_eq!(items[1]["pull-requests"][0], 7);
    let missing = json["notes"]["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 4, "42 to 45 have no notes: {missing:?}");
    world.same_as(&before);
    let ran = world.run("report --from 42 --to 46").done();
    let place = |what: &str| {
        ran.out
            .find(what)
            .unwrap_or_else(|| panic!("{what}: {ran}"))
    };
    assert!(place("Interfaces that the fork uses") < place("Release notes"));
    assert!(place("security 46.0.0: A hole") < place("sockets 46.0.0: Sockets deny everything."));
    assert!(
        ran.out.contains("after: pub fn host(port: u32) -> Self"),
        "{ran}"
    );
}

#[test]
fn the_page_and_the_markdown_have_it_too() {
    let world = world();
    world
        .run("report --to 46 --html report.html --markdown report.md")
        .done();
    let page = world.read("report.html");
    assert!(page.contains("Upgrade report") && page.contains("Interfaces that the fork uses"));
    assert!(!page.contains("<script>alert") && page.contains("src/sockets/mod.rs"));
    let text = world.read("report.md");
    assert!(
        text.contains("### Release notes") && text.contains("**security** 46.0.0"),
        "{text}"
    );
    // Files are merged from the pin alone.
    world
        .run("report --from 42 --to 46 --html other.html")
        .done();
    assert!(world.read("other.html").contains("No file has a patch"));
    world.run("report --to 43 --html conflict.html").done();
    assert!(world.read("conflict.html").contains("fn connect"));
}

#[test]
fn releases_the_wrong_way_round_are_refused() {
    let world = World::new();
    shown!(world.run("report --from 43 --to 41"), @r"
    exit 2
    --- stderr
    listing the tags of [upstream]
    error: 41.0.0 is not after 43.0.0: a report is of an upgrade
    help: give the earlier one first: `--from 41.0.0 --to 43.0.0`
    ");
    shown!(world.run("report --to 41.0.0"), @r"
    exit 2
    --- stderr
    error: 41.0.0 is not after 41.0.0: a report is of an upgrade
    help: name a later release: `--to VERSION`, or `--to latest`
    ");
}

#[test]
fn notes_come_from_the_repositorys_host_where_the_registry_is_the_source() {
    let world = world();
    let server = &world.both.registry.server;
    let packages = ["41.0.0", "46.0.0"];
    let packages = packages.map(|version| (version, world.both.packaged_by_cargo(version)));
    world.both.publish(&packages);
    server.on("/up/raw/v46.0.0/RELEASES.md", [Reply::body(NOTES)]);
    let manifest = world.read("manifest.toml");
    let line = manifest
        .lines()
        .find(|line| line.starts_with("repository = "))
        .unwrap();
    let repository = format!("repository = \"{}\"", server.url("/up"));
    world.write("manifest.toml", manifest.replacen(line, &repository, 1));
    let run = |more: &str| {
        let line = format!("report --to 46.0.0 --source registry --format json {more}");
        world.run(&line).done().json()
    };
    let items = |json: &Value| {
        json["notes"]["releases"][0]["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(items(&run("")), 2);
    // What was read is kept.
    assert_eq!(items(&run("--offline")), 2);
    let other = world.read("manifest.toml").replace("/up\"", "/elsewhere\"");
    world.write("manifest.toml", other);
    std::fs::remove_dir_all(world.both.git.path("xdg/wash-wasi-sync/notes")).unwrap();
    let json = run("");
    let unknown = json["notes_unknown"][0].as_str().unwrap();
    assert!(
        unknown.contains("46.0.0: there are no release notes at"),
        "{unknown}"
    );
}

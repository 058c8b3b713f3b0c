//! The radar: upstream's changes to what the fork mirrors or patches, in `forecast`, `report`
//! and `check --radar`.

use super::*;

const MIRRORS: &str = "patches/loopback/src/sockets/loopback/mirrors.toml";

/// A world in which upstream's last release checks ports, by a commit with an advisory; the
/// fork mirrors that function.
fn world() -> World {
    let world = World::new();
    world.tag("46.0.0", |root| {
        let tcp = root.join("src/sockets/tcp.rs");
        let text = std::fs::read_to_string(&tcp).unwrap();
        let fixed = text.replace("        self.port\n", "        self.port.max(1)\n");
        assert_ne!(text, fixed);
        std::fs::write(tcp, fixed).unwrap();
    });
    let git = &world.both.git;
    let message = "Check ports (#12)\n\nThis fixes GHSA-aaaa-bbbb-cccc.";
    git.git(&["commit", "--quiet", "--amend", "--message", message]);
    git.git(&["tag", "--force", "v46.0.0"]);
    let mirror = "[[mirror]]\nby = \"src/sockets/loopback/mod.rs\"\nwhy = \"has ports\"\n\
                  of = [\"src/sockets/tcp.rs Socket::port\"]\n";
    world.write(MIRRORS, mirror);
    let manifest = world.read("manifest.toml");
    world.write(
        "manifest.toml",
        manifest.replace(
            "[documents]",
            &format!("[tests]\nmirrors = \"{MIRRORS}\"\n\n[documents]"),
        ),
    );
    world
}

/// Moves the pin to the last release.
fn pinned_to_it(world: &World) {
    world.edit(
        "manifest.toml",
        "upstream = \"41.0.0\" # the pin",
        "upstream = \"46.0.0\"",
    );
    world.edit(
        "manifest.toml",
        "version = \"2.0.0-rc.6\"",
        "version = \"2.0.0-rc.7\"",
    );
    let manifest = world.read("manifest.toml");
    let row = "[[history]]\nfork = \"2.0.0-rc.7\"\nupstream = \"46.0.0\"\nnotes = \"The third\"\n";
    world.write("manifest.toml", manifest + row);
}

fn decide(world: &World, release: &str, items: &str, state: &str) {
    let manifest = world.read("manifest.toml");
    let row = format!("[[radar]]\nrelease = \"{release}\"\nitems = [{items}]\n{state}\n\n");
    world.write(
        "manifest.toml",
        manifest.replace("[documents]", &(row + "[documents]")),
    );
}

#[test]
fn open_items_are_in_a_forecast_until_they_are_decided_about() {
    let world = world();
    let open = || {
        let json = world.run("forecast --to 46 --format json").json();
        let rows = json["rows"].as_array().unwrap().clone();
        let open = rows
            .iter()
            .map(|row| (row["upstream"].clone(), row["radar"].clone()));
        open.filter(|(_, radar)| radar != &serde_json::json!([]))
            .map(|(version, radar)| format!("{version} {radar}"))
            .collect::<Vec<_>>()
    };
    // 43 changes a function that a patch changes too; 44 moves a file.
    assert_eq!(
        open(),
        [
            r#""43.0.0" ["sockets::connect"]"#,
            r#""44.0.0" ["sockets::connect"]"#,
            r#""46.0.0" ["Socket::port"]"#,
        ]
    );
    let ran = world.run("forecast --to 46");
    assert!(
        ran.out.contains("    1 open radar item: Socket::port\n"),
        "{ran}"
    );
    decide(&world, "46.0.0", "\"Socket::port\"", "state = \"ported\"");
    assert!(!open().iter().any(|one| one.contains("Socket::port")));
    // A release that there is not is told, and the others are compared all the same.
    decide(&world, "42.7.0", "\"Socket::port\"", "state = \"ported\"");
    let ran = world.run("forecast --to 43").ended(11);
    let note = "note: the radar did not compare upstream 42.7.0: ";
    assert!(
        ran.out.contains(note) && ran.out.contains("1 open radar item: sockets::connect"),
        "{ran}"
    );
}

#[test]
fn a_report_has_the_differences_folded_and_the_commits_of_a_clone() {
    let world = world();
    let clone = world.both.git.upstream().display().to_string();
    let json = world
        .run(&format!(
            "report --from 45 --to 46 --format json --upstream {clone}"
        ))
        .done()
        .json();
    let step = &json["radar"][0];
    let item = &step["items"][0];
    assert_eq!(item["item"], "Socket::port", "{step}");
    assert_eq!(item["is-security"], true, "{item}");
    assert_eq!(item["advisories"][0], "GHSA-aaaa-bbbb-cccc");
    assert_eq!(item["commits"][0]["subject"], "Check ports (#12)");
    assert_eq!(item["new"][0]["file"], "src/sockets/tcp.rs");
    let diff = item["diff"].as_str().unwrap();
    assert!(
        diff.contains("-        self.port\n+        self.port.max(1)"),
        "{diff}"
    );
    let ran = world
        .run("report --from 45 --to 46 --html r.html --markdown r.md")
        .done();
    assert!(ran.out.contains("open `Socket::port` (46.0.0)"), "{ran}");
    assert!(
        ran.out
            .contains("Commits and their advisories are not known"),
        "{ran}"
    );
    let page = world.read("r.html");
    assert!(page.contains("<summary>difference</summary>"), "{page}");
    assert!(page.contains("<ins>+        self.port.max(1)"), "{page}");
    let text = world.read("r.md");
    assert!(
        text.contains("  ```diff\n") && text.contains("\n  +        self.port.max(1)\n"),
        "{text}"
    );
}

#[test]
fn check_fails_where_a_security_fix_is_open() {
    let world = world();
    pinned_to_it(&world);
    let clone = world.both.git.upstream().display().to_string();
    let check = |more: &str| world.run(&format!("check --radar --upstream {clone} {more}"));
    let ran = check("").ended(12);
    assert!(
        ran.out.starts_with("Security fixes are open: 3 open items"),
        "{ran}"
    );
    assert!(
        ran.out
            .contains("  security, open `Socket::port` (46.0.0) #12\n"),
        "{ran}"
    );
    let sarif = check("--format sarif").ended(12).json();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][0]["ruleId"], "radar", "{sarif}");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert!(
        check("--format github")
            .ended(12)
            .out
            .contains("changed Socket::port")
    );
    // What is not about security is told, and no failure; neither is a decision about nothing.
    decide(
        &world,
        "46.0.0",
        "\"Socket::port\", \"Socket::gone\"",
        "state = \"ported\"",
    );
    decide(&world, "99.0.0", "\"Socket::later\"", "state = \"open\"");
    let ran = check("").done();
    assert!(
        ran.out
            .starts_with("No security fix is open: 2 open items of 3 changes"),
        "{ran}"
    );
    let warning = "warning: the decision about `Socket::gone` at 46.0.0 (line ";
    assert!(
        ran.out.contains(warning) && !ran.out.contains("later"),
        "{ran}"
    );
    // A decision is about what changed up to its release, and nothing later.
    let mut json = check("--format json").done().json();
    let steps = json["steps"].take();
    let ends: Vec<_> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["to"].clone())
        .collect();
    assert_eq!(ends.last().unwrap(), "46.0.0", "{ends:?}");
    assert_eq!(json["stale"][0]["item"], "Socket::gone", "{json}");
}

#[test]
fn a_row_that_calls_it_a_security_fix_is_enough_for_the_registry_alone() {
    let world = world();
    pinned_to_it(&world);
    let packages = ["38.0.1", "43.0.0", "46.0.0"];
    let packages = packages.map(|version| (version, world.both.packaged_by_cargo(version)));
    world.both.publish(&packages);
    let check = |more: &str| world.run(&format!("check --radar --source registry {more}"));
    let ran = check("").done();
    assert!(ran.out.contains("open `Socket::port` (46.0.0)\n"), "{ran}");
    assert!(
        ran.out
            .contains("Commits and their advisories are not known"),
        "{ran}"
    );
    decide(
        &world,
        "46.0.0",
        "\"Socket::port\"",
        "state = \"open\"\nsecurity = true",
    );
    check("").ended(12);
    // What is cached is used. Without the pin nothing could be found open.
    check("--offline").ended(12);
    world.both.publish(&packages[..2]);
    let cache = world.both.git.path("xdg/wash-wasi-sync");
    std::fs::remove_dir_all(cache).unwrap();
    check("").ended(13);
}

#[test]
fn faulty_tables_and_rows_are_told() {
    let world = world();
    world.write(MIRRORS, "[[mirror]]\nby = \"x\"\n");
    let ran = world.run("forecast --to 42").ended(1);
    assert!(
        ran.err
            .contains("`of` of `[[mirror]]` 1 is missing or has another form"),
        "{ran}"
    );
    world.remove(MIRRORS);
    let ran = world.run("report --to 42").ended(1);
    assert!(ran.err.contains("is not among the fork's files"), "{ran}");
    decide(
        &world,
        "46.0.0",
        "\"a\", \"a\"",
        "state = \"not-applicable\"",
    );
    let ran = world.run("forecast --to 42").ended(1);
    assert!(
        ran.err.contains("`a` has two decisions for 46.0.0"),
        "{ran}"
    );
    assert!(ran.err.contains("the row has no reason"), "{ran}");
    world.run("check --radar --deep").ended(2);
}

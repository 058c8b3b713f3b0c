//! `status --series`: which series serves which release.

use super::rust::old_rust;
use super::world::Ran;
use super::*;
use crate::registry_world::INDEX;
use crate::server::Reply;

/// Returns the table of releases.
fn table(ran: &Ran) -> String {
    let from = ran
        .out
        .find("Releases (")
        .unwrap_or_else(|| panic!("{ran}"));
    let text = &ran.out[from..];
    let (head, rows) = text.split_once('\n').unwrap();
    let (head, rust) = head.split_once("Rust here: ").unwrap();
    assert!(
        semver::Version::parse(rust.trim_end_matches(')')).is_ok(),
        "{rust}"
    );
    format!("{head}Rust here)\n{rows}")
}

#[test]
fn each_line_has_a_row_whatever_it_came_to() {
    let world = World::vendored();
    let ran = world.refused("status --series", 0);
    shown!(table(&ran), @r"
    Releases (Rust here)
      release   series    fit        changed lines Rust needed
      38.0.4    38.0.1    exact      13            1.85
      41.0.0    38.0.1    exact      13            1.85
      42.0.0    38.0.1    merged     13            1.85
        src/sockets/mod.rs
      43.0.0    38.0.1    conflicts                1.85
        src/sockets/mod.rs
      44.0.0    38.0.1    conflicts                1.85
        src/sockets/tcp.rs
      45.0.0              unknown                  unknown
        the rules of manifest.toml do not fit this upstream release; manifest.toml: no rule says what happens to upstream's `NEWS.md`
    ");
    let rows = world.run("status --series --format json").done().json();
    let rows = rows["releases"]["rows"].as_array().unwrap().clone();
    let fits: Vec<_> = rows
        .iter()
        .map(|row| row["fit"].as_str().unwrap())
        .collect();
    assert_eq!(
        fits,
        [
            "exact",
            "exact",
            "merged",
            "conflicts",
            "conflicts",
            "unknown"
        ]
    );
    assert_eq!(rows[0]["upstream"], "38.0.4");
    assert_eq!(rows[2]["series"], "38.0.1");
    assert_eq!(rows[2]["files"], serde_json::json!(["src/sockets/mod.rs"]));
    assert_eq!(rows[3]["rust_is_new_enough"], true);
    // What it says of a release is what the dry run of an upgrade says.
    for row in &rows {
        let version = row["upstream"].as_str().unwrap();
        let ran = world.run(&format!("upgrade --to {version} --dry-run --format json"));
        let report = ran.json();
        match row["fit"].as_str().unwrap() {
            "conflicts" => assert_eq!(report["ended"], "conflicts", "{version}"),
            "unknown" => assert_eq!(ran.code, 1, "{version}"),
            fit => {
                assert_eq!(report["series"]["delta"], row["delta"], "{version}");
                assert_eq!(
                    report["series"]["stored_as"].is_null(),
                    fit == "exact",
                    "{version}"
                );
            }
        }
    }
}

#[test]
fn a_newer_rust_is_said_to_be_needed() {
    let world = World::vendored();
    let rustc = old_rust(&world);
    let args = ["status", "--series", "-q", "--upstream", "../upstream"];
    let ran = world
        .run_in(&world.root(), &[("RUSTC", &rustc)], &args)
        .done();
    shown!(table(&ran), @r"
    Releases (Rust here)
      release   series    fit        changed lines Rust needed
      38.0.4    38.0.1    exact      13            1.85
      41.0.0    38.0.1    exact      13            1.85
      42.0.0    38.0.1    merged     13            1.85
        src/sockets/mod.rs
      43.0.0    38.0.1    conflicts                1.85
        src/sockets/mod.rs
      44.0.0    38.0.1    conflicts                1.85
        src/sockets/tcp.rs
      45.0.1    38.0.1    merged     13            1.86
        src/sockets/mod.rs
      46.0.1    38.0.1    merged     13            1.90, newer than here
        src/sockets/mod.rs
    ");
}

#[test]
fn without_a_network_the_caches_serve_and_what_they_lack_is_said() {
    let world = World::vendored();
    world.run("show src/lib.rs --at v42.0.0").done();
    shown!(table(&world.refused("status --series --offline", 0)), @r"
    Releases (Rust here)
      release   series    fit        changed lines Rust needed
      38.0.1              unknown                  unknown
        no source gives wasmtime-wasi 38.0.1; git: v38.0.1 of [upstream] is in no cache, and cannot be fetched because `--offline` is given; registry: the index entry of wasmtime-wasi is in no cache, and cannot be fetched because `--offline` is given
      41.0.0    38.0.1    exact      13            1.85
      42.0.0    38.0.1    merged     13            1.85
        src/sockets/mod.rs
    ");
    // The same where the registry's index is known and its packages are not.
    let packages = ["38.0.1", "41.0.0", "43.0.0"].map(|v| (v, world.both.packaged_by_cargo(v)));
    world.both.publish(&packages);
    world
        .run("show src/lib.rs --at 41 --source registry")
        .done();
    let ran = world.refused("status --series --offline --source registry", 0);
    shown!(table(&ran), @r"
    Releases (Rust here)
      release   series    fit        changed lines Rust needed
      38.0.1              unknown                  unknown
        wasmtime-wasi 38.0.1 is in no cache, and cannot be fetched because `--offline` is given
      41.0.0    38.0.1    exact      13            1.85
      43.0.0              unknown                  unknown
        wasmtime-wasi 43.0.0 is in no cache, and cannot be fetched because `--offline` is given
    ");
    // One that gives no list is asked once.
    world.both.registry.server.on(INDEX, [Reply::status(404)]);
    std::fs::remove_dir_all(world.both.git.path("xdg")).unwrap();
    let ran = world.refused("status --series --source registry -q", 0);
    shown!(table(&ran), @r"
    Releases (Rust here)
      release   series    fit        changed lines Rust needed
      38.0.1              unknown                  unknown
        the registry has no crate `wasmtime-wasi`: http://[registry]/index/wa/sm/wasmtime-wasi does not exist; to see what the caches have: `--offline`
      41.0.0              unknown                  unknown
        the registry has no crate `wasmtime-wasi`: http://[registry]/index/wa/sm/wasmtime-wasi does not exist; to see what the caches have: `--offline`
    ");
}

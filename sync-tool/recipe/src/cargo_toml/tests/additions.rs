use super::{ADDITIONS, additions};
use crate::cargo_toml::Additions;

/// Returns each fault with the text it points at and its next step, a line each.
fn faults(manifest: &str) -> String {
    let error = additions(manifest).unwrap_err();
    let lines = error.all_faults().iter().map(|fault| {
        let place = fault.place.as_ref().expect("every fault has its place");
        let at = &manifest[place.bytes().expect("every fault has its span")];
        format!(
            "{} @ {} -> {}\n",
            fault.message,
            at.lines().next().unwrap_or(""),
            fault.help.as_ref().expect("every fault has its help")
        )
    });
    lines.collect()
}

#[test]
fn all_keys_are_read() {
    let json = serde_json::to_string_pretty(&additions(ADDITIONS).unwrap()).unwrap();
    insta::assert_snapshot!(json, @r#"
    {
      "left_out_tests": [
        "all",
        "stdin"
      ],
      "dev_dependencies": {
        "bench-kit": {
          "version": "2",
          "package": null,
          "default_features": false,
          "features": []
        },
        "plain": {
          "version": null,
          "package": null,
          "default_features": null,
          "features": [
            "extra"
          ]
        },
        "sock": {
          "version": null,
          "package": null,
          "default_features": null,
          "features": [
            "mock",
            "fast"
          ]
        }
      },
      "lints": {
        "rust": {
          "unsafe_code": {
            "level": "deny",
            "priority": 0,
            "config": {}
          },
          "unused_lifetimes": {
            "level": "deny",
            "priority": 0,
            "config": {}
          }
        }
      },
      "targets": [
        {
          "kind": "test",
          "name": "loopback",
          "path": null,
          "harness": null,
          "required_features": [
            "p3"
          ],
          "since": null,
          "until": null
        },
        {
          "kind": "test",
          "name": "later",
          "path": null,
          "harness": null,
          "required_features": [],
          "since": "42.0.0",
          "until": null
        },
        {
          "kind": "test",
          "name": "earlier",
          "path": null,
          "harness": null,
          "required_features": [],
          "since": null,
          "until": "41.0.0"
        },
        {
          "kind": "bench",
          "name": "loopback",
          "path": "benches/loopback/main.rs",
          "harness": false,
          "required_features": [],
          "since": null,
          "until": null
        }
      ]
    }
    "#);
}

#[test]
fn an_empty_table_adds_nothing() {
    assert_eq!(additions("cargo = {}").unwrap(), Additions::default());
    assert_eq!(
        additions("[cargo]\nomit-tests = []\n[cargo.lints]\n").unwrap(),
        Additions::default()
    );
}

#[test]
fn what_is_no_table_is_a_fault() {
    insta::assert_snapshot!(faults("cargo = 1"), @"`cargo` is not a table @ 1 -> write it as `[cargo]`");
}

#[test]
fn all_faults_are_found_at_once() {
    let manifest = r#"
        [cargo]
        omit-test = ["all"]
        omit-tests = "all"
        bench = { name = "b" }
        [cargo.dev-dependencies]
        a = { path = "../a" }
        b = "one"
        c = { version = "=", features = [1] }
        d = 4
        [cargo.lints]
        rust = { unsafe_code = "never" }
        rustc = { x = "deny" }
        [[cargo.test]]
        harness = "no"
        [[cargo.test]]
        name = "t"
        path = "../t.rs"
        since = "41"
        until = 42
        [[cargo.test]]
        name = "t"
        edition = "2024"
    "#;
    insta::assert_snapshot!(faults(manifest), @r#"
    unknown key `cargo.omit-test` @ omit-test -> did you mean `omit-tests`?
    `cargo.test.name` is missing @ [[cargo.test]] -> add `name = …`
    `cargo.test.harness` is not true or false @ "no" -> write true or false
    `cargo.test.since` is not a version such as 41.0.0: unexpected end of input while parsing major version number @ "41" -> write a version such as 41.0.0
    `cargo.test.until` is not a string @ 42 -> put it in quotes
    `../t.rs` leaves the tree @ "../t.rs" -> name a relative path without `..`, with `/` between its parts
    unknown key `cargo.test.edition` @ edition -> known here: name, path, harness, required-features, since, until
    `cargo.test` names `t` twice @ [[cargo.test]] -> give one of them another name
    `cargo.bench` is not a list of tables @ { name = "b" } -> write each as `[[cargo.bench]]`
    `cargo.omit-tests` is not a list of strings @ "all" -> write it as ["…"]
    unknown key `cargo.dev-dependencies.a.path` @ path -> known here: version, package, default-features, features
    `cargo.dev-dependencies.b`: `one` is not a version requirement: unexpected character 'o' while parsing major version number @ "one" -> write one such as "1.2", or leave it out to follow upstream
    `cargo.dev-dependencies.c.features` is not a list of strings @ 1 -> write it as ["…"]
    `cargo.dev-dependencies.c`: `=` is not a version requirement: unexpected end of input while parsing major version number @ "=" -> write one such as "1.2", or leave it out to follow upstream
    `cargo.dev-dependencies.d` is not a version or a table @ 4 -> write a version or a table
    unknown key `cargo.lints.rustc` @ rustc -> did you mean `rust`?
    `cargo.lints.rust.unsafe_code` is not one of allow, warn, deny, forbid @ "never" -> write one of allow, warn, deny, forbid
    "#);
}

#[test]
fn the_order_of_tables_does_not_matter_to_the_digest() {
    let one = additions("[cargo.dev-dependencies]\na = \"1\"\nb = \"2\"\n").unwrap();
    let other = additions("[cargo.dev-dependencies]\nb = \"2\"\na = \"1\"\n").unwrap();
    let json = |additions: &Additions| serde_json::to_string(additions).unwrap();
    assert_eq!(json(&one), json(&other));
}

#[test]
fn a_target_fits_from_since_up_to_until() {
    let manifest = "[[cargo.test]]\nname = \"t\"\nsince = \"40.0.0\"\nuntil = \"42.0.0\"\n";
    let additions = additions(manifest).unwrap();
    let fits = |version: &str| additions.targets[0].fits(&version.parse().unwrap());
    let fitting = ["39.9.9", "40.0.0", "41.0.4", "42.0.0"].map(fits);
    assert_eq!(fitting, [false, true, true, false]);
}

//! The files that are read are those that cargo packages.

use std::process::Command;

use crate::world::*;

/// What cargo adds to a package.
const METADATA: [&str; 3] = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"];

/// Returns what cargo would package.
fn listed_by_cargo(world: &GitWorld) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty"])
        .current_dir(world.upstream().join("crates/wasi"))
        .env("CARGO_HOME", world.path("cargo-home"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let mut files: Vec<String> = text
        .lines()
        .filter(|line| !METADATA.contains(line))
        .map(str::to_owned)
        .collect();
    files.sort();
    files
}

/// Files of the crate beyond those of the world.
const MORE: [&str; 17] = [
    "LICENSE",
    "README",
    "README.txt",
    "a.rs",
    "src/a.rs",
    "src/deep/a.rs",
    "src/deep/b.txt",
    "src/tests/a.rs",
    "tests/all/deep/a.rs",
    "witx/a.witx",
    "witx/deep/b.witx",
    "inner/Cargo.toml",
    "inner/src/lib.rs",
    ".hidden",
    "docs/a b.md",
    "src/target/a.rs",
    "examples/x/main.rs",
];

/// What the manifests say.
const RULES: [&str; 13] = [
    "",
    r#"include = ["src/**/*", "README.md", "LICENSE", "witx/*", "wit/**/*", "tests/*"]"#,
    r#"include = ["src"]"#,
    r#"include = ["/src/*.rs", "a.rs"]"#,
    r#"include = ["**/*.rs", "!src/deep", "!a.rs"]"#,
    r#"include = ["*", "!src/deep/a.rs", "!/tests/"]"#,
    r#"include = ["src/**", "tests/"]"#,
    r#"include = ["src/lib.rs"]
readme = "README.txt""#,
    r#"include = ["src/lib.rs"]
readme = false
license-file = "LICENSE""#,
    r#"exclude = ["tests", "*.txt", "/a.rs"]"#,
    r#"exclude = ["src/deep/", "**/all"]"#,
    r#"exclude = ["docs/*", "!docs/a b.md"]"#,
    "readme = \"./README\"",
];

#[test]
fn whatever_the_manifest_includes_and_excludes() {
    let world = GitWorld::new();
    for path in MORE {
        let text = match path {
            "inner/Cargo.toml" => "[package]\nname = \"inner\"\nversion = \"1.0.0\"\n[workspace]\n",
            _ => "",
        };
        write(&world.upstream().join("crates/wasi").join(path), text);
    }
    let manifest = world.upstream().join("crates/wasi/Cargo.toml");
    for (number, rule) in RULES.iter().enumerate() {
        let license = if rule.contains("license-file") {
            ""
        } else {
            "license = \"MIT\"\n"
        };
        write(
            &manifest,
            format!(
                "[package]\nname = \"{CRATE}\"\nversion = \"43.0.{number}\"\nedition = \"2024\"\n{license}{rule}\n"
            ),
        );
        world.git(&["add", "--all", "--force"]);
        world.git(&["commit", "--quiet", "--message", "rule"]);
        world.git(&["tag", &format!("v43.0.{number}")]);
        let release = world.run("upstream", |g| {
            g.release(&version(&format!("43.0.{number}")))
        });
        let release = release.unwrap();
        let read: Vec<String> = release.tree.paths().map(|p| p.to_string()).collect();
        assert_eq!(read, listed_by_cargo(&world), "{rule}");
    }
}

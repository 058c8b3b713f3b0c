//! The series of the oldest line alone, brought up to the pin: what merges by itself, and
//! what is left is resolved by the workflow into the series that the project has. On the
//! real packages, from the registry.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The series that the copy keeps; the release that it begins at, and the fork's version of it.
const OLDEST: &str = "38.0.4";
const BEGIN: (&str, &str) = ("41.0.0", "2.0.0-rc.6");

struct Copy(PathBuf);

impl Copy {
    /// Copies the project without its tree.
    fn of_project(name: &str) -> Copy {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("climb")
            .join(name);
        // There is none before the first run.
        let _ = fs::remove_dir_all(&copy);
        for part in [
            "manifest.toml",
            "README.md",
            "CHANGELOG.md",
            "docs",
            "patches",
            "loopback",
        ] {
            for entry in walkdir::WalkDir::new(root.join(part)) {
                let entry = entry.unwrap();
                let place = copy.join(entry.path().strip_prefix(&root).unwrap());
                if entry.file_type().is_file() {
                    fs::create_dir_all(place.parent().unwrap()).unwrap();
                    fs::copy(entry.path(), place).unwrap();
                }
            }
        }
        Copy(copy)
    }

    /// Takes out every series but the oldest, and goes back to the release it begins at.
    fn with_the_oldest_series_alone(self) -> Copy {
        let manifest = self.0.join("manifest.toml");
        let mut document: toml_edit::DocumentMut =
            fs::read_to_string(&manifest).unwrap().parse().unwrap();
        let series = document["series"].as_array_of_tables_mut().unwrap();
        let dirs: Vec<String> = series
            .iter()
            .filter(|row| row["base"].as_str() != Some(OLDEST))
            .map(|row| row["patches"].as_str().unwrap().to_owned())
            .collect();
        series.retain(|row| row["base"].as_str() == Some(OLDEST));
        document["fork"]["upstream"] = BEGIN.0.into();
        document["fork"]["version"] = BEGIN.1.into();
        fs::write(&manifest, document.to_string()).unwrap();
        for dir in dirs {
            fs::remove_dir_all(self.0.join(dir)).unwrap();
        }
        self
    }

    fn run(&self, line: &str, code: i32) -> Value {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("climb-cache");
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_wash-wasi-sync"))
            .args(line.split_whitespace())
            .args(["--format", "json", "--cache-dir"])
            .arg(cache)
            .current_dir(&self.0)
            .output()
            .unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
        assert_eq!(output.status.code(), Some(code), "{line}\n{out}\n{err}");
        serde_json::from_str(&out).unwrap_or(Value::Null)
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.join("vendor/wash-wasi").join(path)).ok()
    }

    /// Decides about the files in conflict, and those that merged to another text, as it is
    /// decided elsewhere.
    fn decide_as(&self, other: &Copy, report: &Value) {
        let open = &report["open"];
        let files = [&open["conflicts"], &open["merged"]].map(|list| list.as_array().unwrap());
        for file in files.into_iter().flatten() {
            let place = self.0.join(file["file"].as_str().unwrap());
            if let Some(text) = other.text(file["path"].as_str().unwrap()) {
                fs::write(place, text).unwrap();
            }
        }
        self.run("resolve", 0);
    }
}

/// Returns what is in conflict, and what merged with the layers of its changes.
fn told(report: &Value) -> String {
    let open = &report["open"];
    let conflicts = open["conflicts"].as_array().unwrap().iter().map(|one| {
        let item = one["item"].as_str().unwrap_or("the file");
        format!("conflict in {}: {item}", one["path"].as_str().unwrap())
    });
    let merged = open["merged"].as_array().unwrap().iter();
    let merged = merged.map(|one| {
        format!(
            "merged {}: {}",
            one["path"].as_str().unwrap(),
            one["layers"]
        )
    });
    conflicts.chain(merged).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_oldest_series_alone_goes_up_to_the_pin() {
    let pin = Copy::of_project("pin");
    pin.run("vendor --source registry", 0);
    let copy = Copy::of_project("copy").with_the_oldest_series_alone();
    copy.run("vendor --source registry", 0);

    // Up to 46 it applies as it is, and so nothing has to be decided.
    let status = copy.run("status --series --source registry", 0);
    let rows = status["releases"]["rows"].as_array().unwrap();
    let exact = rows
        .iter()
        .filter(|row| row["fit"] == "exact" && row["series"] == OLDEST);
    let exact: Vec<u64> = exact
        .filter_map(|row| row["upstream"].as_str()?.split('.').next()?.parse().ok())
        .collect();
    assert_eq!(exact, [38, 39, 40, 41, 42, 43, 44, 45, 46]);

    // 47: imports merge as sets; a name that upstream no longer has is for a person.
    let at_47 = Copy::of_project("at-47");
    at_47.run("vendor --source registry", 0);
    at_47.run("upgrade --to 47.0.4 --source registry --no-verify", 0);
    let report = copy.run("upgrade --to 47.0.4 --source registry --no-verify", 11);
    insta::assert_snapshot!(told(&report), @r#"
    conflict in src/sockets/udp.rs: impl UdpSocket, fn new
    merged src/sockets/util.rs: {"normalised":1}
    "#);
    copy.decide_as(&at_47, &report);
    copy.run("continue --no-verify", 0);
    copy.run("check", 0);
    for path in ["src/sockets/udp.rs", "src/sockets/util.rs"] {
        assert!(copy.text(path) == at_47.text(path), "{path}");
    }

    // At 48 upstream made one socket of two: a person decides what is left.
    let report = copy.run("upgrade --to 48.0.8 --source registry --no-verify", 11);
    insta::assert_snapshot!(told(&report), @r#"
    conflict in src/p2/tcp.rs: impl TcpWriter, fn try_write_portable
    conflict in src/p2/tcp.rs: impl TcpWriter, fn write
    conflict in src/sockets/tcp.rs: impl TcpSocket, fn new
    conflict in src/sockets/udp.rs: impl UdpSocket, fn new
    conflict in src/sockets/util.rs: the file
    merged src/p2/udp.rs: {"normalised":1}
    merged src/p3/sockets/host/types/tcp.rs: {"lines":1}
    merged src/sockets/mod.rs: {"lines":1,"items":1}
    "#);
    copy.decide_as(&pin, &report);
    let args = "resolve src/sockets/util.rs --drop --reason its-code-is-in-mod.rs";
    let left = copy.run(args, 0);
    assert_eq!(left["left"], serde_json::json!([]));
    copy.run("continue --no-verify", 0);
    copy.run("check --deep --source registry", 0);

    // The same text as with the project's own series.
    let series = Path::new(env!("CARGO_MANIFEST_DIR")).join("../patches/v48.0.8");
    let patches = walkdir::WalkDir::new(&series)
        .into_iter()
        .map(Result::unwrap);
    let patches = patches.filter(|entry| entry.path().extension().is_some_and(|e| e == "patch"));
    let mut count = 0;
    for patch in patches {
        let path = patch
            .path()
            .strip_prefix(&series)
            .unwrap()
            .with_extension("");
        let path = path.to_str().unwrap();
        assert!(copy.text(path) == pin.text(path), "{path}");
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

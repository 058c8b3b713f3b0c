//! The series of the oldest line alone, brought up to the pin: what merges by itself, and
//! what is left is resolved by the workflow into the series that the project has. On the
//! real packages, from the registry.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where the open upgrade has the files to edit.
const STAGED: &str = "vendor/.wash-wasi-sync/conflicts/files";
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

    fn tree(&self) -> PathBuf {
        self.0.join("vendor/wash-wasi")
    }
}

/// Returns each merged file with the layers of its changes.
fn layers(report: &Value) -> Vec<String> {
    let merges = report["series"]["merges"].as_array().unwrap();
    let files = merges
        .iter()
        .flat_map(|merge| merge["files"].as_array().unwrap());
    let line = |file: &Value| {
        let hunks = file["hunks"].as_array().unwrap();
        let layers: Vec<&str> = hunks
            .iter()
            .map(|hunk| hunk["layer"].as_str().unwrap())
            .collect();
        format!("{}: {}", file["path"].as_str().unwrap(), layers.join(", "))
    };
    files.map(line).collect()
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

    // 47 merges: imports as sets, and by items.
    let report = copy.run("upgrade --to 47.0.4 --source registry --no-verify", 0);
    insta::assert_snapshot!(layers(&report).join("\n"), @r"
    src/sockets/udp.rs: lines, items
    src/sockets/util.rs: normalised
    ");
    copy.run("check", 0);

    // At 48 upstream made one socket of two: a person decides what is left.
    let report = copy.run("upgrade --to 48.0.8 --source registry --no-verify", 11);
    let conflicts = report["open"]["conflicts"].as_array().unwrap();
    let places = conflicts.iter().map(|one| {
        let item = one["item"].as_str().unwrap_or("the file");
        format!("{}: {item}", one["path"].as_str().unwrap())
    });
    insta::assert_snapshot!(places.collect::<Vec<_>>().join("\n"), @r"
    src/p2/tcp.rs: impl TcpWriter, fn try_write_portable
    src/p2/tcp.rs: impl TcpWriter, fn write
    src/sockets/tcp.rs: impl TcpSocket, fn new
    src/sockets/udp.rs: impl UdpSocket, fn new
    src/sockets/util.rs: the file
    ");
    for entry in walkdir::WalkDir::new(copy.0.join(STAGED)) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(copy.0.join(STAGED)).unwrap();
        let decided = pin.tree().join(path);
        if entry.file_type().is_file() && decided.exists() {
            fs::copy(decided, entry.path()).unwrap();
        }
    }
    copy.run("resolve", 0);
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
        let [ours, theirs] = [&copy, &pin].map(|one| fs::read(one.tree().join(&path)).unwrap());
        assert!(ours == theirs, "{}", path.display());
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

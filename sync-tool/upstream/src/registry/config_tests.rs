use std::ffi::OsString;
use std::fs;

use super::*;

/// A directory of files, with an environment whose `CARGO_HOME` is in it.
struct Files(tempfile::TempDir);

impl Files {
    fn with(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Files(dir)
    }

    fn read_with(&self, vars: &[(&str, &str)]) -> Result<Config> {
        let home = ("CARGO_HOME", "home/.cargo");
        let user = ("HOME", self.0.path().join("user"));
        let vars = vars
            .iter()
            .chain([&home])
            .map(|(n, v)| (OsString::from(n), OsString::from(v)));
        let vars = vars.chain([(OsString::from(user.0), user.1.into_os_string())]);
        Config::read(
            &Environment::new(self.0.path(), vars),
            &self.0.path().join("a/b"),
        )
    }

    fn read(&self) -> Config {
        self.read_with(&[]).unwrap()
    }
}

#[test]
fn what_is_nearer_wins_and_the_environment_over_all() {
    let files = Files::with(&[
        ("a/b/.cargo/config.toml", "[net]\nretry = 1\n"),
        (
            "a/.cargo/config.toml",
            "[net]\nretry = 2\noffline = true\n[http]\ntimeout = 7",
        ),
        (
            "home/.cargo/config.toml",
            "[net]\nretry = 3\noffline = false\n[http]\ntimeout = 8\nproxy = \"p\"",
        ),
    ]);
    let config = files.read();
    assert_eq!(config.number(&["net", "retry"]).unwrap(), Some(1));
    assert_eq!(config.flag(&["net", "offline"]).unwrap(), Some(true));
    assert_eq!(config.number(&["http", "timeout"]).unwrap(), Some(7));
    assert_eq!(config.proxy().unwrap().as_deref(), Some("p"));
    assert_eq!(config.text(&["http", "cainfo"]).unwrap(), None);
    let config = files.read_with(&[
        ("CARGO_NET_RETRY", "9"),
        ("CARGO_NET_OFFLINE", "false"),
        ("CARGO_HTTP_PROXY", "q"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.number(&["net", "retry"]).unwrap(), Some(9));
    assert_eq!(config.flag(&["net", "offline"]).unwrap(), Some(false));
    assert_eq!(config.proxy().unwrap().as_deref(), Some("q"));
}

#[test]
fn the_old_file_name_goes_before_the_new() {
    let files = Files::with(&[
        ("home/.cargo/config", "[net]\nretry = 1\n"),
        (
            "home/.cargo/config.toml",
            "[net]\nretry = 2\n[http]\ntimeout = 1\n",
        ),
    ]);
    assert_eq!(files.read().number(&["net", "retry"]).unwrap(), Some(1));
    assert_eq!(files.read().number(&["http", "timeout"]).unwrap(), None);
}

#[test]
fn paths_start_where_the_directory_of_the_file_stands() {
    let files = Files::with(&[
        (
            "a/.cargo/config.toml",
            "[source.x]\ndirectory = \"vendored\"",
        ),
        ("home/.cargo/config.toml", "[http]\ncainfo = \"ca.pem\""),
    ]);
    let root = files.0.path();
    assert_eq!(
        files
            .read()
            .path_of_files(&["source", "x", "directory"])
            .unwrap(),
        Some(root.join("a/vendored"))
    );
    assert_eq!(
        files.read().path(&["http", "cainfo"]).unwrap(),
        Some(root.join("home/ca.pem"))
    );
    let config = files
        .read_with(&[("CARGO_HTTP_CAINFO", "here.pem")])
        .unwrap();
    assert_eq!(
        config.path(&["http", "cainfo"]).unwrap(),
        Some(root.join("here.pem"))
    );
}

#[test]
fn included_files_lose_to_the_file_and_win_by_their_order() {
    let files = Files::with(&[
        (
            "a/.cargo/config.toml",
            "include = [\"one.toml\", { path = \"two.toml\", optional = true }, { path = \"no\", optional = true }]\n[net]\nretry = 1",
        ),
        (
            "a/.cargo/one.toml",
            "include = \"config.toml\"\n[net]\nretry = 2\n[http]\ntimeout = 2\nproxy = \"one\"",
        ),
        ("a/.cargo/two.toml", "[http]\ntimeout = 3"),
    ]);
    let config = files.read();
    assert_eq!(config.number(&["net", "retry"]).unwrap(), Some(1));
    assert_eq!(config.number(&["http", "timeout"]).unwrap(), Some(3));
    assert_eq!(config.proxy().unwrap().as_deref(), Some("one"));
    let lacking = Files::with(&[("a/.cargo/config.toml", "include = \"no.toml\"")]);
    assert!(
        lacking
            .read_with(&[])
            .unwrap_err()
            .message()
            .contains("no.toml")
    );
}

#[test]
fn the_proxy_of_git_is_the_last_resort() {
    let files = Files::with(&[(
        "user/.gitconfig",
        "[http]\n\tproxy = http://git.invalid:1\n",
    )]);
    assert_eq!(
        files.read().proxy().unwrap().as_deref(),
        Some("http://git.invalid:1")
    );
    let files = Files::with(&[
        (
            "user/.gitconfig",
            "[http]\n\tproxy = http://git.invalid:1\n",
        ),
        ("home/.cargo/config.toml", "[http]\nproxy = \"\"\n"),
    ]);
    assert_eq!(files.read().proxy().unwrap().as_deref(), Some(""));
}

#[test]
fn a_file_that_is_no_toml_is_pointed_into() {
    let files = Files::with(&[("a/.cargo/config.toml", "[net]\nretry = \n")]);
    let error = files.read_with(&[]).unwrap_err();
    let place = error.all_faults()[0].place.clone().unwrap();
    assert!(place.file.ends_with("config.toml"));
    assert_eq!(place.position().map(|p| p.0), Some(2));
}

#[test]
fn values_of_a_wrong_kind_are_told_with_their_place() {
    let files = Files::with(&[(
        "a/.cargo/config.toml",
        "[net]\nretry = -1\noffline = \"yes\"\n[http]\nproxy = 1\n",
    )]);
    let config = files.read();
    for error in [
        config.number(&["net", "retry"]).unwrap_err(),
        config.flag(&["net", "offline"]).unwrap_err(),
        config.proxy().unwrap_err(),
    ] {
        assert!(error.to_string().contains("config.toml: `"), "{error}");
    }
    let config = files.read_with(&[("CARGO_NET_RETRY", "many")]).unwrap();
    assert!(
        config
            .number(&["net", "retry"])
            .unwrap_err()
            .to_string()
            .contains("CARGO_NET_RETRY: `net.retry`")
    );
}

#[test]
fn tokens_come_from_the_credentials_or_the_environment() {
    let files = Files::with(&[(
        "home/.cargo/credentials.toml",
        "[registries.our-own]\ntoken = \"file\"\n",
    )]);
    let key = ["registries", "our-own", "token"];
    assert_eq!(files.read().text(&key).unwrap(), Some("file"));
    let config = files
        .read_with(&[("CARGO_REGISTRIES_OUR_OWN_TOKEN", "variable")])
        .unwrap();
    assert_eq!(config.text(&key).unwrap(), Some("variable"));
}

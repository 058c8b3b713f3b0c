use host::Environment;

use super::*;

fn origin(config: &str) -> Result<Origin> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".cargo")).unwrap();
    std::fs::write(dir.path().join(".cargo/config.toml"), config).unwrap();
    let environment = Environment::new(dir.path(), []);
    let origin = Origin::of_crates_io(&Config::read(&environment, dir.path())?)?;
    // What is below the directory is told as below `/`, so that tests can name it.
    Ok(match origin {
        Origin::Local(path) => Origin::Local(path.strip_prefix(dir.path()).unwrap().to_owned()),
        sparse => sparse,
    })
}

fn sparse(url: &str, name: Option<&str>) -> Origin {
    Origin::Sparse(SparseRegistry {
        url: url.to_owned(),
        name: name.map(str::to_owned),
        token: None,
    })
}

#[test]
fn without_replacement_it_is_crates_io() {
    assert_eq!(
        origin("").unwrap(),
        sparse("https://index.crates.io/", None)
    );
    let git = "[source.crates-io]\nregistry = \"https://github.com/rust-lang/crates.io-index\"";
    assert_eq!(
        origin(git).unwrap(),
        sparse("https://index.crates.io/", None)
    );
}

#[test]
fn replacements_are_followed_to_their_end() {
    let chain =
        "[source.crates-io]\nreplace-with = \"a\"\n[source.a]\nreplace-with = \"b\"\n[source.b]\n";
    assert_eq!(
        origin(&format!("{chain}registry = \"sparse+https://h/i\"")).unwrap(),
        sparse("https://h/i/", None)
    );
    assert_eq!(
        origin(&format!("{chain}local-registry = \"l\"")).unwrap(),
        Origin::Local("l".into())
    );
}

#[test]
fn a_replacement_may_be_a_registry_by_its_name() {
    let named = "[source.crates-io]\nreplace-with = \"r\"\n[registries.r]\nindex = \"sparse+https://h/\"\ntoken = \"t\"";
    let expected = SparseRegistry {
        url: "https://h/".into(),
        name: Some("r".into()),
        token: Some("t".into()),
    };
    assert_eq!(origin(named).unwrap(), Origin::Sparse(expected.clone()));
    let by_url = "[source.crates-io]\nreplace-with = \"s\"\n[source.s]\nregistry = \"sparse+https://h/\"\n\
                  [registries.r]\nindex = \"sparse+https://h\"\ntoken = \"t\"";
    assert_eq!(origin(by_url).unwrap(), Origin::Sparse(expected));
}

#[test]
fn a_token_is_not_in_what_is_shown() {
    let named = "[source.crates-io]\nreplace-with = \"r\"\n[registries.r]\nindex = \"sparse+https://u:p@h/\"\ntoken = \"secret\"";
    let shown = format!("{:?}", origin(named).unwrap());
    assert!(
        !shown.contains("secret") && !shown.contains("u:p"),
        "{shown}"
    );
}

#[test]
fn what_cannot_be_followed_is_told_with_the_next_step() {
    let replaced = "[source.crates-io]\nreplace-with = \"a\"\n";
    let cases = [
        (
            "[source.a]\nreplace-with = \"crates-io\"",
            "in a circle: crates-io → a → crates-io",
        ),
        (
            "[source.a]\nreplace-with = \"a\"",
            "in a circle: crates-io → a → a",
        ),
        ("", "`a`, which replaces `crates-io`, is not defined"),
        (
            "[source.a]\nregistry = \"https://h/index.git\"",
            "index in git",
        ),
        ("[source.a]\ngit = \"https://h/index.git\"", "index in git"),
        ("[source.a]\nregistry = \"sparse+ftp://h/\"", "malformed"),
        (
            "[source.a]\ndirectory = \"d\"",
            "is a directory of vendored packages, which is not read here",
        ),
        (
            "[source.a]\nregistry = \"sparse+https://h/\"\ndirectory = \"d\"",
            "more than one way",
        ),
    ];
    for (rest, message) in cases {
        let error = origin(&format!("{replaced}{rest}")).unwrap_err();
        assert!(error.message().contains(message), "{rest}: {error}");
        assert!(!error.hints().is_empty(), "{rest}");
    }
}

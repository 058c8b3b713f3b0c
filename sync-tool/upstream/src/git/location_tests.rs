use super::*;

fn parse(text: &str) -> Result<RepositoryLocation> {
    let env = Environment::new("/elsewhere", [("HOME".into(), "/home/u".into())]);
    RepositoryLocation::parse(&text.parse().unwrap(), &env, Path::new("/project"))
}

fn url(text: &str) -> Address {
    match parse(text) {
        Ok(RepositoryLocation::Remote(url)) => url,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn paths_are_local_and_begin_where_the_run_does() {
    for (text, path) in [
        ("../wasmtime", "/project/../wasmtime"),
        ("wasmtime", "/project/wasmtime"),
        ("/srv/wasmtime.git", "/srv/wasmtime.git"),
        ("./odd:name", "/project/./odd:name"),
        ("~/wasmtime", "/home/u/wasmtime"),
        ("~", "/home/u"),
        ("~other", "/project/~other"),
        ("C:\\wasmtime", "/project/C:\\wasmtime"),
    ] {
        let local = RepositoryLocation::Local(PathBuf::from(path));
        assert_eq!(parse(text).unwrap(), local, "{text}");
    }
}

#[test]
fn what_git_cannot_fetch_from_or_would_run_is_refused() {
    for text in [
        "",
        "--upload-pack=x",
        "ext::sh -c x",
        "foo::https://a/b",
        "s3://a/b",
        "https://",
        "https://a/b\n",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn names_are_readable() {
    let name = |text: &str| readable(&url(text));
    assert_eq!(name("https://u:p@github.com/a/b.git/"), "github-com-a-b");
    assert_eq!(name("git@github.com:a/b"), "github-com-a-b");
    assert_eq!(name(&format!("https://h/{}é", "x".repeat(99))).len(), 48);
}

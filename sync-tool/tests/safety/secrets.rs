//! A password in a URL: nobody reads it in a file, a message or a list of processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::interrupted::real;
use crate::signals::{Stuck, stuck};
use crate::world::{NEW, Ran, World};

const SECRET: &str = "s3cret";

#[track_caller]
fn silent(ran: &Ran) {
    assert!(
        !ran.out.contains(SECRET) && !ran.err.contains(SECRET),
        "{ran:#?}"
    );
}

/// Fails where a file that others may read has the password.
fn kept_private(world: &World) {
    for name in ["cache", "tmp", crate::world::PROJECT] {
        let entries = walkdir::WalkDir::new(world.path(name)).into_iter();
        for entry in entries
            .map(Result::unwrap)
            .filter(|e| e.file_type().is_file())
        {
            let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
            let mode = entry.metadata().unwrap().permissions().mode();
            let private = mode & 0o077 == 0;
            assert!(
                private || !text.contains(SECRET),
                "{mode:o} {entry:?}: {text}"
            );
            assert!(
                !entry.path().to_string_lossy().contains(SECRET),
                "{entry:?}"
            );
        }
    }
}

#[test]
fn a_run_that_is_at_work_shows_none() {
    let mut world = World::new();
    let git = real("git");
    let script = format!(
        "{}\ncase \" $* \" in *\" fetch \"*) echo \"$*\" >{}; stuck;; *) exec {git} \"$@\";; esac",
        stuck(&world),
        world.path("args").display()
    );
    let dir = world.path("bin");
    fs::rename(world.script("slow", &script), dir.join("git")).unwrap();
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    world.var("PATH", path);
    let url = format!("http://user:{SECRET}@127.0.0.1:9/upstream");
    let args = [
        "upgrade",
        "--to",
        NEW,
        "--no-verify",
        "-v",
        "--upstream",
        &url,
    ];
    let first = Stuck::start(&world, &args);
    world.unset("PATH");
    let second = world.run(&["vendor"]).ends(1);
    let shown = "--upstream http://***@127.0.0.1:9/upstream";
    silent(&second.says(&["another run is at work on this project", shown]));
    kept_private(&world);
    let args = fs::read_to_string(world.path("args")).unwrap();
    assert!(!args.contains(SECRET), "{args}");
    silent(&first.end(&world, Signal::INT).ends(130));
}

#[test]
fn no_failure_shows_one() {
    let world = World::new();
    for url in [
        "http://user:s3cret@127.0.0.1:1/upstream",
        "http://s3cret@127.0.0.1:1/upstream",
        "http://127.0.0.1:1/upstream?token=s3cret",
        "ssh://git:s3cret@127.0.0.1:1/upstream",
        "htps://user:s3cret@127.0.0.1/upstream",
        "https:/user:s3cret@127.0.0.1/upstream",
        "user:s3cret@127.0.0.1/upstream",
        "https://user:pass/s3cret@127.0.0.1/upstream",
        "https://user:s3cret@",
        "ext::https://user:s3cret@127.0.0.1/upstream",
    ] {
        for format in ["human", "json"] {
            let of = ["-v", "--format", format, "--upstream", url];
            for command in [
                &["upgrade", "--no-verify", "--to", NEW][..],
                &["check", "--deep"],
            ] {
                let ran = world.run(&[command, &of].concat());
                assert!(ran.code != Some(0), "{url}: {ran:#?}");
                silent(&ran);
            }
        }
        silent(&world.run(&["status", "--upstream", url]));
    }
    kept_private(&world);
}

#[test]
fn no_misplaced_one_is_quoted() {
    let world = World::new();
    let url = "https://user:s3cret@127.0.0.1/upstream";
    for args in [
        &["vendor", url][..],
        &["upgrade", "--to", url],
        &["vendor", "--source", url],
    ] {
        silent(&world.run(args).ends(2));
    }
}

#[test]
fn no_proxy_that_is_malformed_shows_one() {
    let mut world = World::new();
    for proxy in [
        "http://user:s3cret@[bad",
        "user:s3cret@bad host:1",
        "user:s3cret@[bad",
    ] {
        world.var("https_proxy", proxy);
        world.var("http_proxy", proxy);
        let ran = world.run(&["-v", "upgrade", "--to", NEW, "--source", "registry"]);
        assert!(ran.code != Some(0), "{proxy}: {ran:#?}");
        silent(&ran);
    }
}

#[test]
fn a_manifest_that_would_publish_one_is_refused() {
    let world = World::new();
    let url = world.both.git.url();
    world.edit(
        "manifest.toml",
        &url,
        "https://user:s3cret@127.0.0.1/upstream",
    );
    let ran = world.fails(&["vendor"], 1);
    silent(&ran.says(&["`upstream.repository` holds a password"]));
}

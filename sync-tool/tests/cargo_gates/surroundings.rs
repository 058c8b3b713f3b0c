//! What keeps a gate from being run, and what ends it.

use recipe::Kind;

use super::*;

#[test]
fn without_cargo_the_next_step_is_told() {
    let mut sandbox = sample(&MANIFEST.replace("rust-version = \"1.85\"\n", ""), LIB);
    for name in ["CARGO", "RUSTC", "PATH"] {
        sandbox.without(name);
    }
    let error = run(&sandbox, "unit").unwrap_err();
    assert_eq!(error.message(), "the program `cargo` is not installed");
    assert!(error.hints()[0].contains("https://rustup.rs"));
}

#[test]
fn an_old_rust_is_told_before_anything_is_built() {
    let sandbox = sample(&MANIFEST.replace("1.85", "1.1985"), LIB);
    let host = sandbox.host();
    let version = Cargo::new(&host, sandbox.path("target"), None)
        .rustc_version()
        .unwrap();
    let error = run(&sandbox, "unit").unwrap_err();
    assert_eq!(
        error.message(),
        format!("sample needs Rust 1.1985 or newer, and this is Rust {version}")
    );
    let next = "rustup toolchain install 1.1985, then run the same command again with `--toolchain 1.1985`";
    assert_eq!(error.hints(), [next]);
    assert!(!sandbox.path("target").exists());
}

#[test]
fn a_crate_that_a_workspace_around_it_would_take_is_refused() {
    let sandbox = sample(&MANIFEST.replace("[workspace]\n", ""), LIB);
    let error = run(&sandbox, "unit").unwrap_err();
    assert!(error.message().contains("has no `[workspace]`"), "{error}");
}

#[test]
fn a_workspace_around_the_crate_does_not_matter() {
    let sandbox = sample(MANIFEST, LIB);
    sandbox.write("Cargo.toml", "[workspace]\nmembers = [\"other\"]\n");
    assert!(run(&sandbox, "build-p1-p2").unwrap().passed());
}

#[test]
fn an_interrupt_ends_cargo_and_all_it_started() {
    let lib = "#[test] fn a() {
        let file = std::fs::File::create(std::env::var(\"HELD\").unwrap()).unwrap();
        file.lock().unwrap();
        std::fs::write(std::env::var(\"STARTED\").unwrap(), \"\").unwrap();
        loop { std::thread::park(); }
    }";
    let mut sandbox = sample(MANIFEST, lib);
    sandbox.var("HELD", sandbox.path("held"));
    sandbox.var("STARTED", sandbox.path("started"));
    let host = sandbox.host();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !sandbox.path("started").exists() {
                std::thread::yield_now();
            }
            host.stop();
        });
        run_on(&host, &sandbox, &gate(&sandbox, "unit")).unwrap_err()
    });
    assert_eq!(error.kind(), Kind::Interrupted);
    // Held for as long as the test program lives.
    std::fs::File::open(sandbox.path("held"))
        .unwrap()
        .lock()
        .unwrap();
}

#[cfg(unix)]
mod toolchains {
    use super::*;

    /// Runs a gate with a toolchain, where `cargo` says this.
    fn with_toolchain(says: &str) -> recipe::Error {
        let mut sandbox = sample(&MANIFEST.replace("rust-version = \"1.85\"\n", ""), LIB);
        sandbox.script(
            "bin/cargo",
            &format!(
                "[ \"$1\" = +1.77 ] && [ -z \"$CARGO\" ] || exit 7\necho '{says}' >&2\nexit 101"
            ),
        );
        sandbox.var("PATH", sandbox.path("bin"));
        sandbox.var("CARGO", sandbox.path("none"));
        let host = sandbox.host();
        let cargo = Cargo::new(&host, sandbox.path("target"), Some("1.77".to_owned()));
        cargo
            .run("crate".as_ref(), &gate(&sandbox, "unit"))
            .expect_err("it fails")
    }

    #[test]
    fn one_that_is_not_installed_is_told() {
        let error = with_toolchain("error: toolchain \"1.77-x86_64\" is not installed");
        assert_eq!(error.hints(), ["rustup toolchain install 1.77"]);
    }

    #[test]
    fn only_rustups_cargo_can_choose() {
        let error = with_toolchain("error: no such command: `+1.77`");
        assert!(error.hints()[0].contains("install rustup"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn what_the_user_set_stays_and_the_rest_is_set() {
    let mut sandbox = sample(MANIFEST, LIB);
    let seen = sandbox.path("seen");
    let path = sandbox.script(
        "cargo.sh",
        &format!("env > '{0}'; echo \"$@\" >> '{0}'", seen.display()),
    );
    sandbox.var("CARGO", path);
    sandbox.var("CARGO_INCREMENTAL", "1");
    sandbox.var("RUST_TEST_NOCAPTURE", "1");
    run(&sandbox, "build-p1-p2").unwrap();
    let seen = std::fs::read_to_string(seen).unwrap();
    let has = |line: &str| seen.lines().any(|seen| seen == line);
    assert!(has("CARGO_INCREMENTAL=1"), "{seen}");
    assert!(has("CARGO_PROFILE_DEV_DEBUG=0"), "{seen}");
    assert!(!seen.contains("RUST_TEST_NOCAPTURE"), "{seen}");
    let args = seen.lines().last().unwrap();
    assert!(args.starts_with("build --lib --no-default-features --features p1,p2 --locked --message-format=json --manifest-path "), "{args}");
}

#[cfg(unix)]
#[test]
fn a_rustup_without_a_toolchain_is_told() {
    let mut sandbox = sample(&MANIFEST.replace("rust-version = \"1.85\"\n", ""), LIB);
    let says = "error: rustup could not choose a version of cargo to run";
    let path = sandbox.script("cargo.sh", &format!("echo '{says}' >&2; exit 1"));
    sandbox.var("CARGO", path);
    let error = run(&sandbox, "unit").unwrap_err();
    assert_eq!(error.hints(), ["rustup default stable"]);
}

//! Which source a release is taken from, and what is compared between the two.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/both_worlds.rs"]
mod both;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/git_world.rs"]
mod git_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_world.rs"]
mod registry_world;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/registry_server.rs"]
mod server;

use std::fs;
use std::net::TcpListener;

use both::{Both, package_of};
use git_world::{V, version, write};
use recipe::release::SourceKind;
use recipe::{Error, Kind};
use registry_world::checksum;
use upstream::{Locked, SourceChoice, SourceOptions, Upstream};

const NOTHING: Locked<'_> = Locked {
    commit: None,
    checksum: None,
    digest: None,
};

/// Makes both, the registry with 41.0.0 from the same commit.
fn both() -> Both {
    let both = Both::new();
    both.publish(&[(V, package_of(V, &both.git.commit_of(V)))]);
    both
}

fn by(both: &Both, choice: SourceChoice) -> SourceOptions {
    SourceOptions {
        choice,
        ..both.options()
    }
}

/// Returns options with a repository whose host cannot be reached.
fn unreachable(both: &Both) -> SourceOptions {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    SourceOptions {
        repository: format!("git://{}/a/b", listener.local_addr().unwrap()).into(),
        ..both.options()
    }
}

fn offline(options: SourceOptions) -> SourceOptions {
    SourceOptions {
        offline: true,
        ..options
    }
}

fn error_of(both: &Both, options: SourceOptions, locked: Locked<'_>) -> Error {
    both.run(options, |u| u.release(&version(V), locked))
        .unwrap_err()
}

#[test]
fn git_comes_first() {
    let both = both();
    for choice in [SourceChoice::Auto, SourceChoice::Git] {
        both.run(by(&both, choice), |u| {
            let release = u.release(&version(V), NOTHING)?;
            assert_eq!(release.source, SourceKind::Git);
            assert_eq!(u.commit(&version(V))?, release.commit);
            assert_eq!(u.list()?.len(), 3);
            assert_eq!(u.source(), SourceKind::Git);
            Ok(())
        })
        .unwrap();
    }
    assert_eq!(both.registry.server.connections(), 0);
    assert!(both.git.told.lines().is_empty());
}

#[test]
fn the_registry_alone_where_that_is_wanted() {
    let both = both();
    both.run(by(&both, SourceChoice::Registry), |u| {
        let release = u.release(&version(V), NOTHING)?;
        assert_eq!(release.source, SourceKind::Registry);
        assert_eq!(u.commit(&version(V))?, Some(both.git.commit_of(V)));
        assert_eq!(u.list()?.len(), 1);
        assert_eq!(u.source(), SourceKind::Registry);
        Ok(())
    })
    .unwrap();
    assert_eq!(both.git.times_asked(), 0);
}

#[test]
fn where_the_host_cannot_be_reached_the_registry_is_taken_for_the_rest_of_the_run() {
    let both = both();
    both.run(unreachable(&both), |u| {
        let release = u.release(&version(V), NOTHING)?;
        assert_eq!(release.source, SourceKind::Registry);
        assert_eq!(u.source(), SourceKind::Registry);
        assert_eq!(u.list()?.len(), 1);
        assert_eq!(u.commit(&version(V))?, release.commit);
        u.release(&version(V), NOTHING)
    })
    .unwrap();
    let told = both.git.told.lines();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("upstream is taken from the registry instead"));
    for list_first in [true, false] {
        both.run(unreachable(&both), |u| match list_first {
            true => u.list().map(drop),
            false => u.commit(&version(V)).map(drop),
        })
        .unwrap();
    }
    assert_eq!(both.git.told.lines().len(), 3);
}

#[test]
fn without_a_git_program_the_registry_is_taken() {
    let mut both = both();
    both.git = both.git.var("PATH", "/nowhere");
    let release = both.run(both.options(), |u| u.release(&version(V), NOTHING));
    assert_eq!(release.unwrap().source, SourceKind::Registry);
    assert!(both.git.told.has("`git` is not installed"));
}

#[test]
fn git_alone_does_not_fall_back() {
    let both = both();
    let options = SourceOptions {
        choice: SourceChoice::Git,
        ..unreachable(&both)
    };
    let error = error_of(&both, options, NOTHING);
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.hints()[0].contains("--source registry"), "{error:?}");
    let given = SourceOptions {
        upstream: Some(unreachable(&both).repository),
        ..both.options()
    };
    error_of(&both, given, NOTHING);
    assert_eq!(both.registry.server.connections(), 0);
}

#[test]
fn a_tag_that_the_host_lacks_is_an_error_and_no_reason_to_fall_back() {
    let both = Both::new();
    both.publish(&[("38.0.0", registry_world::package("38.0.0"))]);
    let error = both.run(both.options(), |u| u.release(&version("38.0.0"), NOTHING));
    let error = error.unwrap_err();
    assert!(error.message().ends_with("has no tag v38.0.0"), "{error}");
    assert!(error.hints()[0].contains("v38.0.1"), "{error:?}");
    let hints = error.hints().join("\n");
    assert!(hints.contains("--source registry"), "{error:?}");
    // Its index was asked, and no package was taken.
    assert_eq!(both.registry.server.connections(), 1);
}

#[test]
fn a_locked_release_in_either_cache_needs_no_network() {
    let both = both();
    let commit = both.git.commit_of(V);
    let sum = checksum(&package_of(V, &commit));
    let locked = |by_commit: bool, by_checksum: bool| Locked {
        commit: by_commit.then_some(commit.as_str()),
        checksum: by_checksum.then_some(sum.as_str()),
        digest: None,
    };
    both.run(both.options(), |u| u.release(&version(V), NOTHING))
        .unwrap();
    let asked = both.git.times_asked();
    let again = both.run(both.options(), |u| {
        u.release(&version(V), locked(true, true))
    });
    assert_eq!(again.unwrap().source, SourceKind::Git);
    assert_eq!(both.git.times_asked(), asked);

    fs::remove_dir_all(both.git.path("cache/git")).unwrap();
    let in_cargos = "cargo-home/registry/cache/a-1/wasmtime-wasi-41.0.0.crate";
    write(&both.git.path(in_cargos), package_of(V, &commit));
    for locked in [locked(true, true), locked(false, true)] {
        let release = both.run(both.options(), |u| u.release(&version(V), locked));
        assert_eq!(release.unwrap().source, SourceKind::Registry);
    }
    assert_eq!(both.git.times_asked(), asked);
    assert_eq!(both.registry.server.connections(), 0);
    // Without the checksum the package is nobody's word.
    let by_git = both.run(both.options(), |u| {
        u.release(&version(V), locked(true, false))
    });
    assert_eq!(by_git.unwrap().source, SourceKind::Git);
    assert!(both.git.times_asked() > asked);
}

#[test]
fn offline_takes_whichever_cache_has_it() {
    let both = both();
    let error = error_of(&both, offline(both.options()), NOTHING);
    assert_eq!(error.kind(), Kind::Upstream);
    let faults: Vec<&str> = error.all_faults().iter().map(|f| &*f.message).collect();
    assert!(
        faults.len() == 2 && faults[0].starts_with("git: ") && faults[1].starts_with("registry: "),
        "{faults:?}"
    );
    assert!(error.all_faults().iter().all(|f| f.help.is_some()));

    both.run(by(&both, SourceChoice::Registry), |u| {
        u.release(&version(V), NOTHING)
    })
    .unwrap();
    let (asked, connections) = (both.git.times_asked(), both.registry.server.connections());
    let read = || both.run(offline(both.options()), |u| u.release(&version(V), NOTHING));
    assert_eq!(read().unwrap().source, SourceKind::Registry);
    both.run(by(&both, SourceChoice::Git), |u| {
        u.release(&version(V), NOTHING)
    })
    .unwrap();
    let asked_by_git = both.git.times_asked();
    assert!(asked_by_git > asked);
    assert_eq!(read().unwrap().source, SourceKind::Git);
    assert_eq!(both.git.times_asked(), asked_by_git);
    assert_eq!(both.registry.server.connections(), connections);
    assert!(
        both.git.told.lines().is_empty(),
        "{:?}",
        both.git.told.lines()
    );
}

#[test]
fn where_neither_has_it_both_say_why() {
    let both = both();
    let error = both.run(unreachable(&both), |u| {
        u.release(&version("40.0.0"), NOTHING)
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert_eq!(error.message(), "no source gives wasmtime-wasi 40.0.0");
    let told = error.to_string();
    assert!(
        told.contains("git: fetching v40.0.0") && told.contains("registry: wasmtime-wasi 40.0.0"),
        "{told}"
    );
}

#[test]
fn a_repository_that_is_given_means_git() {
    let both = both();
    let given = |upstream: &str, choice| SourceOptions {
        upstream: Some(upstream.to_owned().into()),
        repository: "git://127.0.0.1:1/nowhere".to_owned().into(),
        choice,
        ..both.options()
    };
    let path = both.git.upstream().display().to_string();
    for upstream in [&both.git.url(), &path, "upstream"] {
        let options = given(upstream, SourceChoice::Auto);
        let release = both.run(options, |u| u.release(&version(V), NOTHING));
        assert_eq!(release.unwrap().source, SourceKind::Git);
    }
    let error = both
        .run(given("upstream", SourceChoice::Registry), |u| u.list())
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("`--upstream`"), "{error}");
    assert_eq!(both.registry.server.connections(), 0);
}

#[test]
fn a_manifests_path_begins_at_the_project() {
    let both = both();
    let options = SourceOptions {
        project_dir: both.git.path("project"),
        repository: "../upstream".to_owned().into(),
        ..both.options()
    };
    fs::create_dir(both.git.path("project")).unwrap();
    // It is nearer than any cache.
    let (commit, in_cargos) = (
        both.git.commit_of(V),
        "cargo-home/registry/cache/a-1/wasmtime-wasi-41.0.0.crate",
    );
    write(&both.git.path(in_cargos), package_of(V, &commit));
    let sum = checksum(&package_of(V, &commit));
    let locked = Locked {
        commit: Some(&commit),
        checksum: Some(&sum),
        digest: None,
    };
    for locked in [NOTHING, locked] {
        let release = both.run(options.clone(), |u| u.release(&version(V), locked));
        assert_eq!(release.unwrap().source, SourceKind::Git);
    }
}

#[test]
fn what_is_not_as_locked_is_refused_by_either() {
    let both = both();
    let other = both.git.commit_of("40.0.0");
    let commit = Locked {
        commit: Some(&other),
        checksum: None,
        digest: None,
    };
    let moved = error_of(&both, both.options(), commit);
    assert_eq!(moved.kind(), Kind::Upstream);
    assert!(
        moved.message().contains("moved since it was locked"),
        "{moved}"
    );
    for options in [by(&both, SourceChoice::Registry), unreachable(&both)] {
        let told = error_of(&both, options, commit).to_string();
        assert!(
            told.contains(&other) && told.contains(&both.git.commit_of(V)),
            "{told}"
        );
    }
    let sum = checksum(b"another");
    let checksum = Locked {
        commit: None,
        checksum: Some(&sum),
        digest: None,
    };
    let error = error_of(&both, by(&both, SourceChoice::Registry), checksum);
    assert!(error.message().contains("not as locked"), "{error}");
}

/// Makes a checkout of 41.0.0 that has no tags.
fn checkout(both: &Both) -> SourceOptions {
    let url = both.git.url();
    let clone = ["clone", "--quiet", "--no-tags", &url, "checkout"];
    both.git.git_in(both.git.dir.path(), &clone);
    let commit = both.git.commit_of(V);
    let detach = ["checkout", "--quiet", "--detach", &commit];
    both.git.git_in(&both.git.path("checkout"), &detach);
    SourceOptions {
        upstream: Some("checkout".to_owned().into()),
        ..both.options()
    }
}

#[test]
fn a_checkout_without_tags_is_compared_with_the_package() {
    let both = both();
    let options = checkout(&both);
    let commit = both.git.commit_of(V);
    let release = both.run(options.clone(), |u| u.release(&version(V), NOTHING));
    assert_eq!(release.unwrap().commit.as_ref(), Some(&commit));
    assert!(
        both.git.told.lines().is_empty(),
        "{:?}",
        both.git.told.lines()
    );

    let other = both.git.commit_of("40.0.0");
    both.publish(&[(V, package_of(V, &other))]);
    fs::remove_dir_all(both.git.path("cache")).unwrap();
    let error = error_of(&both, options.clone(), NOTHING);
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.message().contains(&commit) && error.message().contains(&other),
        "{error}"
    );
    // The lock's word comes before the package's.
    let locked = Locked {
        commit: Some(&commit),
        checksum: None,
        digest: None,
    };
    both.run(options, |u| u.release(&version(V), locked))
        .unwrap();
}

#[test]
fn a_checkout_that_nothing_can_be_compared_with_is_warned_of() {
    let both = both();
    let options = offline(checkout(&both));
    both.run(options, |u| u.release(&version(V), NOTHING))
        .unwrap();
    let told = both.git.told.lines();
    assert!(
        matches!(&told[..], [only] if only.contains("has no tags") && only.contains("--offline")),
        "{told:?}"
    );
}

#[test]
fn a_search_for_a_release_ends_with_the_run() {
    let both = both();
    let options = SourceOptions {
        upstream: Some(both.git.upstream().display().to_string().into()),
        ..both.options()
    };
    let host = both.git.host();
    let upstream = Upstream::new(&host, options).unwrap();
    let rustc = semver::Version::new(1, 0, 0);
    assert!(upstream.newest_for(&rustc).is_ok());
    host.stop();
    let error = upstream.newest_for(&rustc).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
}

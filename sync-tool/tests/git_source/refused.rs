//! What a host does not have, what is not as locked, hosts that cannot be reached.

use std::net::TcpListener;

use recipe::Kind;

use crate::world::*;

/// Returns an address where nobody listens.
fn closed() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn a_tag_that_is_lacking_is_told_with_the_nearest() {
    let world = GitWorld::new();
    for upstream in ["upstream", &world.url()] {
        world
            .run(upstream, |g| {
                let errors = [
                    g.release(&version("38.0.0")).map(drop),
                    g.commit(&version("38.0.0")).map(drop),
                    g.release_locked(&version("38.0.0"), Some(&world.commit_of(V)))
                        .map(drop),
                ];
                for error in errors.map(Result::unwrap_err) {
                    assert_eq!(error.kind(), Kind::Upstream);
                    assert!(error.message().ends_with("has no tag v38.0.0"), "{error}");
                    assert_eq!(
                        error.hints()[0],
                        "of those that it has, the newest of the line 38 is v38.0.1; nearest are v38.0.1, v40.0.0, v41.0.0"
                    );
                }
                Ok(())
            })
            .unwrap();
    }
    assert!(world.caches().is_empty());
}

#[test]
fn a_release_that_only_a_branch_has_is_not_taken() {
    let world = GitWorld::new();
    for upstream in ["upstream", &world.url()] {
        let error = world.run(upstream, |g| g.release(&version("42.0.0")));
        let error = error.unwrap_err();
        assert!(error.message().ends_with("has no tag v42.0.0"), "{error}");
    }
}

#[test]
fn a_tag_that_moved_is_an_error_that_names_both_commits() {
    let world = GitWorld::new();
    let was = world.commit_of(V);
    // Once with what it was in the cache, once with nothing there.
    world
        .run(&world.url(), |g| g.release(&version("40.0.0")))
        .unwrap();
    let is = world.move_tag(V);
    for upstream in ["upstream", &world.url()] {
        for _ in 0..2 {
            let error = world.run(upstream, |g| g.release_locked(&version(V), Some(&was)));
            let error = error.unwrap_err();
            assert_eq!(error.kind(), Kind::Upstream);
            assert_eq!(
                error.message(),
                format!("tag v{V} moved since it was locked: was {was}, is {is}")
            );
            assert!(!error.hints().is_empty());
        }
        let unlocked = world.run(upstream, |g| g.release(&version(V))).unwrap();
        assert_eq!(unlocked.commit.as_ref(), Some(&is));
        assert!(unlocked.tree.get("src/moved.rs").is_some());
    }
}

#[test]
fn a_tag_that_moved_is_followed_where_nothing_is_locked() {
    let world = GitWorld::new();
    let was = world.commit_of(V);
    world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    let is = world.move_tag(V);
    // As locked it is in the cache, and the host is not asked.
    world
        .run(&world.url(), |g| g.release_locked(&version(V), Some(&was)))
        .unwrap();
    let read = world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    assert_eq!(read.commit, Some(is));
    let error = world.run(&world.url(), |g| g.release_locked(&version(V), Some(&was)));
    assert!(error.unwrap_err().message().contains("moved since"));
}

#[test]
fn what_is_locked_must_be_a_commit() {
    let world = GitWorld::new();
    for bad in ["", "v41.0.0", "0123", &"X".repeat(40), &"A".repeat(40)] {
        let error = world.run("upstream", |g| g.release_locked(&version(V), Some(bad)));
        let error = error.unwrap_err();
        assert!(error.message().contains("is not a commit"), "{error}");
    }
}

#[test]
fn a_host_that_cannot_be_reached_is_told() {
    let world = GitWorld::new();
    for scheme in ["git", "http"] {
        let url = format!("{scheme}://{}/a/b", closed());
        world
            .run(&url, |g| {
                let errors = [
                    g.release(&version(V)).map(drop),
                    g.commit(&version(V)).map(drop),
                    g.list().map(drop),
                ];
                for error in errors.map(Result::unwrap_err) {
                    assert_eq!(error.kind(), Kind::Upstream);
                    assert!(error.message().contains(&url), "{error}");
                    let hints = error.hints().join("\n");
                    assert!(hints.contains("--source registry"), "{hints}");
                }
                Ok(())
            })
            .unwrap();
    }
    assert!(world.caches().is_empty());
}

#[test]
fn what_is_cached_serves_where_the_host_is_gone_and_is_said() {
    let world = GitWorld::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/a/b", listener.local_addr().unwrap());
    drop(listener);
    // The same URL, answered by the repository as long as it is redirected to it.
    write(
        &world.path("redirect"),
        format!("[url \"{}\"]\n\tinsteadOf = {url}\n", world.url()),
    );
    let redirected = world.path("redirect").display().to_string();
    let world = world.var("GIT_CONFIG_SYSTEM", &redirected);
    world.run(&url, |g| g.release(&version(V))).unwrap();
    let world = world.var("GIT_CONFIG_SYSTEM", "/dev/null");
    let release = world.run(&url, |g| g.release(&version(V))).unwrap();
    assert_eq!(release.commit, Some(world.commit_of(V)));
    assert!(
        world
            .told
            .has("cannot be reached: v41.0.0 is taken from the cache")
    );
    let other = world
        .run(&url, |g| g.release(&version("40.0.0")))
        .unwrap_err();
    assert!(other.hints()[0].contains("--source registry"), "{other:?}");
}

#[test]
fn a_repository_that_is_not_there_is_told() {
    let world = GitWorld::new();
    let url = format!("file://{}", world.path("nowhere").display());
    let error = world.run(&url, |g| g.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.hints()[0].contains("`--upstream`"), "{error:?}");
}

#[test]
fn a_repository_without_the_crate_is_told() {
    let world = GitWorld::new();
    world.git(&["rm", "-r", "--force", "--quiet", "crates/wasi"]);
    world.git(&["commit", "--quiet", "--message", "gone"]);
    world.git(&["tag", "v43.0.0"]);
    for upstream in ["upstream", &world.url()] {
        let error = world.run(upstream, |g| g.release(&version("43.0.0")));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream);
        assert!(error.message().contains("has no `crates/wasi`"), "{error}");
        assert!(error.message().contains("tag v43.0.0 of"), "{error}");
    }
}

#[test]
fn a_tag_on_another_version_is_told() {
    let world = GitWorld::new();
    world.git(&["tag", "v43.0.0"]);
    for upstream in ["upstream", &world.url()] {
        let error = world.run(upstream, |g| g.release(&version("43.0.0")));
        let error = error.unwrap_err();
        assert!(error.message().ends_with("42.0.0, not 43.0.0"), "{error}");
    }
}

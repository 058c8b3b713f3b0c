//! The index: lists, revalidation, what is missing, withdrawn or malformed.

use recipe::{Error, Kind};

use crate::server::Reply;
use crate::world::*;

const V: &str = "41.0.0";

#[test]
fn releases_are_listed_in_order_with_what_the_index_says() {
    let world = World::with(&["41.0.0", "38.0.4!", "40.0.0"]);
    let listed = world.run(|r| r.list()).unwrap();
    let told: Vec<(String, bool)> = listed
        .iter()
        .map(|l| (l.version.to_string(), l.yanked))
        .collect();
    assert_eq!(
        told,
        [
            ("38.0.4".into(), true),
            ("40.0.0".into(), false),
            ("41.0.0".into(), false)
        ]
    );
    assert_eq!(listed[0].rust_version.as_deref(), Some("1.90"));
}

#[test]
fn an_index_that_did_not_change_is_not_sent_again() {
    let world = World::with(&[V]);
    let first = world.run(|r| r.list()).unwrap();
    let again = world.run(|r| {
        r.list()?;
        r.list()
    });
    assert_eq!(again.unwrap(), first);
    let tags: Vec<Option<String>> = world
        .server
        .requests_for(INDEX)
        .iter()
        .map(|r| r.header("if-none-match").map(str::to_owned))
        .collect();
    assert_eq!(tags, [None, Some("\"1\"".to_owned())]);

    world
        .server
        .on(INDEX, [Reply::body(index_of(&["40.0.0", V])).etag("\"2\"")]);
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 2);
}

#[test]
fn an_index_without_tag_is_asked_for_by_its_date() {
    let world = World::with(&[V]);
    let date = "Tue, 20 Jan 2026 00:00:00 GMT";
    world.server.on(
        INDEX,
        [
            Reply::body(index_of(&[V])).header("Last-Modified", date),
            Reply::status(304),
        ],
    );
    world.run(|r| r.list()).unwrap();
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
    assert_eq!(
        world.server.requests_for(INDEX)[1].header("if-modified-since"),
        Some(date)
    );
}

#[test]
fn an_index_that_comes_packed_is_unpacked() {
    use std::io::Write as _;
    let world = World::with(&[V]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(index_of(&[V]).as_bytes()).unwrap();
    world.server.on(
        INDEX,
        [Reply::body(gzip.finish().unwrap()).header("Content-Encoding", "gzip")],
    );
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
}

#[test]
fn a_version_that_does_not_exist_has_the_nearest_offered() {
    let world = World::with(&["38.0.4", "40.0.0", "41.0.1!", "41.0.2"]);
    let error = world.run(|r| r.release(&version("41.0.0"))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error
            .message()
            .contains("wasmtime-wasi 41.0.0 does not exist"),
        "{error}"
    );
    let hint = "the newest of the line 41 is v41.0.2; nearest are v41.0.2, v40.0.0, v38.0.4";
    assert_eq!(error.hints(), [hint]);
}

#[test]
fn a_yanked_release_is_read_only_by_who_has_it_locked() {
    let world = World::with(&["41.0.0!", "41.0.1"]);
    let error = world.run(|r| r.release(&version("41.0.0"))).unwrap_err();
    assert!(
        error.message().contains("was yanked") && error.hints()[0].contains("v41.0.1"),
        "{error}"
    );
    assert!(world.server.requests_for(&download("41.0.0")).is_empty());

    let locked = checksum(&package("41.0.0"));
    world
        .run(|r| r.release_checked(&version("41.0.0"), Some(&locked)))
        .unwrap();
    assert!(world.told.lines().iter().any(|l| l.contains("was yanked")));
}

#[test]
fn an_unknown_crate_is_named() {
    let world = World::with(&[V]);
    world.server.on(INDEX, [Reply::status(404)]);
    let error = world.run(|r| r.list()).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.message().contains("no crate `wasmtime-wasi`")
            && error.message().contains(&world.server.url(INDEX)),
        "{error}"
    );
    assert!(error.hints()[0].contains("manifest.toml"));
    assert_eq!(world.server.requests().len(), 1);
}

#[test]
fn every_malformed_line_is_told() {
    let world = World::with(&[V]);
    let text = format!(
        "{}<html>\n{{\"name\":\"wasmtime-wasi\",\"vers\":\"x\",\"cksum\":\"\"}}\n",
        index_of(&[V])
    );
    world.server.on(INDEX, [Reply::body(text)]);
    let error = world.run(|r| r.list()).unwrap_err();
    let lines: Vec<&str> = error.all_faults().iter().map(|f| &f.message[..6]).collect();
    assert_eq!(lines, ["line 2", "line 3"]);
    assert_eq!(
        error.all_faults()[0].place.as_ref().unwrap().file,
        world.server.url(INDEX)
    );
}

#[test]
fn a_wrong_config_json_is_told() {
    let wrong = ["<html>", "{}", r#"{"dl":"ftp://host/"}"#, r#"{"dl":7}"#];
    for text in wrong {
        let world = World::with(&[V]);
        world.server.on(CONFIG, [Reply::body(text)]);
        let error: Error = world.run(|r| r.release(&version(V))).unwrap_err();
        assert_eq!(error.kind(), Kind::Upstream);
        assert!(error.message().contains("config.json"), "{text}: {error}");
    }
    let world = World::with(&[V]);
    world.server.on(CONFIG, [Reply::status(404)]);
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert!(
        error.message().contains(&world.server.url(CONFIG)),
        "{error}"
    );
}

#[test]
fn an_index_that_does_not_end_is_given_up() {
    let world = World::with(&[V]);
    world
        .server
        .on(INDEX, [Reply::body(vec![b'\n'; (16 << 20) + 1])]);
    let error = world.run(|r| r.list()).unwrap_err();
    assert!(error.message().contains("longer than 16 MiB"), "{error}");
    assert_eq!(world.server.requests_for(INDEX).len(), 1);
}

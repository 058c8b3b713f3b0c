//! The way to the registry: nobody there, proxies, tokens, TLS.

use recipe::{Error, Kind};

use crate::server::{AUTHORITY, Reply, Server, url_of_nobody};
use crate::world::*;

const V: &str = "41.0.0";

#[test]
fn nobody_there_is_told_with_what_to_check() {
    let world = World::with(&[V]);
    let nobody = url_of_nobody();
    world.configure(&format!("sparse+{nobody}"));
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.message().contains(&nobody), "{error}");
    assert!(
        error.hints()[0].contains("network") && error.hints()[0].contains("--offline"),
        "{:?}",
        error.hints()
    );
}

#[test]
fn a_server_that_says_nothing_is_given_up_after_the_time_that_cargo_is_set_to() {
    let world = World::with(&[V])
        .var("CARGO_HTTP_TIMEOUT", "1")
        .var("CARGO_NET_RETRY", "0");
    world.server.on(INDEX, [Reply::stall()]);
    let error = world.run(|r| r.list()).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.message().contains("nothing came for too long"),
        "{error}"
    );
}

#[test]
fn a_server_that_sends_byte_by_byte_is_given_up() {
    let world = World::with(&[V]).var("CARGO_HTTP_TIMEOUT", "1");
    world
        .server
        .on(&download(V), [Reply::body(vec![0; 100_000]).drip()]);
    let error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    let said = "fewer than 1000 bytes come in a second";
    assert!(error.message().contains(said), "{error}");
    assert!(error.hints()[0].contains("low-speed-limit"), "{error:?}");
    assert_eq!(world.server.requests_for(&download(V)).len(), 1);
    world
        .server
        .on(INDEX, [Reply::body(vec![b'{'; 100_000]).drip()]);
    let error = world.run(|r| r.list()).unwrap_err();
    assert!(error.message().contains(said), "{error}");
    // Who has a slow line says so to cargo.
    let world = world.var("CARGO_HTTP_LOW_SPEED_LIMIT", "0");
    world
        .server
        .on(INDEX, [Reply::body("{}\n".repeat(40)).drip()]);
    let error = world.run(|r| r.list()).unwrap_err();
    assert!(!error.message().contains("in a second"), "{error}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_at_once() {
    let world = World::at(Server::start_secure(), &[V]);
    let error = world.run(|r| r.list()).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.message().contains("the secure connection is refused"),
        "{error}"
    );
    assert!(
        error.hints()[0].contains("http.cainfo"),
        "{:?}",
        error.hints()
    );
    assert_eq!(
        (world.server.connections(), world.server.requests().len()),
        (1, 0)
    );
}

#[test]
fn a_certificate_that_cargo_is_told_to_trust_is_trusted() {
    let world = World::at(Server::start_secure(), &[V]);
    write(&world.path("authority.pem"), AUTHORITY);
    // In a file of cargo's home the path starts beside that home.
    let config = std::fs::read_to_string(world.path("cargo-home/config.toml")).unwrap();
    world.config(&(config + "[http]\ncainfo = \"authority.pem\"\n"));
    world.run(|r| r.release(&version(V))).unwrap();

    let world = World::at(Server::start_secure(), &[V]).var("CARGO_HTTP_CAINFO", "authority.pem");
    write(&world.path("authority.pem"), AUTHORITY);
    world.run(|r| r.release(&version(V))).unwrap();

    write(&world.path("authority.pem"), "no certificate");
    let error = world.run(|r| r.list()).unwrap_err();
    assert!(error.to_string().contains("authority.pem"), "{error}");
}

#[test]
fn the_environments_proxy_is_used_but_not_where_it_is_excepted() {
    let proxy = Server::start();
    let target = "http://registry.invalid/index/wa/sm/wasmtime-wasi";
    proxy.on(target, [Reply::body(index_of(&[V]))]);
    let world = World::with(&[]).var("http_proxy", &proxy.url(""));
    world.configure("sparse+http://registry.invalid/index/");
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
    assert_eq!(proxy.requests_for(target).len(), 1);

    let world = World::with(&[V])
        .var("http_proxy", &proxy.url(""))
        .var("no_proxy", "127.0.0.1");
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
    assert_eq!((world.server.connections(), proxy.connections()), (1, 1));
}

#[test]
fn cargos_proxy_goes_before_the_environments() {
    let proxy = Server::start();
    proxy.on(
        "http://registry.invalid/index/wa/sm/wasmtime-wasi",
        [Reply::body(index_of(&[V]))],
    );
    let world = World::with(&[]).var("http_proxy", &url_of_nobody());
    let ours = "[source.crates-io]\nreplace-with = \"ours\"\n[source.ours]\nregistry = \"sparse+http://registry.invalid/index/\"\n";
    world.config(&format!(
        "{ours}[http]\nproxy = \"{}\"\n",
        proxy.url("").trim_start_matches("http://")
    ));
    assert_eq!(world.run(|r| r.list()).unwrap().len(), 1);
    // In the project's own configuration it wins over that in cargo's home.
    write(
        &world.path("project/.cargo/config.toml"),
        format!("[http]\nproxy = \"{}\"\n", url_of_nobody()),
    );
    world.config(&format!(
        "{ours}[net]\nretry = 0\n[http]\nproxy = \"{}\"\n",
        proxy.url("")
    ));
    world.run(|r| r.list()).unwrap_err();
}

/// Makes a registry that lets in only who says a token.
fn closed() -> World {
    let world = World::with(&[V]);
    let site = format!(
        r#"{{"dl":"{}","auth-required":true}}"#,
        world.server.url("/dl")
    );
    world
        .server
        .on(CONFIG, [Reply::body(site).only_for("secret")]);
    world
        .server
        .on(INDEX, [Reply::body(index_of(&[V])).only_for("secret")]);
    world
        .server
        .on(&download(V), [Reply::body(package(V)).only_for("secret")]);
    world.config(&format!(
        "[source.crates-io]\nreplace-with = \"our-own\"\n[registries.our-own]\nindex = \"sparse+{}\"\n",
        world.server.url("/index/")
    ));
    world
}

#[test]
fn a_closed_registry_names_the_way_in() {
    let world = closed();
    let error: Error = world.run(|r| r.release(&version(V))).unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(
        error.hints()[0].contains("cargo login --registry our-own"),
        "{:?}",
        error.hints()
    );
    assert!(
        error.hints()[0].contains("CARGO_REGISTRIES_OUR_OWN_TOKEN"),
        "{:?}",
        error.hints()
    );
}

#[test]
fn a_token_opens_a_closed_registry() {
    let by_variable = closed().var("CARGO_REGISTRIES_OUR_OWN_TOKEN", "secret");
    by_variable.run(|r| r.release(&version(V))).unwrap();
    let by_file = closed();
    write(
        &by_file.path("cargo-home/credentials.toml"),
        "[registries.our-own]\ntoken = \"secret\"\n",
    );
    by_file.run(|r| r.release(&version(V))).unwrap();
    let wrong = closed().var("CARGO_REGISTRIES_OUR_OWN_TOKEN", "wrong");
    let error = wrong.run(|r| r.release(&version(V))).unwrap_err();
    assert!(
        !format!("{error:?}").contains("wrong"),
        "a token is never shown"
    );
}

#[test]
fn an_open_registry_is_not_told_the_token() {
    let world = closed().var("CARGO_REGISTRIES_OUR_OWN_TOKEN", "secret");
    world.server.on(
        CONFIG,
        [Reply::body(format!(
            r#"{{"dl":"{}"}}"#,
            world.server.url("/dl")
        ))],
    );
    world.server.on(INDEX, [Reply::body(index_of(&[V]))]);
    world.server.on(&download(V), [Reply::body(package(V))]);
    world.run(|r| r.release(&version(V))).unwrap();
    assert!(
        world
            .server
            .requests()
            .iter()
            .all(|r| r.header("authorization").is_none())
    );
}

#[test]
fn the_url_of_packages_may_be_a_template() {
    let world = World::with(&[V]);
    let dl = world
        .server
        .url("/p/{prefix}/{crate}/{crate}-{version}.crate?sum={sha256-checksum}");
    world
        .server
        .on(CONFIG, [Reply::body(format!(r#"{{"dl":"{dl}"}}"#))]);
    let target = format!(
        "/p/wa/sm/{CRATE}/{CRATE}-{V}.crate?sum={}",
        checksum(&package(V))
    );
    world.server.on(&target, [Reply::body(package(V))]);
    world.run(|r| r.release(&version(V))).unwrap();
}

#[test]
fn a_redirect_is_followed() {
    let world = World::with(&[V]);
    let to = world.server.url("/elsewhere");
    world
        .server
        .on(&download(V), [Reply::status(302).header("Location", &to)]);
    world.server.on("/elsewhere", [Reply::body(package(V))]);
    world.run(|r| r.release(&version(V))).unwrap();
}

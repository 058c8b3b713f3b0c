//! What upstream gives is not what it should be.

use std::fs;
use std::path::PathBuf;

use crate::git_world::CRATE;
use crate::registry_world::{INDEX, checksum, download};
use crate::server::Reply;
use crate::world::{NEXT, OLD, Ran, World};

/// Runs an upgrade, which fails and changes nothing.
#[track_caller]
fn fails(world: &World, to: &str, more: &[&str], code: i32) -> Ran {
    world.fails(
        &[&["upgrade", "--no-verify", "--to", to], more].concat(),
        code,
    )
}

const REGISTRY: [&str; 2] = ["--source", "registry"];

/// Has the registry list a package, perhaps as yanked.
fn list(world: &World, version: &str, checksum: &str, yanked: bool) {
    let line = format!(
        r#"{{"name":"{CRATE}","vers":"{version}","deps":[],"cksum":"{checksum}","features":{{}},"yanked":{yanked}}}"#
    );
    let server = &world.both.registry.server;
    server.on(INDEX, [Reply::body(line + "\n")]);
}

fn serve(world: &World, version: &str, replies: impl IntoIterator<Item = Reply>) {
    world.both.registry.server.on(&download(version), replies);
}

#[test]
fn a_version_that_is_none() {
    let world = World::new();
    for to in ["banana", "41.0.0.0", "v", "-1", "041", ""] {
        let args = ["upgrade", "--no-verify", &format!("--to={to}")];
        let ran = world.run(&args).ends(2);
        if !to.is_empty() {
            ran.says(&["v41.0.0, 41.0.0, 41 or latest"]);
        }
    }
}

#[test]
fn a_version_that_does_not_exist() {
    let world = World::new();
    world
        .both
        .publish(&[(NEXT, world.both.packaged_by_cargo(NEXT))]);
    fails(&world, "99", &[], 13).says(&["no release of the line 99", "help:", "43, 41, 40, 38"]);
    fails(&world, "99.0.0", &[], 13).says(&["v99.0.0", "help:", "v43.0.0"]);
    // Of git, upstream's first release of a line may lack its tag.
    fails(&world, "v38.0.0", &[], 13).says(&["v38.0.0", "help:", "v38.0.1"]);
    let ran = fails(&world, "99.0.0", &REGISTRY, 13);
    ran.says(&["does not exist in the registry", "nearest are v40.0.0"]);
}

#[test]
fn a_version_that_is_yanked() {
    let world = World::new();
    let package = world.both.packaged_by_cargo(NEXT);
    list(&world, NEXT, &checksum(&package), true);
    serve(&world, NEXT, [Reply::body(package.clone())]);
    fails(&world, NEXT, &REGISTRY, 13).says(&["40.0.0 was yanked from the registry"]);
    for to in ["40", "latest"] {
        fails(&world, to, &REGISTRY, 13).says(&["upstream has yanked every release", "help:"]);
    }
    // Who has it locked gets it, and is told.
    list(&world, NEXT, &checksum(&package), false);
    let upgrade = [&["upgrade", "--no-verify", "--to", NEXT], &REGISTRY[..]].concat();
    world.run(&upgrade).ends(0);
    list(&world, NEXT, &checksum(&package), true);
    let made = world.state();
    for gone in [world.path("cache"), world.project().join("vendor/fork")] {
        fs::remove_dir_all(gone).unwrap();
    }
    let ran = world.run(&[&["vendor"], &REGISTRY[..]].concat()).ends(0);
    ran.says(&["40.0.0 was yanked; it is read because the lock has it"]);
    assert_eq!(world.state(), made);
}

#[test]
fn a_tag_that_moved() {
    let world = World::new();
    world.release("42.0.0");
    let [old, new] = [world.both.git.commit_of(OLD), world.both.git.move_tag(OLD)];
    let before = world.state();
    // Nothing is read again, so nothing is noticed: the cache is as locked.
    world.run(&["check"]).ends(0);
    let moved = [old.as_str(), &new, "v38.0.1", "help:"];
    for args in [
        &["check", "--deep"][..],
        &["check", "--deep", "--source", "git"],
    ] {
        world.run(args).ends(13).says(&moved);
    }
    fs::remove_dir_all(world.path("cache")).unwrap();
    fs::remove_dir_all(world.project().join("vendor/fork")).unwrap();
    world.run(&["vendor"]).ends(13).says(&moved);
    world
        .run(&["upgrade", "--no-verify", "--to", OLD])
        .ends(13)
        .says(&moved);
    let now: Vec<_> = world.state().into_keys().collect();
    assert!(now.iter().all(|name| before.contains_key(name)));
    assert_eq!(world.left(), [""; 0]);
}

#[test]
fn a_package_that_is_not_as_promised() {
    let world = World::new();
    let package = world.both.packaged_by_cargo(NEXT);
    list(&world, NEXT, &checksum(b"another"), false);
    serve(&world, NEXT, [Reply::body(package.clone())]);
    let ran = fails(&world, NEXT, &REGISTRY, 13);
    ran.says(&["is damaged or was replaced", &checksum(&package), "help:"]);
    // The lock has one, the registry another.
    list(&world, NEXT, &checksum(&package), false);
    let upgrade = [&["upgrade", "--no-verify", "--to", NEXT], &REGISTRY[..]].concat();
    world.run(&upgrade).ends(0);
    let other = crate::both::package_of(NEXT, &world.both.git.commit_of(NEXT));
    list(&world, NEXT, &checksum(&other), false);
    serve(&world, NEXT, [Reply::body(other)]);
    fs::remove_dir_all(world.path("cache")).unwrap();
    for command in [&["check", "--deep"][..], &["vendor"]] {
        let ran = world.run(&[command, &REGISTRY].concat()).ends(13);
        ran.says(&["40.0.0 is not as locked", &checksum(&package), "help:"]);
    }
    world.run(&["check"]).ends(0);
}

#[test]
fn a_download_that_breaks_off() {
    let world = World::new();
    let package = world.both.packaged_by_cargo(NEXT);
    list(&world, NEXT, &checksum(&package), false);
    let whole = Reply::body(package);
    let upgrade = [&["upgrade", "--no-verify", "--to", NEXT], &REGISTRY[..]].concat();
    let before = world.copy();
    let mut made = Vec::new();
    for replies in [
        vec![whole.clone().cut(200), whole.clone()],
        vec![whole.clone().cut(0), whole.clone().cut(1), whole.clone()],
        vec![whole.clone().cut(300), whole.clone()],
    ] {
        world.restore(before.path());
        let times = replies.len();
        let earlier = world
            .both
            .registry
            .server
            .requests_for(&download(NEXT))
            .len();
        serve(&world, NEXT, replies);
        world.run(&upgrade).ends(0);
        world.run(&["check"]).ends(0);
        let asked = world
            .both
            .registry
            .server
            .requests_for(&download(NEXT))
            .len();
        assert_eq!(asked - earlier, times);
        made.push(world.state());
    }
    assert!(made.iter().all(|state| *state == made[0]));
}

/// What becomes of a file of a cache.
type Damage = fn(Vec<u8>) -> Vec<u8>;

const DAMAGES: [(&str, Damage); 4] = [
    ("emptied", |_| Vec::new()),
    ("cut", |bytes| bytes[..bytes.len() / 2].to_vec()),
    ("overwritten", |bytes| vec![b'x'; bytes.len()]),
    ("changed", |mut bytes| {
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 1;
        }
        bytes
    }),
];

fn damage(world: &World, damage: Damage) -> usize {
    let files = walkdir::WalkDir::new(world.path("cache")).into_iter();
    let files: Vec<PathBuf> = files
        .map(|e| e.unwrap())
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    for file in &files {
        let bytes = damage(fs::read(file).unwrap());
        // Git's own files may not be written, but replaced.
        fs::remove_file(file).unwrap();
        fs::write(file, bytes).unwrap();
    }
    files.len()
}

#[test]
fn a_cache_that_is_damaged_is_made_anew() {
    let world = World::new();
    let package = world.both.packaged_by_cargo(NEXT);
    world.both.publish(&[(NEXT, package)]);
    for source in ["git", "registry"] {
        let upgrade = ["upgrade", "--no-verify", "--to", NEXT, "--source", source];
        let before = world.copy();
        world.run(&upgrade).ends(0);
        let made = world.state();
        for (name, act) in DAMAGES {
            assert!(damage(&world, act) > 3);
            fs::remove_dir_all(world.project().join("vendor/fork")).unwrap();
            let ran = world.run(&["vendor", "--source", source]);
            assert_eq!(ran.code, Some(0), "{source} {name}: {ran:#?}");
            assert_eq!(world.state(), made, "{source} {name}");
        }
        world.restore(before.path());
    }
}

#[test]
fn a_damaged_cache_without_network_is_told() {
    let world = World::new();
    damage(&world, DAMAGES[2].1);
    let ran = world.run(&["check", "--deep", "--offline"]).ends(13);
    ran.says(&["help: run the same command once with the network"]);
    world.run(&["check", "--deep"]).ends(0);
}

//! Two runs at once.

use rustix::process::Signal;

use crate::signals::{Stuck, stuck};
use crate::world::{NEW, NEXT, World};

#[test]
fn the_second_says_who_holds_the_project() {
    let mut world = World::new();
    let script = format!(
        "{}\ncase $1 in update) exec {} \"$@\";; *) stuck;; esac",
        stuck(&world),
        env!("CARGO")
    );
    let slow = world.script("slow", &script);
    let before = world.state();
    world.var("CARGO", slow);
    let first = Stuck::start(&world, &["upgrade", "--to", NEW]);
    world.unset("CARGO");
    let staged = world.left();
    let who = format!("process {}:", first.pid());
    let second: [&[&str]; 8] = [
        &["upgrade", "--no-verify", "--to", NEXT],
        &["vendor"],
        &["refresh"],
        &["versions", "--write"],
        &["check"],
        &["status"],
        &["diff"],
        &["show", "src/lib.rs"],
    ];
    for args in second {
        let ran = world.run(args).ends(1);
        let command = format!("upgrade --to {NEW}");
        let at_work = "another run is at work on this project";
        ran.says(&[at_work, &who, &command, "help: wait"]);
        assert_eq!(world.state(), before);
        assert_eq!(world.left(), staged);
    }
    // Killed, it holds nothing any more.
    first.end(&world, Signal::INT).ends(130);
    world.run(&["upgrade", "--no-verify", "--to", NEXT]).ends(0);
    world.run(&["check"]).ends(0);
}

#[test]
fn those_who_only_read_do_not_hinder_each_other() {
    let world = World::new();
    let lock = world.project().join(crate::world::WORK).join("lock");
    let held = std::fs::File::open(&lock).unwrap();
    held.lock_shared().unwrap();
    for args in [&["check"][..], &["status"], &["diff"], &["versions"]] {
        world.run(args).ends(0);
    }
    let refused = world.run(&["vendor"]).ends(1);
    refused.says(&["another run reads this project", "help: wait"]);
}

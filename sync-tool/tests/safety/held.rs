//! Two runs at once.

use rustix::process::Signal;

use crate::signals::{Stuck, stuck};
use crate::world::{NEW, NEXT, OLD, World};

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
    let command = format!("upgrade --to {NEW}");
    let at_work = [
        "another run is at work on this project",
        who.as_str(),
        &command,
    ];
    let second: [&[&str]; 6] = [
        &["upgrade", "--no-verify", "--to", NEXT],
        &["upgrade", "--no-verify", "--to", NEXT, "--dry-run"],
        &["vendor"],
        &["refresh"],
        &["versions", "--write"],
        &["check"],
    ];
    for args in second {
        let ran = world.run(args).ends(1);
        ran.says(&at_work).says(&["help: wait"]);
        assert_eq!(world.state(), before);
        assert_eq!(world.left(), staged);
    }
    // These wait for nobody.
    let readers: [(&[&str], &str); 4] = [
        (&["status", "--offline"], OLD),
        (&["diff"], "pub mod loopback;"),
        (&["show", "src/lib.rs"], OLD),
        (&["versions"], OLD),
    ];
    for (args, read) in readers {
        let ran = world.run(args).ends(0);
        assert!(ran.out.contains(read), "{ran:#?}");
        ran.says(&at_work).says(&["what stands now is read"]);
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

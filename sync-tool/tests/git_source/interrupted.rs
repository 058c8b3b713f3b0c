//! Ctrl-C at any point of a fetch leaves no half cache, and no program that still runs.

use std::path::Path;
use std::time::Duration;

use recipe::Kind;
use upstream::git::Git;

use crate::world::*;

/// Has the server stop for good at its n-th time, saying so in a file.
fn stuck_at(world: &GitWorld, time: usize) {
    let dir = world.path("stuck").display().to_string();
    world.serve_by(&format!(
        "mkdir -p {dir}; echo asked >> {dir}/asked\n\
         if [ $(wc -l < {dir}/asked) -eq {time} ]; then\n\
           echo $$ > {dir}/pid.new; mv {dir}/pid.new {dir}/pid\n\
           exec sleep 100000\n\
         fi\n\
         git upload-pack \"$@\""
    ));
}

/// Reads a release, and stops the run as soon as the server is stuck.
fn interrupted(world: &GitWorld) -> recipe::Error {
    let host = world.host();
    let pid = world.path("stuck/pid");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !pid.exists() {
                std::thread::sleep(Duration::from_millis(5));
            }
            host.stop();
        });
        let git = Git::new(&host, &world.options(&world.url())).unwrap();
        git.release(&version(V)).unwrap_err()
    })
}

/// Waits until the server has ended; one that nobody ended sleeps for a day.
fn wait_for_the_end_of(pid: &Path) {
    let pid = std::fs::read_to_string(pid).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|s| !s.contains(") Z "));
    while Path::new("/proc/self/stat").exists() && runs() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nothing_is_left_where_nothing_was() {
    for time in [1, 2] {
        let world = GitWorld::new();
        stuck_at(&world, time);
        let error = interrupted(&world);
        assert_eq!(error.kind(), Kind::Interrupted);
        assert!(world.caches().is_empty(), "{:?}", world.caches());
        wait_for_the_end_of(&world.path("stuck/pid"));
        world.run(&world.url(), |g| g.release(&version(V))).unwrap();
    }
}

#[test]
fn what_was_there_before_stays() {
    for time in [1, 2] {
        let world = GitWorld::new();
        world
            .run(&world.url(), |g| g.release(&version("40.0.0")))
            .unwrap();
        stuck_at(&world, time);
        assert_eq!(interrupted(&world).kind(), Kind::Interrupted);
        wait_for_the_end_of(&world.path("stuck/pid"));
        world.cache();
        world
            .run_offline(&world.url(), |g| g.release(&version("40.0.0")))
            .unwrap();
        let half = world.run_offline(&world.url(), |g| g.release(&version(V)));
        assert_eq!(half.unwrap_err().kind(), Kind::Upstream);
        world.run(&world.url(), |g| g.release(&version(V))).unwrap();
        assert!(world.told.lines().is_empty(), "{:?}", world.told.lines());
    }
}

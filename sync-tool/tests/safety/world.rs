//! The world itself: what the other tests take for granted.

use crate::world::{CONFLICTING, NEW, NEXT, World};

#[test]
fn each_release_comes_out_as_the_other_tests_take_it() {
    let world = World::new();
    world.run(&["check"]).ends(0);
    for release in [NEXT, NEW] {
        world
            .run(&["upgrade", "--no-verify", "--to", release])
            .ends(0);
        world.run(&["check"]).ends(0);
        assert_eq!(world.left(), [""; 0]);
    }
    assert!(
        world
            .project()
            .join("patches/v41.0.0/src/sockets/mod.rs.patch")
            .exists()
    );
    let before = world.state();
    world
        .run(&["upgrade", "--no-verify", "--to", CONFLICTING])
        .ends(11);
    assert_eq!(world.state(), before);
}

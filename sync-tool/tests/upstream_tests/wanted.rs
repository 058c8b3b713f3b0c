//! Which tests are run.

use super::*;

#[test]
fn all_pass_with_both_feature_sets() {
    let world = World::with("");
    let ran = world.run(&["test"]).ended(0);
    shown!(ran.out, @"");
    shown!(ran.err, @"");
    // Nothing of it is recorded, and nothing built a second time.
    assert!(
        world
            .read("manifest.lock")
            .contains("upstream-tests = \"skipped")
    );
    let again = world.run(&["test", "--filter", "p3_"]).ended(0);
    shown!(again.out, @"");
}

#[test]
fn what_is_not_there_is_no_success() {
    let world = World::with("");
    let filter = ["test", "--filter", "p4_"];
    world
        .run(&filter)
        .ended(2)
        .says(&["no test has `p4_` in its name", "leave out `--filter`"]);
    let features = ["test", "--features", "p1,p4,p5"];
    world
        .run(&features)
        .ended(2)
        .says(&["no feature `p4`, `p5`", "it has default, p0, p1, p2, p3"]);
    world.expect("    { name = \"p2_gone\", reason = \"gone\" },\n");
    let ran = world.run(&["test"]).ended(12);
    ran.says(&[
        "stale manifest.toml:",
        "`p2_gone` is expected to fail, and no test has that name; correct it, or remove the row",
    ]);
    // A part of the tests says nothing of the others.
    world.run(&["test", "--filter", "p2_"]).ended(0);
    world.run(&["test", "--features", "p1,p2"]).ended(0);
}

#[test]
fn an_edited_tree_is_tested_and_called_so() {
    let world = World::with("");
    let lib = world.read("vendor/wash-wasi/src/lib.rs");
    world.write(
        "vendor/wash-wasi/src/lib.rs",
        lib.replace("!env!", "true || env!"),
    );
    let ran = world.run(&["test", "--filter", "p1_", "--features", ""]);
    let ran = ran
        .ended(0)
        .says(&["vendor/wash-wasi is not as locked (1 file)"]);
    drop(ran);
    std::fs::remove_dir_all(world.path("vendor/wash-wasi")).unwrap();
    world
        .run(&["test"])
        .ended(10)
        .says(&["there is no vendored tree", "wash-wasi-sync vendor"]);
}

use recipe::patch::Patch;
use recipe::testing::{path, tree};
use recipe::tree::File;

use super::super::stubs::{file_of, patches};
use super::*;

const SYNC: &str = "use programs::*;
foreach_p1!(assert_test_exists);
foreach_p2!(assert_test_exists);

#[test]
fn p1_files() {}
#[expect(
    dead_code,
    reason = \"tested in the wasi-cli crate, satisfying foreach_api! macro\"
)]
fn p2_stdout() {}
";

fn sample() -> Tree {
    tree(&[
        ("src/lib.rs", "foreach_p2!(assert_test_exists);\n"),
        (
            "tests/all/p1.rs",
            "use super::{p1_files, other as p1_clocks};\nforeach_p1!(assert_test_exists);\n",
        ),
        (
            "tests/all/p2/api.rs",
            "foreach_p2_api!(assert_test_exists);\n",
        ),
        ("tests/all/p2/sync.rs", SYNC),
        ("tests/all/broken.rs", "foreach_p2!(\n"),
    ])
}

#[test]
fn stubs_are_a_patch_that_applies() {
    let tree = sample();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let missing = [
        (path("tests/all/p2/api.rs"), names(&["p2_api_proxy"])),
        (
            path("tests/all/p2/sync.rs"),
            names(&["p2_new", "p1_clocks"]),
        ),
    ];
    let offered = patches(&missing.into(), &tree);
    assert_eq!(offered.len(), 2);
    insta::assert_snapshot!(offered[1].patch, @r#"
    Change: Stubs stand for tests of guests that are run elsewhere.
    Reason: A macro of upstream's asks for a function of each guest's name.

    --- a/tests/all/p2/sync.rs
    +++ b/tests/all/p2/sync.rs
    @@ -9,3 +9,15 @@
         reason = "tested in the wasi-cli crate, satisfying foreach_api! macro"
     )]
     fn p2_stdout() {}
    +
    +#[expect(
    +    dead_code,
    +    reason = "tested in the wasi-cli crate, satisfying foreach_api! macro"
    +)]
    +fn p1_clocks() {}
    +
    +#[expect(
    +    dead_code,
    +    reason = "tested in the wasi-cli crate, satisfying foreach_api! macro"
    +)]
    +fn p2_new() {}
    "#);
    assert!(offered[0].patch.contains("wasi-http crate"), "a proxy's");
    for StubPatch { file, patch, .. } in &offered {
        // As a series reads it.
        let parsed = Patch::parse(patch.as_bytes()).unwrap();
        assert_eq!(parsed.path, file.as_str());
        let text = tree.get(file.as_str()).and_then(File::text).unwrap();
        let applied = parsed.apply(text).unwrap();
        assert!(applied.text.starts_with(text));
    }
}

#[test]
fn a_patch_is_taken_into_a_series() {
    let offered = StubPatch {
        file: path("tests/all/p1.rs"),
        names: vec!["p1_a".to_owned()],
        patch: String::new(),
    };
    let how = offered.how("patches/v41.0.0");
    assert!(
        how.starts_with("save it as `patches/v41.0.0/tests/all/p1.rs.patch`"),
        "{how}"
    );
    assert!(
        how.contains("refresh --as-patch tests/all/p1.rs --change"),
        "{how}"
    );
}

#[test]
fn a_compilers_path_is_found_from_any_directory() {
    let tree = sample();
    for named in ["tests/all/p2/sync.rs", "crates/wasi/tests/all/p2/sync.rs"] {
        assert_eq!(file_of(&tree, named), Some(path("tests/all/p2/sync.rs")));
    }
    assert_eq!(file_of(&tree, "src/lib.rs"), None);
    assert_eq!(file_of(&tree, "all/p2/sync.rs"), None);
}

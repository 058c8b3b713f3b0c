use recipe::testing::{path, tree};

use super::*;

/// A build script as upstream has it from 42 on: an arm of several beginnings first.
const SCRIPT: &str = r#"
let kind = match test.name.as_str() {
    s if s.starts_with("p1_cli_")
        || s.starts_with("p2_cli_") =>
    {
        "cli"
    }
    s if s.starts_with("p1_") => "p1",
    s if s.starts_with("p2_api_") => "p2_api",
    s if s.starts_with("p2_") => "p2",
    other => panic!(),
};
let adapter = match name { s if s.starts_with("p3_") => &reactor, _ => &command };
"#;

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

fn names(missing: &[Missing]) -> Vec<(&str, &str, &str)> {
    let each = missing.iter();
    each.map(|m| (m.file.as_str(), m.name.as_str(), m.asked_by.as_str()))
        .collect()
}

const PROGRAMS: [&str; 7] = [
    "p1_files",
    "p1_clocks",
    "p1_cli_much",
    "p2_stdout",
    "p2_new",
    "p2_api_proxy",
    "reactor",
];

#[test]
fn kinds_are_read_as_upstream_sorts_them() {
    let kinds = Kinds::read(SCRIPT).unwrap();
    let of: Vec<_> = PROGRAMS.iter().map(|name| kinds.of(name)).collect();
    let expected = [
        Some("p1"),
        Some("p1"),
        Some("cli"),
        Some("p2"),
        Some("p2"),
        Some("p2_api"),
        None,
    ];
    assert_eq!(of, expected);
    assert_eq!(Kinds::read("fn main() {}"), None);
}

#[test]
fn what_is_missing_is_named_with_its_file_and_macro() {
    let missing = missing(&PROGRAMS, &Kinds::read(SCRIPT).unwrap(), &sample());
    assert_eq!(
        names(&missing),
        [
            ("tests/all/p2/api.rs", "p2_api_proxy", "foreach_p2_api!"),
            ("tests/all/p2/sync.rs", "p1_clocks", "foreach_p1!"),
            ("tests/all/p2/sync.rs", "p2_new", "foreach_p2!"),
        ]
    );
}

#[test]
fn stubs_are_a_patch_that_applies_and_leaves_nothing_missing() {
    let (kinds, tree) = (Kinds::read(SCRIPT).unwrap(), sample());
    let offered = patches(&missing(&PROGRAMS, &kinds, &tree), &tree);
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
    let mut patched = tree.clone();
    for Offered { file, patch, .. } in offered {
        // As a series reads it.
        let parsed = Patch::parse(patch.as_bytes()).unwrap();
        assert_eq!(parsed.path, file.as_str());
        let text = tree.get(file.as_str()).and_then(File::text).unwrap();
        let applied = parsed.apply(text).unwrap();
        patched.insert(file, File::regular(applied.text.as_bytes()));
    }
    assert_eq!(missing(&PROGRAMS, &kinds, &patched), []);
}

#[test]
fn a_patch_is_taken_into_a_series() {
    let offered = Offered {
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

//! Where changes of moved items go.

use super::{RUST, clean, conflict, merged};
use crate::merge::{Candidate, Followed, Sides, follow};
use crate::tree::TreePath;

/// A function with enough in it to be known again.
fn function(name: &str, value: u8) -> String {
    format!(
        "fn {name}(x: u8) -> u8 {{\n    let a = first(x);\n    let b = a + {value};\n    last(b)\n}}\n"
    )
}

fn followed(sides: Sides<'_>, candidates: &[(&str, Option<&str>, &str)]) -> Option<Followed> {
    let paths: Vec<TreePath> = candidates
        .iter()
        .map(|(path, ..)| TreePath::new(path).unwrap())
        .collect();
    let candidates: Vec<Candidate<'_>> = candidates
        .iter()
        .zip(&paths)
        .map(|(&(_, base, theirs), path)| Candidate { path, base, theirs })
        .collect();
    follow(sides, &candidates, &RUST).unwrap()
}

#[test]
fn items_are_followed_into_other_files_where_they_are_unique() {
    let base = format!("{}\n{}", function("one", 1), function("two", 2));
    let ours = base.replace("a + 2", "a + 7");
    let theirs = function("one", 1);
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    let there = "const A: u8 = 1;\n";
    let new = format!(
        "{there}\nmod m {{\n{}}}\n",
        function("two", 2)
            .replace("\n", "\n    ")
            .replace("fn two", "    fn two")
            .trim_end_matches(' ')
    );
    let found = followed(
        sides,
        &[
            ("a.rs", None, "fn other() {}\n"),
            ("b.rs", Some(there), &new),
        ],
    )
    .unwrap();
    assert_eq!(found.ours, base);
    assert_eq!(
        found.notes,
        ["The change of `fn two` follows it to `b.rs, mod m, fn two`."]
    );
    let (path, file) = found.files.iter().next().unwrap();
    assert_eq!((path.as_str(), found.files.len()), ("b.rs", 1));
    assert_eq!(file.merge.text(), Some(new.replace("a + 2", "a + 7")));
    assert_eq!(file.hunks[0].item.as_deref(), Some("mod m, fn two"));
    assert!(
        followed(
            sides,
            &[
                ("a.rs", None, &function("two", 2)),
                ("b.rs", Some(there), &new)
            ]
        )
        .is_none()
    );
    assert!(followed(sides, &[("b.rs", Some(&new), &new)]).is_none());
    let other = new
        .replace("first(x)", "another(1, 2, 3, 4)")
        .replace("last(b)", "{ let z = b; z }");
    assert!(followed(sides, &[("b.rs", Some(there), &other)]).is_none());
}

#[test]
fn a_file_is_followed_to_its_new_name_where_one_alone_has_its_content() {
    let base = format!(
        "use a::b;\n\n{}\n{}",
        function("one", 1),
        function("two", 2)
    );
    let ours = base.replace("use a::b;\n", "use a::b;\nuse ours;\n");
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: "",
    };
    let new = base.replace("a + 1", "a + 9");
    let found = followed(
        sides,
        &[("a.rs", None, "fn other() {}\n"), ("b.rs", None, &new)],
    )
    .unwrap();
    let file = &found.files[&TreePath::new("b.rs").unwrap()];
    assert_eq!(file.merge.text(), Some(ours.replace("a + 1", "a + 9")));
    assert_eq!(
        (found.ours, found.notes),
        (base.clone(), vec!["The file is now `b.rs`.".to_owned()])
    );
    assert!(followed(sides, &[("a.rs", None, &new), ("b.rs", None, &new)]).is_none());
    assert!(followed(sides, &[("b.rs", Some(&new), &new)]).is_none());
}

#[test]
fn a_conflict_beside_what_moved_has_the_lines_of_the_inputs() {
    let one = function("one", 1);
    let block = |lines: &str| format!("fn f() {{\n{lines}}}\n");
    let base = format!(
        "mod m {{\n    fn a() {{}}\n}}\n{one}{}",
        block("    g(1);\n")
    );
    let ours = base.replace("a + 1", "a + 2").replace("g(1)", "g(2)");
    let nested = one
        .replace("fn one", "    fn one")
        .replace("\n    ", "\n        ")
        .replace("\n}", "\n    }");
    let theirs = format!(
        "mod m {{\n    fn a() {{}}\n{nested}}}\n{}",
        block("    g(3);\n")
    );
    let (sides, item) = conflict(&base, &ours, &theirs);
    assert_eq!(sides, ["    g(1);\n", "    g(2);\n", "    g(3);\n"]);
    assert_eq!(item.as_deref(), Some("fn f"));
    let text = merged(&base, &ours, &theirs)
        .merge
        .resolved_by(|c| &c.theirs);
    assert_eq!(text, theirs.replace("a + 1", "a + 2"));
}

#[test]
fn an_item_is_followed_to_where_theirs_moved_it() {
    let function = |value: u8| {
        format!(
            "    fn f(&self) -> u8 {{\n        let a = self.first();\n        let b = a + {value};\n        self.last(b)\n    }}\n"
        )
    };
    let deeper = |text: String| {
        let lines = text.lines().map(|line| format!("    {line}\n"));
        lines.collect::<String>()
    };
    let base = format!(
        "impl A {{\n{}    fn g() {{}}\n}}\n\nimpl B {{\n    fn h() {{}}\n}}\n",
        function(1)
    );
    let ours = base.replace("a + 1", "a + 2");
    let theirs = format!(
        "impl A {{\n    fn g() {{}}\n}}\n\nimpl B {{\n    fn h() {{}}\n\n{}}}\n",
        function(1)
    );
    assert_eq!(
        clean(&base, &ours, &theirs),
        theirs.replace("a + 1", "a + 2")
    );
    let notes = merged(&base, &ours, &theirs).notes;
    assert_eq!(
        notes,
        ["The change of `fn f` follows it to `impl B, fn f`."]
    );

    let module = format!(
        "impl A {{\n    fn g() {{}}\n}}\n\nmod inner {{\n    impl B {{\n{}    }}\n}}\n\nimpl B {{\n    fn h() {{}}\n}}\n",
        deeper(function(1))
    );
    assert_eq!(
        clean(&base, &ours, &module),
        module.replace("a + 1", "a + 2")
    );

    let twice = format!(
        "{module}mod other {{\n    impl C {{\n{}    }}\n}}\n",
        deeper(function(1))
    );
    let (_, item) = conflict(&base, &ours, &twice);
    assert_eq!(item.as_deref(), Some("impl A, fn f"));
}

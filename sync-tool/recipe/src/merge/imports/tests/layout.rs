//! Layout and order, as the rustfmt of this machine has them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::super::run::{Import, Run};
use super::super::{imports, merge};

/// Formats a source with the program.
fn rustfmt(edition: &str, source: &str) -> String {
    if source.is_empty() {
        return String::new(); // It would write a line end.
    }
    let mut command = Command::new("rustfmt");
    command.args(["--edition", edition, "--config-path", "/dev/null"]);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.spawn().expect("rustfmt is installed");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(source.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{source}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn set(text: &str) -> BTreeSet<Import> {
    let run = Run::read(text).expect(text);
    imports(&run).expect(text)
}

/// A name that occurs, or that is hard to sort; none is bound by two paths.
fn name() -> impl Strategy<Value = String> {
    let hard = "[a-zA-Z][a-zA-Z0-9_]{0,3}|[A-Z][A-Z_0-9]{1,6}|[a-z]{1,2}0{0,2}[0-9]{1,2}|_[a-zA-Z]{1,2}|r#fn";
    let long = "[a-z]{6,9}(_[a-z]{5,9}){1,3}";
    prop_oneof![3 => hard, 1 => long]
}

fn path() -> impl Strategy<Value = Vec<String>> {
    let start = prop::sample::select(vec![
        "crate", "std::io", "a", "a::b", "a::b::c", "super", "Z9",
    ]);
    (start, prop::collection::vec(name(), 1..3)).prop_map(|(start, names)| {
        let start = start.split("::").map(str::to_owned);
        start.chain(names).collect()
    })
}

const RESERVED: [&str; 28] = [
    "as", "box", "crate", "do", "dyn", "else", "enum", "fn", "for", "gen", "if", "impl", "in",
    "let", "loop", "mod", "move", "mut", "priv", "pub", "ref", "self", "Self", "super", "try",
    "use", "abstract", "yield",
];

/// Paths with distinct last names.
fn paths() -> impl Strategy<Value = Vec<Vec<String>>> {
    let is_path = |path: &Vec<String>| {
        let mut inner = path.iter().skip(1);
        inner.all(|name| !RESERVED.contains(&name.as_str()))
    };
    prop::collection::vec(path().prop_filter("a path", is_path), 1..24).prop_map(|mut paths| {
        let mut names = BTreeSet::new();
        paths.retain(|path| names.insert(path.last().cloned()));
        paths
    })
}

/// How a path is written: alone, in braces with those of the same parent, or in braces
/// with all that begin alike.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Alone,
    Beside,
    Nested,
}

fn forms() -> impl Strategy<Value = Vec<Form>> {
    let forms = prop::sample::select(vec![Form::Alone, Form::Beside, Form::Nested]);
    prop::collection::vec(forms, 7)
}

fn written(paths: &[Vec<String>], forms: &[Form], blanks: &[bool]) -> String {
    let with = |form| {
        let all = paths.iter().enumerate();
        all.filter(move |(at, _)| forms[at % forms.len()] == form)
    };
    let mut statements: Vec<String> = with(Form::Alone).map(|(_, path)| path.join("::")).collect();
    let mut parents = BTreeMap::<&[String], Vec<&str>>::new();
    for (_, path) in with(Form::Beside) {
        let (last, parent) = path.split_last().expect("names");
        parents.entry(parent).or_default().push(last);
    }
    let braces = parents.iter();
    let braces =
        braces.map(|(above, names)| format!("{}::{{{}}}", above.join("::"), names.join(",")));
    statements.extend(braces);
    let all: Vec<&[String]> = with(Form::Nested)
        .map(|(_, path)| path.as_slice())
        .collect();
    statements.extend(nested(&all));
    let lines = statements.iter().enumerate().map(|(at, statement)| {
        let blank = if blanks[at % blanks.len()] { "\n" } else { "" };
        format!("use {statement};\n{blank}")
    });
    lines.collect()
}

fn nested(paths: &[&[String]]) -> Vec<String> {
    let mut firsts = BTreeMap::<&str, Vec<&[String]>>::new();
    for path in paths {
        firsts.entry(&path[0]).or_default().push(&path[1..]);
    }
    let each = firsts.into_iter().map(|(first, mut below)| {
        let all = below.len();
        below.retain(|path| !path.is_empty());
        let own = (below.len() < all).then(|| "self".to_owned());
        match below.is_empty() {
            true => first.to_owned(),
            false => {
                let below: Vec<String> = own.into_iter().chain(nested(&below)).collect();
                format!("{first}::{{{}}}", below.join(","))
            }
        }
    });
    each.collect()
}

/// Which of the paths the sides have: both, or one, or all.
type Sides = Vec<[bool; 3]>;

fn side(paths: &[Vec<String>], sides: &Sides, which: usize) -> Vec<Vec<String>> {
    let chosen = paths.iter().enumerate();
    let chosen = chosen.filter(|(at, _)| sides[at % sides.len()][which]);
    chosen.map(|(_, path)| path.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn a_union_is_complete_and_as_rustfmt_prints_it(
        paths in paths(),
        sides in prop::collection::vec(any::<[bool; 3]>(), 24),
        forms in forms(),
        blanks in prop::collection::vec(prop::bool::weighted(0.15), 11),
        is_2024 in any::<bool>(),
    ) {
        let edition = if is_2024 { "2024" } else { "2021" };
        let [base, ours, theirs] = [0, 1, 2].map(|which| {
            let chosen = side(&paths, &sides, which);
            rustfmt(edition, &written(&chosen, &forms, &blanks))
        });
        // No name has two paths, so nothing is ambiguous.
        let merged = merge(&base, &ours, &theirs).expect("a merge");
        let [in_base, in_ours, in_theirs] = [&base, &ours, &theirs].map(|text| set(text));
        let expected = in_theirs.iter().filter(|i| !in_base.contains(i) || in_ours.contains(i));
        let new = in_ours.difference(&in_base);
        prop_assert_eq!(set(&merged), expected.chain(new).cloned().collect::<BTreeSet<_>>());
        if theirs == base {
            prop_assert_eq!(&merged, &ours);
        }
        // Few names fit both orders, and then the later is taken.
        let later = rustfmt("2024", &theirs) == theirs;
        if is_2024 || !later {
            prop_assert_eq!(rustfmt(edition, &merged), merged, "{}\n{}\n{}", base, ours, theirs);
        }
    }

    #[test]
    fn sides_that_only_add_may_be_exchanged(
        paths in paths(),
        sides in prop::collection::vec(any::<[bool; 3]>(), 24),
        forms in forms(),
    ) {
        let sides: Sides = sides.iter().map(|[base, ours, theirs]| {
            [*base, *base || *ours, *base || *theirs]
        }).collect();
        let [base, ours, theirs] = [0, 1, 2].map(|which| {
            let chosen = side(&paths, &sides, which);
            written(&chosen, &forms, &[false])
        });
        let [one, other] = [(&ours, &theirs), (&theirs, &ours)]
            .map(|(ours, theirs)| merge(&base, ours, theirs).expect("a merge"));
        prop_assert_eq!(set(&one), set(&other));
        prop_assert!(set(&ours).union(&set(&theirs)).eq(set(&one).iter()));
    }
}

//! What holds for every merge of Rust sources, on random edits of random ones.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::merge::keeps::keeps;
use crate::merge::{LayerOptions, LayeredMerge, Sides, check_rust, merge, merge_in_layers};

/// An item of a file: lines before, between and behind its children.
#[derive(Debug, Clone)]
struct Item {
    head: String,
    children: Vec<String>,
    end: &'static str,
}

fn render(items: &[Item]) -> String {
    let each = items.iter().map(|item| {
        let children: String = item.children.concat();
        format!("{}{children}{}", item.head, item.end)
    });
    each.collect()
}

fn name() -> impl Strategy<Value = String> {
    "[a-h]"
}

fn item() -> impl Strategy<Value = Item> {
    let block = |head: &'static str, end: &'static str, child: BoxedStrategy<String>| {
        (name(), prop::collection::vec(child, 0..5))
            .prop_map(move |(name, children)| Item {
                head: head.replace('N', &name),
                children,
                end,
            })
            .boxed()
    };
    let line = |text: &'static str| {
        (name(), 0..4_u8).prop_map(move |(name, number)| {
            let upper = name.to_uppercase();
            let text = text.replace('N', &name).replace('U', &upper);
            text.replace('0', &number.to_string())
        })
    };
    let statement = prop_oneof![
        line("    let N = 0;\n"),
        line("    N(0, 1);\n"),
        line("    // N\n    if N(0) {\n        N(1);\n    } else {\n        N(2);\n    }\n"),
        line("    match N {\n        E::U => 0,\n        E::A(N) => N,\n        _ => 3,\n    };\n"),
        line("    f(\n        N,\n        0,\n    );\n"),
        line("    m! { N 0 }\n"),
    ];
    let method = prop_oneof![
        line("    /// N\n    fn N(&self) -> u8 {\n        let N = 0;\n        N\n    }\n"),
        line("    const U: u8 = 0;\n"),
        line("\n    #[inline]\n    fn N() { N(0) }\n"),
    ];
    prop_oneof![
        block("\nfn N(a: u8) {\n", "}\n", statement.boxed()),
        block("\n/// N.\nimpl N {\n", "}\n", method.boxed()),
        block("struct N {\n", "}\n", line("    N: [u8; 0],\n").boxed()),
        block(
            "#[derive(Debug)]\nenum N {\n",
            "}\n",
            line("    U(u8, [u8; 0]),\n").boxed()
        ),
        block("", "", line("use N::a::{U, b0};\n").boxed()),
        block(
            "// A constant.\nconst N: u8 = 1;\n",
            "",
            Just(String::new()).boxed()
        ),
    ]
}

/// A change at some child of some item.
#[derive(Debug, Clone)]
enum Edit {
    AddItem(Index, Item),
    RemoveItem(Index),
    MoveItem(Index, Index),
    AddChild(Index, Index, Index),
    RemoveChild(Index, Index),
    MoveChild(Index, Index, Index),
    Replace(Index, Index, &'static str, &'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        (at(), item()).prop_map(|(i, item)| Edit::AddItem(i, item)),
        at().prop_map(Edit::RemoveItem),
        (at(), at()).prop_map(|(i, j)| Edit::MoveItem(i, j)),
        (at(), at(), at()).prop_map(|(i, j, k)| Edit::AddChild(i, j, k)),
        (at(), at()).prop_map(|(i, j)| Edit::RemoveChild(i, j)),
        (at(), at(), at()).prop_map(|(i, j, k)| Edit::MoveChild(i, j, k)),
        (
            at(),
            at(),
            select(vec!["0", "1", "a", "b", "2"]),
            select(vec!["7", "8"])
        )
            .prop_map(|(i, j, from, to)| Edit::Replace(i, j, from, to)),
    ]
}

fn edited(items: &[Item], edits: &[Edit]) -> String {
    let mut items = items.to_vec();
    for edit in edits {
        apply(&mut items, edit);
    }
    render(&items)
}

fn apply(items: &mut Vec<Item>, edit: &Edit) {
    if let Edit::AddItem(at, item) = edit {
        return items.insert(at.index(items.len() + 1), item.clone());
    }
    if items.is_empty() {
        return;
    }
    let len = items.len();
    match edit {
        Edit::AddItem(..) => {}
        Edit::RemoveItem(at) => drop(items.remove(at.index(len))),
        Edit::MoveItem(from, to) => {
            let item = items.remove(from.index(len));
            items.insert(to.index(len), item);
        }
        Edit::AddChild(at, from, to) => {
            let all: Vec<String> = items
                .iter()
                .flat_map(|item| item.children.clone())
                .collect();
            let item = &mut items[at.index(len)];
            if !all.is_empty() {
                let child = all[from.index(all.len())].replace('0', "9");
                let to = to.index(item.children.len() + 1);
                item.children.insert(to, child);
            }
        }
        Edit::RemoveChild(at, child) => {
            let children = &mut items[at.index(len)].children;
            if !children.is_empty() {
                children.remove(child.index(children.len()));
            }
        }
        Edit::MoveChild(at, child, to) => {
            let children = &mut items[at.index(len)].children;
            if !children.is_empty() {
                let child = children.remove(child.index(children.len()));
                let children = &mut items[to.index(len)].children;
                children.insert(to.index(children.len() + 1), child);
            }
        }
        Edit::Replace(at, child, from, to) => {
            let children = &mut items[at.index(len)].children;
            if !children.is_empty() {
                let child = child.index(children.len());
                children[child] = children[child].replace(from, to);
            }
        }
    }
}

fn merged(base: &str, ours: &str, theirs: &str) -> LayeredMerge {
    let options = LayerOptions {
        is_rust: true,
        renames: &[],
        formatter: None,
    };
    let sides = Sides { base, ours, theirs };
    merge_in_layers(sides, &options).expect("texts that can be compared")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn laws(
        items in prop::collection::vec(item(), 1..6),
        ours in prop::collection::vec(edit(), 1..4),
        theirs in prop::collection::vec(edit(), 1..4),
    ) {
        let base = render(&items);
        let (ours, theirs) = (edited(&items, &ours), edited(&items, &theirs));
        let sides = Sides { base: &base, ours: &ours, theirs: &theirs };
        let both = merged(&base, &ours, &theirs);
        prop_assert_eq!(&both, &merged(&base, &ours, &theirs));
        for side in [&ours, &theirs] {
            for texts in [[&base, &base, side], [&base, side, &base], [&base, side, side]] {
                let text = merged(texts[0], texts[1], texts[2]).merge.text();
                prop_assert_eq!(text.as_ref(), Some(side));
            }
        }
        let valid = [&base, &ours, &theirs].iter().all(|text| check_rust(text).is_ok());
        let by_lines = merge(&base, &ours, &theirs).unwrap();
        for conflict in both.merge.conflicts() {
            let sides = [(&conflict.base, &base), (&conflict.ours, &ours), (&conflict.theirs, &theirs)];
            for (side, text) in sides {
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                prop_assert_eq!(lines[side.lines.start - 1..side.lines.end - 1].concat(), side.text.clone());
            }
        }
        let text = both.merge.resolved_by(|conflict| &conflict.theirs);
        for hunk in &both.hunks {
            prop_assert!(hunk.lines.end <= text.lines().count() + 1);
        }
        if !valid || by_lines.is_clean() && both.merge == by_lines {
            return Ok(());
        }
        if let Some(text) = both.merge.text() {
            prop_assert_eq!(check_rust(&text), Ok(()));
            let is_import = |line: &&str| line.trim_start().starts_with("use ");
            let all = |text: &str| text.lines().filter(is_import).count();
            prop_assert!(keeps(&both.merge, sides, &[]) || all(&base) > 0, "{text}");
            prop_assert_eq!(both.hunks.is_empty(), text == theirs);
        }
    }

    #[test]
    fn texts_of_any_kind_do_no_harm(base in ".{0,40}", ours in "[{}()a-c\n#!/*\"' ]{0,40}", theirs in "[{}a;\n\r\t ]{0,40}") {
        merged(&base, &ours, &theirs);
        merged(&ours, &theirs, &base);
    }
}

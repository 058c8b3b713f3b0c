//! Any tree takes the place of any other, with any change of files.

use proptest::prelude::*;
use recipe::tree::Mode;

use super::*;

/// A tree whose paths often are one's file and another's directory.
fn any_tree() -> impl Strategy<Value = Tree> {
    let mode = prop_oneof![Just(Mode::Regular), Just(Mode::Executable)];
    let file = (prop::collection::vec(any::<u8>(), 0..6), mode);
    prop::collection::btree_map("[ab](/[ab]){0,3}", file, 0..8).prop_map(|files| {
        let mut tree = Tree::new();
        for (name, (bytes, mode)) in files {
            let fits = tree.paths().all(|p| !name.starts_with(&format!("{p}/")));
            if fits {
                tree.insert(path(&name), File::new(bytes, mode));
            }
        }
        tree
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_tree_and_files_take_the_place_of_others(
        old in any_tree(),
        new in any_tree(),
        files_before in any_tree(),
        files_after in any_tree(),
    ) {
        let project = Project::with(&[]);
        let write_lock = project.write_lock();
        let below = |p: &TreePath| path(&format!("patches/{p}"));
        let to = |old: &Tree, new: &Tree| Change {
            destination: Some(path(TREE)),
            expected: Found::default(),
            read: old.iter().map(|(p, f)| (below(p), f.clone())).collect::<Tree>().entries(),
            files: old
                .paths()
                .map(|p| (below(p), None))
                .chain(new.iter().map(|(p, f)| (below(p), Some(f.bytes().to_vec()))))
                .collect(),
        };
        let empty = Tree::new();
        done(write_lock.stage(&old, &go()).unwrap().commit(to(&empty, &files_before)));
        prop_assert_eq!(disk::read_tree(&project.place(TREE)).unwrap(), old.clone());

        let expected = found(&old);
        let change = Change { expected, ..to(&files_before, &files_after) };
        done(write_lock.stage(&new, &go()).unwrap().commit(change));
        prop_assert_eq!(disk::read_tree(&project.place(TREE)).unwrap(), new);
        let texts = |tree: &Tree| -> Vec<(TreePath, Vec<u8>)> {
            tree.iter().map(|(p, f)| (p.clone(), f.bytes().to_vec())).collect()
        };
        let patches = project.place("patches");
        let read = if patches.exists() { disk::read_tree(&patches).unwrap() } else { Tree::new() };
        prop_assert_eq!(texts(&read), texts(&files_after));
        // No directory is left empty but the top one.
        for entry in walkdir::WalkDir::new(&patches).min_depth(1).into_iter().flatten() {
            let empty = entry.file_type().is_dir() && fs::read_dir(entry.path()).unwrap().next().is_none();
            prop_assert!(!empty, "{} is empty", entry.path().display());
        }
        prop_assert_eq!(write_lock.recover().unwrap(), None);
    }
}

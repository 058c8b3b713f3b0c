//! One `use` tree: what it imports, changes to it, and its text as rustfmt prints it.

use syn::UseTree;

use super::order::Style;

/// A path with what stands at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    pub path: Vec<Segment>,
}

/// A part of a path; an alias, `*` and braces stand at the end only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Name(String, Option<String>),
    Glob,
    List(Vec<Tree>),
}

/// One thing that is imported. `a::{self}` is `a`: that it takes fewer of the things that
/// have the name is not distinguished.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leaf {
    /// The path, with `*` at the end of a glob.
    pub path: Vec<String>,
    pub alias: Option<String>,
}

impl Leaf {
    /// Returns the name that is in scope by it, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.alias.as_ref().or(self.path.last())?;
        (name != "*" && name != "_").then_some(name)
    }
}

impl Tree {
    /// Reads a tree; `None` for `::{…}`, which has no path to stand below.
    pub(super) fn read(tree: &UseTree, is_global: bool) -> Option<Tree> {
        let mut path = Vec::new();
        let mut tree = tree;
        while let UseTree::Path(part) = tree {
            path.push(Segment::Name(part.ident.to_string(), None));
            tree = &part.tree;
        }
        path.push(match tree {
            UseTree::Name(name) => Segment::Name(name.ident.to_string(), None),
            UseTree::Rename(rename) => {
                Segment::Name(rename.ident.to_string(), Some(rename.rename.to_string()))
            }
            UseTree::Glob(_) => Segment::Glob,
            UseTree::Group(group) => {
                let trees = group.items.iter().map(|item| Tree::read(item, false));
                Segment::List(trees.collect::<Option<_>>()?)
            }
            _ => return None,
        });
        match path.first_mut() {
            Some(Segment::Name(name, _)) if is_global => *name = format!("::{name}"),
            _ if is_global => return None,
            _ => {}
        }
        Some(Tree { path })
    }

    /// Makes the tree of one name, or path of names, to stand in braces.
    pub(super) fn of(path: &[String], alias: Option<&String>) -> Tree {
        let last = path.len().saturating_sub(1);
        let segments = path
            .iter()
            .enumerate()
            .map(|(at, name)| match name.as_str() {
                "*" => Segment::Glob,
                _ => Segment::Name(name.clone(), alias.filter(|_| at == last).cloned()),
            });
        Tree {
            path: segments.collect(),
        }
    }

    /// Returns what is imported, each with the path of the braces that it stands in (of its
    /// parent, where there are none).
    pub(super) fn leaves(&self) -> Vec<(Leaf, Vec<String>)> {
        let mut leaves = Vec::new();
        self.collect(&[], false, &mut leaves);
        leaves
    }

    fn collect(&self, above: &[String], in_list: bool, leaves: &mut Vec<(Leaf, Vec<String>)>) {
        let mut path = above.to_vec();
        let mut alias = None;
        for segment in &self.path {
            match segment {
                Segment::Name(name, renamed) => {
                    path.push(name.clone());
                    alias.clone_from(renamed);
                }
                Segment::Glob => path.push("*".to_owned()),
                Segment::List(list) => {
                    list.iter()
                        .for_each(|tree| tree.collect(&path, true, leaves));
                    return;
                }
            }
        }
        let parent = match in_list && self.path.len() == 1 {
            true => above,
            false => &path[..path.len() - 1],
        };
        let parent = parent.to_vec();
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        leaves.push((Leaf { path, alias }, parent));
    }

    /// Returns the tree with the leaves that are kept, as rustfmt has it: braces around a
    /// single name are left out.
    pub(super) fn only(&self, is_kept: &dyn Fn(&Leaf) -> bool) -> Option<Tree> {
        self.filtered(&[], is_kept)
    }

    fn filtered(&self, above: &[String], is_kept: &dyn Fn(&Leaf) -> bool) -> Option<Tree> {
        let (last, names) = self.path.split_last()?;
        let mut path = names.to_vec();
        let Segment::List(list) = last else {
            let mut own = Vec::new();
            self.collect(above, true, &mut own);
            return own
                .iter()
                .all(|(leaf, _)| is_kept(leaf))
                .then(|| self.clone());
        };
        let names = names.iter().filter_map(|segment| match segment {
            Segment::Name(name, _) => Some(name.clone()),
            _ => None,
        });
        let above: Vec<String> = above.iter().cloned().chain(names).collect();
        let kept = list
            .iter()
            .filter_map(|tree| tree.filtered(&above, is_kept));
        let kept: Vec<Tree> = kept.collect();
        match <[Tree; 1]>::try_from(kept) {
            Ok([only]) if !only.is_self() => path.extend(only.path),
            Ok([only]) => path.push(Segment::List(vec![only])),
            Err(kept) if kept.is_empty() => return None,
            Err(kept) => path.push(Segment::List(kept)),
        }
        Some(Tree { path })
    }

    fn is_self(&self) -> bool {
        matches!(self.path.as_slice(), [Segment::Name(name, _)] if name == "self")
    }

    /// Sorts what stands in braces.
    pub(super) fn sort(&mut self, style: Style) {
        if let Some(Segment::List(list)) = self.path.last_mut() {
            list.iter_mut().for_each(|tree| tree.sort(style));
            list.sort_by(|a, b| style.trees(a, b));
        }
    }

    /// Adds a tree where this one has braces behind `above`; with `embrace`, also where it
    /// has a single name there, which is put into braces. Tells whether it did.
    pub(super) fn add(
        &mut self,
        above: &[String],
        new: &Tree,
        embrace: bool,
        style: Style,
    ) -> bool {
        let mut above = above;
        let last = self.path.len().saturating_sub(1);
        for (at, segment) in self.path.iter_mut().enumerate() {
            match segment {
                Segment::Name(name, _) if at < last && above.first() == Some(name) => {
                    above = &above[1..];
                }
                Segment::List(list) if above.is_empty() => {
                    let place = style.place(new, list.iter());
                    list.insert(place, new.clone());
                    return true;
                }
                Segment::List(list) => {
                    let mut below = list.iter_mut();
                    return below.any(|tree| tree.add(above, new, embrace, style));
                }
                single if at == last && at > 0 && above.is_empty() && embrace => {
                    let old = Tree {
                        path: vec![single.clone()],
                    };
                    let mut list = vec![old, new.clone()];
                    list.sort_by(|a, b| style.trees(a, b));
                    *single = Segment::List(list);
                    return true;
                }
                _ => return false,
            }
        }
        false
    }

    /// Returns by how many names two paths begin alike.
    pub(super) fn common(&self, other: &Tree) -> usize {
        let pairs = self.path.iter().zip(&other.path);
        pairs.take_while(|(a, b)| a == b).count()
    }

    /// Returns the text as rustfmt prints it, in a line of which `width` columns are left.
    pub(super) fn print(&self, width: usize, indent: usize) -> String {
        let mut left = width;
        let mut text = String::new();
        for (at, segment) in self.path.iter().enumerate() {
            if at > 0 {
                text.push_str("::");
                left = left.saturating_sub(2);
            }
            match segment {
                Segment::Name(name, alias) => {
                    left = left.saturating_sub(name.chars().count());
                    text.push_str(name);
                    if let Some(alias) = alias {
                        text.push_str(" as ");
                        text.push_str(alias);
                    }
                }
                Segment::Glob => text.push('*'),
                Segment::List(list) => text.push_str(&print_list(list, left, indent)),
            }
        }
        text
    }
}

/// The width of rustfmt's lines, and of one step of indentation.
pub(super) const MAX_WIDTH: usize = 100;
const STEP: usize = 4;

/// Prints braces: in one line if they fit and hold no others, else filled lines, in which
/// paths stand alone where there are braces below.
fn print_list(list: &[Tree], width: usize, indent: usize) -> String {
    let indent_below = indent + STEP;
    let width_below = MAX_WIDTH.saturating_sub(indent_below + 1);
    let items: Vec<String> = list
        .iter()
        .map(|tree| tree.print(width_below, indent_below))
        .collect();
    let is_list = |tree: &Tree| matches!(tree.path.last(), Some(Segment::List(_)));
    let nested = list.iter().any(is_list);
    let one_line = items.join(", ");
    // rustfmt takes the braces off the width twice.
    if !nested && one_line.chars().count() + 4 <= width {
        return format!("{{{one_line}}}");
    }
    let margin = " ".repeat(indent_below);
    let mut text = format!("{{\n{margin}");
    let (mut used, mut broken) = (0, false);
    for (at, item) in items.iter().enumerate() {
        let is_last = at + 1 == items.len();
        let comma = usize::from(!is_last || broken);
        let length = item
            .lines()
            .next_back()
            .map_or(0, |line| line.chars().count());
        let alone = nested && at > 0 && (items[at - 1].contains("::") || item.contains("::"));
        if at > 0 && (alone || used + 1 + length + comma > width_below) {
            text.push('\n');
            text.push_str(&margin);
            (used, broken) = (0, true);
        } else if at > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(item);
        text.push(',');
        used += length + comma;
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push('}');
    text
}

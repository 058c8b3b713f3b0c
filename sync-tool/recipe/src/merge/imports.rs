//! Merges imports as sets: what both sides added is there, what one of them removed is not.

mod order;
mod run;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use order::Style;
use run::{Group, Import, Run, Statement};
use tree::{Leaf, Tree};

/// Merges a run of imports: theirs, with what ours added and without what it removed, and
/// printed as rustfmt does where it changes. Returns `None` for anything else than imports,
/// and where it is not clear what is imported, or where a comment belongs.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    if base == theirs || ours == theirs {
        return Some(ours.to_owned());
    }
    if base == ours {
        return Some(theirs.to_owned());
    }
    let ends_in_line = theirs.is_empty() || theirs.ends_with('\n');
    let [base, ours, mut merged] =
        [base, ours, theirs].map(|text| Run::read(&format!("{text}{}", missing_end(text))));
    let (base, ours, merged) = (base?, ours?, merged.as_mut()?);
    if base.comments() != ours.comments() || ours.indent != merged.indent {
        return None;
    }
    let changes = Changes::between(&base, &ours, merged)?;
    let style = style([merged, &ours, &base]);
    add(merged, &ours, &changes, style)?;
    remove(merged, &changes)?;
    merged.settle(style)?;
    let mut text = merged.text();
    if !ends_in_line && text.ends_with(merged.line_end) {
        text.truncate(text.len() - merged.line_end.len());
    }
    Some(text)
}

fn missing_end(text: &str) -> &'static str {
    match text.is_empty() || text.ends_with('\n') {
        true => "",
        false if text.contains("\r\n") => "\r\n",
        false => "\n",
    }
}

/// Returns the order that the first of the runs is in that is in one alone.
fn style(runs: [&Run; 3]) -> Style {
    let told = runs.into_iter().find_map(|run| {
        let styles = [Style::Edition2015, Style::Edition2024];
        match styles.map(|style| run.keeps(style)) {
            [true, false] => Some(Style::Edition2015),
            [false, true] => Some(Style::Edition2024),
            _ => None,
        }
    });
    told.unwrap_or(Style::Edition2024)
}

/// What ours changes in theirs.
struct Changes {
    /// Whether ours has more groups than before.
    has_new_group: bool,
    base: BTreeSet<Import>,
    added: BTreeSet<Import>,
    removed: BTreeSet<Import>,
}

impl Changes {
    fn between(base: &Run, ours: &Run, theirs: &Run) -> Option<Changes> {
        let has_new_group = ours.groups.len() > base.groups.len().max(1);
        let (base, ours, theirs) = (imports(base)?, imports(ours)?, imports(theirs)?);
        let new = |side: &BTreeSet<Import>| side.difference(&base).cloned().collect();
        let (new_ours, new_theirs): (BTreeSet<Import>, BTreeSet<Import>) =
            (new(&ours), new(&theirs));
        for gone in base
            .iter()
            .filter(|import| !ours.contains(import) && !theirs.contains(import))
        {
            // Removed by one and replaced by the other, or replaced differently.
            let by = |new: &BTreeSet<Import>| {
                let same = new
                    .iter()
                    .filter(|import| import.leaf.name() == gone.leaf.name());
                same.cloned().collect::<Vec<_>>()
            };
            if gone.leaf.name().is_some() && by(&new_ours) != by(&new_theirs) {
                return None;
            }
        }
        let added: BTreeSet<Import> = new_ours.difference(&theirs).cloned().collect();
        let removed: BTreeSet<Import> = base.difference(&ours).cloned().collect();
        // A name that both have, for different things: what uses it means one of them.
        let own: Vec<&Import> = theirs
            .difference(&removed)
            .filter(|i| !ours.contains(i))
            .collect();
        let meets = |new: &Import| {
            let name = new.leaf.name();
            name.is_some() && own.iter().any(|import| import.leaf.name() == name)
        };
        (!added.iter().any(meets)).then_some(Changes {
            has_new_group,
            base,
            added,
            removed,
        })
    }
}

/// Returns what a run imports; `None` where it imports something twice.
fn imports(run: &Run) -> Option<BTreeSet<Import>> {
    let mut all = BTreeSet::new();
    let mut each = run.statements().flat_map(Statement::imports);
    each.all(|import| all.insert(import)).then_some(all)
}

fn remove(run: &mut Run, changes: &Changes) -> Option<()> {
    for group in &mut run.groups {
        for mut statement in std::mem::take(&mut group.statements) {
            if !statement
                .imports()
                .any(|import| changes.removed.contains(&import))
            {
                group.statements.push(statement);
                continue;
            }
            let is_kept = |leaf: &Leaf| !changes.removed.contains(&statement.import(leaf.clone()));
            match statement.tree.only(&is_kept) {
                Some(tree) => {
                    statement.tree = tree;
                    statement.is_changed = true;
                    group.statements.push(statement);
                }
                None if statement.has_comment() => return None,
                None => {}
            }
        }
    }
    Some(())
}

/// Adds what ours added: to a statement that has its braces or its neighbours, else as a
/// statement of its own.
fn add(run: &mut Run, ours: &Run, changes: &Changes, style: Style) -> Option<()> {
    let mut new_groups = BTreeMap::new();
    for (at, group) in ours.groups.iter().enumerate() {
        for statement in &group.statements {
            let leaves = statement.tree.leaves();
            let added = |leaf: &Leaf| changes.added.contains(&statement.import(leaf.clone()));
            let mut alone = BTreeSet::new();
            for (leaf, above) in leaves.iter().filter(|(leaf, _)| added(leaf)) {
                if !joined(run, statement, (leaf, above), style) {
                    alone.insert(leaf);
                }
            }
            let Some(mut tree) = statement.tree.only(&|leaf| alone.contains(leaf)) else {
                continue;
            };
            tree.sort(style);
            let new = statement.with(tree);
            match home(run, group, &new, changes) {
                Some(group) => run.groups[group].statements.push(new),
                None => new_groups.entry(at).or_insert_with(Vec::new).push(new),
            }
        }
    }
    for (at, statements) in new_groups.into_iter().rev() {
        let above = ours.groups[..at].last();
        let holds = |group: &Group| above.is_some_and(|above| shared(group, above) > 0);
        let place = run.groups.iter().rposition(holds).map_or(0, |at| at + 1);
        add_group(run, place, statements)?;
    }
    Some(())
}

/// Adds a leaf of a statement of ours to a statement of the run. Tells whether it did.
fn joined(
    run: &mut Run,
    statement: &Statement,
    (leaf, above): (&Leaf, &[String]),
    style: Style,
) -> bool {
    let ours = statement.tree.leaves();
    let name = match above == leaf.path {
        true => Tree::of(&["self".to_owned()], leaf.alias.as_ref()),
        false => Tree::of(&leaf.path[leaf.path.len() - 1..], leaf.alias.as_ref()),
    };
    let parent = match above == leaf.path {
        true => above,
        false => &leaf.path[..leaf.path.len() - 1],
    };
    // First the statements that have leaves of this one.
    let statements = run
        .groups
        .iter_mut()
        .flat_map(|group| &mut group.statements);
    let alike = statements.filter(|other| other.kind == statement.kind);
    let (mut near, mut far): (Vec<_>, Vec<_>) = alike.partition(|other| {
        let leaves = other.tree.leaves();
        leaves
            .iter()
            .any(|(leaf, _)| ours.iter().any(|(our, _)| our == leaf))
    });
    let into = |statement: &mut &mut Statement, above: &[String], new: &Tree, embrace| {
        let done = statement.tree.add(above, new, embrace, style);
        statement.is_changed |= done;
        done
    };
    if near
        .iter_mut()
        .chain(&mut far)
        .any(|other| into(other, parent, &name, false))
    {
        return true;
    }
    let is_beside = |(other, beside): &(Leaf, Vec<String>)| other != leaf && beside == above;
    let in_braces = ours.iter().any(is_beside);
    if in_braces
        && near
            .iter_mut()
            .any(|other| into(other, parent, &name, true))
    {
        return true;
    }
    (1..parent.len()).rev().any(|length| {
        let new = Tree::of(&leaf.path[length..], leaf.alias.as_ref());
        let above = &leaf.path[..length];
        near.iter_mut().any(|other| into(other, above, &new, false))
    })
}

fn shared(group: &Group, other: &Group) -> usize {
    let others: BTreeSet<Import> = other
        .statements
        .iter()
        .flat_map(Statement::imports)
        .collect();
    let imports = group.statements.iter().flat_map(Statement::imports);
    imports.filter(|import| others.contains(import)).count()
}

/// Returns the group that a statement of ours belongs to: of those that have imports of its
/// own group the one with the most similar path. `None` where it belongs to a new one.
fn home(run: &Run, group: &Group, new: &Statement, changes: &Changes) -> Option<usize> {
    let has_old = |statement: &Statement| statement.imports().any(|i| changes.base.contains(&i));
    let groups = || {
        run.groups
            .iter()
            .enumerate()
            .filter(|(_, other)| !other.statements.is_empty())
    };
    let is_shared = groups().any(|(_, other)| shared(other, group) > 0);
    if changes.has_new_group && !is_shared && !group.statements.iter().any(has_old) {
        return None;
    }
    let candidates = groups().filter(|(_, other)| !is_shared || shared(other, group) > 0);
    let rank = |other: &Group| {
        let paths = other.statements.iter().map(|statement| &statement.tree);
        let common = paths.clone().map(|tree| tree.common(&new.tree)).max();
        let is_kin = paths.clone().any(|tree| origin(tree) == origin(&new.tree));
        (common, is_kin, shared(other, group))
    };
    // The first of equals: `max_by_key` returns the last.
    let best = candidates.rev().max_by_key(|(_, other)| rank(other));
    best.map(|(at, _)| at)
}

/// Tells of a path whether it leads into the standard library, this crate, or another one.
fn origin(tree: &Tree) -> u8 {
    let Some(tree::Segment::Name(name, _)) = tree.path.first() else {
        return 0;
    };
    match name.trim_start_matches("::") {
        "std" | "core" | "alloc" => 1,
        "crate" | "self" | "super" => 2,
        _ => 3,
    }
}

/// Adds a group; `None` where it would come between a comment and what that is about.
fn add_group(run: &mut Run, place: usize, statements: Vec<Statement>) -> Option<()> {
    let mut gap = run.line_end.to_owned();
    if place == 0 {
        if let Some(first) = run.groups.first_mut() {
            if first.has_comment_above() {
                return None;
            }
            std::mem::swap(&mut first.gap, &mut gap);
        } else {
            gap.clear();
        }
    }
    run.groups.insert(place, Group { gap, statements });
    Some(())
}

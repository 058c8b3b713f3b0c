//! Merges children whose order has a meaning: statements, arms, arguments.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::combine::{Combiner, Three};
use super::source::{Child, Container, Effect};
use crate::merge::MergeError;

/// A change of a side: children of base that became others.
#[derive(Clone)]
struct Edit {
    base: Range<usize>,
    side: Range<usize>,
    /// One child that was changed, not replaced.
    is_paired: bool,
}

/// Merges by the changes of both sides, those that touch taken together where one of them
/// adds or removes children: then nothing says what comes first.
pub(super) fn clusters<'a>(
    combiner: &mut Combiner<'a>,
    of: Three<&'a Container>,
    pairs: &[Vec<Option<usize>>; 2],
) -> Result<(), MergeError> {
    let changes = [1, 2].map(|side| edits(combiner, of, side, &pairs[side - 1]));
    if is_added_twice(of, &changes) {
        return combiner.leaf(of.map(|c| c.lines.start..c.tail().start));
    }
    let (mut next, mut done) = ([0, 0], 0);
    let mut ends = [0, 0];
    loop {
        let taken = cluster(&changes, &next);
        let Some(base) = span(&changes, &taken) else {
            break;
        };
        // What none changed has theirs' text.
        let between = base.start - done;
        combiner.emit(2, &lines(of[2], &(ends[1]..ends[1] + between)));
        let sides = [0, 1].map(|side| {
            let edits = &changes[side][taken[side].clone()];
            let start = ends[side] + between;
            let grown: isize = edits.iter().map(Edit::growth).sum();
            start..(start + base.len()).strict_add_signed(grown)
        });
        let edits = [0, 1].map(|side| &changes[side][taken[side].clone()]);
        let [ours, theirs] = sides.clone();
        merge_cluster(combiner, of, edits, [base.clone(), ours, theirs])?;
        done = base.end;
        ends = sides.map(|side| side.end);
        next = taken.map(|taken| taken.end);
    }
    combiner.emit(2, &lines(of[2], &(ends[1]..of[2].children.len())));
    Ok(())
}

/// Merges the changes of a cluster, which are in these children.
fn merge_cluster<'a>(
    combiner: &mut Combiner<'a>,
    of: Three<&'a Container>,
    edits: [&[Edit]; 2],
    children: Three<Range<usize>>,
) -> Result<(), MergeError> {
    let [base, ours, theirs] = &children;
    match edits {
        [[], _] => combiner.emit(2, &lines(of[2], theirs)),
        [_, []] => {
            combiner.emit_ours([0, 1, 2].map(|side| lines(of[side], &children[side])));
        }
        [[one], [other]] if one.is_paired && other.is_paired => combiner.child([
            &of[0].children[base.start],
            &of[1].children[ours.start],
            &of[2].children[theirs.start],
        ])?,
        [[_], [_]]
            if base.is_empty()
                && commute(
                    &of[1].children[ours.clone()],
                    &of[2].children[theirs.clone()],
                ) =>
        {
            let [at, ours, theirs] = [0, 1, 2].map(|side| lines(of[side], &children[side]));
            combiner.emit(2, &theirs);
            combiner.emit_ours([at, ours, theirs.end..theirs.end]);
        }
        _ => replaced(combiner, of, children)?,
    }
    Ok(())
}

/// Merges children that both sides replaced by their lines: what stands before the first of
/// them by itself.
fn replaced(
    combiner: &mut Combiner<'_>,
    of: Three<&Container>,
    children: Three<Range<usize>>,
) -> Result<(), MergeError> {
    let mut sides = of.into_iter().zip(&children);
    let mut lines = [(); 3].map(|()| match sides.next() {
        Some((container, children)) => lines(container, children),
        None => 0..0,
    });
    if children.iter().all(|children| !children.is_empty()) {
        let mut code = of.into_iter().zip(&children);
        let before = lines.each_mut().map(|lines| {
            let start = lines.start;
            if let Some((container, children)) = code.next() {
                lines.start = container.children[children.start].code;
            }
            start..lines.start
        });
        combiner.leaf(before)?;
    }
    combiner.leaf(lines)
}

fn edits(
    combiner: &Combiner<'_>,
    of: Three<&Container>,
    side: usize,
    pairs: &[Option<usize>],
) -> Vec<Edit> {
    let (base, other) = (of[0], of[side]);
    let mut edits = Vec::new();
    let (mut from, mut start) = (0, 0);
    let ends = pairs.iter().copied().chain([Some(other.children.len())]);
    for (at, pair) in ends.enumerate() {
        let Some(pair) = pair else { continue };
        if start < at || from < pair {
            edits.push(Edit {
                base: start..at,
                side: from..pair,
                is_paired: false,
            });
        }
        if at < pairs.len() {
            let lines = [&base.children[at].lines, &other.children[pair].lines];
            if combiner.text(0, lines[0]) != combiner.text(side, lines[1]) {
                edits.push(Edit {
                    base: at..at + 1,
                    side: pair..pair + 1,
                    is_paired: true,
                });
            }
        }
        (start, from) = (at + 1, pair + 1);
    }
    edits
}

impl Edit {
    fn growth(&self) -> isize {
        self.side.len().cast_signed() - self.base.len().cast_signed()
    }

    /// Tells whether a change of the other side cannot be made independently of this one.
    fn joins(&self, other: &Edit) -> bool {
        let (one, two) = (&self.base, &other.base);
        let overlap = one.start < two.end && two.start < one.end;
        let touch = one.start <= two.end && two.start <= one.end;
        let may_touch = |edit: &Edit| edit.is_paired || edit.base.is_empty();
        let is_free = (self.is_paired || other.is_paired) && may_touch(self) && may_touch(other);
        overlap || touch && !is_free
    }
}

/// Takes the next change, and all of both sides that are not independent of it.
fn cluster(changes: &[Vec<Edit>; 2], next: &[usize; 2]) -> [Range<usize>; 2] {
    let mut taken = next.map(|at| at..at);
    let starts = [0, 1].map(|side| changes[side].get(next[side]).map(|edit| edit.base.start));
    let is_empty = |side: usize| {
        changes[side]
            .get(next[side])
            .is_some_and(|e| e.base.is_empty())
    };
    let first = match starts {
        [None, None] => return taken,
        [Some(_), None] => 0,
        [None, Some(_)] => 1,
        [Some(one), Some(two)] if one == two => usize::from(is_empty(1) && !is_empty(0)),
        [Some(one), Some(two)] => usize::from(two < one),
    };
    taken[first].end += 1;
    loop {
        let more = [0, 1].into_iter().find(|&side| {
            let other = &changes[1 - side][taken[1 - side].clone()];
            let edit = changes[side].get(taken[side].end);
            edit.is_some_and(|edit| other.iter().any(|other| edit.joins(other)))
        });
        match more {
            Some(side) => taken[side].end += 1,
            None => return taken,
        }
    }
}

/// Returns the children of base that changes span; `None` without any.
fn span(changes: &[Vec<Edit>; 2], taken: &[Range<usize>; 2]) -> Option<Range<usize>> {
    let edits = [0, 1].map(|side| &changes[side][taken[side].clone()]);
    let all = || edits.iter().flat_map(|edits| edits.iter());
    let start = all().map(|edit| edit.base.start).min()?;
    let end = all().map(|edit| edit.base.end).max()?;
    Some(start..end)
}

/// Returns the lines of children.
fn lines(container: &Container, children: &Range<usize>) -> Range<usize> {
    let at = |index: usize| match container.children.get(index) {
        Some(child) => child.lines.start,
        None => container.tail().start,
    };
    at(children.start)..at(children.end)
}

/// Tells whether both sides added a child of the same key, in different places.
fn is_added_twice(of: Three<&Container>, changes: &[Vec<Edit>; 2]) -> bool {
    let added = |side: usize| {
        let edits = changes[side].iter().filter(|edit| !edit.is_paired);
        edits.flat_map(move |edit| {
            let children = of[side + 1].children[edit.side.clone()].iter();
            let keyed = children.filter(|child| child.label.key.is_some());
            keyed.map(move |child| (child.id, edit))
        })
    };
    let ours: HashMap<u64, &Edit> = added(0).collect();
    added(1).any(|(id, edit)| ours.get(&id).is_some_and(|other| !other.joins(edit)))
}

/// Tells whether it is the same in which order children stand.
fn commute(ours: &[Child], theirs: &[Child]) -> bool {
    let all = || ours.iter().chain(theirs);
    let names: HashSet<&String> = ours.iter().flat_map(|child| &child.label.names).collect();
    let effect = |children: &[Child]| {
        let effects = children.iter().map(|child| child.label.effect);
        effects.max().unwrap_or(Effect::None)
    };
    let [least, most] = match [effect(ours), effect(theirs)] {
        [one, two] if one > two => [two, one],
        effects => effects,
    };
    (least == Effect::None || most < Effect::Any)
        && all().all(|child| !child.label.names.is_empty())
        && theirs
            .iter()
            .flat_map(|child| &child.label.names)
            .all(|name| !names.contains(name))
}

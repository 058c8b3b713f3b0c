//! Follows what ours changed in one file to other files of theirs.

use std::collections::BTreeMap;

use super::align::similarity;
use super::combine::{Caution, Combiner};
use super::moved::{MOSTLY, Moves, follow_one, note};
use super::parse::parse_all;
use super::source::Source;
use super::{Outcome, path_at};
use crate::merge::hunks::hunks;
use crate::merge::{
    Chunk, Layer, LayerOptions, LayeredMerge, Merge, MergeError, Sides, merge_in_layers,
};
use crate::patch::Delta;
use crate::tree::TreePath;

/// A file of theirs to which code may have moved.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its path.
    pub path: &'a TreePath,
    /// Its text in base, if base has it.
    pub base: Option<&'a str>,
    /// Its text in theirs.
    pub theirs: &'a str,
}

/// Where the changes of ours in a file went.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The files of theirs that have them, merged without conflicts.
    pub files: BTreeMap<TreePath, LayeredMerge>,
    /// Ours without what was followed: what is left to merge in the file itself. Equal to
    /// base where that is nothing.
    pub ours: String,
    /// What went where, a sentence each.
    pub notes: Vec<String>,
}

/// Follows what ours changed to the files of theirs that have it now; theirs is empty where
/// it has no such file. `None` where nothing is found, or not with certainty:
///
/// - the whole file, if theirs has none, and one candidate alone that is new has most of its
///   tokens: the file is merged with that one, by all layers;
/// - else each item that theirs took away here and added in one candidate, once, with the
///   same kind and name and most of its tokens.
///
/// # Errors
///
/// Those of [`merge_in_layers`].
pub fn follow(
    sides: Sides<'_>,
    candidates: &[Candidate<'_>],
    options: &LayerOptions<'_>,
) -> Result<Option<Followed>, MergeError> {
    let Ok(sources) = parse_all([sides.base, sides.ours, sides.theirs]) else {
        return Ok(None);
    };
    let mut files = Vec::new();
    for candidate in candidates {
        let texts = [candidate.base.unwrap_or_default(), candidate.theirs];
        if let Ok([base, theirs]) = parse_all(texts) {
            files.push((candidate, base, theirs));
        }
    }
    if sides.theirs.is_empty()
        && let Some(candidate) = new_name(&sources[0], &files)
    {
        return renamed(sides, candidate, options);
    }
    let mut moves = Moves::of(sources.each_ref().map(|source| &source.root));
    for (_, base, theirs) in &files {
        moves.also(&base.root, &theirs.root);
    }
    let [base, ours, theirs] = &sources;
    let caution = Caution::default();
    let mut combiner = Combiner::new([base, ours, theirs], &caution);
    let mut texts = BTreeMap::new();
    let mut notes = Vec::new();
    for (text, of) in moves.found() {
        let Some((candidate, _, theirs)) = text.checked_sub(1).and_then(|at| files.get(at)) else {
            continue;
        };
        let lines = texts.remove(candidate.path);
        combiner.lines[2] =
            lines.unwrap_or_else(|| Combiner::new([base, ours, theirs], &caution).lines[2].clone());
        if follow_one(&mut combiner, of)?.is_some() {
            let item = path_at(theirs, &of[2].lines).join(", ");
            notes.push(note(of[0], &format!("{}, {item}", candidate.path)));
        }
        texts.insert(candidate.path.clone(), combiner.lines[2].clone());
    }
    let mut followed = Followed {
        files: BTreeMap::new(),
        ours: combiner.lines[1].concat(),
        notes,
    };
    for (candidate, ..) in &files {
        let text = texts.get(candidate.path).map(|lines| lines.concat());
        let Some(text) = text.filter(|text| text != candidate.theirs) else {
            continue;
        };
        let Some(file) = of_items(candidate.theirs, &text)? else {
            return Ok(None);
        };
        followed.files.insert(candidate.path.clone(), file);
    }
    Ok((!followed.files.is_empty()).then_some(followed))
}

/// Returns the one new file that has most of the tokens of a file.
fn new_name<'a>(
    old: &Source<'_>,
    files: &[(&'a Candidate<'a>, Source<'_>, Source<'_>)],
) -> Option<&'a Candidate<'a>> {
    let tokens = |source: &Source<'_>| -> Vec<u64> {
        let children = source.root.children.iter();
        children.flat_map(|child| child.tokens.clone()).collect()
    };
    let old = tokens(old);
    let mut found = files.iter().filter(|(candidate, _, theirs)| {
        candidate.base.is_none() && similarity(&old, &tokens(theirs)) >= MOSTLY
    });
    let (candidate, ..) = found.next()?;
    found.next().is_none().then_some(*candidate)
}

/// Merges a file with the one that theirs has in its place.
fn renamed(
    sides: Sides<'_>,
    candidate: &Candidate<'_>,
    options: &LayerOptions<'_>,
) -> Result<Option<Followed>, MergeError> {
    let theirs = candidate.theirs;
    let file = merge_in_layers(Sides { theirs, ..sides }, options)?;
    if !file.merge.is_clean() {
        return Ok(None);
    }
    Ok(Some(Followed {
        files: BTreeMap::from([(candidate.path.clone(), file)]),
        ours: sides.base.to_owned(),
        notes: vec![format!("The file is now `{}`.", candidate.path)],
    }))
}

/// Makes the merge of a text of theirs with the changes of items in it, if it parses as Rust.
fn of_items(theirs: &str, text: &str) -> Result<Option<LayeredMerge>, MergeError> {
    let Ok(outcome) = Outcome::parse(text) else {
        return Ok(None);
    };
    let [merge, before] = [text, theirs].map(|text| Merge {
        chunks: vec![Chunk::Resolved(text.to_owned())],
        agreed: Delta::default(),
    });
    Ok(Some(LayeredMerge {
        hunks: hunks(&merge, theirs, &before, Layer::Items, Some(&outcome))?,
        merge,
        notes: Vec::new(),
    }))
}

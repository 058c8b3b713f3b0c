//! The merge of one file in layers: what one cannot decide, the next one may.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::hunks::hunks;
use super::items::{Caution, Combined, Outcome, Sources, check_rust};
use super::keeps::{Settled, keeps};
use super::normalised::{Alike, alike};
use super::renames::Rename;
use super::{Chunk, Merge, MergeError, merge, merge_as_one};
use crate::format::Formatter;

/// What brought a change of ours into the merged text, the simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The patch applies as it is.
    Exact,
    /// By lines, as `git merge-file` does.
    Lines,
    /// By lines, where formatting, imports and renames were made alike before.
    Normalised,
    /// By the items of Rust.
    Items,
    /// By a person, now or before.
    Decision,
}

impl Layer {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Exact => "exact",
            Layer::Lines => "lines",
            Layer::Normalised => "normalised",
            Layer::Items => "items",
            Layer::Decision => "decision",
        }
    }
}

/// The three texts of a merge.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Sides<'a> {
    pub base: &'a str,
    pub ours: &'a str,
    pub theirs: &'a str,
}

/// What a merge in layers came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayeredMerge {
    /// The text and what conflicts in it.
    pub merge: Merge,
    /// The changes of ours that are in the text, in its order.
    pub hunks: Vec<MergedHunk>,
    /// What else a reviewer should know, a sentence each: that the text does not parse as
    /// Rust, which identifiers were renamed, where an item moved to.
    pub notes: Vec<String>,
}

/// A change of ours in the merged text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedHunk {
    /// What brought it there.
    pub layer: Layer,
    /// The item that it is in, such as `impl TcpSocket, fn bind`; `None` outside of any, or
    /// where the file does not parse as Rust.
    pub item: Option<String>,
    /// Its lines of the merged text (with theirs' lines in place of each conflict), counted
    /// from 1, the end not included; empty where ours only removes.
    pub lines: Range<usize>,
}

/// What a merge in layers may use.
#[derive(Clone, Copy)]
pub struct LayerOptions<'a> {
    /// Whether the texts are Rust; others are merged by lines alone.
    pub is_rust: bool,
    /// Identifiers that upstream gave other names, as declared.
    pub renames: &'a [Rename],
    /// What formats sources, and their edition.
    pub formatter: Option<(&'a dyn Formatter, &'a str)>,
}

/// The largest text that is merged by more than its lines, in bytes.
pub const MAX_SIZE: usize = 2 << 20;

/// Merges a file by the simplest layer that leaves no conflict; where every layer leaves
/// some, what the last one could merge is merged, and the rest stays in conflict.
///
/// The changes ([`LayeredMerge::hunks`]) are those against theirs, in the text that has
/// theirs' lines in place of each conflict.
///
/// # Errors
///
/// Those of [`merge`].
pub fn merge_in_layers(
    sides: Sides<'_>,
    options: &LayerOptions<'_>,
) -> Result<LayeredMerge, MergeError> {
    let by_lines = merge(sides.base, sides.ours, sides.theirs)?;
    if !options.is_rust {
        return lines_alone(by_lines, sides, Vec::new());
    }
    let sources = match parse(sides) {
        Ok(sources) => sources,
        Err(reason) => {
            let note = format!("The file is merged by lines alone: {reason}.");
            return lines_alone(by_lines, sides, vec![note]);
        }
    };
    if let Some(text) = by_lines.text()
        && let Ok(outcome) = Outcome::parse(&text)
    {
        return layered(
            &by_lines,
            by_lines.clone(),
            sides,
            Layer::Lines,
            Some(&outcome),
        );
    }
    let best = best(&by_lines, sides, &sources, options)?;
    // That the lines merge is no reason to take them where what they give is not Rust.
    let is_better =
        |merged: &LayeredMerge| by_lines.is_clean() || count(&merged.merge) <= count(&by_lines);
    match best.filter(is_better) {
        Some(merged) => Ok(merged),
        None if by_lines.is_clean() => unparsable(&by_lines, sides, &sources),
        None => lines_alone(with_items(by_lines, &sources), sides, Vec::new()),
    }
}

/// Parses the texts, or says why they are merged by lines alone.
fn parse(sides: Sides<'_>) -> Result<Sources<'_>, String> {
    let texts = [sides.base, sides.ours, sides.theirs];
    if texts.iter().any(|text| text.len() > MAX_SIZE) {
        return Err(format!("it has more than {} MiB", MAX_SIZE >> 20));
    }
    Sources::parse(texts).map_err(|(side, error)| {
        let side = ["base", "ours", "theirs"][side];
        format!("{side} does not parse as Rust ({error})")
    })
}

/// Merges by the layers behind the lines, and returns what conflicts least.
fn best(
    by_lines: &Merge,
    sides: Sides<'_>,
    sources: &Sources<'_>,
    options: &LayerOptions<'_>,
) -> Result<Option<LayeredMerge>, MergeError> {
    let alike = alike(sides, options.renames, options.formatter);
    if let Some(alike) = &alike
        && let Some(merged) = by_alike(by_lines, sides, sources, alike)?
    {
        return Ok(Some(merged));
    }
    let conflicts = |merged: &Option<LayeredMerge>| {
        let merged = merged.as_ref();
        merged.map_or(usize::MAX, |merged| count(&merged.merge))
    };
    let merged = by_items(by_lines, sides, sources, Caution::default())?;
    if let Some(alike) = &alike
        && conflicts(&merged) > 0
    {
        let other = by_items_alike(by_lines, sides, alike)?;
        if conflicts(&other) < conflicts(&merged) {
            return Ok(other);
        }
    }
    Ok(merged)
}

/// Leaves what both sides changed to a person, where their lines merge to what does not
/// parse: the smallest part of an item, or all between the first change and the last.
fn unparsable(
    by_lines: &Merge,
    sides: Sides<'_>,
    sources: &Sources<'_>,
) -> Result<LayeredMerge, MergeError> {
    let caution = Caution {
        is_strict: true,
        ..Caution::default()
    };
    let merged = by_items(by_lines, sides, sources, caution)?;
    if let Some(merged) = merged.filter(|merged| !merged.merge.is_clean()) {
        return Ok(merged);
    }
    let merge = merge_as_one(sides.base, sides.ours, sides.theirs)?;
    lines_alone(with_items(merge, sources), sides, Vec::new())
}

fn count(merge: &Merge) -> usize {
    merge.conflicts().count()
}

fn lines_alone(
    merge: Merge,
    sides: Sides<'_>,
    notes: Vec<String>,
) -> Result<LayeredMerge, MergeError> {
    let merged = layered(&merge, merge.clone(), sides, Layer::Lines, None)?;
    Ok(LayeredMerge { notes, ..merged })
}

fn layered(
    by_lines: &Merge,
    merge: Merge,
    sides: Sides<'_>,
    layer: Layer,
    outcome: Option<&Outcome<'_>>,
) -> Result<LayeredMerge, MergeError> {
    Ok(LayeredMerge {
        hunks: hunks(&merge, sides.theirs, by_lines, layer, outcome)?,
        merge: Merge {
            agreed: by_lines.agreed,
            ..merge
        },
        notes: Vec::new(),
    })
}

/// What a layer made.
enum Checked {
    Holds(LayeredMerge),
    /// Lines of ours, counted from 0, that bring back a name that theirs no longer has.
    Stale(Vec<usize>),
    Fails,
}

/// Makes the outcome of a layer, if it parses as Rust, with ours or theirs in place of
/// conflicts, and keeps what both sides did.
fn checked(
    by_lines: &Merge,
    merge: Merge,
    (sides, sources): (Sides<'_>, &Sources<'_>),
    layer: Layer,
    settled: &[Settled],
) -> Result<Checked, MergeError> {
    let theirs = merge.resolved_by(|conflict| &conflict.theirs);
    let outcome = Outcome::parse(&theirs).ok();
    let parses_with_ours = || {
        let ours = merge.resolved_by(|conflict| &conflict.ours);
        !merge.is_clean() && check_rust(&ours).is_ok()
    };
    if outcome.is_none() && !parses_with_ours() || !keeps(&merge, sides, settled) {
        return Ok(Checked::Fails);
    }
    let merged = layered(by_lines, merge, sides, layer, outcome.as_ref())?;
    let stale = match &outcome {
        Some(outcome) => sources.stale_lines(outcome, &merged.hunks)?,
        None => Vec::new(),
    };
    Ok(match stale.is_empty() {
        true => Checked::Holds(merged),
        false => Checked::Stale(stale),
    })
}

impl Alike {
    fn sides<'a>(&'a self, theirs: &'a str) -> Sides<'a> {
        Sides {
            base: &self.base,
            ours: &self.ours,
            theirs,
        }
    }
}

/// Merges what was made alike by its lines, if that leaves no conflict.
fn by_alike(
    by_lines: &Merge,
    sides: Sides<'_>,
    sources: &Sources<'_>,
    alike: &Alike,
) -> Result<Option<LayeredMerge>, MergeError> {
    let merge = merge(&alike.base, &alike.ours, sides.theirs)?;
    if !merge.is_clean() {
        return Ok(None);
    }
    let made = alike.sides(sides.theirs);
    Ok(
        match checked(by_lines, merge, (made, sources), Layer::Normalised, &[])? {
            Checked::Holds(merged) => Some(LayeredMerge {
                notes: alike.notes.clone(),
                ..merged
            }),
            _ => None,
        },
    )
}

/// Merges what was made alike by its items, if each conflict has lines of the inputs as they
/// are.
fn by_items_alike(
    by_lines: &Merge,
    sides: Sides<'_>,
    alike: &Alike,
) -> Result<Option<LayeredMerge>, MergeError> {
    let made = alike.sides(sides.theirs);
    let Ok(sources) = Sources::parse([made.base, made.ours, made.theirs]) else {
        return Ok(None);
    };
    let Some(mut merged) = by_items(by_lines, made, &sources, Caution::default())? else {
        return Ok(None);
    };
    let count = |text: &str| text.split_inclusive('\n').count();
    let is_line_for_line =
        count(sides.base) == count(made.base) && count(sides.ours) == count(made.ours);
    if !merged.merge.is_clean() && !is_line_for_line {
        return Ok(None);
    }
    for chunk in &mut merged.merge.chunks {
        if let Chunk::Conflict(conflict) = chunk {
            for (side, text) in [
                (&mut conflict.base, sides.base),
                (&mut conflict.ours, sides.ours),
            ] {
                let lines = text.split_inclusive('\n').skip(side.lines.start - 1);
                side.text = lines.take(side.lines.len()).collect();
            }
        }
    }
    merged.notes.splice(0..0, alike.notes.clone());
    Ok(Some(merged))
}

/// Merges by items, if what comes of it holds. What would bring a name back that theirs no
/// longer has is left to a person.
fn by_items(
    by_lines: &Merge,
    sides: Sides<'_>,
    sources: &Sources<'_>,
    mut caution: Caution,
) -> Result<Option<LayeredMerge>, MergeError> {
    loop {
        let Combined {
            merge,
            settled,
            notes,
        } = sources.combine(&caution)?;
        let sides = (sides, sources);
        match checked(by_lines, merge, sides, Layer::Items, &settled)? {
            Checked::Holds(merged) => return Ok(Some(LayeredMerge { notes, ..merged })),
            Checked::Stale(lines) if caution.stale.is_empty() => caution.stale = lines,
            Checked::Stale(_) | Checked::Fails => return Ok(None),
        }
    }
}

/// Gives each conflict the item that it is in.
fn with_items(mut merge: Merge, sources: &Sources<'_>) -> Merge {
    for chunk in &mut merge.chunks {
        if let Chunk::Conflict(conflict) = chunk {
            let sides = [&conflict.base, &conflict.ours, &conflict.theirs];
            let lines = sides.map(|side| side.lines.start - 1..side.lines.end - 1);
            conflict.item = sources.item(&lines);
        }
    }
    merge
}

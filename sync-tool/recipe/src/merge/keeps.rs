//! Whether a merged text has what both sides added, and has not what one of them removed.

use std::collections::HashMap;

use super::{Chunk, Merge, Sides};

/// How often each line stands in a text; blank ones and those without a letter or digit are
/// left out, for it is the parser that says whether braces are complete.
type Counts<'a> = HashMap<&'a str, isize>;

/// Lines that were merged by other rules, which say themselves what is kept: imports as
/// sets, layout without code.
pub(super) struct Settled {
    pub base: String,
    pub ours: String,
    pub theirs: String,
    pub result: String,
}

/// Tells whether a merge loses no line that a side added, and brings none back that a side
/// removed, conflicts and what is settled apart.
pub(super) fn keeps(merge: &Merge, sides: Sides<'_>, settled: &[Settled]) -> bool {
    let [mut base, mut ours, mut theirs, mut result] = [(); 4].map(|()| Counts::new());
    count(&mut base, sides.base, 1);
    count(&mut ours, sides.ours, 1);
    count(&mut theirs, sides.theirs, 1);
    for part in settled {
        count(&mut base, &part.base, -1);
        count(&mut ours, &part.ours, -1);
        count(&mut theirs, &part.theirs, -1);
        count(&mut result, &part.result, -1);
    }
    for chunk in &merge.chunks {
        match chunk {
            Chunk::Resolved(text) => count(&mut result, text, 1),
            Chunk::Conflict(conflict) => {
                count(&mut base, &conflict.base.text, -1);
                count(&mut ours, &conflict.ours.text, -1);
                count(&mut theirs, &conflict.theirs.text, -1);
            }
        }
    }
    let all = [&base, &ours, &theirs, &result];
    let mut lines = all.into_iter().flat_map(HashMap::keys);
    lines.all(|line| {
        let of = |counts: &Counts<'_>| counts.get(line).copied().unwrap_or(0);
        let grown = |counts| of(counts) - of(&base);
        let (ours, theirs) = (grown(&ours), grown(&theirs));
        // What both did may be the same change, which is then made once.
        let both = ours + theirs;
        let (least, most) = match (ours.signum(), theirs.signum()) {
            (1, 1) => (ours.max(theirs), both),
            (-1, -1) => (both, ours.min(theirs)),
            _ => (both, both),
        };
        (least..=most).contains(&grown(&result))
    })
}

fn count<'a>(counts: &mut Counts<'a>, text: &'a str, by: isize) {
    let lines = text.lines().map(str::trim);
    for line in lines.filter(|line| line.contains(|c: char| c.is_alphanumeric() || c == '_')) {
        *counts.entry(line).or_default() += by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(result: &str) -> bool {
        let merge = Merge {
            chunks: vec![Chunk::Resolved(result.to_owned())],
            agreed: crate::patch::Delta::default(),
        };
        let sides = Sides {
            base: "a\nb\nb\nc\n",
            ours: "a\nours\nb\nb\n",
            theirs: "a\nb\nc\ntheirs\n",
        };
        keeps(&merge, sides, &[])
    }

    #[test]
    fn what_a_side_did_is_kept() {
        assert!(is_kept("a\nours\nb\ntheirs\n"));
        assert!(is_kept("  theirs\n}\n\n ours\nb\na"));
        for lost in [
            "a\nb\ntheirs\n",
            "a\nours\nb\n",
            "a\nours\nb\nc\ntheirs\n",
            "a\nours\nb\nb\ntheirs\n",
            "a\nours\nours\nb\ntheirs\n",
            "ours\nb\ntheirs\n",
            "a\nours\nb\ntheirs\nnew\n",
        ] {
            assert!(!is_kept(lost), "{lost}");
        }
    }
}

//! Conflicts as text, for people to resolve in an editor.

use super::{Chunk, Conflict, Merge};

/// The shortest marker, as git writes it.
const SHORTEST: usize = 7;

/// What stands behind the markers, to say which side is which.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Labels {
    /// What both sides started from.
    pub base: String,
    pub ours: String,
    pub theirs: String,
}

impl Merge {
    /// Writes the text with all three sides of each conflict between markers,
    /// in git's `diff3` style.
    ///
    /// The markers are longer than any run of a marker's character that starts
    /// a line, so that no line of content can be taken for one. Only the first
    /// line of a label is written. A side whose last line has no end gets one,
    /// as each marker needs a line of its own.
    pub fn with_markers(&self, labels: &Labels) -> String {
        let length = self.marker_length();
        let mut text = String::new();
        for chunk in &self.chunks {
            match chunk {
                Chunk::Resolved(resolved) => text.push_str(resolved),
                Chunk::Conflict(conflict) => {
                    let end = line_end(&text, conflict);
                    push(&mut text, conflict, labels, length, end);
                }
            }
        }
        text
    }

    /// Returns the length of markers that no line of any side begins with.
    pub fn marker_length(&self) -> usize {
        let texts = self.chunks.iter().flat_map(|chunk| match chunk {
            Chunk::Resolved(text) => [text.as_str(), "", ""],
            Chunk::Conflict(c) => [&c.base, &c.ours, &c.theirs].map(|side| side.text.as_str()),
        });
        let longest = texts.flat_map(str::lines).map(marker_run).max();
        SHORTEST.max(longest.unwrap_or(0) + 1)
    }
}

/// Returns how often the character that a line begins with stands there, if markers are made of it.
fn marker_run(line: &str) -> usize {
    let first = line.chars().next().filter(|first| "<|=>".contains(*first));
    first.map_or(0, |first| {
        line.chars().take_while(|char| *char == first).count()
    })
}

/// Returns the line end for markers: CRLF if what stands around them has it.
fn line_end(before: &str, conflict: &Conflict) -> &'static str {
    let sides = [&conflict.ours, &conflict.theirs, &conflict.base];
    let mut texts = std::iter::once(before).chain(sides.map(|side| side.text.as_str()));
    let line = texts.find_map(|text| text.split_inclusive('\n').next_back());
    if line.is_some_and(|line| line.ends_with("\r\n")) {
        "\r\n"
    } else {
        "\n"
    }
}

fn push(text: &mut String, conflict: &Conflict, labels: &Labels, length: usize, end: &str) {
    let marker = |text: &mut String, sign: &str, label: &str| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(end);
        }
        text.push_str(&sign.repeat(length));
        if let Some(label) = label.lines().next().filter(|label| !label.is_empty()) {
            text.push(' ');
            text.push_str(label);
        }
        text.push_str(end);
    };
    marker(text, "<", &labels.ours);
    text.push_str(&conflict.ours.text);
    marker(text, "|", &labels.base);
    text.push_str(&conflict.base.text);
    marker(text, "=", "");
    text.push_str(&conflict.theirs.text);
    marker(text, ">", &labels.theirs);
}

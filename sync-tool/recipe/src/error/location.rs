//! Where a fault stands.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Where a fault stands: a file, and a byte range in its text where known.
#[derive(Debug, Clone)]
pub struct Location {
    /// The file's name as the user knows it, relative to the project's root.
    pub file: String,
    /// The text that the range points into; empty when only the file is known.
    pub text: Arc<str>,
    part: Part,
}

/// What of a file is at fault. A line is looked for in the text only where it is
/// shown: there may be as many faults as lines.
#[derive(Debug, Clone)]
enum Part {
    Whole,
    Line(usize),
    Span(Range<usize>),
}

impl Location {
    /// Points at a whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Location {
            file: file.into(),
            text: Arc::from(""),
            part: Part::Whole,
        }
    }

    /// Points at a byte range of a file's text.
    pub fn span(file: impl Into<String>, text: Arc<str>, span: Range<usize>) -> Self {
        Location {
            file: file.into(),
            text,
            part: Part::Span(span),
        }
    }

    /// Points at a whole line, counted from 1.
    pub fn line(file: impl Into<String>, text: Arc<str>, line: usize) -> Self {
        Location {
            file: file.into(),
            text,
            part: Part::Line(line),
        }
    }

    /// Returns the bytes that are at fault; the end of the text for a line past it.
    pub fn bytes(&self) -> Option<Range<usize>> {
        match &self.part {
            Part::Whole => None,
            Part::Span(span) => Some(span.clone()),
            Part::Line(line) => {
                let above = self.text.split_inclusive('\n').take(line.saturating_sub(1));
                let start: usize = above.map(str::len).sum();
                let len = self.text[start..].lines().next().map_or(0, str::len);
                Some(start..start + len)
            }
        }
    }

    /// Returns line and column, counted from 1, where the span is known.
    pub fn position(&self) -> Option<(usize, usize)> {
        let span = match &self.part {
            Part::Line(line) => return Some((*line, 1)),
            Part::Whole => return None,
            Part::Span(span) => span,
        };
        let before = self.text.get(..span.start.min(self.text.len()))?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Some((line, column))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position() {
            Some((line, column)) => write!(f, "{}:{line}:{column}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_in_its_text() {
        let place = Location::line("f", Arc::from("one\ntwo\nthree"), 2);
        assert_eq!(place.bytes(), Some(4..7));
        assert_eq!(place.position(), Some((2, 1)));
        assert_eq!(place.to_string(), "f:2:1");
    }

    #[test]
    fn a_line_past_the_end_is_the_end() {
        let place = Location::line("f", Arc::from("one\n"), 9);
        assert_eq!(place.bytes(), Some(4..4));
    }
}

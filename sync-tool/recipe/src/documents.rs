//! Marked blocks in documents: the version table, the list of differences, the table of
//! tested releases.

mod tested;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

pub use self::tested::{TestedRelease, parse_tested, tested_table};
use super::manifest::Manifest;
use super::series::StoredSeries;
use super::text::{code_span, markdown};
use crate::error::{Error, Fault, Kind, Location, Result};

/// A block that the tool keeps in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The table of fork and upstream versions.
    Versions,
    /// The list of intentional differences.
    Differences,
    /// The table of releases that were made, built and tested.
    Releases,
}

impl Block {
    /// Returns the name that stands in the block's markers.
    pub const fn name(self) -> &'static str {
        match self {
            Block::Versions => "versions",
            Block::Differences => "differences",
            Block::Releases => "releases",
        }
    }

    /// Returns the lines that begin and end the block.
    pub fn markers(self) -> (String, String) {
        let name = self.name();
        let begin = format!("<!-- wash-wasi-sync: {name} (generated; edits are lost) -->");
        (begin, format!("<!-- wash-wasi-sync: end of {name} -->"))
    }

    /// Returns where a document has the block's content. The markers are the first that
    /// stand on lines of their own, outside of code.
    ///
    /// # Errors
    ///
    /// Fails where the document does not have the two markers once, in order.
    pub fn find(self, file: &str, text: &str) -> Result<Range<usize>> {
        let markers = self.markers();
        find(text, &markers).map_err(|(at, what)| {
            let (begin, end) = &markers;
            let help = format!("put these lines, once, where the block goes:\n{begin}\n{end}");
            self.fault(file, text, at, what, help)
        })
    }

    fn fault(self, file: &str, text: &str, at: usize, what: &str, help: String) -> Error {
        let place = Location::span(file, Arc::from(text), at..at);
        let fault = Fault::new(format!("block `{}`: {what}", self.name()));
        let message = "a document cannot be kept up to date";
        Error::faults(Kind::General, message, vec![fault.at(place).help(help)])
    }

    /// Returns a document with the block's content replaced.
    ///
    /// # Errors
    ///
    /// As [`Block::find`].
    pub fn replace(self, file: &str, text: &str, content: &str) -> Result<String> {
        let found = self.find(file, text)?;
        let (before, after) = (&text[..found.start], &text[found.end..]);
        let block = format!("\n\n{}\n\n", content.trim_end());
        // Git may have converted the document's line ends: the block has the same.
        let block = match text[found.start..].starts_with("\r\n") {
            true => block.replace('\n', "\r\n"),
            false => block,
        };
        Ok(format!("{before}{block}{after}"))
    }
}

/// Returns a document with tested releases in its table: the block [`Block::Releases`].
///
/// # Errors
///
/// As [`Block::find`], and where [`tested_table`] fails.
pub fn with_tested(file: &str, text: &str, tested: &[TestedRelease]) -> Result<String> {
    let found = Block::Releases.find(file, text)?;
    let table = tested_table(&text[found.clone()], tested).map_err(|what| {
        let help = "correct the table, or what is put into it".to_owned();
        Block::Releases.fault(file, text, found.start, &what, help)
    })?;
    Block::Releases.replace(file, text, &table)
}

/// Finds what stands between the two markers, or says what is wrong, and where.
fn find(
    text: &str,
    (begin, end): &(String, String),
) -> Result<Range<usize>, (usize, &'static str)> {
    let (mut from, mut to) = (None, None);
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        // The block's own content is replaced, whatever it is.
        let is_content = from.is_some() && to.is_none();
        if let Some(open) = fence {
            fence = (!closes(line, open)).then_some(open);
        } else if !is_content && let Some(open) = opened(line) {
            fence = Some(open);
        } else if line == begin && to.is_some() {
            return Err((start, "it begins a second time"));
        } else if line == begin && from.is_none() {
            from = Some(start + begin.len());
        } else if line == end && !is_content {
            return Err((start, "it ends where it has not begun"));
        } else if line == end {
            to = Some(start);
        }
    }
    match (from, to) {
        (Some(from), Some(to)) => Ok(from..to),
        (Some(from), None) => Err((from - begin.len(), "the line that ends it is missing")),
        (None, _) => Err((0, "the line that begins it is missing")),
    }
}

/// Returns the fence of a code block that a line opens.
fn opened(line: &str) -> Option<&str> {
    let inner = line.trim_start_matches(' ');
    let sign = ['`', '~']
        .into_iter()
        .find(|sign| inner.starts_with(*sign))?;
    let length = inner.len() - inner.trim_start_matches(sign).len();
    (length >= 3 && line.len() - inner.len() < 4).then_some(&inner[..length])
}

fn closes(line: &str, fence: &str) -> bool {
    let inner = line.trim_start_matches(' ');
    inner.starts_with(fence) && inner.chars().all(|c| fence.starts_with(c))
}

/// Writes the table of versions, newest first.
pub fn version_table(manifest: &Manifest) -> String {
    let fork = &manifest.fork.name;
    let mut table = format!("| {fork} | wasmtime | notes |\n| --- | --- | --- |\n");
    for row in manifest.history.iter().rev() {
        let pinned = row.fork == manifest.fork.version && row.upstream == manifest.fork.pin;
        let mark = if pinned { " (pinned)" } else { "" };
        let notes = markdown(&row.notes).replace('|', r"\|");
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {} | v{}{mark} | {notes} |",
            row.fork, row.upstream
        );
    }
    table
}

/// Writes the list of intentional differences of a series.
pub fn difference_list(manifest: &Manifest, series: Option<&StoredSeries>) -> String {
    let upstream = &manifest.upstream.name;
    let pin = &manifest.fork.pin;
    let Some(series) = series.filter(|series| !series.patches.is_empty()) else {
        return format!(
            "None: {} is {upstream} {pin} renamed.\n",
            manifest.fork.name
        );
    };
    let delta = series.delta();
    let mut list = format!(
        "From {upstream} {pin}, by the series `{}`: {} lines added, {} removed.\n",
        series.dir, delta.added, delta.removed
    );
    for (path, stored) in &series.patches {
        let delta = stored.patch.delta();
        let _ = writeln!(
            list,
            "\n### {} (+{} −{})\n",
            code_span(path.as_str()),
            delta.added,
            delta.removed
        );
        for difference in &stored.patch.differences {
            let _ = writeln!(
                list,
                "- **Change:** {}. **Reason:** {}.",
                markdown(&difference.change).trim_end_matches('.'),
                markdown(&difference.reason).trim_end_matches('.')
            );
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::manifest_with;

    #[test]
    fn a_block_has_the_line_ends_of_its_document() {
        let (begin, end) = Block::Versions.markers();
        let text = format!("a\n{begin}\n\nold\n\n{end}\nb\n");
        let new = Block::Versions.replace("f", &text, "one\ntwo\n").unwrap();
        let crlf = text.replace('\n', "\r\n");
        let converted = Block::Versions.replace("f", &crlf, "one\ntwo\n").unwrap();
        assert_eq!(converted, new.replace('\n', "\r\n"));
    }

    #[test]
    fn the_table_lists_the_newest_first() {
        let manifest = manifest_with(
            "[[files]]\npaths = [\"**\"]\nkind = \"direct\"\n\
             [[history]]\nfork = \"2.0.0-rc.5\"\nupstream = \"38.0.0\"\nnotes = \"a|b\"\n\
             [[history]]\nfork = \"2.0.0-rc.6\"\nupstream = \"41.0.0\"\nnotes = \"c\"\n",
        );
        insta::assert_snapshot!(version_table(&manifest), @r"
        | fork-net | wasmtime | notes |
        | --- | --- | --- |
        | 2.0.0-rc.6 | v41.0.0 (pinned) | c |
        | 2.0.0-rc.5 | v38.0.0 | a\|b |
        ");
    }

    #[test]
    fn a_block_is_replaced_between_its_markers_and_again_with_the_same_result() {
        let (begin, end) = Block::Versions.markers();
        let text = format!("# Doc\n\n{begin}\nold\n{end}\n\nrest\n");
        let once = Block::Versions.replace("d.md", &text, "| new |\n").unwrap();
        assert_eq!(
            once,
            format!("# Doc\n\n{begin}\n\n| new |\n\n{end}\n\nrest\n")
        );
        assert_eq!(
            Block::Versions.replace("d.md", &once, "| new |\n").unwrap(),
            once
        );
    }

    #[test]
    fn markers_that_are_not_there_once_and_in_order_are_an_error() {
        let (begin, end) = Block::Differences.markers();
        for (text, says, line) in [
            (String::new(), "the line that begins it is missing", 1),
            (
                format!("a {begin}\n{end}\n"),
                "it ends where it has not begun",
                2,
            ),
            (
                format!("\n{begin}\n"),
                "the line that ends it is missing",
                2,
            ),
            (
                format!("{end}\n{begin}"),
                "it ends where it has not begun",
                1,
            ),
            (
                format!("{begin}\n{begin}\n{end}\n{begin}"),
                "it begins a second time",
                4,
            ),
            (
                format!("{begin}\n{end}\n{end}"),
                "it ends where it has not begun",
                3,
            ),
            (
                format!("~~~\n{begin}\n{end}\n```\n"),
                "the line that begins it is missing",
                1,
            ),
        ] {
            let error = Block::Differences.replace("d.md", &text, "x").unwrap_err();
            let fault = &error.all_faults()[0];
            assert_eq!(
                fault.message,
                format!("block `differences`: {says}"),
                "{text}"
            );
            assert_eq!(fault.place.as_ref().unwrap().position().unwrap().0, line);
            assert!(fault.help.as_ref().unwrap().contains(&end));
        }
    }

    #[test]
    fn a_block_is_found_by_lines_of_its_own_whatever_it_holds() {
        let (begin, end) = Block::Versions.markers();
        let quoted = format!("`{end}`\n```\n{end}\n{begin}\n```\n    {end}\n");
        let text = format!("{quoted}{begin}\n{begin}\n```\n| {end} |\n{end}\r\n{quoted}");
        assert_eq!(
            Block::Versions.replace("d.md", &text, "x").unwrap(),
            format!("{quoted}{begin}\n\nx\n\n{end}\r\n{quoted}")
        );
    }
}

//! Marked blocks in documents: the version table, the list of differences.

use std::fmt::Write as _;
use std::sync::Arc;

use super::manifest::Manifest;
use super::series::Stored;
use crate::error::{Error, Fault, Kind, Place, Result};

/// A block that the tool keeps in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The table of fork and upstream versions.
    Versions,
    /// The list of intentional differences.
    Differences,
}

impl Block {
    /// Returns the name that stands in the block's markers.
    pub const fn name(self) -> &'static str {
        match self {
            Block::Versions => "versions",
            Block::Differences => "differences",
        }
    }

    /// Returns the lines that begin and end the block.
    pub fn markers(self) -> (String, String) {
        let name = self.name();
        let begin = format!("<!-- wash-wasi-sync: {name} (generated; edits are lost) -->");
        (begin, format!("<!-- wash-wasi-sync: end of {name} -->"))
    }

    /// Returns a document with the block's content replaced.
    ///
    /// # Errors
    ///
    /// Fails where the document does not have the two markers once, in order.
    pub fn replace(self, file: &str, text: &str, content: &str) -> Result<String> {
        let (begin, end) = self.markers();
        let once = |marker: &str| {
            let mut found = text.match_indices(marker);
            found
                .next()
                .map(|(at, _)| at)
                .filter(|_| found.next().is_none())
        };
        let inner = once(&begin)
            .zip(once(&end))
            .filter(|(begin, end)| begin < end);
        let Some((from, to)) = inner else {
            let fault = Fault::new(format!("the block `{}` has no two markers", self.name()))
                .at(Place::span(file, Arc::from(text), 0..0))
                .help(format!(
                    "put these lines where the block goes:\n{begin}\n{end}"
                ));
            let message = "a document cannot be kept up to date";
            return Err(Error::faults(Kind::General, message, vec![fault]));
        };
        let (before, after) = (&text[..from + begin.len()], &text[to..]);
        Ok(format!("{before}\n\n{}\n\n{after}", content.trim_end()))
    }
}

/// Writes the table of versions, newest first.
pub fn version_table(manifest: &Manifest) -> String {
    let fork = &manifest.fork.name;
    let mut table = format!("| {fork} | wasmtime | notes |\n| --- | --- | --- |\n");
    for row in manifest.history.iter().rev() {
        let pinned = row.fork == manifest.fork.version && row.upstream == manifest.fork.pin;
        let mark = if pinned { " (pinned)" } else { "" };
        let notes = row.notes.replace('|', "\\|").replace('\n', " ");
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
pub fn difference_list(manifest: &Manifest, series: Option<&Stored>) -> String {
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
            "\n### `{path}` (+{} −{})\n",
            delta.added, delta.removed
        );
        for difference in &stored.patch.differences {
            let one = |text: &str| text.replace('\n', " ");
            let _ = writeln!(
                list,
                "- **Change:** {}. **Reason:** {}.",
                one(&difference.change).trim_end_matches('.'),
                one(&difference.reason).trim_end_matches('.')
            );
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::manifest_with;

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
        for text in [
            String::new(),
            begin.clone(),
            format!("{end}\n{begin}"),
            format!("{begin}\n{begin}\n{end}"),
        ] {
            let error = Block::Differences.replace("d.md", &text, "x").unwrap_err();
            assert!(error.all_faults()[0].help.as_ref().unwrap().contains(&end));
        }
    }
}

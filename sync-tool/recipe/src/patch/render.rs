//! The canonical text of a patch.

use std::fmt::Write as _;

use super::{Hunk, LineKind, Patch, tidy};

/// What a diff writes below a line that ends the file without a line end.
const NO_END: &str = "\\ No newline at end of file\n";

impl Patch {
    /// Writes the patch: remarks, differences, then the diff as git writes one.
    ///
    /// Parsing what comes out gives an equal patch, provided it names a difference.
    pub fn render(&self) -> String {
        let mut text = self.head();
        for hunk in &self.hunks {
            hunk.render(&mut text);
        }
        text
    }

    /// Sets each hunk's line to the one that [`Patch::render`] writes its header at.
    pub(super) fn number_hunks(&mut self) {
        let mut at = self.head().matches('\n').count() + 1;
        for hunk in &mut self.hunks {
            hunk.at = at;
            let mut text = String::new();
            hunk.render(&mut text);
            at += text.matches('\n').count();
        }
    }

    fn head(&self) -> String {
        let mut head = String::new();
        for line in self.notes.iter().flat_map(|note| note.split('\n')) {
            push_line(&mut head, "#", line.trim_end());
        }
        for difference in &self.differences {
            push_value(&mut head, "Change:", &difference.change);
            push_value(&mut head, "Reason:", &difference.reason);
        }
        if !head.is_empty() {
            head.push('\n');
        }
        push_line(&mut head, "--- a/", &self.path);
        push_line(&mut head, "+++ b/", &self.path);
        head
    }
}

fn push_line(text: &mut String, start: &str, rest: &str) {
    text.push_str(start);
    text.push_str(rest);
    text.push('\n');
}

/// Writes a value of the head; its further lines are indented.
fn push_value(text: &mut String, key: &str, value: &str) {
    let value = tidy(value);
    text.push_str(key);
    for (at, line) in value.lines().enumerate() {
        push_line(text, if at == 0 { " " } else { "  " }, line);
    }
    if value.is_empty() {
        text.push('\n');
    }
}

impl Hunk {
    /// Returns the header line, without its line end.
    pub fn header(&self) -> String {
        let mut header = format!(
            "@@ -{} +{} @@",
            range(self.old_start, self.old_lines().count()),
            range(self.new_start, self.new_lines().count()),
        );
        if !self.heading.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(header, " {}", self.heading);
        }
        header
    }

    fn render(&self, text: &mut String) {
        push_line(text, "", &self.header());
        for line in &self.lines {
            text.push(LineKind::sign(line.kind));
            text.push_str(&line.text);
            if !line.text.ends_with('\n') {
                text.push('\n');
                text.push_str(NO_END);
            }
        }
    }
}

/// Writes start and count as git does: a count of one is left out.
fn range(start: usize, count: usize) -> String {
    if count == 1 {
        start.to_string()
    } else {
        format!("{start},{count}")
    }
}

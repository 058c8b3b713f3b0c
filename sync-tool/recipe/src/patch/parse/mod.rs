//! Reading the text of a patch, with all its faults at once.

mod head;
mod header;
mod hunk;

use std::borrow::Cow;

use super::{Patch, PatchFault, PatchFaultKind};

impl Patch {
    /// Reads a patch.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the text, in the order of its lines.
    pub fn parse(text: &[u8]) -> Result<Patch, Vec<PatchFault>> {
        let mut faults = Faults::default();
        if text.is_empty() {
            faults.add(0, PatchFaultKind::Empty);
            return Err(faults.found);
        }
        let text = decoded(text, &mut faults);
        let lines = cut(&text, &mut faults);
        let head = head::read(&lines, &mut faults);
        let patch = if head.is_text {
            body(&lines, head, &mut faults)
        } else {
            None
        };
        faults.found.sort_by_key(|fault| fault.line);
        match patch {
            Some(patch) if faults.found.is_empty() => Ok(patch),
            _ => Err(faults.found),
        }
    }
}

/// Reads what follows the head; none if the file has no name.
fn body(lines: &[&str], head: head::PatchHead, faults: &mut Faults) -> Option<Patch> {
    let (path, next) = header::read(lines, head.end, faults);
    let hunks = hunk::read_all(lines, next, faults);
    Some(Patch {
        path: path?,
        differences: head.differences,
        notes: head.notes,
        hunks,
    })
}

/// The faults found so far.
#[derive(Default)]
struct Faults {
    found: Vec<PatchFault>,
}

impl Faults {
    /// Adds a fault at a line counted from 0.
    fn add(&mut self, line: usize, kind: PatchFaultKind) {
        self.found.push(PatchFault {
            line: line + 1,
            kind,
        });
    }
}

/// Decodes the text; where it is not UTF-8, replaces what is not so that the rest is still read.
fn decoded<'t>(text: &'t [u8], faults: &mut Faults) -> Cow<'t, str> {
    if let Err(error) = std::str::from_utf8(text) {
        let valid = &text[..error.valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count();
        faults.add(line, PatchFaultKind::NotUtf8);
    }
    String::from_utf8_lossy(text)
}

/// Cuts the text into lines without their ends; without CRs too if the patch was converted.
fn cut<'t>(text: &'t str, faults: &mut Faults) -> Vec<&'t str> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let mut lines: Vec<&str> = body.split('\n').collect();
    if !text.ends_with('\n') {
        faults.add(lines.len() - 1, PatchFaultKind::Truncated);
    }
    if let Some(line) = converted(&lines) {
        faults.add(line, PatchFaultKind::Converted);
        for line in &mut lines {
            *line = line.strip_suffix('\r').unwrap_or(line);
        }
    }
    lines
}

/// Returns the first structural line that ends in a CR. Structural is what
/// stands before the first hunk, and every hunk's header: no line of a file's
/// content starts with `@@` in a diff.
fn converted(lines: &[&str]) -> Option<usize> {
    let first = lines.iter().position(|line| line.starts_with("@@"));
    let first = first.unwrap_or(lines.len());
    let is_structural = |at: usize| at < first || lines[at].starts_with("@@");
    (0..lines.len()).find(|at| is_structural(*at) && lines[*at].ends_with('\r'))
}

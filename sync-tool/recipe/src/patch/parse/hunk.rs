//! The hunks of a patch.

use super::super::{Hunk, HunkLine, LineKind, PatchFaultKind};
use super::Faults;

/// What stands below the diff in git's mails.
const SIGNATURE: &str = "-- ";

/// Reads the hunks from a line on, counted from 0, to the end.
pub(super) fn read_all(lines: &[&str], start: usize, faults: &mut Faults) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut next = start;
    let mut after_stray = false;
    while let Some(line) = lines.get(next) {
        if is_hunk_header(line) {
            let (hunk, end) = read(lines, next, faults);
            hunks.extend(hunk);
            next = end;
            after_stray = false;
            continue;
        }
        if starts_file(lines, next) {
            faults.add(next, PatchFaultKind::SecondFile);
            break;
        }
        // Of several lines that belong to nothing, the first is told.
        if !after_stray {
            faults.add(next, PatchFaultKind::StrayLine);
        }
        after_stray = true;
        next += 1;
    }
    if !lines.iter().any(|line| is_hunk_header(line)) {
        faults.add(lines.len() - 1, PatchFaultKind::NoHunk);
    }
    check_order(&hunks, faults);
    hunks
}

fn is_hunk_header(line: &str) -> bool {
    line.starts_with("@@")
}

/// Tells whether another file's diff starts at a line.
fn starts_file(lines: &[&str], at: usize) -> bool {
    let starts = |at: usize, sign: &str| lines.get(at).is_some_and(|line| line.starts_with(sign));
    let is_followed = || at + 2 == lines.len() || starts(at + 2, "@@");
    starts(at, "diff --git ") || (starts(at, "--- ") && starts(at + 1, "+++ ") && is_followed())
}

/// Says where hunks are out of order, overlap, or follow the end of the file.
fn check_order(hunks: &[Hunk], faults: &mut Faults) {
    let is_open = |text: Option<&str>| text.is_some_and(|text| !text.ends_with('\n'));
    for pair in hunks.windows(2) {
        let (above, below) = (&pair[0], &pair[1]);
        let end = above.old_start + above.old_lines().count();
        if below.old_start < end {
            let (start, end) = (below.old_start, end.saturating_sub(1));
            faults.add(below.at - 1, PatchFaultKind::OutOfOrder { start, end });
        }
        if is_open(above.old_lines().last()) || is_open(above.new_lines().last()) {
            faults.add(above.at - 1, PatchFaultKind::MisplacedEnd);
        }
    }
}

/// What a hunk's header says.
struct Header<'t> {
    old: LineSpan,
    new: LineSpan,
    heading: &'t str,
}

/// A start, counted from 1, and a number of lines.
#[derive(Clone, Copy)]
struct LineSpan {
    start: usize,
    count: usize,
}

impl<'t> Header<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let (spans, rest) = line.strip_prefix("@@ -")?.split_once(" @@")?;
        let (old, new) = spans.split_once(" +")?;
        let heading = if rest.is_empty() {
            rest
        } else {
            rest.strip_prefix(' ')?
        };
        let (old, new) = (LineSpan::parse(old)?, LineSpan::parse(new)?);
        Some(Header { old, new, heading })
    }
}

impl LineSpan {
    fn parse(text: &str) -> Option<Self> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        let (start, count) = (number(start)?, number(count)?);
        // Lines count from 1; 0 is before the first, where no line can be.
        (start > 0 || count == 0).then_some(LineSpan { start, count })
    }
}

fn number(digits: &str) -> Option<usize> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = digits.parse().ok().filter(|_| are_digits)?;
    usize::try_from(number).ok()
}

/// Reads one hunk; returns it, if its header could be read, and the first line after it.
fn read<'t>(lines: &[&'t str], at: usize, faults: &mut Faults) -> (Option<Hunk>, usize) {
    let header = Header::parse(lines[at]);
    if header.is_none() {
        faults.add(at, PatchFaultKind::BadHunkHeader);
    }
    let mut body = Body::default();
    let mut next = at + 1;
    while next < lines.len() && !body.ends_before(lines, next, header.as_ref()) {
        body.take(lines[next], next, faults);
        next += 1;
    }
    let hunk = header.map(|header: Header<'t>| {
        check(&header, &body, at, faults);
        Hunk {
            at: at + 1,
            old_start: header.old.start,
            new_start: header.new.start,
            heading: header.heading.to_owned(),
            lines: body.lines,
        }
    });
    (hunk, next)
}

/// The lines of a hunk, as far as they have been read.
#[derive(Default)]
struct Body {
    lines: Vec<HunkLine>,
    old: usize,
    new: usize,
    /// The line of the mark that ends the old text and the new one, counted from 0.
    ended: [Option<usize>; 2],
}

impl Body {
    /// Tells whether the hunk ends before a line. The header's counts decide
    /// where a line could be both content and something else.
    fn ends_before(&self, lines: &[&str], next: usize, header: Option<&Header<'_>>) -> bool {
        let line = lines[next];
        let left = |span: LineSpan, count: usize| span.count.saturating_sub(count);
        let left = header.map(|h| (left(h.old, self.old), left(h.new, self.new)));
        let is_full = left == Some((0, 0));
        is_hunk_header(line)
            || (starts_file(lines, next) && left != Some((1, 1)))
            || (is_full && (line == SIGNATURE || !line.starts_with([' ', '+', '-', '\\'])))
    }

    fn take(&mut self, line: &str, at: usize, faults: &mut Faults) {
        let (kind, text) = match line.chars().next() {
            Some(' ') => (LineKind::Context, &line[1..]),
            Some('-') => (LineKind::Removed, &line[1..]),
            Some('+') => (LineKind::Added, &line[1..]),
            Some('\\') => return self.end(at, faults),
            first => {
                faults.add(at, PatchFaultKind::UnknownPrefix);
                if first.is_some() {
                    return;
                }
                // A blank line is a context line that an editor took the space from:
                // counted as one, so that the counts are not found wrong as well.
                (LineKind::Context, line)
            }
        };
        for (side, is_on) in [kind != LineKind::Added, kind != LineKind::Removed]
            .into_iter()
            .enumerate()
        {
            if is_on && let Some(mark) = self.ended[side].take() {
                faults.add(mark, PatchFaultKind::MisplacedEnd);
            }
        }
        self.old += usize::from(kind != LineKind::Added);
        self.new += usize::from(kind != LineKind::Removed);
        let text = format!("{text}\n");
        self.lines.push(HunkLine { kind, text });
    }

    /// Takes the line end from the line above a mark.
    fn end(&mut self, at: usize, faults: &mut Faults) {
        let last = self
            .lines
            .last_mut()
            .filter(|line| line.text.ends_with('\n'));
        let Some(last) = last else {
            faults.add(at, PatchFaultKind::MisplacedEnd);
            return;
        };
        last.text.pop();
        if last.kind != LineKind::Added {
            self.ended[0] = Some(at);
        }
        if last.kind != LineKind::Removed {
            self.ended[1] = Some(at);
        }
    }
}

/// Says what is wrong with a hunk as a whole.
fn check(header: &Header<'_>, body: &Body, at: usize, faults: &mut Faults) {
    if (header.old.count, header.new.count) != (body.old, body.new) {
        faults.add(
            at,
            PatchFaultKind::WrongCounts {
                written_old: header.old.count,
                written_new: header.new.count,
                counted_old: body.old,
                counted_new: body.new,
            },
        );
        if body.lines.is_empty() {
            return;
        }
    }
    let on = |without: LineKind| body.lines.iter().filter(move |line| line.kind != without);
    let texts = |without: LineKind| on(without).map(|line| line.text.as_str());
    if texts(LineKind::Added).eq(texts(LineKind::Removed)) {
        faults.add(at, PatchFaultKind::ChangesNothing);
    } else if body.old == 0 {
        faults.add(at, PatchFaultKind::NoOldText);
    }
}

//! The same review as text for a pull request: tables, no code.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use recipe::text::{code_span, markdown};

use crate::model::{Chapter, Delta, FileReview, Review, State};
use crate::words;

/// The most bytes of the text: a comment on GitHub holds 65,536 characters.
const MAX_BYTES: usize = 50_000;

/// Writes a review as Markdown, of at most 50,000 bytes. `page` says where the page of the
/// same review is, in a few words.
pub fn text(review: &Review, page: Option<&str>) -> String {
    let mut text = format!(
        "{} {} → {} (fork {} → {})\n\n",
        markdown(&review.upstream),
        markdown(&review.from.upstream),
        markdown(&review.to.upstream),
        markdown(&review.from.fork),
        markdown(&review.to.fork),
    );
    let open = review.files.iter().filter(|file| file.decision.is_none());
    let conflicts: usize = open.map(|file| file.conflicts.len()).sum();
    let verdict = match review.state {
        State::Conflicts => format!(
            "**{} open.** Nothing was changed.",
            words::count(conflicts, "conflict is", "conflicts are")
        ),
        State::Ready => "**Nothing is in conflict.** Nothing was put in place yet.".to_owned(),
        State::Done => "**The tree is in place.**".to_owned(),
        State::Report => match conflicts {
            0 => "**What upstream changed.** Nothing is put in place.".to_owned(),
            _ => format!(
                "**What upstream changed; {} open.** Nothing is put in place.",
                words::count(conflicts, "conflict would be", "conflicts would be")
            ),
        },
    };
    let _ = writeln!(text, "{verdict}");
    if let Some(next) = &review.next {
        let _ = writeln!(text, "Next: {}", code_span(next));
    }
    if let Some(page) = page {
        let _ = writeln!(
            text,
            "\nSide by side, with what a machine decided: {}.",
            markdown(page)
        );
    }
    gates(review, &mut text);
    if let Some(delta) = &review.delta {
        let budget = review.budget.map(|budget| format!(" of at most {budget}"));
        let _ = writeln!(
            text,
            "\nChanged lines of upstream's files: {} before, {} now{}.",
            lines(delta.before),
            lines(delta.after),
            budget.unwrap_or_default()
        );
    }
    files(review, &mut text);
    open_conflicts(review, &mut text);
    for chapter in &review.chapters {
        self::chapter(chapter, &mut text);
    }
    for note in &review.notes {
        let _ = writeln!(text, "\n> {}", markdown(note));
    }
    cut(text)
}

fn gates(review: &Review, text: &mut String) {
    if review.gates.is_empty() {
        return;
    }
    text.push_str("\n| gate | result |\n| --- | --- |\n");
    for gate in &review.gates {
        let [result, _] = words::gate(gate.result);
        let said = gate.said.as_deref().map_or_else(|| result.to_owned(), cell);
        let _ = writeln!(text, "| {} | {said} |", cell(&gate.title));
    }
}

/// How long the text may be for differences to be added.
const MAX_WITH_DIFFS: usize = MAX_BYTES / 2;

/// Adds a unified diff that is folded.
fn folded(diff: &str, text: &mut String) {
    let ticks = diff.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(ticks + 1));
    let _ = writeln!(
        text,
        "\n  <details><summary>difference</summary>\n\n  {fence}diff"
    );
    for line in diff.lines() {
        let _ = writeln!(text, "  {}", recipe::text::line(line));
    }
    let _ = writeln!(text, "  {fence}\n\n  </details>\n");
}

/// How many entries of a chapter are listed.
const MAX_ENTRIES: usize = 40;

fn chapter(chapter: &Chapter, text: &mut String) {
    let _ = writeln!(text, "\n### {}\n", markdown(&chapter.title));
    if !chapter.lead.is_empty() {
        let _ = writeln!(text, "{}\n", markdown(&chapter.lead));
    }
    for entry in chapter.entries.iter().take(MAX_ENTRIES) {
        let tag = entry.tag.as_ref().map(|tag| match entry.is_urgent {
            true => format!("**{}** ", markdown(tag)),
            false => format!("{} ", code_span(tag)),
        });
        let numbers = entry.pull_requests.iter();
        let numbers: String = numbers.map(|number| format!(" #{number}")).collect();
        let _ = writeln!(
            text,
            "- {}{}{numbers}",
            tag.unwrap_or_default(),
            markdown(&entry.text)
        );
        for (name, code) in &entry.code {
            let _ = writeln!(text, "  - {}: {}", markdown(name), code_span(code));
        }
        for detail in &entry.details {
            let _ = writeln!(text, "  - {}", markdown(detail));
        }
        if let Some(diff) = entry.diff.as_ref().filter(|_| text.len() < MAX_WITH_DIFFS) {
            folded(diff, text);
        }
    }
    let more = chapter.entries.len().saturating_sub(MAX_ENTRIES);
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
    }
}

fn files(review: &Review, text: &mut String) {
    if review.files.is_empty() {
        return;
    }
    text.push_str("\n| file | patch | merged by |\n| --- | --- | --- |\n");
    for file in &review.files {
        let path = code_span(&file.path).replace('|', "\\|");
        let _ = writeln!(text, "| {path} | {} | {} |", state(file), layers(file));
    }
}

fn state(file: &FileReview) -> String {
    let [name, _] = words::file_state(file.state);
    match words::file_tone(file.state) {
        "bad" => format!("**{name}**"),
        _ => name.to_owned(),
    }
}

fn layers(file: &FileReview) -> String {
    let mut counts = BTreeMap::new();
    for hunk in &file.hunks {
        *counts.entry(hunk.layer).or_insert(0_usize) += 1;
    }
    let counts = counts
        .into_iter()
        .map(|(layer, count)| format!("{} {count}", layer.name()));
    counts.collect::<Vec<_>>().join(", ")
}

fn open_conflicts(review: &Review, text: &mut String) {
    let open = review.files.iter().filter(|file| file.decision.is_none());
    for conflict in open.flat_map(|file| file.conflicts.iter().map(move |one| (file, one))) {
        let (file, conflict) = conflict;
        let item = conflict
            .item
            .as_ref()
            .map(|item| format!(", {}", code_span(item)));
        let cause = conflict
            .cause
            .as_ref()
            .map(|cause| format!(": {}", markdown(cause)));
        let _ = writeln!(
            text,
            "\n{}\\. {}{}{}",
            conflict.number,
            code_span(&file.path),
            item.unwrap_or_default(),
            cause.unwrap_or_default()
        );
        for difference in &file.differences {
            let _ = writeln!(
                text,
                "   - {}",
                markdown(&difference.change).replace('\n', " ")
            );
        }
        for commit in &conflict.commits {
            let id = commit.id.get(..10).unwrap_or(&commit.id);
            let _ = writeln!(text, "   - {} {}", code_span(id), markdown(&commit.subject));
        }
    }
}

/// Makes a text one cell of a table.
fn cell(text: &str) -> String {
    markdown(text).replace('\n', " ").replace('|', "\\|")
}

fn lines(delta: Delta) -> String {
    format!("+{} −{}", delta.added, delta.removed)
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_BYTES {
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        let end = text.rfind('\n').unwrap_or(text.len());
        text.truncate(end);
        text.push_str("\n\nThe rest is left out for its length.\n");
    }
    text
}

//! What states are called on the page.

use recipe::merge::Layer;

use crate::model::{ChangeKind, FileState, GateResult};

pub(crate) const fn layer(layer: Layer) -> [&'static str; 2] {
    match layer {
        Layer::Exact => ["exact", "the patch applies as it is"],
        Layer::Lines => ["lines", "merged line by line, as git merge-file does"],
        Layer::Normalised => [
            "normalised",
            "merged line by line after formatting, imports and renames were made alike",
        ],
        Layer::Items => ["items", "merged by Rust items"],
        Layer::Decision => ["decision", "decided by a person"],
    }
}

pub(crate) const fn file_state(state: FileState) -> [&'static str; 2] {
    match state {
        FileState::Conflict => ["conflict", "needs a decision"],
        FileState::DeletedUpstream => ["deleted upstream", "upstream removed the file"],
        FileState::Resolved => ["resolved", "decided by a person"],
        FileState::Merged => ["merged", "a merge carried the patch over"],
        FileState::Exact => ["exact", "the patch applies as it is"],
        FileState::TakenByUpstream => ["taken by upstream", "the patch is not needed any more"],
        FileState::Dropped => ["dropped", "a person gave the patch up"],
    }
}

/// Returns how a state is coloured; the words above say the same.
pub(crate) const fn file_tone(state: FileState) -> &'static str {
    match state {
        FileState::Conflict | FileState::DeletedUpstream => "bad",
        FileState::Resolved | FileState::Merged => "note",
        FileState::Exact | FileState::TakenByUpstream | FileState::Dropped => "good",
    }
}

pub(crate) const fn gate(result: GateResult) -> [&'static str; 2] {
    match result {
        GateResult::Passed => ["passed", "good"],
        GateResult::Failed => ["failed", "bad"],
        GateResult::Skipped => ["skipped", "note"],
        GateResult::NotRun => ["not run", "note"],
    }
}

pub(crate) const fn change(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    }
}

/// Returns a count with its noun, such as `1 line`, `12,345 lines`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Returns a number with its digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_readable() {
        assert_eq!(count(1, "line", "lines"), "1 line");
        assert_eq!(count(0, "line", "lines"), "0 lines");
        assert_eq!(count(1_234_567, "line", "lines"), "1,234,567 lines");
    }
}

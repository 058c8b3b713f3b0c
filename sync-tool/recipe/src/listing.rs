//! How long a list is that people or programs are given.

use std::fmt::Display;

/// The most items that a list for people has; the others are counted.
pub const MAX_LISTED: usize = 20;
/// The most items that a list for programs has; beside it stands how many there are.
/// It is as many as GitHub shows of the results of a scan.
pub const MAX_RECORDED: usize = 5_000;

/// Says how many more items there are than a list for people has; `None` where it has all.
pub fn more(total: usize) -> Option<String> {
    let more = total.checked_sub(MAX_LISTED).filter(|more| *more > 0)?;
    let listed = match total <= MAX_RECORDED {
        true => "them all".to_owned(),
        false => format!("the first {MAX_RECORDED}"),
    };
    Some(format!("and {more} more: `--format json` lists {listed}"))
}

/// Returns the first items in a row, and how many more of `total` there are.
pub fn joined<T: Display>(items: impl IntoIterator<Item = T>, total: usize) -> String {
    joined_by(", ", items, total)
}

/// The same for items that have commas in them.
pub fn joined_by<T: Display>(
    separator: &str,
    items: impl IntoIterator<Item = T>,
    total: usize,
) -> String {
    let shown = items.into_iter().take(MAX_LISTED);
    let shown: Vec<String> = shown.map(|item| item.to_string()).collect();
    match total.saturating_sub(shown.len()) {
        0 => shown.join(separator),
        more => format!("{} and {more} more", shown.join(separator)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted() {
        assert_eq!(joined(["a", "b"], 2), "a, b");
        let many = joined(1..=100, 100);
        assert!(many.ends_with("19, 20 and 80 more"), "{many}");
    }
}

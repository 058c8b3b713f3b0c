//! How long a list is that people or programs are given.

use std::fmt::Display;

/// The most items that a list for people has; the others are counted.
pub const MAX_LISTED: usize = 20;
/// The most items that a list for programs has; beside it stands how many there are.
/// It is as many as GitHub shows of the results of a scan.
pub const MAX_RECORDED: usize = 5_000;

/// Returns the first items in a row, and how many more of `total` there are.
pub fn joined<T: Display>(items: impl IntoIterator<Item = T>, total: usize) -> String {
    let shown = items.into_iter().take(MAX_LISTED);
    let shown: Vec<String> = shown.map(|item| item.to_string()).collect();
    match total.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
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

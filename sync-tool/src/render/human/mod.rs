//! Reports as text for people.

mod check;
mod conflicts;
mod explained;
mod forecast;
mod made;
mod others;
mod radar;
mod report;
mod status;
mod suite;

use recipe::drift::Drift;
use recipe::listing::{MAX_LISTED, more};
use recipe::patch::Delta;

use super::style::Styles;

/// Writes reports as text for people.
#[derive(Debug, Clone, Copy)]
pub struct Human {
    styles: Styles,
}

impl Human {
    /// Makes a writer.
    pub const fn new(styles: Styles) -> Self {
        Human { styles }
    }

    /// Writes the first items of a list, and how many more it has.
    fn list<T>(
        self,
        items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        text: &mut String,
        mut write: impl FnMut(T, &mut String),
    ) {
        let items = items.into_iter();
        let total = items.len();
        items.take(MAX_LISTED).for_each(|item| write(item, text));
        if let Some(more) = more(total) {
            text.push_str(&format!("  {}\n", self.styles.dim(more)));
        }
    }

    fn delta(self, delta: Delta) -> String {
        let added = self.styles.green(format!("+{}", delta.added));
        let removed = self.styles.red(format!("−{}", delta.removed));
        format!("{added} {removed}")
    }

    /// Writes how many lines a series changes, of the most that it may.
    fn budget(self, delta: Delta, budget: usize) -> String {
        let total = delta.total();
        if total > budget {
            let text = format!("{total} changed lines, above the budget of {budget}");
            return self.styles.red(text);
        }
        format!("{total} of at most {budget} changed lines")
    }
}

/// Returns the path of a finding from the project's root.
pub(super) fn drift_path(tree: &str, drift: &Drift) -> String {
    match drift.what.is_of_project() {
        true => drift.path.clone(),
        false => format!("{tree}/{}", drift.path),
    }
}

/// Returns why no gate ran, where that is one reason; `None` where one ran, or
/// there are none.
fn not_run<'g>(said: impl Iterator<Item = &'g str>) -> Option<&'g str> {
    let mut said = said.filter(|said| !said.starts_with("absent"));
    let why = said.next()?.strip_prefix("skipped: ")?;
    said.all(|other| other.strip_prefix("skipped: ") == Some(why))
        .then_some(why)
}

/// Says that a tree was not built and tested, and how to do it.
fn not_verified(why: &str) -> String {
    format!("Not built and tested: {why}; to do so: `wash-wasi-sync vendor --verify`")
}

/// Writes a time for people: `8 ms`, `1.2 s`, `4 min 10 s`.
fn time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{}.{} s", seconds, milliseconds % 1000 / 100),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Writes a count with its noun.
fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

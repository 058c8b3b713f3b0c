//! The few styles that output has, and what a terminal gets of a text.

use std::fmt::Display;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use anstyle::{AnsiColor, Style};
use recipe::text::visible;

/// Stands for the escape character of the tool's own styles until a text is printed.
/// It is another one in each process, so no text from elsewhere has it.
static ESCAPE: LazyLock<String> = LazyLock::new(|| {
    let key = std::hash::RandomState::new().hash_one("escape");
    format!("\u{1}{key:016x}")
});

/// Returns what is printed of a text: the tool's own styles act, and nothing else does.
/// Everything that people read passes here, whoever wrote it.
pub fn printable(text: &str) -> String {
    let parts: Vec<_> = text.split(ESCAPE.as_str()).map(visible).collect();
    parts.join("\u{1b}")
}

/// Returns the text as it is, for a program to read: a file, a patch.
pub fn exact(text: &str) -> String {
    text.replace(ESCAPE.as_str(), "\u{1b}")
}

/// Marks the styles in a text whose parts from elsewhere are [`visible`] already.
pub(super) fn styled(text: &str) -> String {
    text.replace('\u{1b}', &ESCAPE)
}

/// Styles for text, or none at all.
#[derive(Debug, Clone, Copy)]
pub struct Styles {
    colored: bool,
}

impl Styles {
    /// Makes styles; without colour they change nothing.
    pub const fn new(colored: bool) -> Self {
        Styles { colored }
    }

    /// Tells whether there is colour.
    pub const fn colored(self) -> bool {
        self.colored
    }

    fn paint(self, style: Style, text: impl Display) -> String {
        if self.colored {
            let [on, off] = [format!("{style}"), format!("{style:#}")];
            format!("{}{text}{}", styled(&on), styled(&off))
        } else {
            text.to_string()
        }
    }

    /// Marks a heading.
    pub fn bold(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Marks what is less important.
    pub fn dim(self, text: impl Display) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// Marks what is good or added.
    pub fn green(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Marks what is bad or removed.
    pub fn red(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    /// Marks what wants attention.
    pub fn yellow(self, text: impl Display) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// Marks a place in a diff.
    pub fn cyan(self, text: impl Display) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }
}

//! The few styles that output has.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

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
            format!("{style}{text}{style:#}")
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

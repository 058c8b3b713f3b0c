//! Status and progress on stderr.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use host::{Silent, Status, Step};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use recipe::text;

use super::style::{Styles, printable};

/// How often a bar is drawn again while nothing is reported.
const TICK: Duration = Duration::from_millis(120);

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Warnings only.
    Quiet,
    /// Notes, and progress where there is a terminal.
    Normal,
    /// Everything.
    Verbose,
}

/// Tells on stderr what a run does.
pub struct Terminal {
    level: Level,
    styles: Styles,
    bars: Option<MultiProgress>,
}

impl Terminal {
    /// Makes one; progress is shown where stderr is a terminal.
    pub fn new(level: Level, styles: Styles) -> Self {
        let shown = level != Level::Quiet && std::io::stderr().is_terminal();
        Terminal {
            level,
            styles,
            bars: shown.then(MultiProgress::new),
        }
    }

    fn line(&self, line: &str) {
        // What others said may have several lines; none of them begins one of ours.
        let line = printable(line).replace('\n', "\n  ");
        let write = || {
            // Nobody is left to tell where stderr is closed.
            let _ = writeln!(std::io::stderr(), "{line}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

impl Status for Terminal {
    fn note(&self, line: &str) {
        if self.level != Level::Quiet {
            self.line(line);
        }
    }

    fn warn(&self, line: &str) {
        self.line(&format!(
            "{} {line}",
            self.styles.bold(self.styles.yellow("warning:"))
        ));
    }

    fn detail(&self, line: &str) {
        if self.level == Level::Verbose {
            self.line(&self.styles.dim(line));
        }
    }

    fn step(&self, name: &str) -> Box<dyn Step> {
        let Some(bars) = &self.bars else {
            // Who reads a log wants to know what takes long.
            self.note(name);
            return Box::new(Silent);
        };
        let bar = bars.add(
            ProgressBar::new_spinner()
                .with_style(spinner())
                .with_prefix(text::line(name).into_owned()),
        );
        bar.enable_steady_tick(TICK);
        Box::new(Bar(bar))
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn counted() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {prefix} [{bar:30}] {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// A step with a bar, which vanishes at its end.
struct Bar(ProgressBar);

impl Step for Bar {
    fn at(&self, what: &str) {
        self.0.set_message(text::line(what).into_owned());
    }

    fn done(&self, done: u64, of: u64) {
        if of > 0 && self.0.length() != Some(of) {
            self.0.set_style(counted());
            self.0.set_length(of);
        }
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

//! What is behind the errors of a build, for people.

use gates::diagnosis::{Diagnosis, Explanation, LikelyCause};

use super::Human;

impl Human {
    /// Writes what is known of a build's errors: what is explained first, then the
    /// others as cargo shows them.
    pub fn diagnosis(self, diagnosis: &Diagnosis) -> String {
        let mut text = self.explained(&diagnosis.explained);
        self.list(&diagnosis.unknown, &mut text, |unknown, text| {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(unknown.rendered.trim_end());
            text.push('\n');
        });
        text
    }

    /// Writes explanations: place and sentence, what changed upstream, the next step,
    /// and the patches that are offered.
    pub fn explained(self, explained: &[Explanation]) -> String {
        let mut text = String::new();
        self.list(explained, &mut text, |one, text| {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&self.explanation(one));
        });
        text
    }

    fn explanation(self, explained: &Explanation) -> String {
        let place = explained.place().map(|place| format!("{place}: "));
        let title = self.styles.bold(&explained.title);
        let mut text = format!("{}{title}\n", place.unwrap_or_default());
        let lines = explained.upstream.iter().cloned();
        for line in lines.chain(explained.others()) {
            text.push_str(&format!("  {line}\n"));
        }
        let next = self.styles.cyan("next:");
        text.push_str(&format!("  {next} {}\n", explained.next));
        for offered in &explained.patches {
            text.push_str(&format!("\n  a patch for {}:\n\n", offered.file));
            for line in offered.patch.lines() {
                text.push_str(format!("    {line}").trim_end());
                text.push('\n');
            }
        }
        text
    }

    /// Writes the likely reason for the failure of a test.
    pub fn likely(self, likely: &LikelyCause) -> String {
        format!("likely: {}; {}\n", likely.title, likely.next)
    }
}

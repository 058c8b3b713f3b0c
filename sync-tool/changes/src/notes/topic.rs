//! What a note concerns, by its words.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

/// What a note concerns, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Advisories and what is called a security fix.
    Security,
    /// Sockets and networks.
    Sockets,
    /// WASI, of any preview.
    Wasi,
    /// The component model, WIT and `bindgen!`.
    ComponentModel,
    /// The oldest Rust that compiles upstream.
    MinimumRust,
}

static WORDS: LazyLock<[(Topic, Regex); 5]> = LazyLock::new(|| {
    let words = |topic, pattern| (topic, Regex::new(pattern).expect("a sound expression"));
    [
        words(
            Topic::Security,
            r"(?i)\b(?:CVE-\d|GHSA-|RUSTSEC-|security\b|advisor(?:y|ies)\b|vulnerabilit)",
        ),
        words(
            Topic::Sockets,
            r"(?i)\bsocket|\b(?:tcp|udp|network(?:s|ing)?|ip[-_]name[-_]lookup|dns)\b|SocketAddr",
        ),
        words(Topic::Wasi, r"(?i)\bwasi|\bp[0123]\b|\bpreview ?[0123]\b"),
        words(
            Topic::ComponentModel,
            r"(?i)\bcomponents?\b|\bcomponent[-_]model|\bbindgen\b|\bWIT\b",
        ),
        words(
            Topic::MinimumRust,
            r"(?i)\bMSRV\b|\brustc? 1\.\d|\bminimum (?:supported )?rust\b",
        ),
    ]
});

/// Returns what a text concerns, most urgent first.
pub(super) fn topics(text: &str) -> Vec<Topic> {
    let matching = WORDS.iter().filter(|(_, words)| words.is_match(text));
    matching.map(|(topic, _)| *topic).collect()
}

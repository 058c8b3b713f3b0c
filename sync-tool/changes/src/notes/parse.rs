//! One text of release notes, from Markdown.

use std::sync::LazyLock;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use recipe::text::{is_control, line};
use regex::Regex;
use semver::Version;
use serde::Serialize;

use super::topic::topics;
use super::{Item, Link, MAX_ITEMS, MAX_LINKS, MAX_TEXT, ReleaseNotes};

/// The longest text that is read, in bytes; upstream's of a line are below 50,000.
const MAX_BYTES: usize = 1 << 20;

/// What one text of release notes holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Parsed {
    /// In the order of the text.
    pub releases: Vec<ReleaseNotes>,
    /// What is wrong with the text.
    pub faults: Vec<Fault>,
}

/// What is wrong with a text of release notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It is longer than what is read, and was not read.
    TooLong,
    /// No heading names a release.
    NoReleases,
    /// It has control characters, which are written out.
    ControlCharacters,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {MAX_BYTES} bytes and was not read"),
            Self::NoReleases => f.write_str("has no heading that names a release"),
            Self::ControlCharacters => f.write_str("has control characters; they are written out"),
        }
    }
}

/// Returns the releases that a text tells of.
pub fn parse(text: &str) -> Parsed {
    if text.len() > MAX_BYTES {
        return Parsed {
            releases: Vec::new(),
            faults: vec![Fault::TooLong],
        };
    }
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, Options::empty()) {
        reader.take(event);
    }
    reader.end_release();
    let layout = |c: char| matches!(c, '\n' | '\r' | '\t');
    let faults = [
        (reader.releases.is_empty(), Fault::NoReleases),
        (
            text.contains(|c| is_control(c) && !layout(c)),
            Fault::ControlCharacters,
        ),
    ];
    Parsed {
        releases: reader.releases,
        faults: faults
            .into_iter()
            .filter_map(|(is_so, fault)| is_so.then_some(fault))
            .collect(),
    }
}

/// Goes through a text; how deep it is nested is a number here.
#[derive(Default)]
struct Reader {
    releases: Vec<ReleaseNotes>,
    release: Option<ReleaseNotes>,
    section: String,
    /// How many items of lists are open.
    depth: usize,
    note: Note,
    links: Vec<OpenLink>,
}

/// What is read of the note, paragraph or heading at this place.
#[derive(Default)]
struct Note {
    text: String,
    pull_requests: Vec<u64>,
    links: Vec<Link>,
}

struct OpenLink {
    url: String,
    /// Where its text begins in the note's.
    from: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.note.text.push_str(&text),
            Event::Code(code) => {
                for part in ["`", &code, "`"] {
                    self.note.text.push_str(part);
                }
            }
            Event::Html(html) | Event::InlineHtml(html)
                if !html.trim_start().starts_with("<!--") =>
            {
                self.note.text.push_str(&html);
            }
            Event::SoftBreak | Event::HardBreak => self.note.text.push(' '),
            // The lines that upstream draws below a release; what follows belongs to none.
            Event::Rule if self.depth == 0 => self.end_release(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } if self.depth == 0 => self.note = Note::default(),
            Tag::Paragraph | Tag::CodeBlock(_) | Tag::HtmlBlock if self.depth == 0 => {
                self.note = Note::default();
            }
            Tag::Item => {
                if self.depth == 0 {
                    self.note = Note::default();
                }
                self.depth += 1;
                self.note.text.push(' ');
            }
            Tag::Link { dest_url, .. } => self.links.push(OpenLink {
                url: dest_url.into_string(),
                from: self.note.text.len(),
            }),
            Tag::Paragraph | Tag::CodeBlock(_) => self.note.text.push(' '),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) if self.depth == 0 => self.heading(level),
            TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::HtmlBlock if self.depth == 0 => {
                self.paragraph();
            }
            TagEnd::Item => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.item();
                }
            }
            TagEnd::Link => self.link(),
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = shown(&std::mem::take(&mut self.note).text, MAX_TEXT);
        if level > HeadingLevel::H2 {
            self.section = text;
            return;
        }
        self.end_release();
        let name = text.split_whitespace().next().unwrap_or_default();
        let version = Version::parse(name.trim_start_matches('v'));
        self.release = version.ok().map(|version| ReleaseNotes {
            version,
            date: None,
            items: Vec::new(),
            total: 0,
        });
    }

    /// A paragraph outside of lists: the date, or a note that was written without a bullet.
    fn paragraph(&mut self) {
        static DATE: LazyLock<Regex> = LazyLock::new(|| {
            let pattern =
                r"^\s*(?:Released?(?:\s+on)?\s+(?<date>\d{4}-\d\d-\d\d)|Unreleased)\.?\s*$";
            Regex::new(pattern).expect("a sound expression")
        });
        let date = DATE.captures(&self.note.text).map(|captures| {
            let date = captures.name("date");
            date.map(|date| date.as_str().to_owned())
        });
        match (date, &mut self.release) {
            (Some(date), Some(release)) => release.date = date,
            (Some(_), None) => {}
            (None, _) => self.item(),
        }
    }

    fn item(&mut self) {
        let note = std::mem::take(&mut self.note);
        self.links.clear();
        let text = shown(&note.text, MAX_TEXT);
        let Some(release) = self.release.as_mut().filter(|_| !text.is_empty()) else {
            return;
        };
        let links = note.links.iter().flat_map(|link| [&*link.text, &*link.url]);
        let words: Vec<&str> = [&*text].into_iter().chain(links).collect();
        let topics = topics(&words.join(" "));
        release.total += 1;
        release.items.push(Item {
            section: self.section.clone(),
            text,
            pull_requests: note.pull_requests,
            links: note.links,
            topics,
        });
    }

    fn link(&mut self) {
        static PULL: LazyLock<Regex> = LazyLock::new(|| {
            let pattern = r"^https://[\w.-]+(?:/[\w.-]+)+/pull/(\d{1,9})/?$";
            Regex::new(pattern).expect("a sound expression")
        });
        let Some(link) = self.links.pop() else {
            return;
        };
        let text = shown(
            self.note.text.get(link.from..).unwrap_or_default(),
            MAX_TEXT,
        );
        let number = PULL
            .captures(&link.url)
            .and_then(|captures| captures[1].parse().ok());
        match number {
            Some(number) => {
                // What is only the number is in `pull_requests`; other words stay.
                if text == format!("#{number}") {
                    self.note.text.truncate(link.from);
                }
                if self.note.pull_requests.len() < MAX_LINKS {
                    self.note.pull_requests.push(number);
                }
            }
            None if is_http(&link.url) && self.note.links.len() < MAX_LINKS => {
                let url = shown(&link.url, MAX_TEXT);
                self.note.links.push(Link { text, url });
            }
            None => {}
        }
    }

    fn end_release(&mut self) {
        self.section.clear();
        if let Some(mut release) = self.release.take() {
            let urgent = |item: &Item| (item.topics.is_empty(), item.topics.first().copied());
            release.items.sort_by_key(urgent);
            release.items.truncate(MAX_ITEMS);
            self.releases.push(release);
        }
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Returns a text on one line, its control characters written out, cut where it is too long.
fn shown(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let text = line(&text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

//! What a test is called, and which group it is of.

use std::fmt;

use serde::{Serialize, Serializer};

/// Features that are tested together, as cargo takes them: `p1,p2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FeatureSet(String);

impl FeatureSet {
    /// Those that are tested where none are named, in this order.
    pub const DEFAULT: [&'static [&'static str]; 2] = [&["p1", "p2"], &["p1", "p2", "p3"]];

    /// Makes a set of names; blanks around them, empty ones and repeated ones are left out.
    pub fn of<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        let mut set: Vec<String> = Vec::new();
        for name in names {
            let name = name.as_ref().trim();
            if !name.is_empty() && set.iter().all(|known| known != name) {
                set.push(name.to_owned());
            }
        }
        FeatureSet(set.join(","))
    }

    /// Returns the names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }

    /// Returns the names as cargo takes them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the set as part of a file's name.
    pub fn key(&self) -> String {
        if self.0.is_empty() {
            return "no-features".to_owned();
        }
        self.0.replace([',', '/'], "-")
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { &self.0 })
    }
}

/// What sort of target a test is compiled into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// The library: unit tests.
    Lib,
    /// A file or directory below `tests`.
    Test,
    /// A program, an example or a benchmark that has tests.
    Other,
    /// The documentation.
    Doc,
}

/// The target that a test is compiled into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Its sort.
    pub kind: TargetKind,
    /// Its name, as cargo has it.
    pub name: String,
}

impl Target {
    /// Returns the name under which the same target of another crate goes: the
    /// library bears the crate's name, which a fork changes.
    pub fn across(&self) -> (TargetKind, &str) {
        match self.kind {
            TargetKind::Lib | TargetKind::Doc => (self.kind, ""),
            TargetKind::Test | TargetKind::Other => (self.kind, &self.name),
        }
    }

    /// Returns the name that reports show and filters see.
    pub fn shown(&self) -> &str {
        match self.kind {
            TargetKind::Lib => "unit",
            TargetKind::Doc => "doc",
            TargetKind::Test | TargetKind::Other => &self.name,
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.shown())
    }
}

/// A test: under which features, of which target, of which name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TestId {
    /// The features it was compiled with.
    pub features: FeatureSet,
    /// The target it is in.
    pub target: Target,
    /// Its name there, as libtest has it; the target's own where that is one test.
    pub name: String,
}

impl TestId {
    /// Returns target and name: `all p2::sync::p2_tcp_bind`.
    pub fn shown(&self) -> String {
        format!("{} {}", self.target.shown(), self.name)
    }

    /// Tells whether it is a doc test.
    pub fn is_doc(&self) -> bool {
        self.target.kind == TargetKind::Doc
    }

    /// Tells whether a name that people wrote means this test: its own name, or
    /// that with the target before it (`all p1::p1_close`, `all::p1::p1_close`), or
    /// the whole with its features (`all p1::p1_close (p1,p2)`).
    pub fn is_named(&self, name: &str) -> bool {
        let is_own = |name: &str| match self.is_doc() {
            true => is_doc_named(&self.name, name),
            false => name == self.name,
        };
        is_own(name)
            || name == self.to_string()
            || name
                .strip_prefix(self.target.shown())
                .and_then(|rest| rest.strip_prefix(' ').or_else(|| rest.strip_prefix("::")))
                .is_some_and(is_own)
    }

    /// Returns the group that the test is of, if it is one of upstream's.
    pub fn group(&self) -> Group {
        match self.target.kind {
            TargetKind::Lib => Group::Unit,
            TargetKind::Doc => Group::Doc,
            TargetKind::Test | TargetKind::Other => by_name(&self.name),
        }
    }
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.shown(), self.features)
    }
}

/// Which part of upstream's tests one is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Guests of the first preview.
    P1,
    /// Guests of the second, sockets apart.
    P2,
    /// Guests of the second that use sockets.
    P2Sockets,
    /// Guests of the third, sockets apart.
    P3,
    /// Guests of the third that use sockets.
    P3Sockets,
    /// Unit tests.
    Unit,
    /// Doc tests.
    Doc,
    /// Upstream's other tests.
    Other,
    /// Tests that the fork adds.
    Own,
}

impl Group {
    /// Returns the name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Group::P1 => "p1",
            Group::P2 => "p2",
            Group::P2Sockets => "p2 sockets",
            Group::P3 => "p3",
            Group::P3Sockets => "p3 sockets",
            Group::Unit => "unit",
            Group::Doc => "doc",
            Group::Other => "other",
            Group::Own => "the fork's own",
        }
    }
}

/// What the names of tests that use sockets have in them.
const SOCKETS: [&str; 4] = ["tcp", "udp", "socket", "ip_name_lookup"];

/// Returns the group by the module, which says what of the host is tested; else by
/// the guest's name.
fn by_name(name: &str) -> Group {
    let module = name.split("::").next().unwrap_or_default();
    let test = name.rsplit("::").next().unwrap_or_default();
    let preview = match module {
        "p1" | "p2" | "p3" => module,
        _ => test.split('_').next().unwrap_or_default(),
    };
    let sockets = SOCKETS.iter().any(|part| test.contains(part));
    match (preview, sockets) {
        ("p1", _) => Group::P1,
        ("p2", false) => Group::P2,
        ("p2", true) => Group::P2Sockets,
        ("p3", false) => Group::P3,
        ("p3", true) => Group::P3Sockets,
        _ => Group::Other,
    }
}

/// Which tests are wanted: those whose name, with the target before it, has a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter(pub Option<String>);

impl Filter {
    /// Tells whether doc tests may be among those that are wanted. rustdoc compiles all
    /// of them to run one, which takes minutes: who wants them says so.
    pub fn wants_docs(&self) -> bool {
        let part = self.0.as_deref();
        part.is_none_or(|part| part.starts_with("doc"))
    }

    /// Tells whether a test is wanted.
    pub fn wants(&self, id: &TestId) -> bool {
        let part = self.0.as_deref();
        part.is_none_or(|part| id.shown().contains(part) || id.is_named(part))
    }
}

/// Returns the name of a doc test without what a fork changes of it: the crate's
/// directory before the file, and the line, which patches move.
pub(super) fn place_apart<'n>(name: &'n str, package_dir: &str) -> &'n str {
    let name = name
        .strip_prefix(package_dir)
        .map_or(name, |rest| rest.trim_start_matches('/'));
    name.split_once(" (line ").map_or(name, |(name, _)| name)
}

/// Tells whether a name that people wrote means a doc test: with or without its line, and
/// from either side's directory, since the gates and `test` run in different ones.
fn is_doc_named(test: &str, name: &str) -> bool {
    let test = match name.contains(" (line ") {
        true => test,
        false => place_apart(test, ""),
    };
    let within = |long: &str, short: &str| {
        let rest = long.strip_suffix(short);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    within(test, name) || within(name, test)
}

/// Returns the file of a doc test, from the crate's directory.
pub(super) fn doc_file<'n>(name: &'n str, package_dir: &str) -> &'n str {
    let name = place_apart(name, package_dir);
    name.split_once(" - ").map_or(name, |(file, _)| file)
}

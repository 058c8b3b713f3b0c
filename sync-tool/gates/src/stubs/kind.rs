//! Which macro asks for a guest program, and which crate of upstream's tests it.

use std::sync::LazyLock;

use regex::Regex;

/// Where upstream's build script of the guest programs is.
pub const BUILD_SCRIPT: &str = "crates/test-programs/artifacts/build.rs";
/// Where the programs are.
pub const PROGRAMS: &str = "crates/test-programs/src/bin";

/// One arm of the build script: the beginnings of names, then the kind.
static ARM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let arm = r#"s if ((?:(?:\|\|)?\s*s\.starts_with\("\w+"\)\s*)+)=>\s*\{?\s*"(\w+)""#;
    Regex::new(arm).ok()
});
static BEGINNING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"starts_with\("(\w+)"\)"#).ok());

/// How a release sorts its guest programs into kinds, each with a macro of its own:
/// by the beginnings of their names, the first that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds(Vec<(String, String)>);

impl Kinds {
    /// Reads them from upstream's build script; `None` where it has another form.
    pub fn read(build_script: &str) -> Option<Self> {
        let (arm, beginning) = (ARM.as_ref()?, BEGINNING.as_ref()?);
        let mut kinds = Vec::new();
        for found in arm.captures_iter(build_script) {
            let kind = found[2].to_owned();
            let beginnings = beginning.captures_iter(&found[1]);
            kinds.extend(beginnings.map(|b| (b[1].to_owned(), kind.clone())));
        }
        (!kinds.is_empty()).then_some(Kinds(kinds))
    }

    /// Returns the kind of a guest program.
    pub fn of(&self, program: &str) -> Option<&str> {
        let kind = self.0.iter().find(|(start, _)| program.starts_with(start));
        kind.map(|(_, kind)| kind.as_str())
    }
}

/// Returns the crate of upstream's that runs a guest which is no test of ours.
pub(super) fn tested_in(program: &str) -> &'static str {
    let has = |words: &[&str]| program.split('_').any(|part| words.contains(&part));
    if has(&["http", "proxy"]) {
        "wasi-http"
    } else if has(&["tls"]) {
        "wasi-tls"
    } else {
        "wasi-cli"
    }
}

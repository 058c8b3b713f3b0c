//! What is known to go wrong when a tree does not build.

use super::index::Kind;

/// One kind of error.
pub(super) struct Entry {
    /// The name, as JSON has it.
    pub(super) name: &'static str,
    /// The compiler's codes that it can have; the empty text is none.
    pub(super) codes: &'static [&'static str],
    /// What the error is about: the first expression that matches its message, labels and
    /// rendering gives the identifier (`name`, or `names`, a quoted list) and where the
    /// compiler looks for it (`scope`). Groups `file` and `line` are the place to look at.
    pub(super) about: &'static [&'static str],
    /// How the identifier is looked up.
    pub(super) lookup: Lookup,
    /// The sentence that states it; `{name}` stands for a value.
    pub(super) title: &'static str,
    /// The next step, with values as well.
    pub(super) next: Next,
    /// Whether code is missing because of it, and other errors follow.
    pub(super) breaks_all: bool,
}

/// How the identifier of an error is looked up in the trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// Not at all: the message says everything. All errors of the kind are one.
    None,
    /// Among definitions of these kinds.
    Definition(&'static [Kind]),
    /// Which of two related traits has a method.
    TraitMethod,
    /// Which file lacks a test function; stubs are offered.
    Stubs,
}

/// The next step, by what the lookup finds. An empty text: the error stays as it is.
pub(super) struct Next {
    /// Upstream has it, and what was built does not.
    pub(super) found: &'static str,
    /// It is at another path, or has another signature.
    pub(super) moved: &'static str,
    /// It is nowhere.
    pub(super) gone: &'static str,
    /// No tree tells.
    pub(super) unknown: &'static str,
}

const RUST: &[Kind] = &[
    Kind::Module,
    Kind::Function,
    Kind::Reexport,
    Kind::Trait,
    Kind::Item,
];

const SIGNED: &[Kind] = &[Kind::Function, Kind::Method, Kind::Trait];

/// A next step that does not depend on what is found.
const fn always(next: &'static str) -> Next {
    Next {
        found: next,
        moved: next,
        gone: next,
        unknown: next,
    }
}

/// The table. The first entry that knows an error explains it.
pub(super) const ENTRIES: [Entry; 9] = [
    Entry {
        name: "trappable-error-type",
        codes: &[""],
        about: &[
            r"^failed to locate a WIT error type corresponding to the `trappable_error_type` name `(?P<scope>[^`@.]+)(?:@[^`]*)?\.(?P<name>[^`.]+)`",
        ],
        lookup: Lookup::Definition(&[Kind::WitType]),
        title: "`trappable_error_type` names `{scope}.{name}`, which the WIT files do not have: it is gone or renamed",
        next: Next {
            found: "take {its_file} as upstream has it at this release",
            moved: "name the type that took its place, such as `{path}`",
            gone: "name the type that took its place, or drop the entry: upstream's WIT has no type of that name",
            unknown: "see what upstream's `bindgen!` names at this release",
        },
        breaks_all: true,
    },
    Entry {
        name: "wit-package",
        codes: &[""],
        about: &[
            r"(?s)^failed to (?:resolve directory|read path|parse package|parse dependency)[^\[\n]*(?:\[(?P<dir>[^\]]+)\])?.*?package '(?P<name>[^']+)' not found",
            r"(?s)^failed to (?:resolve directory|read path|parse package|parse dependency)[^\[\n]*(?:\[(?P<dir>[^\]]+)\])?.*?interface or world `(?P<name>[^`]+)` not found",
        ],
        lookup: Lookup::Definition(&[Kind::WitPackage, Kind::WitInterface]),
        title: "the WIT package, interface or world `{name}` is not found in {dir}",
        next: Next {
            found: "take {its_file} as upstream has it",
            moved: "ask for `{path}` as upstream does: all WIT files and `bindgen!` must be of one release",
            gone: "upstream does not have it there: see what its `bindgen!` asks for now",
            unknown: "see what upstream's `bindgen!` asks for at this release",
        },
        breaks_all: true,
    },
    Entry {
        name: "wit-directory",
        codes: &[""],
        about: &[r"^failed to read path for WIT \[(?P<name>[^\]]+)\]"],
        lookup: Lookup::None,
        title: "the WIT directory {name} is not there",
        next: always("let `path` of `bindgen!` name the directory that upstream's names"),
        breaks_all: true,
    },
    Entry {
        name: "bindgen-rules",
        codes: &[""],
        about: &[r"^unused `(?P<option>\w+)` rules found: \[(?P<names>.*)\]"],
        lookup: Lookup::None,
        title: "`{option}` of `bindgen!` names what the WIT files do not have: {names}",
        next: always("take the WIT files and, in {file}, the rules of one release of upstream's"),
        breaks_all: true,
    },
    Entry {
        name: "guests-linked-anew",
        codes: &[""],
        about: &[
            r"(?s)^failed to run custom build command for `(?P<name>[^ `]+).*?panicked at (?P<file>[^:\n]+):(?P<line>\d+).*unsupported section `(?P<section>\d+)` in adapter",
        ],
        lookup: Lookup::None,
        title: "`{name}` cannot make components of its guests: the linker of this Rust writes a section ({section}) that the component tools of this release do not read",
        next: always(
            "build with a Rust whose linker is older: `--toolchain <name>`, or `CARGO` and `RUSTC`; Debian's packages do for 38.0.4 (`ci/install-guest-targets --from debian`)",
        ),
        breaks_all: true,
    },
    Entry {
        name: "missing-tests",
        codes: &["E0432", "E0433", "E0425"],
        about: &[r"^(?:unresolved import `self::|cannot find \w+ `)(?P<name>\w+)"],
        lookup: Lookup::Stubs,
        title: "test functions are missing: {names}",
        next: always(
            "write a test for each, or a stub with `#[expect(dead_code, reason = …)]` where another crate of upstream's has the test",
        ),
        breaks_all: false,
    },
    Entry {
        name: "trait-method",
        codes: &["E0407", "E0046"],
        about: &[
            r"^method `(?P<name>\w+)` is not a member of trait `(?:\w+::)*(?P<scope>\w+)(?:<[^`]*>)?`",
            // The head of the implementation stands in the code that the compiler shows.
            r"(?s)^not all trait items implemented, missing: (?P<names>[^\n]+)\n.*?\bimpl(?:<[^|\n]*>)?\s+(?:\w+::)*(?P<scope>\w+)(?:<[^|\n]*>)?\s+for\s+(?:&\s*(?:'\w+\s+)?(?:mut\s+)?)*(?:\w+::)*(?P<type>\w+)",
        ],
        lookup: Lookup::TraitMethod,
        title: "`{name}` moved from the trait `{from}` to `{to}`",
        next: Next {
            found: "write it as upstream has it at this release",
            moved: "move it to the implementation of `{to}`, with the signature that it has there",
            gone: "drop it from the implementation of `{from}`: that of `{to}` has it",
            unknown: "",
        },
        breaks_all: false,
    },
    Entry {
        name: "moved-name",
        codes: &["E0432", "E0433", "E0412", "E0425"],
        about: &[
            r"(?:could not find|cannot find|no) (?:\w+ )?`(?P<name>\w+)` in (?:\w+ )?`(?:\w+::)*(?P<scope>\w+)`",
        ],
        lookup: Lookup::Definition(RUST),
        title: "`{name}` is no longer in `{scope}`",
        next: Next {
            found: "take `{path}` as upstream has it",
            moved: "import it from `{path}`",
            gone: "look in upstream's changes what took its place",
            unknown: "",
        },
        breaks_all: false,
    },
    Entry {
        name: "signature",
        codes: &[
            "E0023", "E0049", "E0050", "E0053", "E0061", "E0107", "E0186", "E0195", "E0308",
            "E0599",
        ],
        about: &[
            r"^no (?:method|function or associated item|function|associated function) named `(?P<name>\w+)` found for [^`]*`(?:&|mut |'\w+ )*(?:\w+::)*(?P<scope>\w+)",
            r"^(?:method|associated function) `(?P<name>\w+)`",
            r"^missing generics for (?:trait|struct|enum|type alias) `(?P<name>\w+)`",
            super::lookup::DEFINED_HERE,
        ],
        lookup: Lookup::Definition(SIGNED),
        title: "`{name}` is no longer as the code expects it",
        next: Next {
            found: "take `{name}` as upstream has it, in {its_file}",
            moved: "fit {file} to the new one",
            gone: "fit {file} to the new one",
            unknown: "",
        },
        breaks_all: false,
    },
];

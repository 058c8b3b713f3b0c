//! What is known to go wrong when a tree does not build, one entry each.

use super::entry::Entry;
use super::{imports, signatures, tests_missing, traits, wit_errors};

/// What keeps an edit of a tree that was not put in place.
macro_rules! edit {
    ($what:literal) => {
        concat!(
            $what,
            "; to edit the tree, put it in place with `--no-verify`, and keep the edit with \
             `wash-wasi-sync refresh`"
        )
    };
}

/// The table. The first entry that knows an error tells it.
pub(super) const ENTRIES: [Entry; 8] = [
    Entry {
        name: "trappable-error-type",
        codes: &[""],
        message: r"^failed to locate a WIT error type corresponding to the `trappable_error_type` name `(?P<wit>[^`]+)`",
        out_of: "",
        subjects: wit_errors::error_type,
        look: wit_errors::look_for_type,
        title: "`trappable_error_type` names `{wit}`, which the WIT files do not have: it is gone or renamed",
        next: edit!("in {file}, {step}"),
        breaks_all: true,
    },
    Entry {
        name: "wit-package",
        codes: &[""],
        message: r"(?s)^failed to (?:resolve directory while parsing WIT|read path for WIT|parse package|parse dependency).*(?:package '(?P<package>[^']+)' not found|interface or world `(?P<item>[^`]+)` not found)",
        out_of: "",
        subjects: wit_errors::package,
        look: wit_errors::look_for_package,
        title: "{what} is not found in {dir}",
        next: edit!("{step}"),
        breaks_all: true,
    },
    Entry {
        name: "wit-directory",
        codes: &[""],
        message: r"^failed to read path for WIT \[(?P<dir>[^\]]+)\]",
        out_of: "",
        subjects: wit_errors::package,
        look: wit_errors::look_for_package,
        title: "{what} is not there",
        next: edit!("in {file}, let `path` name the directory that upstream's has: {step}"),
        breaks_all: true,
    },
    Entry {
        name: "bindgen-rules",
        codes: &[""],
        message: r"^unused `(?P<option>\w+)` rules found: \[(?P<rules>.*)\]",
        out_of: "",
        subjects: wit_errors::rules,
        look: wit_errors::look_for_rules,
        title: "`{option}` of `bindgen!` names what the WIT files do not have: {names}",
        next: edit!("in {file}, take the rules that upstream has at this release"),
        breaks_all: true,
    },
    Entry {
        name: "missing-tests",
        codes: &["E0432", "E0433", "E0425"],
        message: r"^(?:unresolved import `self::|cannot find \w+ `)(?P<name>\w+)`",
        out_of: "foreach_",
        subjects: tests_missing::subjects,
        look: tests_missing::look,
        title: "{what}",
        next: "{step}",
        breaks_all: false,
    },
    Entry {
        name: "trait-moved",
        codes: &["E0407", "E0046"],
        message: r"^(?:method `(?P<method>\w+)` is not a member of trait `(?P<trait>\w+)`|not all trait items implemented, missing: (?P<missing>.+))",
        out_of: "",
        subjects: traits::subjects,
        look: traits::look,
        title: "`{method}` moved from the trait `{from}` to `{to}`",
        next: edit!(
            "move it to the implementation of `{to}`, with the signature that it has there"
        ),
        breaks_all: false,
    },
    Entry {
        name: "moved-name",
        codes: &["E0432", "E0433", "E0412", "E0425"],
        message: r"^(?:unresolved imports? `(?P<path>[^`]+)`|.*`)",
        out_of: "",
        subjects: imports::subjects,
        look: imports::look,
        title: "`{name}` is no longer in `{module}`",
        next: edit!("{step}"),
        breaks_all: false,
    },
    Entry {
        name: "signature",
        codes: &[
            "E0023", "E0049", "E0050", "E0053", "E0061", "E0107", "E0186", "E0195", "E0308",
            "E0599",
        ],
        message: r"^(?:no (?:method|function or associated item|function|associated function) named `(?P<name>\w+)`|(?:method|associated function) `(?P<method>\w+)`|missing generics for (?:trait|struct|enum|type alias) `(?P<item>\w+)`|.*)",
        out_of: "",
        subjects: signatures::subjects,
        look: signatures::look,
        title: "`{name}` is no longer as the code expects it",
        next: edit!("fit {file} to the new one"),
        breaks_all: false,
    },
];

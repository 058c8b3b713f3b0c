//! Whether the parts of a manifest go together.

use std::fmt;
use std::ops::Range;

use toml_edit::Item;

use super::{
    Documents, FILE, FileKind, FileRule, Fork, GENERATED, Manifest, OwnedDir, Pattern, Series,
};
use crate::files;
use crate::reader::{Reader, Section};
use crate::tree::TreePath;

/// Finds rules that would be passed over: the tool generates two files, whatever a
/// rule says, and no other.
pub(super) fn generated(r: &mut Reader, rules: &[FileRule]) {
    let help = "`generated` is for `Cargo.toml` alone; take the file as `direct`, or leave it out as `omitted`";
    let says_generated = rules.iter().filter(|r| r.kind == FileKind::Generated);
    for Pattern { text, span, .. } in says_generated.flat_map(|rule| &rule.paths) {
        if !GENERATED.contains(&text.as_str()) {
            r.fault(
                span.clone(),
                format!("the tool does not generate `{text}`"),
                help,
            );
        }
    }
    let Ok(manifest) = TreePath::new(GENERATED[0]) else {
        return;
    };
    let last = super::rule_for(rules, &manifest);
    if let Some((rule, pattern)) = last.filter(|(rule, _)| rule.kind != FileKind::Generated) {
        let message = format!(
            "the tool generates `{manifest}`, and this rule says that it is {}",
            rule.kind.name()
        );
        let help = format!("add a rule behind it: paths = [\"{manifest}\"], kind = \"generated\"");
        r.fault(pattern.span.clone(), message, help);
    }
}

/// A place of the project, and what is there.
struct Region {
    what: String,
    path: TreePath,
    /// `None` where the tool chooses it, and the manifest only leads to it.
    span: Option<Range<usize>>,
}

const DOCUMENT: &str = "a document";

/// Finds places of the project that lie in each other: what is made there would be
/// taken for an input, or would take its place.
pub(super) fn locations(
    r: &mut Reader,
    root: &Section<'_>,
    fork: &Fork,
    inputs: (&[OwnedDir], &[Series]),
    documents: &Documents,
) {
    let mut seen: Vec<Region> = Vec::new();
    for location in all(Some(root), fork, inputs, documents) {
        let other = seen.iter().find(|other| other.overlaps(&location));
        // What the manifest chooses is shown, of two such the later.
        let shown = location.span.as_ref();
        if let Some(other) = other
            && let Some(span) = shown.or(other.span.as_ref())
        {
            let message = format!("{location} and {other} overlap");
            let help = "give each a place of its own, none inside another";
            r.fault(span.clone(), message, help);
        }
        seen.push(location);
    }
}

impl Manifest {
    /// Returns which place of the project a path lies in, or has in it, in words.
    pub fn place_at(&self, path: &TreePath) -> Option<String> {
        let here = Region {
            what: String::new(),
            path: path.clone(),
            span: None,
        };
        let inputs = (&*self.owned_dirs, &*self.series);
        let all = all(None, &self.fork, inputs, &self.documents);
        let found = all.iter().find(|location| location.overlaps(&here));
        found.map(Region::to_string)
    }
}

fn all(
    root: Option<&Section<'_>>,
    fork: &Fork,
    (owned, series): (&[OwnedDir], &[Series]),
    documents: &Documents,
) -> Vec<Region> {
    let of_fork = |what: &str, key: &str, path: &TreePath| {
        let table = root.and_then(|root| root.get("fork"));
        let value = table.and_then(|table| table.get(key));
        Region {
            what: what.to_owned(),
            path: path.clone(),
            span: value.or(table).and_then(Item::span),
        }
    };
    let mut all = vec![
        of_fork("the vendored tree", "path", &fork.path),
        of_fork("the fork-owned files", "owned", &fork.owned),
        of_fork("the cargo locks", "locks", &fork.locks),
        of_fork("the resolutions", "resolutions", &fork.resolutions),
    ];
    all.extend(owned.iter().map(|dir| Region {
        what: format!("the fork-owned files for `{}`", dir.to),
        path: dir.from.clone(),
        span: Some(dir.span.clone()),
    }));
    all.extend(series.iter().map(|series| Region {
        what: format!("the series {}", series.base),
        path: series.patches.clone(),
        span: Some(series.span.clone()),
    }));
    all.extend(documents.all().map(|path| Region {
        what: DOCUMENT.to_owned(),
        path: path.clone(),
        span: root.map(|root| root.span_of("documents")),
    }));
    let fixed = [
        (FILE.to_owned(), "the manifest"),
        (files::LOCK.to_owned(), "the tool's lock"),
        (format!("target/{}", fork.name), "what the gates build"),
    ];
    let fixed = fixed.map(|(path, what)| (TreePath::new(&path).ok(), what));
    let work = (fork.work_dir(), "the work directory");
    all.extend(fixed.into_iter().chain([work]).filter_map(|(path, what)| {
        Some(Region {
            what: what.to_owned(),
            path: path?,
            span: None,
        })
    }));
    all
}

impl Region {
    fn overlaps(&self, other: &Region) -> bool {
        let are_documents = self.what == DOCUMENT && other.what == DOCUMENT;
        // A file system may fold case.
        let folded = |l: &Region| TreePath::new(&l.path.as_str().to_lowercase());
        let (Ok(a), Ok(b)) = (folded(self), folded(other)) else {
            return false;
        };
        !are_documents && (a.is_within(&b) || b.is_within(&a))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.path, self.what)
    }
}

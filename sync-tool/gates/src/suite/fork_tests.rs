//! Which tests the fork adds to upstream's.

use recipe::tree::TreePath;

use super::test_id::{TargetKind, TestId, doc_file};

/// The fork's own tests: they say nothing of what upstream expects.
#[derive(Debug, Clone, Default)]
pub struct ForkTests {
    targets: Vec<String>,
    files: Vec<String>,
    modules: Vec<String>,
}

impl ForkTests {
    /// Takes the names of the test targets that the fork adds, and its files that
    /// upstream does not have.
    pub fn new<'f>(targets: Vec<String>, files: impl Iterator<Item = &'f TreePath>) -> Self {
        let files: Vec<String> = files.map(TreePath::to_string).collect();
        let modules = files.iter().filter_map(|file| module(file));
        ForkTests {
            modules: modules.collect(),
            targets,
            files,
        }
    }

    /// Tells whether a test is one of them. `package_dir` is the crate's directory as
    /// the names of doc tests have it.
    pub fn has(&self, id: &TestId, package_dir: &str) -> bool {
        match id.target.kind {
            TargetKind::Lib => self.modules.iter().any(|module| {
                let rest = id.name.strip_prefix(module.as_str());
                rest.is_some_and(|rest| rest.starts_with("::"))
            }),
            TargetKind::Doc => {
                let file = doc_file(&id.name, package_dir);
                self.files.iter().any(|own| own == file)
            }
            TargetKind::Test | TargetKind::Other => self.targets.contains(&id.target.name),
        }
    }
}

/// Returns the path of the module that a source file of a library is.
fn module(file: &str) -> Option<String> {
    let file = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let module = file.strip_suffix("/mod").unwrap_or(file);
    // The crate's root is upstream's.
    (!matches!(module, "lib" | "main" | "mod")).then(|| module.replace('/', "::"))
}

#[cfg(test)]
mod tests {
    use super::super::test_id::{FeatureSet, Target};
    use super::*;

    fn has(kind: TargetKind, target: &str, name: &str) -> bool {
        let files = [
            "src/net/mod.rs",
            "src/net/pipe.rs",
            "src/wide.rs",
            "benches/net.rs",
        ];
        let files = files.map(|file| TreePath::new(file).unwrap());
        let own = ForkTests::new(vec!["net".to_owned()], files.iter());
        let id = TestId {
            features: FeatureSet::of(["p1"]),
            target: Target {
                kind,
                name: target.to_owned(),
            },
            name: name.to_owned(),
        };
        own.has(&id, "crates/fork")
    }

    #[test]
    fn a_test_target_is_known_by_its_name() {
        assert!(has(TargetKind::Test, "net", "a"));
        assert!(!has(TargetKind::Test, "all", "net::a"));
    }

    #[test]
    fn a_unit_test_is_known_by_its_module() {
        let unit = |name| has(TargetKind::Lib, "fork", name);
        for name in [
            "net::a",
            "net::pipe::tests::a",
            "net::tests::deep::a",
            "wide::a",
        ] {
            assert!(unit(name), "{name}");
        }
        for name in [
            "network::a",
            "a",
            "other::net::a",
            "benches::net::a",
            "wide",
        ] {
            assert!(!unit(name), "{name}");
        }
    }

    #[test]
    fn a_doc_test_is_known_by_its_file() {
        let doc = |name| has(TargetKind::Doc, "fork", name);
        assert!(doc("crates/fork/src/net/mod.rs - net::Net (line 3)"));
        assert!(doc("src/wide.rs - wide (line 3)"));
        assert!(!doc("crates/fork/src/net.rs - net::Net (line 3)"));
        assert!(!doc("crates/fork/src/lib.rs - net::pipe (line 3)"));
    }
}

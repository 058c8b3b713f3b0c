//! Patches against `git apply`: the same patch, the same bytes.

#[path = "support/oracle.rs"]
mod oracle;

#[path = "patch_oracle/declared.rs"]
mod declared;
#[path = "patch_oracle/faults.rs"]
mod faults;
#[path = "patch_oracle/random.rs"]
mod random;

use std::fs;

use oracle::git;
use recipe::patch::{Difference, Patch};
use tempfile::TempDir;

/// The file that patches are of.
const FILE: &str = "src/a file.rs";

/// A directory to run git in.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Bench(tempfile::tempdir().expect("a directory"))
    }

    /// Applies a patch with git to a directory that has one file; returns what
    /// the file is then, or what git says where it refuses.
    fn git(&self, base: &str, patch: &[u8]) -> Result<String, String> {
        let dir = self.0.path();
        let file = dir.join(FILE);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(&file, base).expect("a file");
        fs::write(dir.join("patch"), patch).expect("a file");
        let output = git(dir, &["apply", "--whitespace=nowarn", "patch"]);
        if output.status.success() {
            Ok(fs::read_to_string(&file).expect("git leaves the file"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// Makes the patch from one text to another and writes it down.
fn between(base: &str, new: &str) -> String {
    let differences = vec![
        Difference::new("a seam\nof two lines", "the loopback network"),
        Difference::new("--- a/decoy", "@@ -1 +1 @@"),
    ];
    let patch = Patch::between(FILE, base, new, differences);
    patch.expect("a patch").expect("the texts differ").render()
}

/// Puts head and header lines above hunks.
fn with_head(hunks: &str) -> String {
    format!("Change: a seam\nReason: the loopback network\n\n--- a/{FILE}\n+++ b/{FILE}\n{hunks}")
}

fn parsed(text: &str) -> Patch {
    Patch::parse(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

//! What the documents say is so: links lead somewhere, tables are those of the
//! code, generated blocks are up to date, scripts that are named exist.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use host::disk;
use recipe::documents::{Block, difference_list, version_table, with_tested};
use recipe::lock::Lock;
use recipe::manifest::Manifest;
use recipe::series::Inputs;
use recipe::tree::{Tree, TreePath};
use recipe::{Kind, lock, manifest};
use wash_wasi_sync::cli::Cli;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(name: impl AsRef<Path>) -> String {
    let path = root().join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Returns every document, from the project's root.
fn documents() -> Vec<PathBuf> {
    let in_docs = fs::read_dir(root().join("docs")).unwrap();
    let in_docs = in_docs.map(|entry| Path::new("docs").join(entry.unwrap().file_name()));
    let in_docs = in_docs.filter(|path| path.extension().is_some_and(|e| e == "md"));
    let others = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "vendor/README.md",
    ]
    .map(PathBuf::from);
    let mut all: Vec<PathBuf> = in_docs.chain(others).collect();
    all.sort();
    assert!(all.len() > 6, "{all:?}");
    all
}

/// Returns a document's lines outside of code blocks.
fn prose(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            lines.push(line);
        }
    }
    lines
}

/// Returns the targets of the links in a document.
fn links(text: &str) -> Vec<String> {
    let joined = prose(text).join("\n");
    let targets = joined.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// Returns the anchors of a document's headings, as GitHub names them.
fn anchors(text: &str) -> BTreeSet<String> {
    let lines = prose(text).into_iter();
    let headings = lines.filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let title = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars();
        let kept = kept.filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(slug).collect()
}

/// Returns the cells of a table's rows, the head apart, by a text of its head.
fn rows(text: &str, head: &str) -> Vec<Vec<String>> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(head));
    assert!(lines.next().is_some(), "no table begins with {head}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    let mut followed = 0;
    for document in documents() {
        let text = read(&document);
        for link in links(&text) {
            if link.starts_with("https://") {
                continue;
            }
            followed += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(file)
            };
            let is_there = root().join(&target).exists();
            if !is_there || !anchor.is_empty() && !anchors(&read(&target)).contains(anchor) {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert_eq!(broken, [] as [String; 0]);
    assert!(followed > 15, "{followed} links were found");
}

#[test]
fn every_document_can_be_reached_from_the_readme() {
    let listed = links(&read("README.md"));
    for document in documents() {
        let name = document.to_str().unwrap();
        if name.starts_with("docs/") {
            assert!(listed.iter().any(|link| link == name), "{name}");
        }
    }
}

#[test]
fn the_readme_lists_every_command() {
    let of_cli: Vec<String> = Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let listed = rows(&read("README.md"), "| command |");
    let listed = listed.iter().map(|row| {
        let name = row[0].trim_matches('`').split(' ').next();
        name.unwrap_or_default().to_owned()
    });
    assert_eq!(listed.collect::<Vec<_>>(), of_cli);
}

#[test]
fn options_that_are_named_exist() {
    let mut of_cli: BTreeSet<String> = BTreeSet::from(["--help".to_owned()]);
    let mut cli = Cli::command();
    cli.build();
    let commands = std::iter::once(&cli).chain(cli.get_subcommands());
    for argument in commands.flat_map(clap::Command::get_arguments) {
        of_cli.extend(argument.get_long().map(|long| format!("--{long}")));
    }
    // Those of cargo, git and scripts, which the documents name too.
    let others = [
        "--release",
        "--check",
        "--path",
        "--all",
        "--features",
        "--test",
        "--depth",
        "--bench",
        "--example",
        "--no-run",
        "--invert",
        "--walk",
        "--verified",
        "--guests",
        "--bare",
        "--fuzz-dir",
        "--no-cfg-fuzzing",
        "--all-features",
        "--all-targets",
    ];
    for document in documents() {
        let text = read(&document);
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
        let options = words.filter(|word| {
            word.strip_prefix("--")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
        });
        for option in options {
            let known = of_cli.contains(option) || others.contains(&option);
            assert!(known, "{}: {option}", document.display());
        }
    }
}

#[test]
fn the_exit_codes_are_those_of_the_code() {
    let rows = rows(&read("docs/exit-codes.md"), "| code |");
    let listed: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let done = ("0".to_owned(), "done".to_owned());
    let of_code = Kind::ALL.map(|kind| (kind.exit_code().to_string(), kind.name().to_owned()));
    let expected: Vec<(String, String)> = std::iter::once(done).chain(of_code).collect();
    assert_eq!(listed, expected);
    let help = Cli::command().get_after_help().unwrap().to_string();
    for (code, _) in &expected {
        assert!(help.contains(&format!("{code} ")), "{code} in {help}");
    }
}

#[test]
fn generated_blocks_are_up_to_date() {
    let manifest = Manifest::parse(read(manifest::FILE)).unwrap();
    let table = version_table(&manifest);
    let listed = &manifest.documents;
    assert!(!listed.versions.is_empty() && !listed.differences.is_empty());
    assert!(!listed.releases.is_empty());
    for path in &listed.versions {
        let text = read(path.as_str());
        let made = Block::Versions.replace(path.as_str(), &text, &table);
        assert_eq!(
            made.unwrap(),
            text,
            "{path}: `wash-wasi-sync versions --write`"
        );
    }
    for path in &listed.releases {
        let text = read(path.as_str());
        let made = with_tested(path.as_str(), &text, &[]);
        assert_eq!(made.unwrap(), text, "{path}");
    }
    let stored = |dir: &TreePath| {
        let dir = dir.below(&root());
        if dir.exists() {
            disk::read_tree(&dir)
        } else {
            Ok(Tree::new())
        }
    };
    let inputs = Inputs::load(manifest.clone(), stored).unwrap();
    let lock = Lock::parse(&read(lock::FILE)).unwrap();
    let base = lock.tree.series.as_ref();
    let series = base.and_then(|base| inputs.series_of(base));
    let differences = difference_list(&manifest, series);
    for path in &listed.differences {
        let text = read(path.as_str());
        let made = Block::Differences.replace(path.as_str(), &text, &differences);
        assert_eq!(made.unwrap(), text, "{path}: `wash-wasi-sync vendor`");
    }
}

/// Returns the scripts `ci/<name>` that a text names.
fn scripts(text: &str) -> BTreeSet<String> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || "/-_.".contains(c)));
    let parts = parts.map(|part| part.trim_start_matches("./").trim_end_matches('.'));
    let named = parts.filter(|part| part.starts_with("ci/") && part.len() > 3);
    named.map(str::to_owned).collect()
}

/// Returns every workflow, from the project's root.
fn workflows() -> Vec<PathBuf> {
    let dir = Path::new(".github/workflows");
    let names = fs::read_dir(root().join(dir)).unwrap();
    let all: Vec<PathBuf> = names
        .map(|entry| dir.join(entry.unwrap().file_name()))
        .collect();
    assert!(all.len() > 3, "{all:?}");
    all
}

#[test]
fn actions_are_pinned_by_digest() {
    // Of a tag, whoever can write to the action's repository decides what it names.
    let pinned = regex::Regex::new(r"^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let mut found = 0;
    for workflow in workflows() {
        for line in read(&workflow).lines() {
            let step = line.trim_start().trim_start_matches("- ");
            if let Some(action) = step.strip_prefix("uses:") {
                found += 1;
                let said = format!("{}: {line}", workflow.display());
                assert!(pinned.is_match(action.trim()), "{said}");
            }
        }
    }
    assert!(found > 10, "{found} actions were found");
}

#[test]
fn scripts_that_are_named_exist_and_run() {
    let texts = documents().into_iter().chain(workflows());
    let named: BTreeSet<String> = texts.flat_map(|path| scripts(&read(path))).collect();
    for script in ["ci/test", "ci/drift", "ci/upgrade"] {
        assert!(named.contains(script), "{script} is not documented");
    }
    for script in named {
        let path = root().join(&script);
        assert!(path.is_file(), "{script}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o111, 0o111, "{script}");
        }
    }
    assert!(read(".ci/run").contains("/ci/test"));
}

//! Formatting with the real rustfmt, and what is kept of it.

#[path = "support/sandbox.rs"]
mod sandbox;

use std::sync::Arc;

use recipe::format::{Formatted, Formatter as _};
use recipe::tree::TreePath;
use recipe::{Kind, Result};
use sandbox::Sandbox;
use wash_wasi_sync::rustfmt::Rustfmt;

const USES: &str = "use wash_wasi::a;\nuse anyhow::b;\nmod elsewhere;\n";
const SORTED: &str = "use anyhow::b;\nuse wash_wasi::a;\nmod elsewhere;\n";

fn format(sandbox: &Sandbox, files: &[(&str, &str)]) -> Result<Formatted> {
    let files: Vec<(TreePath, Arc<str>)> = files
        .iter()
        .map(|(path, text)| (TreePath::new(path).expect("a path"), Arc::from(*text)))
        .collect();
    let host = sandbox.host();
    Rustfmt::new(&host, sandbox.path("cache")).format("2024", &files)
}

fn texts(formatted: &Formatted) -> Vec<&str> {
    formatted.texts.iter().map(AsRef::as_ref).collect()
}

#[test]
fn sources_are_formatted_in_their_order() {
    let sandbox = Sandbox::new();
    // A configuration of the surroundings must not count.
    sandbox.write("rustfmt.toml", "tab_spaces = 8\n");
    let files: Vec<(String, String)> = (0..7)
        .map(|i| (format!("src/f{i}.rs"), format!("fn f{i}(){{let x=1;}}")))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .chain([("tests/uses.rs", USES)])
        .collect();
    let formatted = format(&sandbox, &files).unwrap();
    assert!(
        formatted.version.starts_with("rustfmt 1."),
        "{}",
        formatted.version
    );
    assert!(!formatted.version.contains('('));
    let mut expected: Vec<String> = (0..7)
        .map(|i| format!("fn f{i}() {{\n    let x = 1;\n}}\n"))
        .collect();
    expected.push(SORTED.to_owned());
    assert_eq!(texts(&formatted), expected);
}

#[test]
fn nothing_to_format_needs_no_formatter() {
    let mut sandbox = Sandbox::new();
    sandbox.var("RUSTFMT", sandbox.path("none"));
    let formatted = format(&sandbox, &[]).unwrap();
    assert_eq!(formatted.texts, []);
    assert_eq!(formatted.version, "");
}

#[test]
fn an_entry_that_is_not_whole_is_made_anew() {
    let sandbox = Sandbox::new();
    let first = format(&sandbox, &[("a.rs", USES)]).unwrap();
    let entries: Vec<_> = std::fs::read_dir(sandbox.path("cache/rustfmt"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [entry] = entries.as_slice() else {
        panic!("one entry: {entries:?}");
    };
    let whole = std::fs::read_to_string(entry).unwrap();
    let broken = [
        whole.replace("anyhow", "anyhot"),
        whole[..whole.len() - 3].to_owned(),
        String::new(),
    ];
    for broken in broken {
        std::fs::write(entry, &broken).unwrap();
        assert_eq!(format(&sandbox, &[("a.rs", USES)]).unwrap(), first);
        assert_eq!(std::fs::read_to_string(entry).unwrap(), whole);
    }
}

#[test]
fn without_rustfmt_the_next_step_is_told() {
    let mut sandbox = Sandbox::new();
    sandbox.without("RUSTFMT");
    sandbox.without("PATH");
    let error = format(&sandbox, &[("a.rs", USES)]).unwrap_err();
    assert_eq!(error.message(), "the program `rustfmt` is not installed");
    assert!(error.hints()[0].contains("`rustup component add rustfmt`"));
}

#[test]
fn every_source_that_does_not_parse_is_named_with_its_place() {
    let sandbox = Sandbox::new();
    let files = [
        ("src/a.rs", "fn a() {}\nfn x( {\n"),
        ("src/b.rs", USES),
        ("src/c.rs", "\n\nstruct ;\n"),
    ];
    let error = format(&sandbox, &files).unwrap_err();
    assert_eq!(error.kind(), Kind::General);
    assert_eq!(error.message(), "2 sources do not parse");
    let places: Vec<String> = error
        .all_faults()
        .iter()
        .map(|fault| fault.place.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(places, ["src/a.rs:2:1", "src/c.rs:3:1"]);
    assert!(
        error.all_faults()[0].message.contains("unclosed delimiter"),
        "{error}"
    );
}

#[cfg(unix)]
mod scripts {
    use super::*;

    /// Stands in for a rustfmt of a version, which adds a line; it tells what it was asked.
    fn rustfmt(sandbox: &mut Sandbox, version: &str, line: &str) {
        let calls = sandbox.path("calls");
        let text = format!(
            "echo \"$*\" >> '{}'\ncase \"$*\" in\n  --version) echo 'rustfmt {version} (0000 2026)';;\n  *) cat; echo '{line}';;\nesac",
            calls.display()
        );
        let path = sandbox.script("rustfmt.sh", &text);
        sandbox.var("RUSTFMT", path);
    }

    fn calls(sandbox: &Sandbox) -> usize {
        let calls = std::fs::read_to_string(sandbox.path("calls")).expect("calls");
        calls.lines().count()
    }

    #[test]
    fn all_texts_come_from_one_program() {
        let mut sandbox = Sandbox::new();
        rustfmt(&mut sandbox, "1.0.0-old", "// old");
        let old = format(&sandbox, &[("a.rs", "a")]).unwrap();
        assert_eq!(
            (texts(&old), old.version.as_str()),
            (vec!["a// old\n"], "rustfmt 1.0.0-old")
        );
        // The same program is not asked again for what it made.
        assert_eq!(format(&sandbox, &[("b.rs", "a")]).unwrap(), old);
        assert_eq!(calls(&sandbox), 3);
        // Another version, and another program that says the same version.
        for version in ["1.0.0-new", "1.0.0-old"] {
            let line = format!("// another {version}");
            rustfmt(&mut sandbox, version, &line);
            let both = format(&sandbox, &[("a.rs", "a"), ("b.rs", "b")]).unwrap();
            assert_eq!(texts(&both), [format!("a{line}\n"), format!("b{line}\n")]);
            assert_eq!(both.version, format!("rustfmt {version}"));
        }
    }

    #[test]
    fn a_program_that_changes_code_is_refused_by_name() {
        let mut sandbox = Sandbox::new();
        rustfmt(&mut sandbox, "1.0.0", "fn more() {}");
        for _ in 0..2 {
            let files = [("src/a.rs", "fn a() {}"), ("src/b.rs", "fn b() {}")];
            let error = format(&sandbox, &files).unwrap_err();
            let program = sandbox.path("rustfmt.sh").display().to_string();
            let cache = sandbox.path("cache/rustfmt").display().to_string();
            assert!(error.message().contains("rustfmt 1.0.0"), "{error}");
            assert!(error.message().contains(&program), "{error}");
            assert!(error.hints().join("\n").contains(&cache), "{error:?}");
            let places = error.all_faults().iter();
            let places: Vec<String> = places
                .map(|fault| fault.place.as_ref().unwrap().to_string())
                .collect();
            assert_eq!(places, ["src/a.rs", "src/b.rs"]);
        }
        assert!(!sandbox.path("cache/rustfmt").exists());
    }

    #[test]
    fn what_is_kept_is_not_believed_either() {
        let mut sandbox = Sandbox::new();
        rustfmt(&mut sandbox, "1.0.0", "// made");
        format(&sandbox, &[("a.rs", "fn a() {}")]).unwrap();
        let entry = std::fs::read_dir(sandbox.path("cache/rustfmt")).unwrap();
        let entry = entry.map(|entry| entry.unwrap().path()).next().unwrap();
        let text = "fn another() {}";
        let digest = recipe::tree::Digest::of(text);
        std::fs::write(&entry, format!("{digest}\n{text}")).unwrap();
        let error = format(&sandbox, &[("a.rs", "fn a() {}")]).unwrap_err();
        let told = error.hints().join("\n");
        assert!(told.contains("cache/rustfmt"), "{error:?}");
    }

    #[test]
    fn a_rustfmt_in_name_only_is_told() {
        let mut sandbox = Sandbox::new();
        let path = sandbox.script(
            "rustfmt.sh",
            "echo \"error: 'rustfmt' is not installed for the toolchain 'x'\" >&2; exit 1",
        );
        sandbox.var("RUSTFMT", path);
        let error = format(&sandbox, &[("a.rs", "a")]).unwrap_err();
        assert!(
            error
                .message()
                .contains("is not installed for the toolchain"),
            "{error}"
        );
        assert!(error.hints()[0].contains("`rustup component add rustfmt`"));
    }

    #[test]
    fn an_interrupt_ends_it() {
        let mut sandbox = Sandbox::new();
        let text = format!(
            "case \"$*\" in --version) echo 'rustfmt 1.0.0 x';; *) : > '{}'; while :; do sleep 1; done;; esac",
            sandbox.path("started").display()
        );
        let path = sandbox.script("rustfmt.sh", &text);
        sandbox.var("RUSTFMT", path);
        let host = sandbox.host();
        let files = [(TreePath::new("a.rs").unwrap(), Arc::from("a"))];
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !sandbox.path("started").exists() {
                    std::thread::yield_now();
                }
                host.stop();
            });
            Rustfmt::new(&host, sandbox.path("cache"))
                .format("2024", &files)
                .unwrap_err()
        });
        assert_eq!(error.kind(), Kind::Interrupted);
    }
}

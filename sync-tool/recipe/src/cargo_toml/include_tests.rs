use super::*;

fn patterns(lines: &[&str]) -> PackagePatterns {
    let lines: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    PackagePatterns::parse(&lines).unwrap()
}

fn matching<'f>(lines: &[&str], files: &[&'f str]) -> Vec<&'f str> {
    let patterns = patterns(lines);
    let all = files.iter().copied();
    all.filter(|file| patterns.matches(file)).collect()
}

#[test]
fn a_name_matches_anywhere_and_a_path_from_the_root() {
    let files = ["a", "x/a", "x/a/b", "ab", "x/y/a"];
    assert_eq!(matching(&["a"], &files), ["a", "x/a", "x/a/b", "x/y/a"]);
    assert_eq!(matching(&["/a"], &files), ["a"]);
    assert_eq!(matching(&["x/a"], &files), ["x/a", "x/a/b"]);
    assert_eq!(matching(&["/x/y"], &files), ["x/y/a"]);
}

#[test]
fn stars_stay_within_a_directory_unless_doubled() {
    let files = ["src/a.rs", "src/b/c.rs", "src/b/d.txt", "other/a.rs"];
    assert_eq!(matching(&["src/*"], &files), files[..3]);
    assert_eq!(matching(&["src/*.rs"], &files), ["src/a.rs"]);
    assert_eq!(
        matching(&["src/**/*.rs"], &files),
        ["src/a.rs", "src/b/c.rs"]
    );
    assert_eq!(matching(&["src/**"], &files), files[..3]);
    assert_eq!(
        matching(&["*.rs"], &files),
        ["src/a.rs", "src/b/c.rs", "other/a.rs"]
    );
    assert_eq!(matching(&["**"], &files), files);
    assert_eq!(matching(&["**/b"], &files), ["src/b/c.rs", "src/b/d.txt"]);
}

#[test]
fn a_trailing_slash_means_a_directory() {
    let files = ["src", "x/src", "src/a", "x/src/a"];
    assert_eq!(matching(&["src/"], &files), ["src/a", "x/src/a"]);
    assert_eq!(matching(&["/src/"], &files), ["src/a"]);
}

#[test]
fn the_last_pattern_counts_and_the_file_before_its_directories() {
    let files = ["src/a.rs", "src/keep.rs", "keep.rs"];
    assert_eq!(matching(&["*.rs", "!keep.rs"], &files), ["src/a.rs"]);
    assert_eq!(matching(&["src", "!src/keep.rs"], &files), ["src/a.rs"]);
    assert_eq!(
        matching(&["!src/keep.rs", "src/*.rs"], &files),
        ["src/a.rs", "src/keep.rs"]
    );
}

#[test]
fn comments_spaces_and_escapes_are_git_s() {
    let files = ["#a", "!a", "a", "a b", "a "];
    assert_eq!(matching(&["# all", "", "  "], &files), Vec::<&str>::new());
    assert_eq!(matching(&["\\#a"], &files), ["#a"]);
    assert_eq!(matching(&["\\!a"], &files), ["!a"]);
    assert_eq!(matching(&["a   "], &files), ["a"]);
    assert_eq!(matching(&["a\\ "], &files), ["a "]);
    assert_eq!(matching(&["a[ ]b"], &files), ["a b"]);
}

#[test]
fn what_is_no_pattern_is_named() {
    let error = PackagePatterns::parse(&["src/[".to_owned()]).unwrap_err();
    assert!(error.to_string().contains("`src/[`"), "{error}");
}

#[test]
fn a_rooted_path_matches_nothing() {
    let rooted = ["/etc", ".///x", "a//b", "//"];
    assert_eq!(matching(&["**", "/etc"], &rooted), [""; 0]);
}

#[test]
fn no_pattern_matches_nothing() {
    assert!(patterns(&[]).is_empty());
    assert!(!patterns(&["a"]).is_empty());
    assert!(!patterns(&[]).matches("a"));
}

fn included(include: &[&str], file: &str) -> bool {
    let include: Vec<String> = include.iter().map(ToString::to_string).collect();
    PackagePatterns::parse_each(&include).0.matches(file)
}

#[test]
fn patterns_are_read_as_gitignore_has_them() {
    assert!(included(&["tests/*"], "tests/loopback.rs"));
    assert!(included(&["tests/*"], "tests/loopback/main.rs"));
    assert!(!included(&["tests/*"], "benches/loopback.rs"));
    assert!(included(&["src/**/*"], "src/a/b.rs"));
    assert!(included(&["/examples"], "examples/net.rs"));
    assert!(included(&["examples/"], "examples/net.rs"));
    assert!(!included(&["net.rs/"], "net.rs"));
    assert!(included(&["*.rs"], "examples/net.rs"));
    assert!(!included(&["/*.rs"], "examples/net.rs"));
    assert!(!included(
        &["examples/*", "!examples/net.rs"],
        "examples/net.rs"
    ));
    assert!(!included(&["examples/[net.rs"], "examples/net.rs"));
    assert!(!included(&[], "examples/net.rs"));
}

#[test]
fn an_entry_is_added_once_and_only_where_needed() {
    let include = ["tests/*".to_owned()];
    let files = ["tests/a.rs", "benches/a.rs", "benches/b.rs", "one.rs"].map(str::to_owned);
    assert_eq!(lacking(&include, &files), ["benches/**/*", "one.rs"]);
}

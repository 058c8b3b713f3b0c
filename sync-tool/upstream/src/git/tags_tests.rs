use super::*;

#[test]
fn a_template_reads_what_it_writes() {
    for text in [
        "v{version}",
        "{version}",
        "wasi-{version}-final",
        "a/{version}",
    ] {
        let template = TagTemplate::parse(text).unwrap();
        for version in ["41.0.0", "42.0.0-rc.1", "1.2.3+build"] {
            let version: Version = version.parse().unwrap();
            let reference = template.reference(&version);
            assert_eq!(template.version(&reference), Some(version));
        }
    }
}

#[test]
fn templates_that_name_nothing_are_refused() {
    for bad in [
        "",
        "v",
        "v{version}{version}",
        "v {version}",
        "v..{version}",
        "{version}.lock",
        "a:{version}",
    ] {
        assert!(TagTemplate::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn other_tags_are_passed_over() {
    let template = TagTemplate::parse("v{version}").unwrap();
    let names = [
        "refs/tags/v2.0.0",
        "refs/tags/v10.0.0",
        "refs/tags/v2.0.0-rc.1",
        "refs/tags/dev",
        "refs/tags/v1",
        "refs/tags/wasi-v1.0.0",
        "refs/heads/v9.0.0",
        "refs/tags/v2.0.0",
    ];
    let listed = template.list(names);
    let versions: Vec<String> = listed.iter().map(|l| l.version.to_string()).collect();
    assert_eq!(versions, ["2.0.0-rc.1", "2.0.0", "10.0.0"]);
}

#[test]
fn the_nearest_tags_are_offered() {
    let template = TagTemplate::parse("v{version}").unwrap();
    let listed = template.list(["refs/tags/v38.0.1", "refs/tags/v40.0.0"]);
    let error = template.lacking("here", &Version::new(38, 0, 0), &listed);
    assert_eq!(error.to_string(), "here has no tag v38.0.0");
    assert_eq!(
        error.hints(),
        [
            "of those that it has, the newest of the line 38 is v38.0.1; nearest are v38.0.1, v40.0.0"
        ]
    );
    let error = template.lacking("here", &Version::new(38, 0, 0), &[]);
    assert!(
        error.hints()[0].contains("`v{version}`"),
        "{:?}",
        error.hints()
    );
}

use super::*;

const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_crates_file_stands_where_the_length_of_its_name_says() {
    let cases = [
        ("a", "1/a"),
        ("ab", "2/ab"),
        ("abc", "3/a/abc"),
        ("Abcd", "ab/cd/abcd"),
        ("wasmtime-wasi", "wa/sm/wasmtime-wasi"),
    ];
    for (name, expected) in cases {
        assert_eq!(path(name), expected);
    }
}

fn download(dl: &str) -> String {
    let site = RegistryConfig {
        dl: dl.to_owned(),
        auth_required: false,
    };
    site.download("MyCrate", &Version::new(1, 2, 3), Digest::of(b""))
}

#[test]
fn the_url_of_a_package_follows_the_template() {
    assert_eq!(
        download("https://h/api/v1/crates"),
        "https://h/api/v1/crates/MyCrate/1.2.3/download"
    );
    assert_eq!(
        download("https://h/x/"),
        "https://h/x/MyCrate/1.2.3/download"
    );
    assert_eq!(
        download("https://h/{crate}/{version}.crate"),
        "https://h/MyCrate/1.2.3.crate"
    );
    assert_eq!(
        download("https://h/{prefix}/{lowerprefix}"),
        "https://h/My/Cr/my/cr"
    );
    assert_eq!(
        download("https://h/{sha256-checksum}"),
        format!("https://h/{SUM}")
    );
}

#[test]
fn config_json_is_read_with_what_it_may_leave_out() {
    let site =
        RegistryConfig::parse(br#"{"dl":"https://h/d","api":null,"more":1}"#, "here").unwrap();
    assert!(!site.auth_required);
    let site = RegistryConfig::parse(
        br#"{"dl":"https://h/{crate}","auth-required":true}"#,
        "here",
    )
    .unwrap();
    assert!(site.auth_required);
    let error = RegistryConfig::parse(b"{\n\"dl\": }", "here").unwrap_err();
    assert_eq!(
        error.all_faults()[0]
            .place
            .as_ref()
            .unwrap()
            .position()
            .map(|p| p.0),
        Some(2)
    );
    assert!(RegistryConfig::parse(b"\xff", "here").is_err());
}

fn line(vers: &str, more: &str) -> String {
    format!(r#"{{"name":"c","vers":"{vers}","cksum":"{SUM}","deps":[]{more}}}"#)
}

#[test]
fn lines_are_read_into_ascending_order() {
    let text = [
        line("2.0.0", r#","yanked":true"#),
        String::new(),
        line("1.10.0", r#","rust_version":"1.90""#),
        line("1.9.0", r#","v":2"#),
    ];
    let entries = parse(text.join("\r\n").as_bytes(), "c", "here").unwrap();
    let told: Vec<(String, bool, Option<&str>)> = entries
        .iter()
        .map(|e| {
            (
                e.listed.version.to_string(),
                e.listed.yanked,
                e.listed.rust_version.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("1.9.0".into(), false, None),
            ("1.10.0".into(), false, Some("1.90")),
            ("2.0.0".into(), true, None)
        ]
    );
}

#[test]
fn lines_of_a_form_to_come_are_passed_over() {
    assert_eq!(
        parse(line("1.0.0", r#","v":3"#).as_bytes(), "c", "here").unwrap(),
        []
    );
    assert_eq!(parse(b"", "c", "here").unwrap(), []);
}

#[test]
fn every_malformed_line_is_a_fault() {
    let text = [
        line("1.0.0", ""),
        line("one", ""),
        line("1.0.0", "").replace(SUM, "abc"),
        line("1.0.0", "").replace(r#""c""#, r#""other""#),
        "not json".to_owned(),
    ];
    let error = parse(text.join("\n").as_bytes(), "c", "here").unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    let messages: Vec<&str> = error
        .all_faults()
        .iter()
        .map(|f| f.message.as_str())
        .collect();
    assert_eq!(messages.len(), 4, "{messages:?}");
    for (message, part) in messages.iter().zip([
        "`one` is not a version",
        "`abc` is not a SHA-256",
        "about `other`",
        "line 5",
    ]) {
        assert!(message.contains(part), "{message}");
    }
}

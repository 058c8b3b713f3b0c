use super::*;

#[test]
fn what_a_failed_test_printed_tells_the_reason() {
    let cases = [
        (
            "Err value: ErrorCode::NameUnresolvable",
            "no-name-service",
            true,
        ),
        (
            "called `Result::unwrap()` on an `Err` value: Os { code: 101, message: \"Network is unreachable\" }",
            "no-route",
            true,
        ),
        (
            "Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }",
            "port-taken",
            false,
        ),
        (
            "Os { code: 97, message: \"Address family not supported by protocol\" }",
            "no-ipv6",
            true,
        ),
        ("No space left on device (os error 28)", "disk-full", true),
        ("Too many open files (os error 24)", "files-open", true),
        (
            "failed to read `Asset not compiled, WASI_SDK_PATH missing at compile time`",
            "guest-not-built",
            false,
        ),
        (
            "component imports instance `wasi:sockets/tcp@0.2.6`, but a matching implementation was not found in the linker",
            "import-missing",
            false,
        ),
    ];
    for (output, name, machine) in cases {
        let found = likely(output).unwrap_or_else(|| panic!("{output}"));
        assert_eq!((found.name, found.machine), (name, machine), "{output}");
    }
    assert_eq!(likely("assertion `left == right` failed"), None);
    let shown = Human::new(Styles::new(false)).likely(likely("disk quota exceeded").unwrap());
    assert_eq!(
        shown,
        "likely: the disk is full; free some space, then run the same command again\n"
    );
}

use super::*;

#[test]
fn lines_are_found_between_the_nuls_of_cargos_file() {
    let file = b"\x03\x02\0\0\0etag: \"x\"\x001.0.0\0{\"a\":1}\x002.0.0\0{\"b\":2}\0";
    assert_eq!(
        lines_of_cache(file).as_deref(),
        Some(&b"{\"a\":1}\n{\"b\":2}"[..])
    );
    assert_eq!(lines_of_cache(b"something else"), None);
}

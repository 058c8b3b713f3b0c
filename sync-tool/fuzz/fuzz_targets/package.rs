//! A package is unpacked to a tree, or refused; what it says of itself is not trusted.
#![no_main]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|tar: &[u8]| {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(tar).expect("memory is written");
    let packed = packed.finish().expect("memory is written");
    if let Ok(tree) = upstream::registry::fuzzed_unpack(&packed) {
        for (path, _) in tree.iter() {
            assert!(!path.as_str().split('/').any(|part| part == ".."));
        }
    }
});

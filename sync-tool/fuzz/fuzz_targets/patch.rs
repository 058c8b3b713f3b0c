//! What parses as a patch is rendered and read again as the same, and undoes itself on
//! its own old text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recipe::patch::Patch;

fuzz_target!(|bytes: &[u8]| {
    match Patch::parse(bytes) {
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(!fault.help().is_empty());
            }
        }
        Ok(patch) => {
            let rendered = patch.render();
            let again = Patch::parse(rendered.as_bytes()).expect("a rendered patch parses");
            assert_eq!(again, patch);
            if let [hunk] = &patch.hunks[..] {
                let old: String = hunk.old_lines().collect();
                if let Ok(applied) = patch.apply(&old) {
                    let new: String = hunk.new_lines().collect();
                    assert_eq!(applied.text, new);
                }
            }
        }
    }
});

//! A manifest is read, or each of its faults has a place within the text and a next step.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recipe::manifest::Manifest;

fuzz_target!(|text: &str| {
    match Manifest::parse(text) {
        Ok(manifest) => {
            manifest.rules_digest();
            manifest.next_fork_version();
        }
        Err(error) => {
            assert!(!error.all_faults().is_empty());
            for fault in error.all_faults() {
                let place = fault.place.as_ref().expect("a place");
                assert!(place.bytes().is_none_or(|span| text.get(span).is_some()));
                assert!(fault.help.as_ref().is_some_and(|help| !help.is_empty()));
            }
        }
    }
});

//! Points at which a test stops the tool dead, as a kill or a power cut would.
//!
//! Without the feature `failpoints` this is nothing at all. With it,
//! `WASH_WASI_SYNC_FAIL=name` or `name:n` ends the process at the n-th hit of a
//! point, `WASH_WASI_SYNC_FAIL_LOG=file` has each hit's name appended to a file,
//! and `WASH_WASI_SYNC_WITHOUT=name` takes away what not every system has.

/// Passes a point; ends the process where a test asks for that.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn hit(_name: &str) {}

/// Tells whether a test takes away something that not every system has.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn without(_name: &str) -> bool {
    false
}

#[cfg(feature = "failpoints")]
pub use on::{hit, without};

#[cfg(feature = "failpoints")]
mod on {
    use std::collections::BTreeMap;
    use std::io::Write as _;
    use std::sync::Mutex;

    static HITS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

    /// Passes a point; ends the process where a test asks for that.
    pub fn hit(name: &str) {
        log(name);
        let Ok(wanted) = std::env::var("WASH_WASI_SYNC_FAIL") else {
            return;
        };
        let (point, nth) = match wanted.rsplit_once(':') {
            Some((point, nth)) => (point, nth.parse().unwrap_or(1)),
            None => (wanted.as_str(), 1),
        };
        if point != name {
            return;
        }
        let mut hits = HITS.lock().unwrap_or_else(|e| e.into_inner());
        let count = hits.entry(name.to_owned()).or_default();
        *count += 1;
        if *count == nth {
            std::process::abort();
        }
    }

    /// Tells whether a test takes away something that not every system has.
    pub fn without(name: &str) -> bool {
        std::env::var("WASH_WASI_SYNC_WITHOUT").is_ok_and(|v| v.split(',').any(|n| n == name))
    }

    fn log(name: &str) {
        let Some(path) = std::env::var_os("WASH_WASI_SYNC_FAIL_LOG") else {
            return;
        };
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path);
        // A log that cannot be written leaves a test without names, which it notices.
        let _ = file.and_then(|mut file| writeln!(file, "{name}"));
    }
}

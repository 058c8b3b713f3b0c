//! Points at which a test stops the tool dead, as a kill or a power cut would.
//!
//! Without the feature `failpoints` this is nothing at all. With it,
//! `WASH_WASI_SYNC_FAIL=name` or `name:n` ends the process at the n-th hit of a
//! point, `WASH_WASI_SYNC_EDIT_AT`, of the same form, has the shell run
//! `WASH_WASI_SYNC_EDIT` there, as somebody who edits files just then,
//! `WASH_WASI_SYNC_FAIL_LOG=file` has each hit's name appended to a file, and
//! `WASH_WASI_SYNC_WITHOUT=name` takes away what not every system has.

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

    /// Passes a point; edits or ends the process where a test asks for that.
    pub fn hit(name: &str) {
        log(name);
        let nth = {
            let mut hits = HITS.lock().unwrap_or_else(|e| e.into_inner());
            let count = hits.entry(name.to_owned()).or_default();
            *count += 1;
            *count
        };
        if is_at("WASH_WASI_SYNC_EDIT_AT", name, nth) {
            edit();
        }
        if is_at("WASH_WASI_SYNC_FAIL", name, nth) {
            std::process::abort();
        }
    }

    /// Tells whether a variable names the n-th hit of a point.
    fn is_at(variable: &str, name: &str, nth: usize) -> bool {
        let Ok(wanted) = std::env::var(variable) else {
            return false;
        };
        match wanted.rsplit_once(':') {
            Some((point, number)) => point == name && number.parse() == Ok(nth),
            None => wanted == name && nth == 1,
        }
    }

    fn edit() {
        let script = std::env::var("WASH_WASI_SYNC_EDIT").unwrap_or_default();
        let mut shell = std::process::Command::new("sh");
        let done = shell.args(["-ec", &script]).status();
        // An edit that was not made would let a test pass that tests nothing.
        if !done.is_ok_and(|status| status.success()) {
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

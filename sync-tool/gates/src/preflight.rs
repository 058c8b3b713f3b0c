//! What a machine needs before upstream's tests are built on it.

use recipe::error::{Error, Fault, Kind, Result};
use recipe::rust_version;
use semver::Version;

/// The targets that guests and adapters are compiled to.
pub const TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-unknown-unknown"];

/// What building takes on the disk where nothing is built yet, in bytes.
pub const TO_BUILD: u64 = 10 << 30;
/// What building again takes, in bytes.
pub const TO_BUILD_AGAIN: u64 = 1 << 30;

/// What a machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The version of the compiler.
    pub rustc: Version,
    /// The toolchain's name, where one is chosen.
    pub toolchain: Option<String>,
    /// Those of the needed targets that the toolchain lacks.
    pub lacking: Vec<String>,
    /// Where is built.
    pub place: String,
    /// The bytes that are free there, where the system tells.
    pub free: Option<u64>,
    /// Whether something is built there already.
    pub built: bool,
}

/// Checks that a machine can build a release's tests.
///
/// # Errors
///
/// All that is lacking together, each with the command that fixes it.
pub fn check(machine: &Machine, release: &str, rust_version: Option<&Version>) -> Result<()> {
    let faults: Vec<Fault> = [
        old_rust(machine, release, rust_version),
        no_targets(machine),
        little_space(machine),
    ]
    .into_iter()
    .flatten()
    .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let message = "upstream's tests cannot be built on this machine yet";
    Err(Error::faults(Kind::General, message, faults))
}

fn old_rust(machine: &Machine, release: &str, wanted: Option<&Version>) -> Option<Fault> {
    let wanted = wanted?;
    if rust_version::is_new_enough(&machine.rustc, wanted) {
        return None;
    }
    let message = format!(
        "{release} needs Rust {wanted} or newer, and this is Rust {}",
        machine.rustc
    );
    // Whatever chose the old one, a toolchain that is named comes before it.
    let help = format!(
        "rustup toolchain install {wanted}, then run the same command again with `--toolchain {wanted}`"
    );
    Some(Fault::new(message).help(help))
}

fn no_targets(machine: &Machine) -> Option<Fault> {
    if machine.lacking.is_empty() {
        return None;
    }
    let names = machine.lacking.join(" ");
    let toolchain = machine.toolchain.as_ref();
    let chosen = toolchain.map_or_else(String::new, |name| format!(" --toolchain {name}"));
    let (noun, verb) = match machine.lacking.len() {
        1 => ("target", "is"),
        _ => ("targets", "are"),
    };
    let message = format!(
        "the {noun} {} of Rust, which the guests are compiled to, {verb} not installed",
        machine.lacking.join(" and ")
    );
    Some(Fault::new(message).help(format!(
        "rustup target add{chosen} {names}; where rustup cannot: ci/install-guest-targets"
    )))
}

fn little_space(machine: &Machine) -> Option<Fault> {
    let needed = match machine.built {
        true => TO_BUILD_AGAIN,
        false => TO_BUILD,
    };
    let free = machine.free.filter(|free| *free < needed)?;
    let message = format!(
        "building takes about {} in {}, and {} are free there",
        size(needed),
        machine.place,
        size(free)
    );
    Some(
        Fault::new(message).help("free some space, or name a place that has it: `--cache-dir DIR`"),
    )
}

/// Returns a number of bytes as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [(u32, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    for (shift, unit) in UNITS {
        if bytes >> shift > 0 {
            let tenths = ((bytes >> (shift - 7)) * 10) >> 7;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            rustc: Version::new(1, 95, 0),
            toolchain: None,
            lacking: Vec::new(),
            place: "/cache".to_owned(),
            free: Some(50 << 30),
            built: false,
        }
    }

    fn faults(machine: &Machine, wanted: &str) -> Vec<(String, String)> {
        let wanted = Version::parse(wanted).unwrap();
        let error = check(machine, "wasmtime-wasi 41.0.0", Some(&wanted)).unwrap_err();
        let fault = |f: &Fault| (f.message.clone(), f.help.clone().unwrap_or_default());
        error.all_faults().iter().map(fault).collect()
    }

    #[test]
    fn a_machine_that_has_all_is_fine() {
        let wanted = Version::new(1, 95, 0);
        assert!(check(&machine(), "x", Some(&wanted)).is_ok());
        assert!(check(&machine(), "x", None).is_ok());
        let nightly = Machine {
            rustc: Version::parse("1.95.0-nightly").unwrap(),
            free: None,
            ..machine()
        };
        assert!(check(&nightly, "x", Some(&wanted)).is_ok());
    }

    #[test]
    fn all_that_is_lacking_is_told_at_once_with_what_mends_it() {
        let poor = Machine {
            lacking: TARGETS.map(str::to_owned).to_vec(),
            free: Some((3 << 30) + (300 << 20)),
            ..machine()
        };
        let faults = faults(&poor, "1.96.0");
        let helps: Vec<&str> = faults.iter().map(|(_, help)| help.as_str()).collect();
        assert_eq!(
            helps,
            [
                "rustup toolchain install 1.96.0, then run the same command again with `--toolchain 1.96.0`",
                "rustup target add wasm32-wasip1 wasm32-unknown-unknown; where rustup cannot: ci/install-guest-targets",
                "free some space, or name a place that has it: `--cache-dir DIR`",
            ]
        );
        assert_eq!(
            faults[2].0,
            "building takes about 10.0 GiB in /cache, and 3.2 GiB are free there"
        );
    }

    #[test]
    fn a_chosen_toolchain_is_named_and_built_things_need_less() {
        let poor = Machine {
            toolchain: Some("1.90".to_owned()),
            rustc: Version::new(1, 90, 0),
            lacking: vec![TARGETS[0].to_owned()],
            free: Some(2 << 30),
            built: true,
            ..machine()
        };
        let faults = faults(&poor, "1.91.0");
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].1.contains("--toolchain 1.91.0"), "{faults:?}");
        assert!(
            faults[1]
                .1
                .starts_with("rustup target add --toolchain 1.90 wasm32-wasip1;"),
            "{faults:?}"
        );
        assert!(
            check(
                &Machine {
                    lacking: Vec::new(),
                    ..poor
                },
                "x",
                None
            )
            .is_ok()
        );
    }

    #[test]
    fn sizes_are_read_by_people() {
        let shown = [5, 2048, (10 << 20) + (512 << 10), 10 << 30, u64::MAX].map(size);
        assert_eq!(
            shown[..4],
            ["5 bytes", "2.0 KiB", "10.5 MiB", "10.0 GiB"].map(str::to_owned)
        );
        assert!(shown[4].ends_with("GiB"));
    }
}

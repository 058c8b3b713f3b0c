//! SARIF 2.1.0 (OASIS), for code scanning.

use serde_json::{Value, json};

use crate::core::drift::What;
use crate::core::report::CheckReport;

/// Each rule: what it is about, its id, its description.
const RULES: [(What, &str, &str); 7] = [
    (
        What::Changed,
        "changed",
        "A vendored file is not what upstream, manifest and patches give",
    ),
    (What::Mode, "mode", "A vendored file has another mode"),
    (What::Missing, "missing", "A vendored file is missing"),
    (
        What::Unknown,
        "unknown",
        "A file in the vendored tree belongs to nobody",
    ),
    (
        What::Stray,
        "stray",
        "Something in the vendored tree is no plain file",
    ),
    (
        What::Input,
        "input",
        "An input is not the one that the vendored tree was made of",
    ),
    (
        What::Generated,
        "generated",
        "The lock or a document is not what the tool writes there",
    ),
];

/// Makes a SARIF document with one result for each finding.
///
/// # Errors
///
/// Never: all keys are texts.
pub fn check_sarif(report: &CheckReport) -> crate::Result<String> {
    let results: Vec<Value> = report
        .drift
        .iter()
        .map(|drift| {
            let path = super::human::drift_path(&report.path, drift);
            let rule = RULES.iter().position(|(what, ..)| *what == drift.what);
            let id = rule.map_or("changed", |at| RULES[at].1);
            json!({
                "ruleId": id,
                "ruleIndex": rule,
                "level": "error",
                "message": { "text": format!("{path} {}", drift.what.told()) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&path), "uriBaseId": "%SRCROOT%" }
                    }
                }],
                "partialFingerprints": { "driftPath/v1": format!("{id}:{path}") },
            })
        })
        .collect();
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(_, id, text)| {
            json!({
                "id": id,
                "shortDescription": { "text": text },
                "help": { "text": "Run `wash-wasi-sync check`, then `wash-wasi-sync refresh` to keep an edit, or `wash-wasi-sync vendor --discard-edits` to drop it." },
            })
        })
        .collect();
    super::json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wash-wasi-sync",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    }))
}

/// Escapes what a URI's path may not hold (RFC 3986).
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

//! SARIF 2.1.0 (OASIS), for code scanning.

use recipe::error::Kind;
use recipe::listing::MAX_RECORDED;
use serde_json::{Value, json};

use super::findings::{Finding, Findings};

/// Each rule of a check: its id, its description.
const RULES: [(&str, &str); 11] = [
    (
        "changed",
        "A vendored file is not what upstream, manifest and patches give",
    ),
    ("mode", "A vendored file has another mode"),
    ("missing", "A vendored file is missing"),
    ("unknown", "A file in the vendored tree belongs to nobody"),
    (
        "stray",
        "Something in the vendored tree is not a plain file with a portable name",
    ),
    ("line-ends", "Git converted the line ends of files to CRLF"),
    (
        "input",
        "An input is not the one that the vendored tree was made of",
    ),
    (
        "generated",
        "The lock or a document is not what the tool writes there",
    ),
    ("drift", "There is no vendored tree to check"),
    (
        "conflicts",
        "Upstream changed what a patch of the fork changes",
    ),
    (
        "radar",
        "Upstream changed a function that the fork replaces, mirrors or patches",
    ),
];

const HELP: &str = "Run `wash-wasi-sync check`, then `wash-wasi-sync refresh` to keep an edit, or \
     `wash-wasi-sync vendor --discard-edits` to drop it.";

/// Makes a SARIF document: a result for each finding of a check, or the notifications
/// of a run that failed.
///
/// # Errors
///
/// Never: all keys are texts.
pub fn sarif(findings: &Findings) -> recipe::Result<String> {
    let is_checked = findings.is_checked();
    let (results, failures) = match is_checked {
        true => (&findings.found[..], &[][..]),
        false => (&[][..], &findings.found[..]),
    };
    let listed = |total: usize| json!({ "total": total, "listed": total.min(MAX_RECORDED) });
    let totals = json!({ "results": listed(results.len()), "failures": listed(failures.len()) });
    let results = results.iter().take(MAX_RECORDED).map(result);
    let results: Vec<Value> = results.collect();
    let failures = failures.iter().take(MAX_RECORDED);
    let notes = findings.notes.iter();
    let notes = notes.map(|note| json!({ "level": "note", "message": { "text": note } }));
    let notifications: Vec<Value> = failures.map(notification).chain(notes).collect();
    let rules = RULES.iter().map(|(id, text)| {
        json!({
            "id": id,
            "shortDescription": { "text": text },
            "help": { "text": HELP },
        })
    });
    super::json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wash-wasi-sync",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": is_checked,
                "exitCode": findings.kind.map_or(0, Kind::exit_code),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": totals,
        }],
    }))
}

fn result(finding: &Finding) -> Value {
    let id = finding.rule;
    let file = finding.file.as_deref().unwrap_or_default();
    let apart = finding.apart.map(|number| format!(":{number}"));
    let apart = apart.unwrap_or_default();
    json!({
        "ruleId": id,
        "ruleIndex": RULES.iter().position(|(rule, _)| *rule == id),
        "level": "error",
        "message": { "text": finding.message },
        "locations": locations(finding),
        "partialFingerprints": { "driftPath/v1": format!("{id}:{file}{apart}") },
    })
}

fn notification(finding: &Finding) -> Value {
    json!({
        "descriptor": { "id": finding.rule },
        "level": "error",
        "message": { "text": finding.message },
        "locations": locations(finding),
    })
}

fn locations(finding: &Finding) -> Vec<Value> {
    let location = |file: &String| {
        let mut physical = json!({
            "artifactLocation": { "uri": uri(file), "uriBaseId": "%SRCROOT%" }
        });
        if let Some((line, column)) = finding.position {
            physical["region"] = json!({ "startLine": line, "startColumn": column });
        }
        json!({ "physicalLocation": physical })
    };
    finding.file.iter().map(location).collect()
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

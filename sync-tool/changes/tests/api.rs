//! Changes between real releases of upstream, compared with what a reader of the differences
//! of the two tags finds.

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use changes::api::{Api, Change, Changes, ForkCode, ForkText};
use support::release;

fn changes(old: &str, new: &str) -> Changes {
    let (old, new) = (release(old), release(new));
    let old = Api::of(&old);
    let new = Api::after(&new, &old);
    assert_eq!((old.unread(), new.unread()), (&[][..], &[][..]));
    old.changes(&new)
}

/// Returns a change in one line, the paths of modules that WIT makes cut short.
fn line(change: &Change) -> String {
    let kind = format!("{:?}", change.change).to_lowercase();
    let to = change.to.as_ref().map_or(String::new(), |to| format!(" -> {to}"));
    let inside = match change.inside {
        0 => String::new(),
        inside => format!(" ({inside})"),
    };
    format!("{kind} {}{to}{inside}", change.path)
        .replace("crate::p2::bindings::", "p2:")
        .replace("crate::p3::bindings::", "p3:")
}

fn public(changes: &Changes) -> Vec<String> {
    changes.public().iter().map(line).collect()
}

fn wit(changes: &Changes) -> Vec<String> {
    let rows = changes.wit().iter().map(|row| {
        let kind = format!("{:?}", row.change).to_lowercase();
        format!("{} {kind} {}", row.plane, row.name)
    });
    rows.collect()
}

#[test]
fn from_40_to_41() {
    let changes = changes("40.0.4", "41.0.0");
    assert_eq!(public(&changes), [""; 0]);
}

#[test]
fn from_41_to_42() {
    let changes = changes("41.0.0", "42.0.2");
    assert_eq!(public(&changes), [""; 0]);
}

#[test]
fn from_47_to_48() {
    let changes = changes("47.0.4", "48.0.0");
    assert_eq!(public(&changes), [""; 0]);
}

#[test]
fn patches_of_one_line_change_little() {
    assert_eq!(public(&changes("47.0.0", "47.0.4")), [""; 0]);
    assert_eq!(public(&changes("48.0.0", "48.0.8")), [""; 0]);
}

//! Build scripts that fail.

use super::entry::{Case, Found, Known};

/// A script's failure is about its package.
pub(super) fn subjects(case: &Case<'_>) -> Vec<String> {
    vec![case.value("package").to_owned()]
}

/// What the script printed says it all; its place is where it gave up.
pub(super) fn look(_: &str, cases: &[Case<'_>], _: &Known<'_>) -> Option<Found> {
    let first = cases.first()?;
    let place = (
        first.value("script").to_owned(),
        first.value("line").parse().ok(),
    );
    Some(Found {
        place: Some(place),
        ..Found::default()
    })
}

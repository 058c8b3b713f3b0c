//! What imports come to where both sides changed them; rustfmt itself is the judge of layout.

mod layout;

use super::merge;

fn merged(base: &str, ours: &str, theirs: &str) -> Option<String> {
    merge(base, ours, theirs)
}

#[test]
fn what_both_sides_added_and_removed_is_joined() {
    let base = "use a::b;\nuse anyhow::Result;\nuse std::io;\n";
    let ours = "use a::b;\nuse a::net::{tcp, udp};\nuse anyhow::Result;\nuse std::io;\n";
    let theirs = "use a::b;\nuse std::io;\nuse z::Result;\n";
    let both = "use a::b;\nuse a::net::{tcp, udp};\nuse std::io;\nuse z::Result;\n";
    assert_eq!(merged(base, ours, theirs).as_deref(), Some(both));
    let removed = "use a::b;\nuse anyhow::Result;\n";
    let theirs = "use a::b;\nuse anyhow::Result;\nuse std::fmt;\nuse std::io;\n";
    let left = "use a::b;\nuse anyhow::Result;\nuse std::fmt;\n";
    assert_eq!(merged(base, removed, theirs).as_deref(), Some(left));
}

#[test]
fn a_name_goes_into_the_braces_that_theirs_has() {
    for (base, ours, theirs, both) in [
        (
            "use a::{b, d};\n",
            "use a::{b, c, d};\n",
            "use a::{b, d, e};\n",
            "use a::{b, c, d, e};\n",
        ),
        (
            "use a::b;\n",
            "use a::b;\nuse a::c;\n",
            "use a::{b, d};\n",
            "use a::{b, c, d};\n",
        ),
        (
            "use a::b;\n",
            "use a::{b, c};\n",
            "use a::b;\nuse d::e;\n",
            "use a::{b, c};\nuse d::e;\n",
        ),
        (
            "use a::{b, c};\n",
            "use a::{c};\n",
            "use a::{b, c, d};\n",
            "use a::{c, d};\n",
        ),
        (
            "use a::{b, c};\n",
            "use a::c;\n",
            "use a::{b, c};\nuse d;\n",
            "use a::c;\nuse d;\n",
        ),
        (
            "use a::{self, b};\n",
            "use a;\n",
            "use a::{self, b, c};\n",
            "use a::{self, c};\n",
        ),
        (
            "use a::b;\n",
            "use a::{self, b};\n",
            "use a::{b, c};\n",
            "use a::{self, b, c};\n",
        ),
        (
            "use a::{b, c::d};\n",
            "use a::{b, c::{d, e}};\n",
            "use a::{b, c::d, f};\n",
            "use a::{\n    b,\n    c::{d, e},\n    f,\n};\n",
        ),
        (
            "use a::{b, c};\n",
            "use a::{b, c, d::e};\n",
            "use a::{b, c, f};\n",
            "use a::{b, c, d::e, f};\n",
        ),
        (
            "use a::*;\n",
            "use a::*;\nuse b::*;\n",
            "use a::*;\nuse c as d;\n",
            "use a::*;\nuse b::*;\nuse c as d;\n",
        ),
        (
            "pub use a::b;\n",
            "pub use a::{b, c};\n",
            "pub use a::{b, d};\nuse a::{x};\n",
            "pub use a::{b, c, d};\nuse a::{x};\n",
        ),
        ("", "use a;\n", "use b;\n", "use a;\nuse b;\n"),
        ("use a;\nuse b;\n", "use b;\n", "use a;\n", ""),
        (
            "use a;",
            "use a;\nuse c;",
            "use a;\nuse b;",
            "use a;\nuse b;\nuse c;",
        ),
        (
            "use a;\r\n",
            "use a;\r\nuse c;\r\n",
            "use a;\r\nuse b;\r\n",
            "use a;\r\nuse b;\r\nuse c;\r\n",
        ),
        (
            "    use a;\n",
            "    use a;\n    use c;\n",
            "    use a;\n    use b;\n",
            "    use a;\n    use b;\n    use c;\n",
        ),
        (
            "use ::a::b;\n",
            "use ::a::{b, c};\n",
            "use ::a::{b, d};\n",
            "use ::a::{b, c, d};\n",
        ),
    ] {
        assert_eq!(
            merged(base, ours, theirs).as_deref(),
            Some(both),
            "{base}{ours}{theirs}"
        );
    }
}

#[test]
fn a_statement_goes_into_the_group_of_its_neighbours() {
    let base = "use core::fmt;\n\nuse x::debug;\n\nuse crate::Family;\n";
    let ours = "use core::fmt;\n\nuse x::debug;\n\nuse crate::Family;\nuse crate::os::net;\n";
    let theirs = "use crate::Family;\nuse core::fmt;\nuse x::debug;\n";
    let both = "use crate::Family;\nuse crate::os::net;\nuse core::fmt;\nuse x::debug;\n";
    assert_eq!(merged(base, ours, theirs).as_deref(), Some(both));
    // A group of ours stays one, behind the same group.
    let ours = "use core::fmt;\n\nuse own::a;\n\nuse x::debug;\n\nuse crate::Family;\n";
    let theirs = "use core::fmt;\nuse core::mem;\n\nuse x::debug;\n\nuse crate::Family;\n";
    let both =
        "use core::fmt;\nuse core::mem;\n\nuse own::a;\n\nuse x::debug;\n\nuse crate::Family;\n";
    assert_eq!(merged(base, ours, theirs).as_deref(), Some(both));
    // A group without imports goes.
    let ours = "use core::fmt;\n\nuse crate::Family;\n";
    let both = "use core::fmt;\nuse core::mem;\n\nuse crate::Family;\n";
    assert_eq!(merged(base, ours, theirs).as_deref(), Some(both));
    // What is replaced stays where it was.
    let ours = "use core::fmt;\n\nuse x::trace;\n\nuse crate::Family;\n";
    let both = "use core::fmt;\nuse core::mem;\n\nuse x::trace;\n\nuse crate::Family;\n";
    assert_eq!(merged(base, ours, theirs).as_deref(), Some(both));
}

#[test]
fn attributes_and_comments_stay_as_they_are() {
    let base = "// Why.\n\nuse a;\n#[cfg(x)]\npub use b::c; // c\n\n// Of e.\nuse e;\n";
    let ours = "// Why.\n\nuse a;\n#[cfg(x)]\npub use b::{c, d}; // c\n#[cfg(y)] // y\nuse f;\n\n// Of e.\nuse e;\n";
    let theirs =
        "// Why!\n\nuse a;\nuse a2;\n#[cfg(x)]\npub use b::c; // c\n\n// Of e.\nuse e;\nuse g;\n";
    assert_eq!(merged(base, ours, theirs), None, "a comment of ours");
    let ours = ours.replace(" // y", "");
    let both = "// Why!\n\nuse a;\nuse a2;\n#[cfg(x)]\npub use b::{c, d}; // c\n#[cfg(y)]\nuse f;\n\n// Of e.\nuse e;\nuse g;\n";
    assert_eq!(merged(base, &ours, theirs).as_deref(), Some(both));
}

#[test]
fn what_is_unclear_is_not_merged() {
    for (why, base, ours, theirs) in [
        ("removed and renamed", "use a::R;\n", "", "use b::R;\n"),
        (
            "renamed and removed",
            "use a::R;\n",
            "use b::R;\n",
            "use z;\n",
        ),
        ("renamed twice", "use a::R;\n", "use b::R;\n", "use c::R;\n"),
        (
            "other visibilities",
            "use a::R;\n",
            "pub use a::R;\n",
            "pub(crate) use a::R;\n",
        ),
        (
            "one name for two",
            "use a;\n",
            "use a;\nuse b::N;\n",
            "use a;\nuse c::N;\n",
        ),
        (
            "one name by an alias",
            "use a;\n",
            "use a;\nuse b as c;\n",
            "use a;\nuse x::c;\n",
        ),
        (
            "imported twice",
            "use a;\nuse a;\n",
            "use a;\nuse b;\n",
            "use a;\nuse c;\n",
        ),
        (
            "something else",
            "use a;\nfn f() {}\n",
            "use a;\n",
            "use b;\n",
        ),
        ("no source", "use a;\n", "use {;\n", "use b;\n"),
        (
            "an inner attribute",
            "use a;\n",
            "use b;\n",
            "#![x]\nuse c;\n",
        ),
        (
            "one line for two",
            "use a;\n",
            "use a;\nuse b;\n",
            "use a; use c;\n",
        ),
        (
            "a comment inside",
            "use a::{b};\n",
            "use a::{b, c};\n",
            "use a::{b, /* d */ d};\n",
        ),
        (
            "a comment above what goes",
            "use a;\nuse b;\n",
            "use b;\n",
            "// Of a.\nuse a;\nuse b;\nuse c;\n",
        ),
        (
            "a comment beside what goes",
            "use a;\nuse b;\n",
            "use b;\n",
            "use a; // a\nuse b;\nuse c;\n",
        ),
        (
            "a comment above what comes",
            "use b;\n",
            "use a;\nuse b;\n",
            "// Of b.\nuse b;\nuse c;\n",
        ),
        (
            "a layout of its own",
            "use b::c;\n",
            "use b::{c, d};\n",
            "#[rustfmt::skip]\nuse b::{c, e};\n",
        ),
    ] {
        let skipped = why == "a layout of its own";
        let kind = |text: &str| match skipped {
            true => format!(
                "#[rustfmt::skip]\n{}",
                text.trim_start_matches("#[rustfmt::skip]\n")
            ),
            false => text.to_owned(),
        };
        assert_eq!(
            merged(&kind(base), &kind(ours), &kind(theirs)),
            None,
            "{why}"
        );
    }
}

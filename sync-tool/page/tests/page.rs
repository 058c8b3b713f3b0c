//! The page as a program that reads HTML finds it.

mod sample;

use std::collections::BTreeSet;

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use page::{Commit, GateResult, Review, Sides, State, Text, render};

/// An element of a page.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

/// Parses a page, which must be without errors. Returns its elements and its text.
fn parsed(html: &str) -> (Vec<Element>, String) {
    let opts = ParseOpts {
        tokenizer: html5ever::tokenizer::TokenizerOpts {
            exact_errors: true,
            ..Default::default()
        },
        ..ParseOpts::default()
    };
    let dom = parse_document(RcDom::default(), opts).one(html);
    assert_eq!(
        *dom.errors.borrow(),
        Vec::<std::borrow::Cow<'static, str>>::new()
    );
    let (mut elements, mut text) = (Vec::new(), String::new());
    walk(&dom.document, &mut elements, &mut text);
    (elements, text)
}

fn walk(node: &Handle, elements: &mut Vec<Element>, text: &mut String) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs.borrow();
            let pair = |a: &html5ever::Attribute| (a.name.local.to_string(), a.value.to_string());
            elements.push(Element {
                name: name.local.to_string(),
                attributes: attributes.iter().map(pair).collect(),
            });
        }
        NodeData::Text { contents } => text.push_str(&contents.borrow()),
        _ => {}
    }
    for child in node.children.borrow().iter() {
        walk(child, elements, text);
    }
}

/// Returns the values of an attribute.
fn values<'a>(elements: &'a [Element], name: &str) -> Vec<&'a str> {
    let all = elements.iter().flat_map(|element| &element.attributes);
    all.filter(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .collect()
}

/// Replaces each text of a review.
fn with_each_text(review: &mut Review, text: &str) {
    let set = |at: &mut String| *at = text.to_owned();
    let sides = |texts: [&mut Text; 2]| texts.into_iter().for_each(|side| side.text = text.into());
    [
        &mut review.fork,
        &mut review.upstream,
        &mut review.base,
        &mut review.complete,
        &mut review.tool,
    ]
    .into_iter()
    .for_each(set);
    for versions in [&mut review.from, &mut review.to] {
        [&mut versions.fork, &mut versions.upstream]
            .into_iter()
            .for_each(set);
    }
    review.repository = Some(text.to_owned());
    review.next = Some(text.to_owned());
    review.notes.iter_mut().for_each(set);
    for gate in &mut review.gates {
        set(&mut gate.title);
        gate.said = Some(text.to_owned());
    }
    review
        .changes
        .iter_mut()
        .for_each(|change| set(&mut change.path));
    let commit = |commit: &mut Commit| {
        [&mut commit.id, &mut commit.subject]
            .into_iter()
            .for_each(set);
    };
    review.chapters = sample::report().chapters;
    for chapter in &mut review.chapters {
        [&mut chapter.title, &mut chapter.lead]
            .into_iter()
            .for_each(set);
        for entry in &mut chapter.entries {
            set(&mut entry.text);
            entry.tag = Some(text.to_owned());
            entry.diff = Some(text.to_owned());
            entry.details.iter_mut().for_each(set);
            for (name, code) in &mut entry.code {
                [name, code].into_iter().for_each(set);
            }
        }
    }
    for file in &mut review.files {
        set(&mut file.path);
        file.path.push_str(".rs");
        file.patch = Some(text.to_owned());
        file.notes.iter_mut().for_each(set);
        file.commits.iter_mut().for_each(commit);
        for difference in &mut file.differences {
            [&mut difference.change, &mut difference.reason]
                .into_iter()
                .for_each(set);
        }
        for hunk in &mut file.hunks {
            hunk.item = Some(text.to_owned());
            if let Some(before) = &mut hunk.before {
                sides([&mut before.base, &mut before.ours]);
            }
            sides([&mut hunk.theirs, &mut hunk.merged]);
        }
        file.remembered = Some(text.to_owned());
        if let Some(decision) = &mut file.decision {
            set(&mut decision.how);
            decision.by = Some(text.to_owned());
            decision.reason = Some(text.to_owned());
        }
        for conflict in &mut file.conflicts {
            for option in [&mut conflict.item, &mut conflict.cause, &mut conflict.next] {
                *option = Some(text.to_owned());
            }
            conflict.commits.iter_mut().for_each(commit);
            if let Some(Sides { base, ours, theirs }) = &mut conflict.sides {
                sides([base, ours]);
                theirs.text = text.to_owned();
            }
            if let Some(merged) = &mut conflict.merged {
                merged.text = text.to_owned();
            }
        }
    }
}

/// Returns a review with a conflict that was resolved, and one or two of everything else.
fn small() -> Review {
    let mut review = sample::review();
    review.files.retain(|file| file.path.ends_with("udp.rs"));
    review.changes.truncate(2);
    review.gates.truncate(1);
    review.notes.truncate(1);
    review
}

#[test]
fn the_page_is_valid_and_its_links_lead_somewhere() {
    for review in [sample::review(), sample::done(), sample::report(), small()] {
        let (elements, _) = parsed(&render(&review));
        let ids = values(&elements, "id");
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        for link in values(&elements, "href") {
            let repository = "https://github.com/bytecodealliance/wasmtime";
            match link.strip_prefix('#') {
                Some(id) => assert!(unique.contains(id), "{link}"),
                None => assert!(link.starts_with(repository), "{link}"),
            }
        }
        for list in values(&elements, "aria-labelledby") {
            assert!(unique.contains(list), "{list}");
        }
    }
}

#[test]
fn the_page_loads_nothing() {
    let html = render(&sample::review());
    let (elements, _) = parsed(&html);
    for element in &elements {
        let loads = [
            "img", "link", "iframe", "object", "embed", "audio", "video", "base", "svg",
        ];
        assert!(!loads.contains(&element.name.as_str()), "{}", element.name);
        for (name, value) in &element.attributes {
            let is_link = element.name == "a" && name == "href";
            assert!(is_link || !value.contains("//"), "{name}={value}");
            let acts =
                name.starts_with("on") || ["src", "style", "srcset"].contains(&name.as_str());
            assert!(!acts, "{name}={value}");
        }
    }
    for loads in ["url(", "@import", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!html.contains(loads), "{loads}");
    }
}

/// What is in the texts is shown, and is never a part of the page.
#[test]
fn hostile_texts_are_shown_as_they_are() {
    let (plain, _) = parsed(&render(&{
        let mut review = sample::review();
        with_each_text(&mut review, "x y\n");
        review
    }));
    for hostile in [
        "</pre></script></style></title><script>alert(1)</script>\n",
        "\"><img src=x onerror=alert(1)>\n",
        "' onclick='alert(1)\n",
        "<!--\n",
        "]]> &amp; &#x202e; {{ review.tool }} {% raw %}\n",
    ] {
        let mut review = sample::review();
        with_each_text(&mut review, hostile);
        let (elements, text) = parsed(&render(&review));
        assert!(text.contains(hostile.trim_end()), "{hostile}");
        let names = |all: &[Element]| {
            let shown = all.iter().map(|element| element.name.clone());
            // Words of code have more or fewer colours and marks.
            shown
                .filter(|name| !["i", "ins", "del"].contains(&name.as_str()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&elements), names(&plain), "{hostile}");
    }
}

#[test]
fn characters_that_act_are_written_out() {
    let mut review = sample::review();
    with_each_text(&mut review, "a\0b\u{202e}c\u{2028}d\u{1b}[2Je\rf\u{feff}\n");
    let html = render(&review);
    for acts in ['\0', '\u{202e}', '\u{2028}', '\u{1b}', '\r', '\u{feff}'] {
        assert!(!html.contains(acts), "{acts:?}");
    }
    let (_, text) = parsed(&html);
    assert!(text.contains("a\\u{0}b\\u{202e}c\\u{2028}d\\u{1b}[2Je\\rf\\u{feff}"));
}

#[test]
fn a_large_review_is_a_page_of_bounded_size() {
    let line = "a&<\0\"\u{202e}'b ".repeat(9) + "\n";
    for text in [
        line.repeat(10_000),
        "&\0".repeat(5_000_000),
        "`\"` ".repeat(500_000),
    ] {
        let mut review = sample::review();
        with_each_text(&mut review, &text);
        let html = render(&review);
        assert!(html.len() < 12_000_000, "{}", html.len());
        assert!(html.contains("left out here") || html.contains("more characters"));
    }
    let mut review = sample::review();
    let files = review.files.clone();
    review.files = files.into_iter().cycle().take(20_000).collect();
    review.changes = review.changes.into_iter().cycle().take(300_000).collect();
    let html = render(&review);
    assert!(html.len() < 12_000_000, "{}", html.len());
    assert!(html.contains("300000 files") && html.contains("more are left out here"));
}

#[test]
fn the_verdict_says_what_is_wrong_first() {
    for (state, failed, verdict) in [
        (State::Conflicts, true, "3 conflicts in 2 files are open."),
        (State::Ready, true, "1 gate failed."),
        (State::Done, true, "1 gate failed."),
        (
            State::Ready,
            false,
            "Nothing is left to decide; the new tree is not in place yet.",
        ),
        (State::Done, false, "The new tree is in place."),
    ] {
        let mut review = sample::review();
        review.state = state;
        if failed {
            review.gates[0].result = GateResult::Failed;
        }
        let html = render(&review);
        assert!(
            html.contains(&format!("<strong>{verdict}</strong>")),
            "{verdict}"
        );
        let is_bad = failed || state == State::Conflicts;
        assert_eq!(
            html.contains("<p class=\"verdict bad\">"),
            is_bad,
            "{verdict}"
        );
    }
}

#[test]
fn a_small_page_as_it_is() {
    let html = render(&small());
    let body = html.split_once("<body>").unwrap().1;
    let body = body.split_once("<script>").unwrap().0;
    insta::assert_snapshot!(body);
}

#[test]
fn a_page_of_nothing_says_so() {
    let mut review = sample::review();
    review.files.clear();
    review.changes.clear();
    review.gates.clear();
    review.notes.clear();
    review.delta = None;
    let (_, text) = parsed(&render(&review));
    for said in [
        "No gate has run.",
        "No file has a patch.",
        "No file of the tree changes.",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

//! The page in a browser, as its readers have it: keyboard, sizes, schemes, without script.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

#[path = "browser/chromium.rs"]
mod chromium;
mod sample;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use chromium::Chromium;
use page::{Review, render};
use serde_json::json;

/// A page on disk, opened in a browser.
struct Opened {
    browser: Chromium,
    address: String,
    _dir: tempfile::TempDir,
}

fn opened(review: &Review) -> Opened {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("review.html");
    fs::write(&file, render(review)).unwrap();
    let address = format!("file://{}", file.display());
    let mut browser = Chromium::start();
    browser.open(&address);
    Opened {
        browser,
        address,
        _dir: dir,
    }
}

impl Opened {
    /// Says where the reader is: the address's end and the focused element, which must be in view.
    fn place(&mut self) -> String {
        let place = self.browser.value(
            "(() => { const { id, tagName } = document.activeElement;
               const { top } = document.activeElement.getBoundingClientRect();
               return [location.hash, id || tagName, top >= 0 && top < innerHeight].join(' ') })()",
        );
        place.as_str().unwrap().to_owned()
    }

    /// Writes a picture of the window below cargo's `target/tmp`. Returns its size in bytes.
    fn save_picture(&mut self, name: &str) -> usize {
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("review");
        fs::create_dir_all(&pictures).unwrap();
        let picture = self.browser.picture();
        let picture = base64::engine::general_purpose::STANDARD
            .decode(picture)
            .unwrap();
        fs::write(pictures.join(name), &picture).unwrap();
        picture.len()
    }

    fn after(&mut self, key: &str) -> String {
        self.browser.press(key);
        self.place()
    }
}

#[test]
fn conflicts_are_walked_by_keyboard() {
    let mut page = opened(&sample::review());
    page.browser.resize(1280, 800);
    for (key, place) in [
        ("n", "#conflict-1 conflict-1 true"),
        ("j", "#conflict-2 conflict-2 true"),
        ("n", "#conflict-3 conflict-3 true"),
        ("n", "#conflict-4 conflict-4 true"),
        ("n", "#conflict-4 conflict-4 true"),
        ("p", "#conflict-3 conflict-3 true"),
        ("p", "#conflict-2 conflict-2 true"),
        ("k", "#conflict-1 conflict-1 true"),
        ("p", "#conflict-1 conflict-1 true"),
    ] {
        assert_eq!(page.after(key), place, "after {key}");
    }
    // The focus is visible.
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(page.browser.value(outline), "solid");
    // From what is focused within a conflict, the next is the one behind it.
    page.browser
        .value("document.querySelector('#conflict-2 pre').focus()");
    assert_eq!(page.after("n"), "#conflict-3 conflict-3 true");
    // With a modifier, a key is the browser's.
    let params = json!({ "type": "keyDown", "key": "p", "modifiers": 2 });
    page.browser.call("Input.dispatchKeyEvent", params);
    assert_eq!(page.place(), "#conflict-3 conflict-3 true");
    assert_eq!(page.after("t"), " BODY true");
    assert_eq!(page.browser.value("scrollY"), 0);
}

#[test]
fn arrows_scroll_and_keys_are_listed() {
    let mut page = opened(&sample::review());
    page.browser.resize(1280, 800);
    page.browser.value("document.body.focus()");
    page.browser.press("ArrowDown");
    let scrolled = "new Promise((done) => { const look = () => scrollY > 0 ? done(true) : requestAnimationFrame(look); look() })";
    assert_eq!(page.browser.value(scrolled), true);
    let is_open = "document.getElementById('keys').open";
    page.browser.press("?");
    assert_eq!(page.browser.value(is_open), true);
    // Behind the list, the page stays where it is.
    page.browser.press("n");
    assert_eq!(page.browser.value("location.hash"), "");
    page.browser.press("Escape");
    assert_eq!(page.browser.value(is_open), false);
    let folded = "document.querySelectorAll('details:not([open])').length";
    assert!(page.browser.value(folded).as_u64().unwrap() > 2);
    page.browser.press("o");
    assert_eq!(page.browser.value(folded), 0);
}

#[test]
fn the_first_tab_leads_past_the_overview() {
    let mut page = opened(&sample::review());
    page.browser.press("Tab");
    let focused = "document.activeElement.textContent";
    assert_eq!(page.browser.value(focused), "Skip to the first conflict");
    assert_eq!(page.after("Enter"), "#conflict-1 conflict-1 true");
}

#[test]
fn without_conflicts_the_files_are_walked() {
    let mut page = opened(&sample::done());
    for (key, place) in [("n", "#file-1"), ("n", "#file-2"), ("p", "#file-1")] {
        assert!(page.after(key).starts_with(place), "after {key}");
        let outline = "getComputedStyle(document.activeElement.querySelector('h3')).outlineStyle";
        assert_eq!(page.browser.value(outline), "solid");
    }
}

/// Readable in both schemes, at each width, with everything unfolded; and pictures of it.
#[test]
fn the_page_is_readable_at_each_size() {
    let findings = include_str!("browser/findings.js");
    for (name, review) in [
        ("conflicts", sample::review()),
        ("done", sample::done()),
        ("report", sample::report()),
    ] {
        let mut page = opened(&review);
        for scheme in ["light", "dark"] {
            page.browser.prefer(scheme);
            for (width, height) in [(360, 800), (390, 844), (1280, 800), (1920, 1080)] {
                page.browser.resize(width, height);
                page.browser.open(&page.address);
                page.save_picture(&format!("{name}-{scheme}-{width}.png"));
                page.browser.press("o");
                let seen = page.browser.value(findings);
                assert_eq!(seen["found"], json!([]), "{name}, {scheme}, {width} px");
                assert!(seen["texts"].as_u64().unwrap() > 100);
            }
        }
    }
}

/// A file with its conflicts, as `docs/images/review.png` shows them.
#[test]
fn the_picture_of_the_documents_is_small() {
    let mut page = opened(&sample::review());
    page.browser.resize(1200, 760);
    page.browser
        .value("document.getElementById('file-1').scrollIntoView()");
    assert!(page.save_picture("docs.png") < 200_000);
}

#[test]
fn nothing_is_loaded_and_nothing_is_hidden_without_script() {
    let mut page = opened(&sample::review());
    let text = "document.querySelector('main').innerText";
    let with_script = page.browser.value(text);
    page.browser.call(
        "Emulation.setScriptExecutionDisabled",
        json!({ "value": true }),
    );
    page.browser.open(&page.address);
    assert_eq!(page.browser.value(text), with_script);
    assert_eq!(
        page.browser.value("document.getElementById('help').hidden"),
        true
    );
    // A link to a conflict needs no script.
    page.browser.open(&format!("{}#conflict-2", page.address));
    let top = "document.getElementById('conflict-2').getBoundingClientRect().top";
    assert!(page.browser.value(top).as_f64().unwrap() < 100.0);
    let requests = page.browser.requests();
    assert!(requests.len() >= 2, "{requests:?}");
    for request in requests {
        assert!(request.starts_with(&page.address), "{request}");
    }
}

/// What escaping would let through, the page's policy stops: only its own script runs.
#[test]
fn no_other_script_runs() {
    let mut page = opened(&sample::review());
    let add = "(() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        const button = document.createElement('button');
        button.setAttribute('onclick', 'window.ran = true');
        document.body.append(script, button);
        button.click();
        return window.ran === undefined;
    })()";
    assert_eq!(page.browser.value(add), true);
}

#[test]
fn paper_has_everything() {
    let mut page = opened(&sample::review());
    let print = json!({ "media": "print" });
    page.browser.call("Emulation.setEmulatedMedia", print);
    page.browser
        .call("Page.printToPDF", json!({ "printBackground": false }));
    // Without script, style unfolds what is folded.
    let hidden = "[...document.querySelectorAll('details:not([open]) pre')]
        .filter((pre) => !pre.checkVisibility()).length";
    assert_eq!(page.browser.value(hidden), 0);
    page.browser
        .value("dispatchEvent(new Event('beforeprint'))");
    let folded = "document.querySelectorAll('details:not([open])').length";
    assert_eq!(page.browser.value(folded), 0);
    // Long lines are broken, as paper does not scroll.
    let cut = "[...document.querySelectorAll('pre')].filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length";
    assert_eq!(page.browser.value(cut), 0);
    page.browser.value("dispatchEvent(new Event('afterprint'))");
    assert!(page.browser.value(folded).as_u64().unwrap() > 2);
}

/// An opened page whose texts are as long as they may be stays as wide as the window.
#[test]
fn long_names_do_not_widen_the_page() {
    let mut review = sample::review();
    let long = "x".repeat(3_000);
    review.fork = long.clone();
    review.next = Some(long.clone());
    review.notes = vec![long.clone()];
    for file in &mut review.files {
        file.path = format!("src/{long}.rs");
        file.patch = Some(long.clone());
        for conflict in &mut file.conflicts {
            conflict.item = Some(long.clone());
            conflict.cause = Some(long.clone());
            if let Some(sides) = &mut conflict.sides {
                sides.theirs.text = long.clone();
            }
        }
        for hunk in &mut file.hunks {
            hunk.item = Some(long.clone());
        }
    }
    let mut page = opened(&review);
    for width in [360, 1280, 1920] {
        page.browser.resize(width, 800);
        page.browser.press("o");
        let seen = page.browser.value(include_str!("browser/findings.js"));
        assert_eq!(seen["found"], json!([]), "{width} px");
    }
}

//! The page on which a person reviews an upgrade: one file of HTML that loads nothing, can be
//! read without script, and is bounded in size. Pure: a [`Review`] goes in, a text comes out.

mod code;
mod escape;
pub mod markdown;
mod marks;
mod model;
mod room;
mod scan;
mod view;
mod words;

use askama::Template as _;
pub use model::{
    Before, Change, ChangeKind, Chapter, Commit, ConflictReview, Decision, Delta, DeltaChange,
    Difference, Entry, FileReview, FileState, Gate, GateResult, HunkReview, Review, Sides, State,
    Text, Versions,
};
pub use recipe::merge::Layer;

/// Renders a review as one file of HTML, of some 12 MB at most.
pub fn render(review: &Review) -> String {
    let page = view::Page::new(review);
    page.render()
        .expect("a page is written into memory by infallible writers")
}

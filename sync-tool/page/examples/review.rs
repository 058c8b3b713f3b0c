//! Writes the page of an invented upgrade to stdout: `cargo run -p page --example review > page.html`.
//! With `done` as its argument, of one without conflicts.

#[path = "../tests/sample/mod.rs"]
mod sample;

fn main() {
    let review = match std::env::args().nth(1).as_deref() {
        Some("done") => sample::done(),
        Some("report") => sample::report(),
        _ => sample::review(),
    };
    print!("{}", page::render(&review));
}

//! Merges three files in layers, as `git merge-file -p --diff3` is called by lines:
//!
//!     merge OURS BASE THEIRS
//!
//! Prints the result, with markers where it conflicts, and to stderr the time of the merge
//! alone. Exits with 0 for a result without conflicts, with 1 for one with some, with 2 where
//! there is none.

use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use recipe::merge::{Labels, LayerOptions, Sides, merge_in_layers};

fn main() -> ExitCode {
    merge().unwrap_or_else(|error| {
        eprintln!("merge: {error}");
        ExitCode::from(2)
    })
}

fn merge() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    let [ours, base, theirs] = paths.as_slice() else {
        return Err("usage: merge OURS BASE THEIRS".into());
    };
    let labels = Labels {
        base: base.clone(),
        ours: ours.clone(),
        theirs: theirs.clone(),
    };
    let texts = [base, ours, theirs].map(fs::read_to_string);
    let [base, ours, theirs] = texts;
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let options = LayerOptions {
        is_rust: true,
        renames: &[],
        formatter: None,
    };
    let begun = Instant::now();
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    let merged = merge_in_layers(sides, &options)?;
    eprintln!("{:.3} ms", begun.elapsed().as_secs_f64() * 1000.0);
    for note in &merged.notes {
        eprintln!("{note}");
    }
    print!("{}", merged.merge.with_markers(&labels));
    Ok(ExitCode::from(u8::from(!merged.merge.is_clean())))
}

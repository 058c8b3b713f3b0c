//! Which tests a test program has, by its own word.

/// What a test program says that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The names of its tests, in its order; benchmarks are none.
    pub tests: Vec<String>,
}

impl Listing {
    /// Reads what `--list` prints. Returns `None` where that is not libtest's: a
    /// target without harness does with its arguments what it likes. The last line
    /// counts the tests, so that nothing else is taken for a list, not even nothing.
    pub fn parse(printed: &str) -> Option<Self> {
        let mut lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
        let announced = counted(lines.pop()?)?;
        let (mut tests, mut benches) = (Vec::new(), 0);
        for line in lines {
            if let Some(name) = line.strip_suffix(": test") {
                tests.push(name.to_owned());
            } else if line.ends_with(": benchmark") {
                benches += 1;
            } else {
                return None;
            }
        }
        (announced == (tests.len(), benches)).then_some(Listing { tests })
    }
}

/// Reads `3 tests, 1 benchmark`.
fn counted(line: &str) -> Option<(usize, usize)> {
    let (tests, benches) = line.split_once(", ")?;
    let number = |text: &str, noun: &str| -> Option<usize> {
        let (number, word) = text.split_once(' ')?;
        (word.strip_suffix('s').unwrap_or(word) == noun).then(|| number.parse().ok())?
    };
    Some((number(tests, "test")?, number(benches, "benchmark")?))
}

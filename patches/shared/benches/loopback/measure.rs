//! Rounds, medians, and what is to be reached.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How long one part of a round is to take.
const LONG_ENOUGH: Duration = Duration::from_millis(20);

/// Returns how many rounds are measured.
pub fn rounds() -> usize {
    let rounds = std::env::var("ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok());
    rounds.unwrap_or(25).max(1)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What two sides of a comparison take, in nanoseconds for each operation.
#[derive(Debug, Clone, Copy)]
pub struct Compared {
    pub virtually: f64,
    pub system: f64,
    /// How many times faster the first one is.
    pub ratio: f64,
    /// The same over all rounds together. Rare operations that take very long
    /// weigh on it as they do on whoever does many in a row.
    pub in_all: f64,
    /// How many times less of the processors' time it takes, where the system
    /// tells. Other processes weigh less on that than on the time that passes.
    pub frugality: f64,
}

/// Measures two sides by turns. Each is given how often to do it and returns
/// how long that took; neither is asked for less or more at a time than `often`
/// allows.
pub fn compare(
    often: RangeInclusive<u32>,
    mut virtually: impl FnMut(u32) -> Duration,
    mut system: impl FnMut(u32) -> Duration,
) -> Compared {
    let counts = [enough(&often, &mut virtually), enough(&often, &mut system)];
    let rounds: Vec<[Cost; 2]> = (0..rounds())
        .map(|_| {
            [
                cost(counts[0], &mut virtually),
                cost(counts[1], &mut system),
            ]
        })
        .collect();
    let of = |figure: fn(&[Cost; 2]) -> f64| median(rounds.iter().map(figure).collect());
    let sum = |figure: fn(&[Cost; 2]) -> f64| rounds.iter().map(figure).sum::<f64>();
    Compared {
        virtually: of(|round| round[0].passed),
        system: of(|round| round[1].passed),
        ratio: of(|round| round[1].passed / round[0].passed),
        in_all: sum(|round| round[1].passed) / sum(|round| round[0].passed),
        // The system counts in steps that may be longer than a round.
        frugality: sum(|round| round[1].worked) / sum(|round| round[0].worked),
    }
}

/// What an operation takes, in nanoseconds: of time, and of the processors'.
#[derive(Debug, Clone, Copy)]
struct Cost {
    passed: f64,
    worked: f64,
}

fn cost(count: u32, run: &mut impl FnMut(u32) -> Duration) -> Cost {
    let before = worked();
    let passed = run(count).as_secs_f64() * 1e9;
    let worked = worked().zip(before).map(|(after, before)| after - before);
    let count = f64::from(count);
    Cost {
        passed: passed / count,
        worked: worked.unwrap_or(f64::NAN) / count,
    }
}

/// Returns for how many nanoseconds the threads of this process have run.
fn worked() -> Option<f64> {
    let mut sum = 0.0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let figures = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        let worked: f64 = figures.split_whitespace().next()?.parse().ok()?;
        sum += worked;
    }
    Some(sum)
}

/// Returns how often something has to be done to take long enough.
fn enough(often: &RangeInclusive<u32>, run: &mut impl FnMut(u32) -> Duration) -> u32 {
    let (least, most) = (*often.start(), *often.end());
    let mut count = least;
    loop {
        let time = run(count);
        if time >= LONG_ENOUGH / 4 || count == most {
            let wanted = LONG_ENOUGH.as_secs_f64() / time.as_secs_f64() * f64::from(count);
            // Saturates.
            return (wanted as u32).clamp(least, most);
        }
        count = count.saturating_mul(4).min(most);
    }
}

/// What was to be reached, and whether it was.
#[derive(Debug, Default)]
pub struct Verdicts(Vec<(String, bool)>);

impl Verdicts {
    pub fn add(&mut self, what: String, reached: bool) {
        self.0.push((what, reached));
    }

    pub fn print(&self) {
        let (reached, missed): (Vec<_>, Vec<_>) = self.0.iter().partition(|(_, reached)| *reached);
        println!(
            "\n{} of {} targets are reached.",
            reached.len(),
            self.0.len()
        );
        for (what, _) in missed {
            println!("  missed: {what}");
        }
    }
}

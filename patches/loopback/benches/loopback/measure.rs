//! Rounds, medians, and what is to be reached.

use std::time::Duration;

/// How long one part of a round is to take: less than what a busy system lets
/// run at a time, so that most rounds are not interrupted.
const LONG_ENOUGH: Duration = Duration::from_millis(2);

/// Returns how many rounds are measured.
pub fn rounds() -> usize {
    let rounds = std::env::var("ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok());
    rounds.unwrap_or(75).max(1)
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
}

/// Measures two sides by turns. Each is given how often to do it and returns
/// how long that took; neither is asked for more than `most` at a time.
pub fn compare(
    most: u32,
    mut virtually: impl FnMut(u32) -> Duration,
    mut system: impl FnMut(u32) -> Duration,
) -> Compared {
    let counts = [
        enough(most, &mut virtually),
        enough(most, &mut system),
    ];
    let each = |time: Duration, count: u32| time.as_secs_f64() * 1e9 / f64::from(count);
    let rounds: Vec<[f64; 2]> = (0..rounds())
        .map(|_| {
            [
                each(virtually(counts[0]), counts[0]),
                each(system(counts[1]), counts[1]),
            ]
        })
        .collect();
    Compared {
        virtually: median(rounds.iter().map(|round| round[0]).collect()),
        system: median(rounds.iter().map(|round| round[1]).collect()),
        ratio: median(rounds.iter().map(|round| round[1] / round[0]).collect()),
    }
}

/// Returns how often something has to be done to take long enough.
fn enough(most: u32, run: &mut impl FnMut(u32) -> Duration) -> u32 {
    let mut count = 16.min(most);
    loop {
        let time = run(count);
        if time >= LONG_ENOUGH / 4 || count == most {
            let wanted = LONG_ENOUGH.as_secs_f64() / time.as_secs_f64() * f64::from(count);
            // Saturates.
            return (wanted as u32).clamp(1, most);
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
        println!("\n{} of {} targets are reached.", reached.len(), self.0.len());
        for (what, _) in missed {
            println!("  missed: {what}");
        }
    }
}

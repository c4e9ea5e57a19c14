//! Contestants in turn: A B A B ..., each turn in a fresh process and namespace, on a machine that has nothing else to do
//! as far as that can be had.
//!
//! Whoever fails is told in the report and has no further turn; the others go on.

use std::time::{Duration, Instant};

use super::job::{Job, Numbers};
use super::kernel::quiet;
use super::progress;
use super::report::Report;

/// What the kernel gets at least to be done with the turn before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(300);

/// What it gets at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a contestant came to in all rounds.
#[derive(Debug, Default)]
pub(super) struct Results {
    numbers: Vec<Numbers>,
    failed: bool,
}

/// Lets all have their turn in each round.
pub(super) fn hold<const N: usize>(report: &mut Report, jobs: &[Job; N], rounds: u32) -> [Results; N] {
    let mut results = hold_any(report, jobs, rounds).into_iter();
    std::array::from_fn(|_| results.next().unwrap_or_default())
}

/// The same for any number of contestants.
pub(super) fn hold_any(report: &mut Report, jobs: &[Job], rounds: u32) -> Vec<Results> {
    let bar = progress::bar(&report.title, u64::from(rounds) * jobs.len() as u64);
    let mut results: Vec<Results> = jobs.iter().map(|_| Results::default()).collect();
    let (mut turns, mut disturbed) = (0, 0);
    let mut pause = SHORTEST_PAUSE;
    for round in 1..=rounds {
        for (job, results) in jobs.iter().zip(&mut results) {
            bar.inc(1);
            if results.failed {
                continue;
            }
            turns += 1;
            disturbed += u32::from(!quiet::wait(pause));
            let begin = Instant::now();
            match job.run() {
                Ok(numbers) => results.numbers.push(numbers),
                Err(error) => {
                    results.failed = true;
                    report.failures.push(format!("round {round}: {error}"));
                }
            }
            // A small turn leaves little behind; one that failed leaves all its routes.
            pause = if results.failed { LONGEST_PAUSE } else { begin.elapsed() };
            pause = pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        }
    }
    bar.finish_and_clear();
    if disturbed > 0 {
        report
            .notes
            .push(format!("{disturbed} of {turns} turns began while the machine had other work to do"));
    }
    results
}

impl Results {
    /// The number with that name, of each round.
    pub(super) fn each(&self, name: &str) -> Vec<f64> {
        self.numbers.iter().filter_map(|numbers| numbers.get(name)).copied().collect()
    }

    /// A number made of those of a round, for each round.
    pub(super) fn each_of(&self, make: impl Fn(&dyn Fn(&str) -> f64) -> f64) -> Vec<f64> {
        self.numbers
            .iter()
            .map(|numbers| make(&|name| numbers.get(name).copied().unwrap_or(f64::NAN)))
            .collect()
    }
}

//! Contestants in turn: A B A B ..., each turn in a fresh process and namespace.

use std::thread::sleep;
use std::time::Duration;

use super::job::{Job, Numbers};
use super::progress;

/// What the kernel needs to be done with the namespace of the turn before.
const PAUSE: Duration = Duration::from_millis(300);

/// What a contestant came to in all rounds.
#[derive(Debug)]
pub(super) struct Results(Vec<Numbers>);

/// Lets all have their turn in each round.
pub(super) fn hold<const N: usize>(
    title: &str,
    jobs: &[Job; N],
    rounds: u32,
) -> Result<[Results; N], String> {
    let results = hold_any(title, jobs, rounds)?;
    results.try_into().map_err(|_| "not everybody had a turn".to_owned())
}

/// The same for any number of contestants.
pub(super) fn hold_any(title: &str, jobs: &[Job], rounds: u32) -> Result<Vec<Results>, String> {
    let bar = progress::bar(title, u64::from(rounds) * jobs.len() as u64);
    let mut results: Vec<Results> = jobs.iter().map(|_| Results(Vec::new())).collect();
    for _ in 0..rounds {
        for (job, results) in jobs.iter().zip(&mut results) {
            results.0.push(job.run()?);
            bar.inc(1);
            sleep(PAUSE);
        }
    }
    bar.finish_and_clear();
    Ok(results)
}

impl Results {
    /// The number with that name, of each round.
    pub(super) fn each(&self, name: &str) -> Vec<f64> {
        self.0.iter().filter_map(|numbers| numbers.get(name)).copied().collect()
    }

    /// A number made of those of a round, for each round.
    pub(super) fn each_of(&self, make: impl Fn(&dyn Fn(&str) -> f64) -> f64) -> Vec<f64> {
        self.0.iter().map(|numbers| make(&|name| numbers.get(name).copied().unwrap_or(f64::NAN))).collect()
    }
}

//! The longest single `set` while a table grows.
//!
//! The engine does the same at the same entry each time; what a busy machine adds comes at any. So each entry's
//! shortest time over all rounds counts, and the longest of these is the answer.

use std::time::Instant;

use super::Workload;
use super::driver::{By, SLICE};
use super::kinds::Pair;

/// What was found.
#[derive(Debug)]
pub(super) struct Growth {
    /// The longest `set`, in milliseconds, as said above.
    pub(super) longest: f64,
    /// At which entry.
    pub(super) at: usize,
    /// In each round the longest `set`, interruptions by others included, in milliseconds.
    pub(super) raw: Vec<f64>,
}

/// Lets a table grow to that many entries, that many times.
pub(super) fn measure(entries: u32, rounds: u32, progress: &dyn Fn(u64)) -> Result<Growth, String> {
    let mut shortest = vec![u32::MAX; entries as usize];
    let mut raw = Vec::new();
    for round in 0..rounds {
        let mut driver = Workload::W1.prepare(entries, By::One)?;
        let mut longest = 0;
        let mut fault = None;
        for (number, shortest) in shortest.iter_mut().enumerate() {
            let value = Pair { key: number as u32, value: 0 };
            let before = Instant::now();
            let set = driver.engine.set(value, driver.now);
            let took = u32::try_from(before.elapsed().as_nanos()).unwrap_or(u32::MAX);
            fault = fault.or(set.err());
            longest = longest.max(took);
            *shortest = took.min(*shortest);
            if number % SLICE == SLICE - 1 {
                driver.send_all();
            }
        }
        if let Some(fault) = fault {
            return Err(fault.to_string());
        }
        raw.push(f64::from(longest) / 1e6);
        progress(u64::from(round) + 1);
    }
    let (at, longest) =
        shortest.iter().enumerate().max_by_key(|(_, nanos)| **nanos).ok_or("no entries, no longest set")?;
    Ok(Growth { longest: f64::from(*longest) / 1e6, at, raw })
}

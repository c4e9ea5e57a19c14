//! The engine alone: workloads W1 and W2, without a kernel.

mod bytes;
mod callgrind;
mod driver;
mod growth;
mod kinds;
mod workload;

use std::time::{Duration, Instant};

pub use bytes::{Allocated, measure as measure_bytes};
pub use callgrind::run_counted;
pub use workload::Workload;

use super::progress;
use super::report::{Goal, Report};
use driver::By;

/// Sizes at which an event should cost about the same.
pub const SIZES: [u32; 4] = [10_000, 100_000, 1_000_000, 4_000_000];

/// At how many entries instructions are counted, unless said otherwise.
pub const COUNTED_ENTRIES: u32 = 100_000;

/// How many entries a table grows to while the longest `set` is looked for, unless said otherwise.
pub const GROWTH_ENTRIES: u32 = 2_000_000;

/// Rounds at small sizes repeat the workload until it has had that many events.
const EVENTS_A_ROUND: u64 = 500_000;

/// How long a run took, and each of its phases.
#[derive(Debug)]
struct Run {
    total: Duration,
    phases: Vec<(&'static str, Duration)>,
}

/// Nanoseconds an event, in all phases with values one by one and many at once, and in each phase with many.
///
/// # Errors
/// What is not as it must be.
pub fn time(workload: Workload, entries: u32, rounds: u32) -> Result<Report, String> {
    let mut report = Report::new(format!("engine {}, {entries} entries", workload.name()));
    let bar = progress::bar(&report.title, rounds.into());
    let mut all = Vec::new();
    let mut phases: Vec<(&'static str, Vec<f64>)> = Vec::new();
    let mut one_by_one = Vec::new();
    for _ in 0..rounds {
        let events = workload.events(entries) as f64;
        one_by_one.push(one_run(workload, entries, By::One)?.total.as_nanos() as f64 / events);
        let run = one_run(workload, entries, By::Many)?;
        all.push(run.total.as_nanos() as f64 / events);
        for (number, (name, took)) in run.phases.into_iter().enumerate() {
            let nanos = took.as_nanos() as f64 / f64::from(entries);
            match phases.get_mut(number) {
                Some((_, samples)) => samples.push(nanos),
                None => phases.push((name, vec![nanos])),
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.row("one by one", "ns/event", one_by_one);
    report.row("many at once", "ns/event", all);
    for (name, samples) in phases {
        report.row(name, "ns/entry", samples);
    }
    Ok(report)
}

fn one_run(workload: Workload, entries: u32, by: By) -> Result<Run, String> {
    let mut driver = workload.prepare(entries, by)?;
    let mut phases = Vec::with_capacity(8);
    let begin = Instant::now();
    let mut last = begin;
    workload.run(entries, &mut driver, &mut |phase, _| {
        let now = Instant::now();
        phases.push((phase, now - last));
        last = now;
    });
    let total = begin.elapsed();
    workload.check(entries, &driver)?;
    Ok(Run { total, phases })
}

/// Instructions an event, by callgrind, with the goals.
///
/// # Errors
/// When valgrind is missing, or what is not as it must be.
pub fn count(workload: Workload, sizes: &[u32]) -> Result<Report, String> {
    let mut report = Report::new(format!("engine {}, instructions an event", workload.name()));
    let bar = progress::bar(&report.title, 2 * sizes.len() as u64);
    let goal = match workload {
        Workload::W1 => 220.0,
        Workload::W2 => 350.0,
    };
    for entries in sizes {
        for (by, how) in [(By::One, "one by one"), (By::Many, "many at once")] {
            let instructions = callgrind::count(workload, *entries, by)?;
            let each = instructions as f64 / workload.events(*entries) as f64;
            let goal = (*entries == COUNTED_ENTRIES).then_some(Goal::AtMost(goal));
            report.result(format!("{} at {entries} entries, {how}", workload.name()), each, goal);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(report)
}

/// Bytes an entry, by a counting allocator, with the goals.
///
/// # Errors
/// When `bench-bytes` can't be run, or what is not as it must be.
pub fn bytes(workload: Workload, entries: u32) -> Result<Report, String> {
    let mut report = Report::new(format!("engine {}, bytes an entry, {entries} entries", workload.name()));
    let phases = bytes::run(workload, entries)?;
    let (held_after, goal) = match workload {
        Workload::W1 => ("acknowledge creation", 72.0),
        Workload::W2 => ("declare routes, which wait", 104.0),
    };
    let highest = phases.iter().map(|(_, bytes)| *bytes).fold(0.0, f64::max);
    for (phase, bytes) in phases {
        let goal = (phase == held_after).then_some(Goal::AtMost(goal));
        report.result(format!("{} after: {phase}", workload.name()), bytes, goal);
    }
    // The changes of all entries are on their way at once in W1: what is held and what was sent are kept beside
    // what is declared.
    report.result(format!("{}, the highest of all phases", workload.name()), highest, Goal::AtMost(goal));
    report
        .notes
        .push("over an engine with empty tables; what stands in for the socket is not counted".to_owned());
    Ok(report)
}

/// The longest single `set` while the table grows.
///
/// # Errors
/// What is not as it must be.
pub fn longest_set(entries: u32, rounds: u32) -> Result<Report, String> {
    let mut report = Report::new(format!("engine, longest single set while growing to {entries} entries"));
    let bar = progress::bar(&report.title, rounds.into());
    let found = growth::measure(entries, rounds, &|round| bar.set_position(round))?;
    bar.finish_and_clear();
    report.row("longest of a round", "ms", found.raw);
    report.result("longest, interruptions taken off (ms)", found.longest, Goal::AtMost(2.0));
    report.notes.push(format!(
        "at entry {}; each entry's shortest time of {rounds} rounds counts, so that what the machine did \
         besides is left out",
        found.at
    ));
    Ok(report)
}

/// Nanoseconds an event at growing sizes.
///
/// # Errors
/// What is not as it must be.
pub fn sizes(workload: Workload, sizes: &[u32], rounds: u32) -> Result<Report, String> {
    let mut report = Report::new(format!("engine {}, cost an event by size", workload.name()));
    let bar = progress::bar(&report.title, u64::from(rounds) * sizes.len() as u64);
    let mut samples = vec![Vec::new(); sizes.len()];
    for _ in 0..rounds {
        for (entries, samples) in sizes.iter().zip(&mut samples) {
            let events = workload.events(*entries);
            let runs = EVENTS_A_ROUND.div_ceil(events);
            let mut total = Duration::ZERO;
            for _ in 0..runs {
                total += one_run(workload, *entries, By::Many)?.total;
            }
            samples.push(total.as_nanos() as f64 / (events * runs) as f64);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    for (entries, samples) in sizes.iter().zip(samples) {
        report.row(entries.to_string(), "ns/event", samples);
    }
    let medians = || report.rows.iter().map(super::report::Row::median);
    let (least, most) = (medians().fold(f64::INFINITY, f64::min), medians().fold(0.0, f64::max));
    report.result("largest over smallest", most / least, Goal::AtMost(1.5));
    report.notes.push(
        "values many at once. `--count --sizes` tells whether the instructions are the same at all sizes; the rest is cache misses \
         and page faults"
            .to_owned(),
    );
    Ok(report)
}

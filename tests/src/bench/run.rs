//! Which benchmarks a command line asks for.

use super::args::{Command, EngineArgs};
use super::engine::{self, COUNTED_ENTRIES, GROWTH_ENTRIES, SIZES, Workload};
use super::report::Report;

/// Runs the benchmarks, and hands each report to `show` when it is there.
///
/// # Errors
/// What keeps a benchmark from being run, or a result that is not as it must be.
pub fn run(command: &Command, rounds: u32, show: &mut dyn FnMut(Report)) -> Result<(), String> {
    match command {
        Command::Engine(args) => run_engine(args, rounds, show),
    }
}

fn run_engine(args: &EngineArgs, rounds: u32, show: &mut dyn FnMut(Report)) -> Result<(), String> {
    if args.counted {
        let workload = args.workload.unwrap_or(Workload::W1);
        return engine::run_counted(workload, args.entries.unwrap_or(COUNTED_ENTRIES));
    }
    if args.longest_set {
        show(engine::longest_set(args.entries.unwrap_or(GROWTH_ENTRIES), rounds)?);
        return Ok(());
    }
    let workloads =
        Workload::ALL.into_iter().filter(|workload| args.workload.is_none_or(|only| only == *workload));
    for workload in workloads {
        let entries = args.entries.unwrap_or(1_000_000);
        show(match args {
            EngineArgs { count: true, sizes: true, .. } => engine::count(workload, &SIZES[..3])?,
            EngineArgs { count: true, .. } => {
                engine::count(workload, &[args.entries.unwrap_or(COUNTED_ENTRIES)])?
            }
            EngineArgs { bytes: true, .. } => engine::bytes(workload, entries)?,
            EngineArgs { sizes: true, .. } => engine::sizes(workload, &SIZES, rounds)?,
            _ => engine::time(workload, entries, rounds)?,
        });
    }
    Ok(())
}

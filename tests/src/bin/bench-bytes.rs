//! Runs a workload with an allocator that counts: `bench engine --bytes` starts it, see
//! `ksync_tests::bench::engine`.

use std::alloc::System;
use std::process::ExitCode;

use clap::Parser;
use ksync_tests::bench::engine::{Workload, measure_bytes};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Prints, as JSON, how many bytes an entry takes after each phase of a workload.
#[derive(Debug, Parser)]
#[command(name = "bench-bytes", version)]
struct Args {
    /// The workload.
    #[arg(value_enum, ignore_case = true)]
    workload: Workload,

    /// How many entries.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    entries: u32,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match measure_bytes(args.workload, args.entries, allocated) {
        Ok(found) => {
            println!("{found}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-bytes: {error}");
            ExitCode::FAILURE
        }
    }
}

fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

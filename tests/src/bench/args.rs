//! The command line of `bench`.

use clap::{Args, Parser, Subcommand};

use super::engine::Workload;

/// Measures how fast KSync is, and prints min, median and max of all rounds, ratios and goals.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub struct Bench {
    /// What to measure.
    #[command(subcommand)]
    pub command: Command,

    /// Print JSON: a list with an object for each benchmark.
    #[arg(long, global = true)]
    pub json: bool,

    /// How often everything is measured.
    #[arg(long, global = true, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The engine alone, without a kernel: time an event, instructions, bytes.
    Engine(EngineArgs),
}

/// `bench engine`
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// Only this workload; both unless said.
    #[arg(value_enum, ignore_case = true)]
    pub workload: Option<Workload>,

    /// How many entries; 1,000,000 unless said, with --count 100,000, with --longest-set 2,000,000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=30_000_000))]
    pub entries: Option<u32>,

    /// Count instructions an event; needs valgrind.
    #[arg(long)]
    pub count: bool,

    /// Count the bytes that an entry takes.
    #[arg(long, conflicts_with = "count")]
    pub bytes: bool,

    /// Find the longest single `set` while a table grows.
    #[arg(long, conflicts_with_all = ["count", "bytes", "sizes"])]
    pub longest_set: bool,

    /// At 10 thousand, 100 thousand, one million and four million entries.
    #[arg(long, conflicts_with_all = ["bytes", "entries"])]
    pub sizes: bool,

    /// What this program does under callgrind.
    #[arg(long, hide = true, requires = "workload")]
    pub counted: bool,
}

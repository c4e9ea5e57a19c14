//! The command line of `bench`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::engine::Workload;
use super::job::{Job, Who};
use super::prefixes::{Family, Shape};

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

    /// How often everything is measured; five times unless said, twice with --quick.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The engine alone, without a kernel: time an event, instructions, bytes.
    Engine(EngineArgs),
    /// Add routes, keys in random order; CPU time of it.
    Add(KernelArgs),
    /// Remove them all.
    Remove(KernelArgs),
    /// Remove them all with `raw`, in several orders; no part of `all`.
    Orders(KernelArgs),
    /// Declare links, nexthops and routes in the best order and in the worst.
    Order(KernelArgs),
    /// Give every route another nexthop.
    Move(KernelArgs),
    /// Give the one nexthop of all routes another gateway, with nexthop_compat_mode 1 and 0.
    Gateway(KernelArgs),
    /// Declare the same routes again: nothing to do.
    Again(KernelArgs),
    /// Change one route on an idle system.
    Change(KernelArgs),
    /// Add one route while all others are being added.
    Fresh(KernelArgs),
    /// How much memory a route takes.
    Memory(KernelArgs),
    /// Everything that there is a goal for. What fails is told, and the rest goes on.
    All(AllArgs),
    /// One contestant's turn, in the namespace that this process makes itself.
    #[command(hide = true)]
    Job(Job),
}

/// What is common to all benchmarks on the real kernel.
#[derive(Clone, Debug, Args)]
pub struct KernelArgs {
    /// How many routes, several numbers with commas; 1,000,000 unless said, for `add` 100,000 too, for `change`
    /// 10,000, for `gateway` with nexthop_compat_mode 1 100,000.
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=16_000_000))]
    pub routes: Vec<u32>,

    /// Which routes; both for `add`, IPv4 for the others unless said.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub family: Vec<Family>,

    /// How many nexthops the routes share.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub nexthops: u32,

    /// Where chance starts.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How the destinations lie.
    #[arg(long, alias = "shape", value_enum, default_value_t = Shape::Random)]
    pub table: Shape,

    /// Destinations from a file instead, as those of a real routing table: one a line with anything behind it, or what
    /// `bgpdump -m` prints. Both families may be in it.
    #[arg(long, value_name = "FILE", conflicts_with = "table")]
    pub prefixes: Option<PathBuf>,

    /// Who takes part in `add` besides `raw` and `ksync`.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "ip,bird,frr")]
    pub contestants: Vec<Who>,
}

/// `bench all`
#[derive(Debug, Args)]
pub struct AllArgs {
    /// Smaller and less often: a look in minutes. Goals are told of, but they are for the whole sizes.
    #[arg(long)]
    pub quick: bool,

    /// How the routes are.
    #[command(flatten)]
    pub kernel: KernelArgs,
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

    /// With --counted, values many at once.
    #[arg(long, hide = true, requires = "counted")]
    pub many: bool,
}

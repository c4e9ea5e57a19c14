//! Which benchmarks a command line asks for.

use super::args::{Command, EngineArgs, KernelArgs};
use super::benchmarks::{self, Setting};
use super::engine::{self, COUNTED_ENTRIES, GROWTH_ENTRIES, SIZES, Workload};
use super::job::run_here;
use super::prefixes::Family;
use super::report::Report;

/// How many routes there are on an idle system.
const IDLE_ROUTES: u32 = 10_000;

/// How many there are otherwise.
const MANY_ROUTES: u32 = 1_000_000;

/// How many there are in a small table.
const SOME_ROUTES: u32 = 100_000;

/// Runs the benchmarks, and hands each report to `show` when it is there.
///
/// # Errors
/// What keeps a benchmark from being run, or a result that is not as it must be.
pub fn run(command: &Command, rounds: u32, show: &mut dyn FnMut(Report)) -> Result<(), String> {
    match command {
        Command::Engine(args) => run_engine(args, rounds, show),
        Command::Job(job) => {
            let numbers = run_here(job)?;
            println!("{}", serde_json::json!(numbers));
            Ok(())
        }
        Command::All(args) => {
            run_whole_engine(rounds, show)?;
            let all: [Benchmark; 9] = [ADD, REMOVE, ORDER, MOVE, GATEWAY, AGAIN, CHANGE, FRESH, MEMORY];
            all.iter().try_for_each(|benchmark| benchmark.run(args, rounds, show))
        }
        Command::Add(args) => ADD.run(args, rounds, show),
        Command::Remove(args) => REMOVE.run(args, rounds, show),
        Command::Orders(args) => ORDERS.run(args, rounds, show),
        Command::Order(args) => ORDER.run(args, rounds, show),
        Command::Move(args) => MOVE.run(args, rounds, show),
        Command::Gateway(args) => GATEWAY.run(args, rounds, show),
        Command::Again(args) => AGAIN.run(args, rounds, show),
        Command::Change(args) => CHANGE.run(args, rounds, show),
        Command::Fresh(args) => FRESH.run(args, rounds, show),
        Command::Memory(args) => MEMORY.run(args, rounds, show),
    }
}

/// A benchmark on the real kernel.
struct Benchmark {
    /// Numbers of routes, unless said otherwise.
    routes: &'static [u32],
    families: &'static [Family],
    measure: &'static [Measure],
}

/// Measures with one setting.
type Measure = fn(Setting<'_>) -> Result<Report, String>;

const MANY: Benchmark = Benchmark { routes: &[MANY_ROUTES], families: &[Family::V4], measure: &[] };
const ADD: Benchmark = Benchmark {
    routes: &[SOME_ROUTES, MANY_ROUTES],
    families: &[Family::V4, Family::V6],
    measure: &[benchmarks::add],
};
const REMOVE: Benchmark = Benchmark { measure: &[benchmarks::remove], ..MANY };
const ORDERS: Benchmark = Benchmark { measure: &[benchmarks::orders], ..MANY };
const ORDER: Benchmark = Benchmark { measure: &[benchmarks::order], ..MANY };
const MOVE: Benchmark = Benchmark { measure: &[benchmarks::move_all], ..MANY };
const GATEWAY: Benchmark = Benchmark {
    measure: &[|setting| benchmarks::gateway(setting, true), |setting| benchmarks::gateway(setting, false)],
    ..MANY
};
const AGAIN: Benchmark = Benchmark { measure: &[benchmarks::again], ..MANY };
const CHANGE: Benchmark = Benchmark { routes: &[IDLE_ROUTES], measure: &[benchmarks::change], ..MANY };
const FRESH: Benchmark = Benchmark { measure: &[benchmarks::fresh], ..MANY };
const MEMORY: Benchmark = Benchmark { measure: &[benchmarks::memory], ..MANY };

impl Benchmark {
    fn run(&self, args: &KernelArgs, rounds: u32, show: &mut dyn FnMut(Report)) -> Result<(), String> {
        let routes = if args.routes.is_empty() { self.routes } else { &args.routes };
        let families = if args.family.is_empty() { self.families } else { &args.family };
        for family in families {
            for routes in routes {
                for measure in self.measure {
                    show(measure(Setting { args, family: *family, routes: *routes, rounds })?);
                }
            }
        }
        Ok(())
    }
}

fn run_whole_engine(rounds: u32, show: &mut dyn FnMut(Report)) -> Result<(), String> {
    for workload in Workload::ALL {
        show(engine::time(workload, MANY_ROUTES, rounds)?);
        show(engine::count(workload, &SIZES[..3])?);
        show(engine::bytes(workload, MANY_ROUTES)?);
        show(engine::sizes(workload, &SIZES, rounds)?);
    }
    show(engine::longest_set(GROWTH_ENTRIES, rounds)?);
    Ok(())
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

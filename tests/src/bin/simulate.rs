//! Tells stories from seeds, and says how to tell one again that went wrong: see `ksync_tests::simulation`.

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use ksync_tests::simulation::{Settings, Story, Summary, Weather, scale};

/// Declares and removes thousands of kernel objects in any order, on a simulated kernel at which everything goes
/// wrong that can, and compares what comes of it with a small model.
#[derive(Debug, Parser)]
#[command(name = "simulate", version, after_help = MORE)]
struct Args {
    /// Where chance starts: a number, or "random".
    #[arg(long, value_name = "N", default_value = "random")]
    seed: String,

    /// How many sets and removes.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    ops: u64,

    /// About how many entries there can be at a time.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    entries: usize,

    /// What goes wrong: all, none, or names with commas between them.
    #[arg(long, value_name = "LIST", default_value = "all")]
    faults: Weather,

    /// Print what happens to the objects in whose description the text stands.
    #[arg(long, value_name = "TEXT")]
    trace: Vec<String>,

    /// Instead: so many routes in the wrong order, and nothing goes wrong.
    #[arg(long, value_name = "N", conflicts_with = "chain")]
    routes: Option<u32>,

    /// Instead: a chain of so many entries in the wrong order, on a stack of 256 KiB.
    #[arg(long, value_name = "N")]
    chain: Option<u32>,
}

const MORE: &str = "\
Faults: busy, memory, invalid (refusals), foreign (somebody else's object is in
  the way), overrun, silent, torn, hidden, shrink (answers are lost), delay,
  unsent, flush, unlink (objects disappear behind our back).

Exit status: 0 all is well; 1 a rule was broken; 2 wrong usage.";

/// The stack of a chain's thread, in bytes.
const SMALL_STACK: usize = 256 * 1024;

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(routes) = args.routes {
        return report(&format!("{} routes", HumanCount(routes.into())), || scale::many_routes(routes));
    }
    if let Some(pieces) = args.chain {
        return report(&format!("a chain of {}", HumanCount(pieces.into())), || {
            chain_on_a_small_stack(pieces)
        });
    }
    let seed = match args.seed.as_str() {
        "random" => Some(seed_from_the_clock()),
        text => text.parse().ok(),
    };
    let Some(seed) = seed else {
        eprintln!("simulate: the seed is neither a number nor \"random\": {:?}", args.seed);
        return ExitCode::from(2);
    };
    let settings = Settings { seed, operations: args.ops, entries: args.entries, faults: args.faults };
    tell(settings, args.trace)
}

fn tell(settings: Settings, trace: Vec<String>) -> ExitCode {
    let Settings { seed, operations, entries, faults } = settings;
    println!("seed {seed}: {} ops, {entries} entries, faults {faults}", HumanCount(operations));
    let bar = ProgressBar::new(operations);
    bar.set_style(
        ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} ops, {per_sec}, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let begin = Instant::now();
    let mut story = Story::new(settings);
    story.trace(trace);
    let told = story.tell(|summary| bar.set_position(summary.operations));
    bar.finish_and_clear();
    print_summary(&story.summary(), begin.elapsed());
    match told {
        Ok(_) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("BROKEN {broken}");
            eprintln!(
                "again: cargo run --release --bin simulate -- --seed {seed} --ops {operations} --entries {entries} --faults {faults}"
            );
            ExitCode::FAILURE
        }
    }
}

fn print_summary(summary: &Summary, took: Duration) {
    let seconds = took.as_secs_f64();
    let counts = [
        ("ops", summary.operations),
        ("settles", summary.settles),
        ("checks in between", summary.quiet_checks),
        ("writes", summary.writes),
        ("refusals", summary.refusals),
        ("lost answers", summary.lost_answers),
        ("objects that disappeared", summary.disappeared),
        ("entries declared anew", summary.healed),
    ];
    for (what, count) in counts {
        println!("{:>12} {what}", HumanCount(count).to_string());
    }
    println!("{seconds:>12.2} seconds, {} ops/s", HumanCount((summary.operations as f64 / seconds) as u64));
}

fn report(what: &str, run: impl FnOnce() -> Result<u64, String>) -> ExitCode {
    let begin = Instant::now();
    match run() {
        Ok(writes) => {
            let seconds = begin.elapsed().as_secs_f64();
            println!(
                "{what}: declared, checked and removed, {} writes, {seconds:.2} seconds",
                HumanCount(writes)
            );
            ExitCode::SUCCESS
        }
        Err(broken) => {
            eprintln!("BROKEN {what}: {broken}");
            ExitCode::FAILURE
        }
    }
}

fn chain_on_a_small_stack(pieces: u32) -> Result<u64, String> {
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
    let running = thread.spawn(move || scale::chain(pieces)).map_err(|error| error.to_string())?;
    running.join().unwrap_or_else(|_| Err("it panicked".to_owned()))
}

fn seed_from_the_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64 % 1_000_000_000)
}

//! Which benchmarks a command line asks for.

use super::args::{Command, EngineArgs, KernelArgs};
use super::benchmarks::{self, Setting};
use super::engine::{self, COUNTED_ENTRIES, GROWTH_ENTRIES, SIZES, Workload};
use super::job::{Who, run_here};
use super::plan::{self, Part};
use super::prefixes::{self, Family, Handover};
use super::report::Report;

/// How much is measured, unless the command line says so.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Routes of a large table.
    many: u32,
    /// Routes of a small one.
    some: u32,
    /// Routes on an idle system.
    idle: u32,
    rounds: u32,
    /// Entries of the engine alone.
    entries: u32,
    growth: u32,
    sizes: &'static [u32],
    /// At how many entries instructions are counted.
    counted: &'static [u32],
}

const WHOLE: Scale = Scale {
    many: 1_000_000,
    some: 100_000,
    idle: 10_000,
    rounds: 5,
    entries: 1_000_000,
    growth: GROWTH_ENTRIES,
    sizes: &SIZES,
    counted: SIZES.split_at(3).0,
};

const QUICK: Scale = Scale {
    many: 100_000,
    some: 20_000,
    idle: 2000,
    rounds: 2,
    entries: 200_000,
    growth: 500_000,
    sizes: SIZES.split_at(3).0,
    counted: &[COUNTED_ENTRIES],
};

/// Runs the benchmarks, hands each report to `show` when it is there, and tells `tell` how far it is.
///
/// # Errors
/// What keeps benchmarks from being run, or that some failed.
pub fn run(
    command: &Command,
    rounds: Option<u32>,
    show: &mut dyn FnMut(Report),
    tell: &mut dyn FnMut(String),
) -> Result<(), String> {
    use KernelBenchmark as On;
    let scale = match command {
        Command::All(args) if args.quick => QUICK,
        _ => WHOLE,
    };
    let scale = Scale { rounds: rounds.unwrap_or(scale.rounds), ..scale };
    let mut engine_alone = Vec::new();
    let (args, benchmarks): (&KernelArgs, &[On]) = match command {
        Command::Job(job) => {
            let numbers = run_here(job)?;
            println!("{}", serde_json::json!(numbers));
            return Ok(());
        }
        Command::Engine(args) if args.counted => {
            let workload = args.workload.unwrap_or(Workload::W1);
            let entries = args.entries.unwrap_or(COUNTED_ENTRIES);
            return engine::run_counted(workload, entries, args.many);
        }
        Command::Engine(args) => return plan::run(&engine_parts(args, scale), show, tell),
        Command::All(args) => {
            engine_alone = whole_engine(scale);
            (&args.kernel, &On::ALL)
        }
        Command::Add(args) => (args, &[On::Add]),
        Command::Remove(args) => (args, &[On::Remove]),
        Command::Orders(args) => (args, &[On::Orders]),
        Command::Order(args) => (args, &[On::Order]),
        Command::Move(args) => (args, &[On::Move]),
        Command::Gateway(args) => (args, &[On::GatewayCompat, On::Gateway]),
        Command::Again(args) => (args, &[On::Again]),
        Command::Change(args) => (args, &[On::Change]),
        Command::Fresh(args) => (args, &[On::Fresh]),
        Command::Memory(args) => (args, &[On::Memory]),
    };
    let source = Source::new(args)?;
    let mut parts: Vec<Part<'_>> = engine_alone;
    for benchmark in benchmarks {
        parts.extend(benchmark.parts(args, &source, scale)?);
    }
    plan::run(&parts, show, tell)
}

/// Where destinations come from.
enum Source<'a> {
    /// A file, read once.
    File(Vec<ipnet::IpNet>),
    Chance(&'a KernelArgs),
}

impl<'a> Source<'a> {
    fn new(args: &'a KernelArgs) -> Result<Self, String> {
        match &args.prefixes {
            None => Ok(Source::Chance(args)),
            Some(path) => {
                let prefixes = prefixes::read_file(path)?;
                match prefixes.is_empty() {
                    true => Err(format!("{} holds no prefixes", path.display())),
                    false => Ok(Source::File(prefixes)),
                }
            }
        }
    }

    /// How many there are, if that is known.
    fn most(&self, family: Family) -> u32 {
        match self {
            Source::Chance(_) => u32::MAX,
            Source::File(prefixes) => {
                let count = prefixes.iter().filter(|prefix| family.has(prefix)).count();
                u32::try_from(count).unwrap_or(u32::MAX)
            }
        }
    }

    fn take(&self, family: Family, count: u32, seed: u64) -> Result<Handover, String> {
        let prefixes = match self {
            Source::Chance(args) => prefixes::random(family, args.table, count, seed)?,
            Source::File(all) => {
                let own = all.iter().copied().filter(|prefix| family.has(prefix)).collect();
                prefixes::some_of(own, count, seed)
            }
        };
        Handover::write(&prefixes)
    }
}

/// A benchmark on the real kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KernelBenchmark {
    Add,
    Remove,
    Orders,
    Order,
    Move,
    GatewayCompat,
    Gateway,
    Again,
    Change,
    Fresh,
    Memory,
}

impl KernelBenchmark {
    /// All that there is a goal for.
    const ALL: [Self; 10] = [
        Self::Add,
        Self::Remove,
        Self::Order,
        Self::Move,
        Self::GatewayCompat,
        Self::Gateway,
        Self::Again,
        Self::Change,
        Self::Fresh,
        Self::Memory,
    ];

    /// One part for each family and number of routes.
    fn parts<'a>(
        self,
        args: &'a KernelArgs,
        source: &'a Source<'a>,
        scale: Scale,
    ) -> Result<Vec<Part<'a>>, String> {
        let mut parts = Vec::new();
        for family in self.families(args) {
            let most = source.most(family);
            if most <= self.spare() {
                if args.family.contains(&family) {
                    return Err(format!("there are too few prefixes of {}: {most}", family.name()));
                }
                continue;
            }
            let mut sizes: Vec<u32> =
                self.routes(args, scale).into_iter().map(|routes| routes.min(most - self.spare())).collect();
            sizes.dedup();
            parts.extend(sizes.into_iter().map(|routes| self.part(args, source, scale, family, routes)));
        }
        Ok(parts)
    }

    fn part<'a>(
        self,
        args: &'a KernelArgs,
        source: &'a Source<'a>,
        scale: Scale,
        family: Family,
        routes: u32,
    ) -> Part<'a> {
        let measure = move || {
            let (spare, rounds) = (self.spare(), scale.rounds);
            let table = source.take(family, routes + spare, args.seed)?;
            Ok(self.measure(Setting { args, family, table: &table, spare, rounds }))
        };
        Part {
            name: format!("{self:?}: {routes} {} routes", family.name()),
            seconds: f64::from(scale.rounds) * self.seconds_a_round(args, routes),
            measure: Box::new(measure),
        }
    }

    fn measure(self, setting: Setting<'_>) -> Report {
        match self {
            Self::Add => benchmarks::add(setting),
            Self::Remove => benchmarks::remove(setting),
            Self::Orders => benchmarks::orders(setting),
            Self::Order => benchmarks::order(setting),
            Self::Move => benchmarks::move_all(setting),
            Self::GatewayCompat => benchmarks::gateway(setting, true),
            Self::Gateway => benchmarks::gateway(setting, false),
            Self::Again => benchmarks::again(setting),
            Self::Change => benchmarks::change(setting),
            Self::Fresh => benchmarks::fresh(setting),
            Self::Memory => benchmarks::memory(setting),
        }
    }

    fn families(self, args: &KernelArgs) -> Vec<Family> {
        match self {
            _ if !args.family.is_empty() => args.family.clone(),
            Self::Add => vec![Family::V4, Family::V6],
            _ => vec![Family::V4],
        }
    }

    fn routes(self, args: &KernelArgs, scale: Scale) -> Vec<u32> {
        match self {
            _ if !args.routes.is_empty() => args.routes.clone(),
            Self::Add => vec![scale.some, scale.many],
            // The kernel tells the world of every route at each change.
            Self::GatewayCompat => vec![scale.some],
            Self::Change => vec![scale.idle],
            _ => vec![scale.many],
        }
    }

    /// How many destinations are kept for routes that come later.
    fn spare(self) -> u32 {
        if self == Self::Fresh { 2000 } else { 0 }
    }

    /// How long a round takes, everybody's turn with all that belongs to it. Measured where `raw` adds a million routes
    /// in three seconds.
    fn seconds_a_round(self, args: &KernelArgs, routes: u32) -> f64 {
        let others = args.contestants.iter().map(|who| match who {
            Who::Ip => (1.0, 32.0),
            Who::Bird => (1.0, 40.0),
            Who::Frr => (1.5, 25.0),
            _ => (0.0, 0.0),
        });
        // Seconds a round, and a million routes.
        let (fixed, million) = match self {
            Self::Add => others.fold((1.0, 20.0), |sum, other| (sum.0 + other.0, sum.1 + other.1)),
            Self::Remove => (1.5, 30.0),
            Self::Orders => (3.5, 80.0),
            Self::Order => (1.0, 22.0),
            Self::Move => (1.0, 26.0),
            Self::GatewayCompat => (1.0, 90.0),
            Self::Gateway => (1.0, 20.0),
            Self::Again => (0.5, 12.0),
            Self::Change => (3.0, 30.0),
            Self::Fresh => (1.0, 24.0),
            Self::Memory => (0.5, 10.0),
        };
        fixed + million * f64::from(routes) / 1e6
    }
}

/// The engine alone, in every way.
fn whole_engine(scale: Scale) -> Vec<Part<'static>> {
    let mut parts = Vec::new();
    for workload in Workload::ALL {
        parts.push(timed(workload, scale.entries, scale));
        parts.push(counted(workload, scale.counted));
        parts.push(bytes(workload, scale.entries));
        parts.push(sizes(workload, scale));
    }
    parts.push(longest_set(scale.growth, scale));
    parts
}

fn engine_parts(args: &EngineArgs, scale: Scale) -> Vec<Part<'_>> {
    if args.longest_set {
        return vec![longest_set(args.entries.unwrap_or(scale.growth), scale)];
    }
    let entries = args.entries.unwrap_or(scale.entries);
    let chosen =
        Workload::ALL.into_iter().filter(|workload| args.workload.is_none_or(|only| only == *workload));
    let part = |workload| match args {
        EngineArgs { count: true, sizes: true, .. } => counted(workload, scale.counted),
        EngineArgs { count: true, .. } => {
            let entries = args.entries.unwrap_or(COUNTED_ENTRIES);
            let measure = move || engine::count(workload, &[entries]);
            Part { measure: Box::new(measure), ..counted(workload, &[]) }
        }
        EngineArgs { bytes: true, .. } => bytes(workload, entries),
        EngineArgs { sizes: true, .. } => sizes(workload, scale),
        _ => timed(workload, entries, scale),
    };
    chosen.map(part).collect()
}

fn timed(workload: Workload, entries: u32, scale: Scale) -> Part<'static> {
    Part {
        name: format!("engine {}", workload.name()),
        seconds: 1.5 * f64::from(scale.rounds) * f64::from(entries) / 1e6,
        measure: Box::new(move || engine::time(workload, entries, scale.rounds)),
    }
}

fn counted(workload: Workload, sizes: &'static [u32]) -> Part<'static> {
    Part {
        name: format!("engine {}, instructions an event", workload.name()),
        seconds: 2.0 + 100.0 * f64::from(sizes.iter().sum::<u32>()) / 1e6,
        measure: Box::new(move || engine::count(workload, sizes)),
    }
}

fn bytes(workload: Workload, entries: u32) -> Part<'static> {
    Part {
        name: format!("engine {}, bytes an entry", workload.name()),
        seconds: 2.0 + f64::from(entries) / 1e6,
        measure: Box::new(move || engine::bytes(workload, entries)),
    }
}

fn sizes(workload: Workload, scale: Scale) -> Part<'static> {
    Part {
        name: format!("engine {}, cost an event by size", workload.name()),
        seconds: 1.5 * f64::from(scale.rounds) * f64::from(scale.sizes.iter().sum::<u32>()) / 1e6,
        measure: Box::new(move || engine::sizes(workload, scale.sizes, scale.rounds)),
    }
}

fn longest_set(entries: u32, scale: Scale) -> Part<'static> {
    Part {
        name: "engine, longest single set".to_owned(),
        seconds: f64::from(scale.rounds) * f64::from(entries) / 1e6,
        measure: Box::new(move || engine::longest_set(entries, scale.rounds)),
    }
}

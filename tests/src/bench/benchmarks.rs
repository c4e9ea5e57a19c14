//! The benchmarks on the real kernel: who takes part, and what the goals are.

use std::num::NonZeroUsize;

use super::args::KernelArgs;
use super::contest::{hold, hold_any};
use super::job::{Job, Task, Who, name_of};
use super::prefixes::{Family, Handover, Removal};
use super::report::{Goal, Report, Row, quantile};

/// From that many routes on, the goals of a million hold.
const MANY: u32 = 500_000;

/// Of how many routes the blocks are that [`orders`] shuffles.
const BLOCKS: [usize; 4] = [256, 4096, 65_536, 262_144];

/// What every benchmark is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) args: &'a KernelArgs,
    pub(super) family: Family,
    /// The destinations.
    pub(super) table: &'a Handover,
    /// How many of them are kept for routes that come later.
    pub(super) spare: u32,
    pub(super) rounds: u32,
}

impl Setting<'_> {
    fn routes(&self) -> u32 {
        self.table.count - self.spare
    }

    fn job(&self, task: Task, who: Who) -> Job {
        Job {
            task,
            who,
            family: self.family,
            routes: self.routes(),
            spare: self.spare,
            nexthops: self.args.nexthops,
            seed: self.args.seed,
            prefixes: self.table.path().to_owned(),
            removal: Removal::Any,
            no_compat: false,
        }
    }

    fn report(&self, what: &str) -> Report {
        let from = match &self.args.prefixes {
            Some(path) => format!("of {}", path.display()),
            None => self.args.table.name().to_owned(),
        };
        let (routes, family, nexthops) = (self.routes(), self.family.name(), self.args.nexthops);
        Report::new(format!("{what}: {routes} {family} routes, {from}, {nexthops} nexthops"))
    }
}

/// Adding them all.
pub(super) fn add(setting: Setting<'_>) -> Report {
    let mut report = setting.report("add");
    let others = setting.args.contestants.iter().filter(|who| !matches!(who, Who::Raw | Who::Ksync));
    let mut who = vec![Who::Raw, Who::Ksync];
    for other in others {
        match other.obstacle() {
            None => who.push(*other),
            Some(reason) => report.notes.push(format!("{} is skipped: {reason}", name_of(*other))),
        }
    }
    let jobs: Vec<Job> = who.iter().map(|who| setting.job(Task::Add, *who)).collect();
    let results = hold_any(&mut report, &jobs, setting.rounds);
    for (who, results) in who.iter().zip(&results) {
        report.row(name_of(*who), "s", results.each("wall"));
    }
    let goal = if setting.routes() >= MANY { 1.05 } else { 1.10 };
    report.ratio("ksync", "raw", Goal::AtMost(goal));
    for who in who.iter().skip(2) {
        report.ratio(&name_of(*who), "raw", None);
        report.ratio(&name_of(*who), "ksync", None);
    }
    for (who, results) in who.iter().zip(&results) {
        report.row(format!("{} user time", name_of(*who)), "s", results.each("user"));
        report.row(format!("{} system time", name_of(*who)), "s", results.each("system"));
    }
    report.ratio("ksync user time", "ksync system time", Goal::AtMost(0.25));
    // What is left of a comparison on a busy machine.
    let cpu = |who: Who| {
        let at = |row: &Row, time: &str| row.name == format!("{} {time} time", name_of(who));
        let median = |time| report.rows.iter().find(|row| at(row, time)).map_or(f64::NAN, Row::median);
        median("user") + median("system")
    };
    let ratio = cpu(Who::Ksync) / cpu(Who::Raw);
    report.result("ksync / raw, CPU time of all threads", ratio, None);
    report
}

/// Removing them all. The user hands the keys over in ascending order, or in any.
pub(super) fn remove(setting: Setting<'_>) -> Report {
    let mut report = setting.report("remove");
    let ascending = |who| Job { removal: Removal::Ascending, ..setting.job(Task::Remove, who) };
    let jobs = [ascending(Who::Raw), ascending(Who::Ksync), setting.job(Task::Remove, Who::Ksync)];
    let [raw, in_order, shuffled] = hold(&mut report, &jobs, setting.rounds);
    report.row("raw, ascending", "s", raw.each("wall"));
    report.row("ksync, told in ascending order", "s", in_order.each("wall"));
    report.row("ksync, told in any order", "s", shuffled.each("wall"));
    report.ratio("ksync, told in ascending order", "raw, ascending", Goal::AtMost(0.70));
    report.ratio("ksync, told in any order", "raw, ascending", Goal::AtMost(0.70));
    report
}

/// Removing them all by `raw` in several orders: which ones the kernel is quick with.
pub(super) fn orders(setting: Setting<'_>) -> Report {
    let mut report = setting.report("raw, in which order they are removed");
    let blocks = BLOCKS.into_iter().filter_map(NonZeroUsize::new).map(Removal::Shuffled);
    let orders: Vec<Removal> =
        [Removal::Ascending, Removal::Descending].into_iter().chain(blocks).chain([Removal::Any]).collect();
    let jobs: Vec<Job> = orders
        .iter()
        .map(|removal| Job { removal: *removal, ..setting.job(Task::Remove, Who::Raw) })
        .collect();
    let results = hold_any(&mut report, &jobs, setting.rounds);
    for (order, results) in orders.iter().zip(&results) {
        report.row(order.to_string(), "s", results.each("wall"));
    }
    for order in orders.iter().skip(1) {
        report.ratio(&order.to_string(), &Removal::Ascending.to_string(), None);
    }
    report
}

/// Links, nexthops and routes without a wait in between, in the best order and in the worst.
pub(super) fn order(setting: Setting<'_>) -> Report {
    let mut report = setting.report("everything, links and nexthops too");
    let jobs = [setting.job(Task::Best, Who::Ksync), setting.job(Task::Worst, Who::Ksync)];
    let [best, worst] = hold(&mut report, &jobs, setting.rounds);
    report.row("best order", "s", best.each("wall"));
    report.row("worst order", "s", worst.each("wall"));
    report.ratio("worst order", "best order", Goal::AtMost(1.10));
    report
}

/// Another nexthop for every route.
pub(super) fn move_all(setting: Setting<'_>) -> Report {
    let mut report = setting.report("another nexthop for each");
    let jobs = [setting.job(Task::Move, Who::Raw), setting.job(Task::Move, Who::Ksync)];
    let [raw, ksync] = hold(&mut report, &jobs, setting.rounds);
    report.row("raw", "s", raw.each("wall"));
    report.row("ksync", "s", ksync.each("wall"));
    report.ratio("ksync", "raw", Goal::AtMost(1.10));
    report
}

/// Another gateway for the one nexthop of all routes.
pub(super) fn gateway(setting: Setting<'_>, compat: bool) -> Report {
    let mode = if compat { 1 } else { 0 };
    let args = KernelArgs { nexthops: 1, ..setting.args.clone() };
    let setting = Setting { args: &args, ..setting };
    let mut report = setting.report(&format!("another gateway, nexthop_compat_mode {mode}"));
    let job = |who| Job { no_compat: !compat, ..setting.job(Task::Gateway, who) };
    let [raw, ksync] = hold(&mut report, &[job(Who::Raw), job(Who::Ksync)], setting.rounds);
    report.row("raw", "ms", raw.each("median ms"));
    report.row("ksync", "ms", ksync.each("median ms"));
    report.row("ksync, user time", "ms", ksync.each("user ms a change"));
    let median = |numbers: Vec<f64>| quantile(&numbers, 0.5);
    report.result("ksync: writes a change", median(ksync.each("writes a change")), Goal::AtMost(1.0));
    // The kernel counts CPU time in ticks, and with mode 1 it works for so long that its own time hides ours.
    let of = |report: &Report, name: &str| {
        report.rows.iter().find(|row| row.name == name).map_or(f64::NAN, Row::median)
    };
    let own =
        if compat { of(&report, "ksync, user time") } else { of(&report, "ksync") - of(&report, "raw") };
    report.result("ksync: own time (ms)", own, Goal::AtMost(1.0));
    if !compat {
        report.result("ksync: in all (ms)", median(ksync.each("median ms")), Goal::AtMost(2.0));
    }
    report.ratio("ksync", "raw", None);
    report
}

/// The same again: nothing to do.
pub(super) fn again(setting: Setting<'_>) -> Report {
    let mut report = setting.report("the same again");
    let [ksync] = hold(&mut report, &[setting.job(Task::Again, Who::Ksync)], setting.rounds);
    let routes = f64::from(setting.routes());
    report.row("ksync", "M values/s", ksync.each_of(|number| routes / number("wall") / 1e6));
    let rate = report.rows.first().map_or(f64::NAN, Row::median);
    report.result("ksync: M values/s", rate, Goal::AtLeast(4.0));
    report.result("ksync: writes", quantile(&ksync.each("writes"), 1.0), Goal::AtMost(0.0));
    report
}

/// One change on an idle system.
pub(super) fn change(setting: Setting<'_>) -> Report {
    let mut report = setting.report("one change on an idle system");
    let who = [Who::Raw, Who::InPlace, Who::Ksync];
    let results = hold(&mut report, &who.map(|who| setting.job(Task::Change, who)), setting.rounds);
    let names = ["raw send and receive", "engine in place", "agent's handle"];
    for (name, results) in names.iter().zip(&results) {
        report.row(format!("{name}, median"), "µs", results.each("median µs"));
        report.row(format!("{name}, p99"), "µs", results.each("p99 µs"));
    }
    let [raw, in_place, agent] = names;
    report.ratio(&format!("{in_place}, median"), &format!("{raw}, median"), Goal::AtMost(1.5));
    report.ratio(&format!("{agent}, median"), &format!("{raw}, median"), Goal::AtMost(6.0));
    report.ratio(&format!("{agent}, p99"), &format!("{raw}, median"), Goal::AtMost(15.0));
    report.ratio(&format!("{agent}, p99"), &format!("{raw}, p99"), None);
    report
}

/// Fresh routes while all others are on their way.
pub(super) fn fresh(setting: Setting<'_>) -> Report {
    let mut report = setting.report("one fresh route while all are being added");
    let jobs = [setting.job(Task::Fresh, Who::Raw), setting.job(Task::Fresh, Who::Ksync)];
    let [raw, ksync] = hold(&mut report, &jobs, setting.rounds);
    report.row("median", "ms", ksync.each("median ms"));
    report.row("p99", "ms", ksync.each("p99 ms"));
    report.row("longest", "ms", ksync.each("max ms"));
    report.row("of it in `set`, median", "ms", ksync.each("set ms"));
    report.row("fresh routes", "", ksync.each("fresh routes"));
    report.row("of them over 10 ms", "", ksync.each("long"));
    report.row("raw: longest batch of 256", "ms", raw.each("max ms"));
    report.row("raw: batches over 10 ms", "", raw.each("long batches"));
    report.notes.push(
        "no change can be quicker than the kernel's longest batch, if it is set during that one; so each of the kernel's \
         batches over 10 ms makes one fresh route late"
            .into(),
    );
    report.result("p99 (ms)", quantile(&ksync.each("p99 ms"), 0.5), Goal::AtMost(10.0));
    report.result("longest (ms)", quantile(&ksync.each("max ms"), 0.5), Goal::AtMost(10.0));
    report
}

/// Memory.
pub(super) fn memory(setting: Setting<'_>) -> Report {
    let mut report = setting.report("resident memory");
    let [ksync] = hold(&mut report, &[setting.job(Task::Memory, Who::Ksync)], setting.rounds);
    report.row("ksync", "bytes/route", ksync.each("bytes a route"));
    report.result(
        "ksync: bytes a route over an empty agent",
        quantile(&ksync.each("bytes a route"), 0.5),
        Goal::AtMost(160.0),
    );
    report
}

//! The two workloads, W1 and W2, and what is an event in each.

use super::driver::{By, Driver};
use super::kinds::{Gateway, Pair, Way};
use ksync_runtime::prelude::*;

/// What is done to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Workload {
    /// Entries without dependencies: create, acknowledge, change, acknowledge, delete, acknowledge.
    W1,
    /// Routes that wait for their nexthops; the nexthops; their removal, which waits for the routes; the routes'.
    W2,
}

/// How many nexthops W2 has.
pub(super) const GATEWAYS: u32 = 1000;

/// Called at the end of each phase, with its name.
pub(super) type Watcher<'a> = &'a mut dyn FnMut(&'static str, &Driver);

impl Workload {
    /// Both.
    pub const ALL: [Workload; 2] = [Workload::W1, Workload::W2];

    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Workload::W1 => "W1",
            Workload::W2 => "W2",
        }
    }

    /// How many events there are with that many entries: a set or remove is one, an answer is one, and for W2 each
    /// time that an entry may go on because of another one.
    #[must_use]
    pub fn events(self, entries: u32) -> u64 {
        match self {
            Workload::W1 => 6 * u64::from(entries),
            Workload::W2 => 5 * (u64::from(entries) + u64::from(GATEWAYS)),
        }
    }

    /// An engine that is ready for it.
    pub(super) fn prepare(self, entries: u32, by: By) -> Result<Driver, String> {
        let mut driver = Driver::new((entries + GATEWAYS) as usize, by);
        match self {
            Workload::W1 => driver.register::<Pair>()?,
            Workload::W2 => driver.register::<Way>().and(driver.register::<Gateway>())?,
        }
        Ok(driver)
    }

    /// All phases.
    pub(super) fn run(self, entries: u32, driver: &mut Driver, watcher: Watcher<'_>) {
        match self {
            Workload::W1 => w1(entries, driver, watcher),
            Workload::W2 => w2(entries, driver, watcher),
        }
    }

    /// Whether all happened as it must.
    pub(super) fn check(self, entries: u32, driver: &Driver) -> Result<(), String> {
        let (writes, left) = match self {
            Workload::W1 => (3 * u64::from(entries), driver.engine.counts::<Pair>().total()),
            Workload::W2 => (
                2 * (u64::from(entries) + u64::from(GATEWAYS)),
                driver.engine.counts::<Way>().total() + driver.engine.counts::<Gateway>().total(),
            ),
        };
        let name = self.name();
        if let Some(fault) = &driver.fault {
            return Err(format!("{name}: {fault}"));
        }
        if driver.written != writes {
            return Err(format!("{name}: {} messages were written, and not {writes}", driver.written));
        }
        match (left, driver.engine.rejected()) {
            (0, 0) => Ok(()),
            (left, rejected) => {
                Err(format!("{name}: {left} entries are left, {rejected} events were rejected"))
            }
        }
    }
}

fn w1(entries: u32, driver: &mut Driver, watcher: Watcher<'_>) {
    driver.set_all(entries, |number| Pair { key: number, value: number });
    watcher("create", driver);
    driver.answer_all();
    watcher("acknowledge creation", driver);
    driver.set_all(entries, |number| Pair { key: number, value: !number });
    watcher("change", driver);
    driver.answer_all();
    watcher("acknowledge change", driver);
    driver.remove_all::<Pair>(entries, |number| number);
    watcher("delete", driver);
    driver.answer_all();
    watcher("acknowledge deletion", driver);
}

fn w2(entries: u32, driver: &mut Driver, watcher: Watcher<'_>) {
    driver.set_all(entries, |number| Way { destination: number, gateway: Ref::to(number % GATEWAYS) });
    watcher("declare routes, which wait", driver);
    driver.set_all(GATEWAYS, |number| Gateway { number, link: 1 });
    driver.answer_all();
    watcher("declare nexthops, acknowledge all", driver);
    driver.remove_all::<Gateway>(GATEWAYS, |number| number);
    watcher("remove nexthops, which stay", driver);
    driver.remove_all::<Way>(entries, |number| number);
    driver.answer_all();
    watcher("remove routes, acknowledge all", driver);
}

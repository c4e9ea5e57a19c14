//! `ksync`: the agent, from values in the user's hands to everything acknowledged.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use ipnet::IpNet;
use ksync_objects::{Link, LinkKind, Name, Nexthop, NexthopGroup, Route};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::engine::SetError;
use ksync_runtime::pipeline::Totals;
use ksync_runtime::socket::Netlink;
use tokio::runtime::Runtime;

use super::raw::{GATEWAY_CHANGES, LONG_MS};
use crate::bench::job::{End, Task, Turn};
use crate::bench::kernel::ground::{self, LINK, VXLAN_ID};
use crate::bench::kernel::stopwatch::{Lap, Stopwatch};
use crate::bench::prefixes::Family;
use crate::bench::report::quantile;

/// How far apart single routes are added while all others are.
const FRESH_EVERY: Duration = Duration::from_millis(5);

/// An agent, and a runtime for those who wait for it.
pub(super) struct Host {
    runtime: Runtime,
    pub(super) agent: Agent,
    links: Table<Link>,
    nexthops: Table<Nexthop>,
    pub(super) routes: Table<Route>,
}

pub(in crate::bench) fn run(turn: &mut Turn) -> Result<End, String> {
    let host = Host::new()?;
    match turn.job.task {
        Task::Best | Task::Worst => {
            let lap = declare_everything(turn, &host)?;
            let end = End::of(lap, turn.expected(|route| turn.nexthop(route)));
            return Ok(kept(end, host));
        }
        Task::Fresh => return fresh(turn, host),
        Task::Memory => return memory(turn, host),
        _ => host.prepare(turn)?,
    }
    let values: Vec<Route> = values(turn, |route| turn.nexthop(route)).collect();
    if turn.job.task == Task::Add {
        let (lap, totals) = host.timed(|host| taken(host.routes.set_all(values)))?;
        let writes = totals.writes() as f64;
        let end = End::of(lap, turn.expected(|route| turn.nexthop(route))).with("writes", writes);
        return Ok(kept(end, host));
    }
    let again = values.clone();
    taken(host.routes.set_all(values))?;
    host.settled()?;
    let (lap, totals, expected) = match turn.job.task {
        Task::Remove => {
            let key = |route: usize| turn.prefixes.get(route).map(|prefix| Route::new(*prefix, "").key());
            let keys: Vec<_> = turn.order_of_removal().into_iter().filter_map(key).collect();
            let (lap, totals) = host.timed(|host| {
                host.routes.remove_all(keys);
                Ok(())
            })?;
            (lap, totals, HashMap::new())
        }
        Task::Move => {
            let values: Vec<Route> = self::values(turn, |route| turn.next_nexthop(route)).collect();
            let (lap, totals) = host.timed(|host| taken(host.routes.set_all(values)))?;
            (lap, totals, turn.expected(|route| turn.next_nexthop(route)))
        }
        Task::Again => {
            let (lap, totals) = host.timed(|host| taken(host.routes.set_all(again)))?;
            (lap, totals, turn.expected(|route| turn.nexthop(route)))
        }
        Task::Gateway => return change_gateway(turn, host),
        other => return Err(format!("ksync has no {other:?}")),
    };
    let end = End::of(lap, expected).with("writes", totals.writes() as f64);
    Ok(kept(end, host))
}

/// Everything at once, in the best or the worst order.
fn declare_everything(turn: &Turn, host: &Host) -> Result<Lap, String> {
    let routes: Vec<Route> = values(turn, |route| turn.nexthop(route)).collect();
    let nexthops = nexthops(turn.job.family, turn.job.nexthops);
    let worst = turn.job.task == Task::Worst;
    let (lap, _) = host.timed(|host| {
        if worst {
            taken(host.routes.set_all(routes))?;
            taken(host.nexthops.set_all(nexthops))?;
            return taken(host.links.set(link()).err());
        }
        taken(host.links.set(link()).err())?;
        taken(host.nexthops.set_all(nexthops))?;
        taken(host.routes.set_all(routes))
    })?;
    Ok(lap)
}

fn change_gateway(turn: &Turn, host: Host) -> Result<End, String> {
    ground::set_compat_mode(!turn.job.no_compat)?;
    let key = name(0);
    let mut took = Vec::new();
    let mut gateway = ground::gateway(turn.job.family, 0);
    let before = host.agent.totals();
    let watch = Stopwatch::start();
    for change in 1..=GATEWAY_CHANGES {
        gateway = ground::gateway(turn.job.family, change);
        let value = Nexthop { onlink: true, ..Nexthop::via(name(0), gateway, LINK) };
        let one = Stopwatch::start();
        taken(host.nexthops.set(value).err())?;
        let settled = host.runtime.block_on(host.nexthops.settled(&key));
        took.push(one.wall() * 1e3);
        settled.map_err(|error| error.to_string())?;
    }
    let lap = watch.lap();
    let writes = host.agent.totals().writes() - before.writes();
    let expected = turn.prefixes.iter().map(|prefix| (*prefix, gateway)).collect();
    let changes = f64::from(GATEWAY_CHANGES);
    let end = End::of(lap, expected)
        .with("median ms", quantile(&took, 0.5))
        .with("user ms a change", lap.user * 1e3 / changes)
        .with("writes a change", writes as f64 / changes);
    Ok(kept(end, host))
}

/// All routes are set by one thread, single ones by another.
fn fresh(turn: &Turn, host: Host) -> Result<End, String> {
    host.prepare(turn)?;
    let values: Vec<Route> = values(turn, |route| turn.nexthop(route)).collect();
    let table = host.routes.clone();
    let (mut took, mut in_set) = (Vec::new(), Vec::new());
    let mut expected = turn.expected(|route| turn.nexthop(route));
    let watch = Stopwatch::start();
    let all = std::thread::spawn(move || taken(table.set_all(values)));
    let gateway = ground::gateway(turn.job.family, 0);
    for prefix in &turn.spare {
        let route = Route::new(*prefix, name(0));
        let key = route.key();
        let one = Stopwatch::start();
        taken(host.routes.set(route).err())?;
        let set = one.wall() * 1e3;
        let settled = host.runtime.block_on(host.routes.settled(&key));
        let wall = one.wall() * 1e3;
        settled.map_err(|error| error.to_string())?;
        expected.insert(*prefix, gateway);
        // The last one may have come when all others were done.
        if all.is_finished() && host.agent.pending() == (0, 0) {
            break;
        }
        took.push(wall);
        in_set.push(set);
        std::thread::sleep(FRESH_EVERY);
    }
    all.join().map_err(|_| "the thread that sets all routes panicked")??;
    host.settled()?;
    let end = End::of(watch.lap(), expected)
        .with("fresh routes", took.len() as f64)
        .with("median ms", quantile(&took, 0.5))
        .with("p99 ms", quantile(&took, 0.99))
        .with("max ms", quantile(&took, 1.0))
        .with("long", took.iter().filter(|took| **took > LONG_MS).count() as f64)
        .with("set ms", quantile(&in_set, 0.5));
    Ok(kept(end, host))
}

/// The values are made while they are handed over, so that nothing but the agent holds them in the end.
fn memory(turn: &Turn, host: Host) -> Result<End, String> {
    host.prepare(turn)?;
    let expected_routes = turn.prefixes.len() as f64;
    let before = resident()?;
    let (lap, _) =
        host.timed(|host| taken(host.routes.set_all(values(turn, |route| turn.nexthop(route)))))?;
    let bytes = (resident()? - before) as f64 / expected_routes;
    let expected = turn.expected(|route| turn.nexthop(route));
    Ok(kept(End::of(lap, expected).with("bytes a route", bytes), host))
}

impl Host {
    pub(super) fn new() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        let kernel = Netlink::route().map_err(|error| format!("no socket: {error}"))?;
        let agent = Agent::builder()
            .object::<Link>()
            .object::<Nexthop>()
            .object::<NexthopGroup>()
            .object::<Route>()
            .kernel(kernel);
        let agent = agent.start().map_err(|error| error.to_string())?;
        Ok(Host { runtime, links: agent.table(), nexthops: agent.table(), routes: agent.table(), agent })
    }

    /// The link and the nexthops.
    pub(super) fn prepare(&self, turn: &Turn) -> Result<(), String> {
        taken(self.links.set(link()).err())?;
        taken(self.nexthops.set_all(nexthops(turn.job.family, turn.job.nexthops)))?;
        self.settled()
    }

    pub(super) fn settled(&self) -> Result<(), String> {
        self.runtime.block_on(self.agent.settled()).map_err(|error| error.to_string())
    }

    pub(super) fn route_settled(&self, key: &<Route as KSyncEntry>::Key) -> Result<(), String> {
        self.runtime.block_on(self.routes.settled(key)).map_err(|error| error.to_string())
    }

    /// From `declare` until everything is acknowledged: how long, and what went to the kernel.
    fn timed(&self, declare: impl FnOnce(&Host) -> Result<(), String>) -> Result<(Lap, Totals), String> {
        let before = self.agent.totals();
        let watch = Stopwatch::start();
        declare(self)?;
        self.settled()?;
        let lap = watch.lap();
        let after = self.agent.totals();
        let totals = Totals {
            adds: after.adds - before.adds,
            changes: after.changes - before.changes,
            deletes: after.deletes - before.deletes,
            ..after
        };
        Ok((lap, totals))
    }
}

fn kept(end: End, host: Host) -> End {
    End { keep: Box::new(host), ..end }
}

fn taken(refused: impl IntoIterator<Item = SetError>) -> Result<(), String> {
    refused.into_iter().next().map_or(Ok(()), |error| Err(error.to_string()))
}

pub(super) fn link() -> Link {
    Link::new(LINK, LinkKind::vxlan(VXLAN_ID))
}

pub(super) fn nexthops(family: Family, count: u32) -> Vec<Nexthop> {
    let nexthop = |number| Nexthop::via(name(number), ground::gateway(family, number), LINK);
    (0..count).map(|number| Nexthop { onlink: true, ..nexthop(number) }).collect()
}

fn values(turn: &Turn, nexthop: impl Fn(usize) -> u32) -> impl Iterator<Item = Route> {
    turn.prefixes.iter().enumerate().map(move |(route, prefix)| value(*prefix, nexthop(route)))
}

pub(super) fn value(prefix: IpNet, nexthop: u32) -> Route {
    Route::new(prefix, name(nexthop))
}

fn name(nexthop: u32) -> Name {
    format!("nexthop{nexthop}").into()
}

/// Resident memory of this process, in bytes.
fn resident() -> Result<i64, String> {
    let path = "/proc/self/status";
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<i64>().ok());
    kibibytes.map(|kibibytes| kibibytes * 1024).ok_or_else(|| format!("{path} has no VmRSS"))
}

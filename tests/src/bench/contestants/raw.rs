//! `raw`: the limit. Messages that were made before, pushed by one thread that keeps nothing.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::bench::job::{End, Task, Turn};
use crate::bench::kernel::ground::{self, FIRST_NEXTHOP};
use crate::bench::kernel::messages::{Act, Batch, batches, replace_gateway, single};
use crate::bench::kernel::pusher::Pusher;
use crate::bench::kernel::stopwatch::{Lap, Stopwatch};
use crate::bench::report::quantile;

/// How often a gateway is changed.
pub(super) const GATEWAY_CHANGES: u32 = 21;

/// A batch that takes longer, in milliseconds, holds up whatever is set meanwhile for longer than it may.
pub(super) const LONG_MS: f64 = 10.0;

/// How many single changes are timed.
pub(super) const SINGLE_CHANGES: u32 = 5000;

pub(in crate::bench) fn run(turn: &mut Turn) -> Result<End, String> {
    let ifindex = ground::make_link()?;
    ground::make_nexthops(turn.job.family, turn.job.nexthops)?;
    let mut pusher = Pusher::new().map_err(|error| format!("no socket: {error}"))?;
    let adding = batches(Act::Add, routes(turn, |route| turn.nexthop(route)));
    if turn.job.task == Task::Fresh {
        return push_singly(turn, &mut pusher, &adding);
    }
    if turn.job.task == Task::Add {
        let lap = push(&mut pusher, &adding)?;
        return Ok(End::of(lap, turn.expected(|route| turn.nexthop(route))));
    }
    push(&mut pusher, &adding)?;
    drop(adding);
    match turn.job.task {
        Task::Remove => {
            let removed = turn.order_of_removal();
            let prefix = |route: usize| turn.prefixes.get(route).map(|prefix| (*prefix, 0));
            let removing = batches(Act::Delete, removed.into_iter().filter_map(prefix));
            Ok(End::of(push(&mut pusher, &removing)?, HashMap::new()))
        }
        Task::Move => {
            let moving = batches(Act::Replace, routes(turn, |route| turn.next_nexthop(route)));
            let lap = push(&mut pusher, &moving)?;
            Ok(End::of(lap, turn.expected(|route| turn.next_nexthop(route))))
        }
        Task::Gateway => change_gateway(turn, &mut pusher, ifindex),
        Task::Change => change_singly(turn, &mut pusher),
        other => Err(format!("raw has no {other:?}")),
    }
}

fn routes(turn: &Turn, nexthop: impl Fn(usize) -> u32) -> impl Iterator<Item = (IpNet, u32)> {
    turn.prefixes.iter().enumerate().map(move |(route, prefix)| (*prefix, FIRST_NEXTHOP + nexthop(route)))
}

fn push(pusher: &mut Pusher, batches: &[Batch]) -> Result<Lap, String> {
    let watch = Stopwatch::start();
    let refused = pusher.push(batches).map_err(|error| format!("raw: {error}"))?;
    let lap = watch.lap();
    refused.none()?;
    Ok(lap)
}

/// Adds them all, and looks at how long the kernel is at each batch: nothing else gets in meanwhile.
fn push_singly(turn: &Turn, pusher: &mut Pusher, adding: &[Batch]) -> Result<End, String> {
    let mut took = Vec::with_capacity(adding.len());
    let watch = Stopwatch::start();
    for batch in adding.chunks(1) {
        took.push(push(pusher, batch)?.wall * 1e3);
    }
    let end = End::of(watch.lap(), turn.expected(|route| turn.nexthop(route)));
    let long = took.iter().filter(|took| **took > LONG_MS).count();
    Ok(end.with("long batches", long as f64).with("max ms", quantile(&took, 1.0)))
}

fn change_gateway(turn: &Turn, pusher: &mut Pusher, ifindex: u32) -> Result<End, String> {
    ground::set_compat_mode(!turn.job.no_compat)?;
    let watch = Stopwatch::start();
    let mut took = Vec::new();
    let mut gateway = ground::gateway(turn.job.family, 0);
    for change in 1..=GATEWAY_CHANGES {
        gateway = ground::gateway(turn.job.family, change);
        let batch = [replace_gateway(FIRST_NEXTHOP, gateway, ifindex, change)];
        took.push(push(pusher, &batch)?.wall * 1e3);
    }
    let lap = watch.lap();
    let expected: HashMap<IpNet, IpAddr> = turn.prefixes.iter().map(|prefix| (*prefix, gateway)).collect();
    Ok(End::of(lap, expected).with("median ms", quantile(&took, 0.5)))
}

fn change_singly(turn: &Turn, pusher: &mut Pusher) -> Result<End, String> {
    let mut changes = Changes::new(turn);
    let mut took = Vec::new();
    let watch = Stopwatch::start();
    for number in 1..=SINGLE_CHANGES {
        let (prefix, nexthop) = changes.next();
        let batch = [single(Act::Replace, prefix, FIRST_NEXTHOP + nexthop, number)];
        let one = Stopwatch::start();
        let refused = pusher.push(&batch).map_err(|error| format!("raw: {error}"))?;
        took.push(one.wall() * 1e6);
        refused.none()?;
    }
    let lap = watch.lap();
    Ok(End::of(lap, changes.expected())
        .with("median µs", quantile(&took, 0.5))
        .with("p99 µs", quantile(&took, 0.99)))
}

/// Single changes, the same for everybody: each time another route goes by the nexthop behind its own.
pub(super) struct Changes<'a> {
    turn: &'a Turn,
    nexthops: Vec<u32>,
    at: usize,
}

impl<'a> Changes<'a> {
    pub(super) fn new(turn: &'a Turn) -> Self {
        let nexthops = (0..turn.prefixes.len()).map(|route| turn.nexthop(route)).collect();
        Changes { turn, nexthops, at: 0 }
    }

    /// The destination, and its nexthop from now on.
    pub(super) fn next(&mut self) -> (IpNet, u32) {
        // A prime: far apart in the table, and not in its order.
        self.at = (self.at + 7919) % self.turn.prefixes.len();
        let nexthop = &mut self.nexthops[self.at];
        *nexthop = (*nexthop + 1) % self.turn.job.nexthops;
        (self.turn.prefixes[self.at], *nexthop)
    }

    pub(super) fn expected(&self) -> HashMap<IpNet, IpAddr> {
        self.turn.expected(|route| self.nexthops.get(route).copied().unwrap_or_default())
    }
}

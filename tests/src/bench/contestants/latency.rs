//! One change on an idle system, from `set` to "in sync": through the agent's handle, and with the pipeline driven in
//! place.

use std::time::Instant;

use bytes::BytesMut;
use ksync_objects::{Link, Nexthop, NexthopGroup, Route};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, RetryPolicy};
use ksync_runtime::pipeline::{Limits, Pipeline};
use ksync_runtime::socket::{Kernel, Netlink, Received};

use super::ksync::{Host, link, nexthops, value};
use super::raw::{Changes, SINGLE_CHANGES};
use crate::bench::job::{End, Turn};
use crate::bench::kernel::stopwatch::Stopwatch;
use crate::bench::report::quantile;

/// How much follow-up work is done at a time.
const WORK_BUDGET: usize = 1024;

/// The pipeline's only connection.
const SOCKET: usize = 0;

pub(in crate::bench) fn through_the_agent(turn: &Turn) -> Result<End, String> {
    let host = Host::new()?;
    host.prepare(turn)?;
    for (route, prefix) in turn.prefixes.iter().enumerate() {
        host.routes.set(value(*prefix, turn.nexthop(route))).map_err(|error| error.to_string())?;
    }
    host.settled()?;
    let end = measure(turn, |route| {
        let key = route.key();
        host.routes.set(route).map_err(|error| error.to_string())?;
        host.route_settled(&key)
    })?;
    Ok(End { keep: Box::new(host), ..end })
}

pub(in crate::bench) fn in_place(turn: &Turn) -> Result<End, String> {
    let mut driver = Driver::new()?;
    let now = Instant::now();
    let failed = |error: ksync_runtime::engine::SetError| error.to_string();
    driver.pipeline.engine_mut().set(link(), now).map_err(failed)?;
    for nexthop in nexthops(turn.job.family, turn.job.nexthops) {
        driver.pipeline.engine_mut().set(nexthop, now).map_err(failed)?;
    }
    for (route, prefix) in turn.prefixes.iter().enumerate() {
        driver.pipeline.engine_mut().set(value(*prefix, turn.nexthop(route)), now).map_err(failed)?;
    }
    driver.drive()?;
    measure(turn, |route| {
        let key = route.key();
        driver.pipeline.engine_mut().set(route, Instant::now()).map_err(failed)?;
        driver.drive()?;
        match driver.pipeline.engine().state::<Route>(&key) {
            Some(State::InSync) => Ok(()),
            other => Err(format!("{key:?} is {other:?}")),
        }
    })
}

fn measure(turn: &Turn, mut change: impl FnMut(Route) -> Result<(), String>) -> Result<End, String> {
    let mut changes = Changes::new(turn);
    let mut took = Vec::new();
    let watch = Stopwatch::start();
    for _ in 0..SINGLE_CHANGES {
        let (prefix, nexthop) = changes.next();
        let route = value(prefix, nexthop);
        let one = Stopwatch::start();
        let changed = change(route);
        took.push(one.wall() * 1e6);
        changed?;
    }
    let end = End::of(watch.lap(), changes.expected());
    Ok(end.with("median µs", quantile(&took, 0.5)).with("p99 µs", quantile(&took, 0.99)))
}

/// A pipeline with a socket, and nobody else.
struct Driver {
    pipeline: Pipeline,
    kernel: Netlink,
    datagram: BytesMut,
}

impl Driver {
    fn new() -> Result<Self, String> {
        let mut engine = Engine::new(RetryPolicy::default());
        let registered = engine
            .register::<Link>()
            .and(engine.register::<Nexthop>())
            .and(engine.register::<NexthopGroup>())
            .and(engine.register::<Route>());
        registered.map_err(|error| error.to_string())?;
        let kernel = Netlink::route().map_err(|error| format!("no socket: {error}"))?;
        let pipeline = Pipeline::new(engine, [Limits::of(&kernel)]).map_err(|error| error.to_string())?;
        Ok(Driver { pipeline, kernel, datagram: BytesMut::new() })
    }

    /// Until everything is done.
    fn drive(&mut self) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("the socket: {error}");
        loop {
            let now = Instant::now();
            while self.pipeline.engine_mut().work(WORK_BUDGET, now) {}
            if let Some(batch) = self.pipeline.poll_transmit(SOCKET, now) {
                self.kernel.send(&batch).map_err(failed)?;
            }
            while !self.pipeline.is_idle() {
                match self.kernel.receive(&mut self.datagram).map_err(failed)? {
                    Received::Datagram => self.pipeline.handle_datagram(SOCKET, &self.datagram, now),
                    Received::Overrun => self.pipeline.handle_overrun(SOCKET),
                    Received::Nothing => {
                        self.pipeline.handle_quiet(SOCKET, now);
                        break;
                    }
                }
            }
            if self.pipeline.is_idle() {
                return Ok(());
            }
        }
    }
}

//! Large and simple: everything declared in the wrong order, and everything removed in the wrong order.

use std::net::Ipv4Addr;
use std::time::Duration;

use ksync_objects::{Link, LinkKind, Nexthop, NexthopGroup, Route};
use ksync_runtime::engine::{Engine, RetryPolicy};
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::{Family, Part};
use ksync_runtime::wire::NoHeader;

use super::driver::Driver;

/// How many links there are under many routes.
const LINKS: u32 = 100;

/// How many nexthops there are under many routes.
const NEXTHOPS: u32 = 1000;

/// The message types of [`Node`]: beyond those of the route family.
const NEW_NODE: u16 = 200;
const DEL_NODE: u16 = 201;

const EINVAL: i32 = 22;

/// One piece of a chain.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route, header = NoHeader, add = NEW_NODE, delete = DEL_NODE,
    index(from = ksync, range = 1..=4_000_000, nla = 1), self_dependent, flushes_dependents
)]
struct Node {
    #[ksync(key, nla = 2)]
    number: u32,
    /// What it hangs on.
    #[depends_on]
    #[ksync(nla = 3)]
    above: Option<Ref<Node>>,
}

/// Declares routes first, then the nexthops that they need, then the links that these need; removes links
/// first and routes last. Returns how many writes that took.
///
/// # Errors
/// What is not as it must be.
pub fn many_routes(routes: u32) -> Result<u64, String> {
    let mut engine = Engine::new(RetryPolicy::default());
    let registered = engine
        .register::<Route>()
        .and(engine.register::<NexthopGroup>())
        .and(engine.register::<Nexthop>())
        .and(engine.register::<Link>());
    registered.map_err(|error| error.to_string())?;
    let mut driver = Driver::new(engine, 1);
    let now = driver.now;
    let link = |number: u32| format!("br{}", number % LINKS);
    let nexthop = |number: u32| format!("nh{}", number % NEXTHOPS);
    let destination =
        |number: u32| IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_bits((10 << 24) + number), 32));
    let failed = |error: ksync_runtime::engine::SetError| error.to_string();

    for number in 0..routes {
        let route = Route::new(destination(number), nexthop(number));
        driver.pipeline.engine_mut().set(route, now).map_err(failed)?;
    }
    driver.rest()?;
    for number in 0..NEXTHOPS {
        let nexthop = Nexthop::on_link(nexthop(number), link(number));
        driver.pipeline.engine_mut().set(nexthop, now).map_err(failed)?;
    }
    driver.rest()?;
    expect("writes before there is anything to stand on", driver.pipeline.totals().writes(), 0)?;
    for number in 0..LINKS {
        let link = Link::new(link(number), LinkKind::bridge());
        driver.pipeline.engine_mut().set(link, now).map_err(failed)?;
    }
    driver.rest()?;
    let everything = u64::from(routes + NEXTHOPS + LINKS);
    expect("writes", driver.pipeline.totals().writes(), everything)?;
    expect("routes in the kernel", driver.world.count(RTM_NEWROUTE) as u64, u64::from(routes))?;
    let in_sync = driver.pipeline.engine().counts::<Route>().in_sync();
    expect("routes in sync", in_sync as u64, u64::from(routes))?;

    for number in 0..LINKS {
        driver.pipeline.engine_mut().remove::<Link>(&link(number), now);
    }
    driver.rest()?;
    for number in 0..NEXTHOPS {
        driver.pipeline.engine_mut().remove::<Nexthop>(&nexthop(number).into(), now);
    }
    driver.rest()?;
    expect("writes while all is still needed", driver.pipeline.totals().writes(), everything)?;
    for number in 0..routes {
        let key = Route::new(destination(number), nexthop(number)).key();
        driver.pipeline.engine_mut().remove::<Route>(&key, now);
    }
    driver.rest()?;
    expect("routes in the kernel", driver.world.count(RTM_NEWROUTE) as u64, 0)?;
    expect("nexthops in the kernel", driver.world.count(RTM_NEWNEXTHOP) as u64, 0)?;
    expect("links in the kernel", driver.world.count(RTM_NEWLINK) as u64, 1)?;
    let engine = driver.pipeline.engine();
    let left = engine.counts::<Route>().total()
        + engine.counts::<Nexthop>().total()
        + engine.counts::<Link>().total();
    expect("entries in the engine", left as u64, 0)?;
    expect("references in the engine", engine.references() as u64, 0)?;
    Ok(driver.pipeline.totals().writes())
}

/// Declares a chain in which each piece hangs on the next one, and removes the top first. At the end all
/// pieces are gone at once: the top one falls with the last reference. Returns how many writes that took.
///
/// # Errors
/// What is not as it must be.
pub fn chain(pieces: u32) -> Result<u64, String> {
    let mut engine = Engine::new(RetryPolicy::default());
    engine.register::<Node>().map_err(|error| error.to_string())?;
    let mut driver = Driver::new(engine, 1);
    driver.world.add_family(
        Family::new("node", NEW_NODE, DEL_NODE, 0).key(Part::Attribute(2)).index(Part::Attribute(1)).refers(
            Part::Attribute(3),
            NEW_NODE,
            EINVAL,
        ),
    );
    let now = driver.now;
    for number in 0..pieces {
        let above = (number + 1 < pieces).then(|| Ref::to(number + 1));
        let set = driver.pipeline.engine_mut().set(Node { number, above }, now);
        set.map_err(|error| error.to_string())?;
    }
    driver.rest()?;
    expect("pieces in the kernel", driver.world.count(NEW_NODE) as u64, u64::from(pieces))?;
    expect("pieces in sync", driver.pipeline.engine().counts::<Node>().in_sync() as u64, u64::from(pieces))?;
    expect("writes", driver.pipeline.totals().writes(), u64::from(pieces))?;

    // The top disappears and takes the chain along: all of it is put back.
    let top = pieces.saturating_sub(1);
    let top_index = driver.pipeline.engine().index::<Node>(&top);
    driver.world.remove(NEW_NODE, |held| held.index == top_index);
    expect("pieces in the kernel", driver.world.count(NEW_NODE) as u64, 0)?;
    driver.pipeline.engine_mut().handle_lost::<Node>(&top, now);
    driver.rest()?;
    driver.jump(Duration::from_secs(60));
    driver.rest()?;
    expect("pieces in the kernel", driver.world.count(NEW_NODE) as u64, u64::from(pieces))?;

    for number in (0..pieces).rev() {
        driver.pipeline.engine_mut().remove::<Node>(&number, now);
    }
    driver.rest()?;
    expect("pieces in the kernel", driver.world.count(NEW_NODE) as u64, 0)?;
    expect("pieces in the engine", driver.pipeline.engine().counts::<Node>().total() as u64, 0)?;
    expect("references in the engine", driver.pipeline.engine().references() as u64, 0)?;
    expect("events that were rejected", driver.pipeline.engine().rejected(), 0)?;
    Ok(driver.pipeline.totals().writes())
}

fn expect(what: &str, found: u64, expected: u64) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: {found}, and not {expected}"))
}

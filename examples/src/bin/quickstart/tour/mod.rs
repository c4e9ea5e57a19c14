//! The tour: what KSync does, one numbered step at a time, each checked against what the kernel holds.
//!
//! Knows the example that is shown and nothing of how anything is done.

mod held;
mod life;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

use ksync_examples::ground::Ground;
use ksync_examples::page::Page;
use ksync_objects::{Address, Link, LinkKind, Nexthop, NexthopGroup, Route};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::engine::machine::{Event, State};
use ksync_runtime::prelude::{IpNet, Ipv4Net};
use nix::errno::Errno;

use crate::failure::Failure;
use held::Held;
use life::Life;

const LINK: &str = "vx100";
const NEXTHOP: &str = "core1";
const STRAY: &str = "far";
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 254);
const OTHER_GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 253);

/// Takes the tour. Returns whether everything was as it should be.
pub(crate) async fn run<W: Write>(ground: &Ground, page: &mut Page<W>) -> Result<bool, Failure> {
    let agent = ground.start(
        Agent::builder()
            .object::<Link>()
            .object::<Address>()
            .object::<Nexthop>()
            .object::<NexthopGroup>()
            .object::<Route>(),
    )?;
    let tour = Tour { before: Held::read(&agent).await?.counts(), life: Life::of(&agent), agent };
    tour.take(page).await?;
    let (checks, failed) = (page.checks(), page.failed());
    match failed {
        0 => page.line(format_args!("\nAll {checks} checks hold."))?,
        failed => page.line(format_args!("\n{failed} of {checks} checks FAILED."))?,
    }
    Ok(failed == 0)
}

struct Tour {
    agent: Agent,
    life: Life,
    /// How much the kernel held before the tour.
    before: [usize; 4],
}

impl Tour {
    async fn take<W: Write>(mut self, page: &mut Page<W>) -> Result<(), Failure> {
        self.declare_in_the_wrong_order(page).await?;
        self.read_back(page).await?;
        self.change_with_one_write(page).await?;
        self.be_refused(page).await?;
        self.remove_in_the_wrong_order(page).await?;
        self.leave_nothing(page).await
    }

    async fn declare_in_the_wrong_order<W: Write>(&mut self, page: &mut Page<W>) -> Result<(), Failure> {
        page.step("Declare a link and all that stands on it, in the wrong order")?;
        let declared = {
            let agent = &self.agent;
            for destination in destinations() {
                agent.table().set(Route::new(destination, NEXTHOP))?;
            }
            agent.table().set(core_by_way_of(GATEWAY))?;
            agent.table().set(Address::new(LINK, address()))?;
            agent.table().set(Link::new(LINK, LinkKind::vxlan(100)))?;
            destinations().len() + 3
        };
        self.life.show(page, declared, State::InSync).await?;
        let settled = self.agent.settled().await;
        page.check(settled.is_ok(), format_args!("all {declared} are in sync, written in the right order"))?;
        Ok(())
    }

    async fn read_back<W: Write>(&self, page: &mut Page<W>) -> Result<(), Failure> {
        page.step("Read back what the kernel holds")?;
        let held = Held::read(&self.agent).await?;
        held.show(&self.agent, page)?;
        verify::<Link, _>(&self.agent, page, "the link").await?;
        verify::<Address, _>(&self.agent, page, "the address").await?;
        verify::<Nexthop, _>(&self.agent, page, "the nexthop").await?;
        verify::<Route, _>(&self.agent, page, "each route").await
    }

    async fn change_with_one_write<W: Write>(&mut self, page: &mut Page<W>) -> Result<(), Failure> {
        page.step(format_args!("Give the nexthop another gateway; {} routes use it", destinations().len()))?;
        let before = self.agent.totals();
        self.agent.table().set(core_by_way_of(OTHER_GATEWAY))?;
        self.life.show(page, 1, State::InSync).await?;
        let after = self.agent.totals();
        let writes = after.writes() - before.writes();
        page.check(
            writes == 1 && after.changes - before.changes == 1,
            format_args!("one write was enough (writes: {writes})"),
        )?;
        let held = self.agent.table::<Nexthop>().read_back().await?;
        let gateway =
            held.objects.iter().find(|nexthop| nexthop.name == NEXTHOP).and_then(|nexthop| nexthop.gateway);
        page.check(
            gateway == Some(IpAddr::V4(OTHER_GATEWAY)),
            format_args!(
                "the kernel has it: {NEXTHOP} via {}",
                gateway.map_or_else(|| "nothing".to_owned(), |gateway| gateway.to_string())
            ),
        )?;
        verify::<Route, _>(&self.agent, page, "each route still").await
    }

    async fn be_refused<W: Write>(&mut self, page: &mut Page<W>) -> Result<(), Failure> {
        page.step("Ask for what the kernel refuses: a gateway that is not on the link")?;
        let nexthops: Table<Nexthop> = self.agent.table();
        let routes: Table<Route> = self.agent.table();
        let route = Route::new(net(Ipv4Addr::new(100, 64, 0, 0), 10), STRAY);
        routes.set(route.clone())?;
        nexthops.set(Nexthop::via(STRAY, Ipv4Addr::new(203, 0, 113, 9).into(), LINK))?;
        // The route waits for the nexthop, the nexthop is refused.
        self.life.show(page, 2, State::AddDefer).await?;
        page.note(format_args!("Why is {} not there?", route.destination))?;
        let why = routes.why(&route.key());
        let root = why.as_ref().and_then(|why| why.root());
        let failure = root.and_then(|root| root.failure.as_ref());
        if let (Some(root), Some(failure)) = (root, failure) {
            let errno = Errno::from_raw(failure.error.errno);
            page.fact("at fault", format_args!("{} {}", life::kind(root.kind), root.key))?;
            page.fact("errno", format_args!("{errno:?} ({})", errno.desc()))?;
            page.fact("kernel says", &failure.error.text)?;
            page.fact("what next", failure.class.consequence())?;
        }
        page.check(
            failure.is_some_and(|failure| failure.error.errno == Errno::ENETUNREACH as i32),
            "the reason is the kernel's own, and names what is really at fault",
        )?;
        page.check(
            nexthops.state(&STRAY.into()) == Some(State::AddDefer) && self.agent.settled().await.is_err(),
            "what was refused does not count as in sync",
        )?;
        page.note("With a gateway that is on the link:")?;
        nexthops.set(Nexthop::via(STRAY, Ipv4Addr::new(192, 0, 2, 9).into(), LINK))?;
        self.life.show(page, 2, State::InSync).await?;
        page.check(self.agent.settled().await.is_ok(), "the nexthop is in sync, and so is its route")?;
        Ok(())
    }

    async fn remove_in_the_wrong_order<W: Write>(&mut self, page: &mut Page<W>) -> Result<(), Failure> {
        page.step("Remove everything, the link first")?;
        let agent = &self.agent;
        let mut removed = agent.table::<Link>().remove(&LINK.to_owned());
        for name in [NEXTHOP, STRAY] {
            removed &= agent.table::<Nexthop>().remove(&name.into());
        }
        removed &= agent.table::<Address>().remove(&Address::new(LINK, address()).key());
        let routes: Table<Route> = agent.table();
        let keys: Vec<_> = routes.all().iter().map(Route::key).collect();
        for key in &keys {
            removed &= routes.remove(key);
        }
        page.check(removed, "everything was there to be removed")?;
        let steps = self.life.show(page, keys.len() + 4, State::Free).await?;
        let last = steps.iter().rev().find(|step| step.event == Event::DelAck);
        page.check(
            last.is_some_and(|step| step.kind == Link::SCHEMA.name && step.key == LINK),
            "the kernel deleted the link last, after all that stood on it",
        )?;
        Ok(())
    }

    async fn leave_nothing<W: Write>(&self, page: &mut Page<W>) -> Result<(), Failure> {
        page.step("Look once more")?;
        let held = Held::read(&self.agent).await?;
        let [links, addresses, nexthops, routes] = held.counts();
        page.fact("links", format_args!("{links} (loopback, which was there before)"))?;
        page.fact("addresses", addresses)?;
        page.fact("nexthops", nexthops)?;
        page.fact("routes", routes)?;
        let ours = held.links.objects.iter().filter(|link| link.name != "lo").count()
            + held.nexthops.objects.len()
            + held.routes.objects.len();
        page.check(ours == 0 && held.counts() == self.before, "the kernel holds nothing of ours any more")?;
        Ok(())
    }
}

/// Compares what the kernel holds of a kind with what is declared.
async fn verify<T: KSyncEntry, W: Write>(
    agent: &Agent,
    page: &mut Page<W>,
    what: &str,
) -> Result<(), Failure> {
    let mismatches = agent.table::<T>().verify().await?;
    page.check(mismatches.is_empty(), format_args!("{what} is in the kernel as declared"))?;
    for mismatch in mismatches {
        page.note(mismatch)?;
    }
    Ok(())
}

fn destinations() -> [IpNet; 3] {
    [
        net(Ipv4Addr::new(198, 51, 100, 0), 24),
        net(Ipv4Addr::new(203, 0, 113, 0), 24),
        net(Ipv4Addr::new(198, 18, 0, 0), 15),
    ]
}

fn address() -> IpNet {
    net(Ipv4Addr::new(192, 0, 2, 1), 24)
}

fn net(address: Ipv4Addr, length: u8) -> IpNet {
    Ipv4Net::new_assert(address, length).into()
}

fn core_by_way_of(gateway: Ipv4Addr) -> Nexthop {
    Nexthop::via(NEXTHOP, gateway.into(), LINK)
}

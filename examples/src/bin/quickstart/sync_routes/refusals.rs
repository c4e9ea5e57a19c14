//! What the kernel refused, traced back to the lines that asked for it.
//!
//! Knows no reasons of its own: what is reported is what the kernel said about the entry that is at fault.

use std::collections::BTreeMap;
use std::fmt;

use ksync_examples::routes::{Given, RoutingTable};
use ksync_objects::{Link, Nexthop, Route};
use ksync_runtime::agent::Agent;
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Cause, Why};

use super::complaints::Complaints;

/// How many entries are not in the kernel.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// Links.
    pub(crate) links: usize,
    /// Nexthops.
    pub(crate) nexthops: usize,
    /// IPv4 routes, refused themselves or by way of a nexthop that is missing.
    pub(crate) v4: usize,
    /// IPv6 routes, likewise.
    pub(crate) v6: usize,
}

impl Refusals {
    /// Looks for everything that is not in sync and complains about it: once for every entry that is at fault,
    /// with all the lines that need it.
    pub(crate) fn gather(agent: &Agent, table: &RoutingTable, complaints: &mut Complaints<'_>) -> Refusals {
        let mut refusals = Refusals {
            links: usize::from(!is_in_sync::<Link>(agent, &super::LINK.to_owned())),
            ..Refusals::default()
        };
        let nexthops: Vec<bool> = table
            .nexthops
            .iter()
            .map(|gateway| is_in_sync::<Nexthop>(agent, &gateway.to_string().into()))
            .collect();
        refusals.nexthops = nexthops.iter().filter(|in_sync| !**in_sync).count();
        // Place of the nexthop → the lines that use it.
        let mut by_nexthop: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        let mut by_itself: Vec<&Given> = Vec::new();
        for given in &table.routes {
            if nexthops[given.nexthop as usize] {
                if is_in_sync::<Route>(agent, &super::route(given, table).key()) {
                    continue;
                }
                by_itself.push(given);
            } else {
                by_nexthop.entry(given.nexthop).or_default().push(given.line);
            }
            match given.prefix.addr().is_ipv4() {
                true => refusals.v4 += 1,
                false => refusals.v6 += 1,
            }
        }
        for (place, lines) in by_nexthop {
            let gateway = table.nexthops[place as usize];
            let why = agent.table::<Nexthop>().why(&gateway.to_string().into());
            complaints.add(&lines, &format!("nexthop {gateway}: {}", Fault(why.as_ref())));
        }
        for given in by_itself {
            let why = agent.table::<Route>().why(&super::route(given, table).key());
            complaints.add(&[given.line], &format!("route {}: {}", given.prefix, Fault(why.as_ref())));
        }
        refusals
    }
}

fn is_in_sync<T: KSyncEntry>(agent: &Agent, key: &T::Key) -> bool {
    agent.table::<T>().state(key) == Some(State::InSync)
}

/// What is at fault, in one line.
struct Fault<'a>(Option<&'a Why>);

impl fmt::Display for Fault<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, root)) = self.0.and_then(|why| why.chain.first().zip(why.root())) else {
            return out.write_str("not in the kernel, and nobody knows why");
        };
        if !std::ptr::eq(first, root) {
            write!(out, "needs {} {}: ", root.kind.to_lowercase(), root.key)?;
        }
        match root {
            Cause { failure: Some(failure), .. } => write!(out, "the kernel refused it: {}", failure.error),
            cause => write!(out, "{cause}"),
        }
    }
}

//! The kinds of the workloads: as small as a kind can be, so that what is measured is the engine.
//!
//! They know no kernel; nothing of them is ever sent.

use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;

/// Message types that the route family does not have.
const NEW_PAIR: u16 = 300;
const DEL_PAIR: u16 = 301;

/// W1: a key and a value, no dependency, no index.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = NEW_PAIR, delete = DEL_PAIR)]
pub(crate) struct Pair {
    /// The key.
    #[ksync(key, nla = 1)]
    pub(crate) key: u32,
    /// The value.
    #[ksync(nla = 2)]
    pub(crate) value: u32,
}

/// W2: what routes refer to.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route, header = NexthopHeader, add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP,
    index(from = ksync, range = 1..=1_000_000, nla = NHA_ID),
    flushes_dependents,
)]
pub(crate) struct Gateway {
    /// The agent's own number of it.
    #[ksync(key)]
    pub(crate) number: u32,
    /// The link.
    #[ksync(nla = NHA_OIF)]
    pub(crate) link: u32,
}

/// W2: a route by way of a gateway.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
pub(crate) struct Way {
    /// The destination, a host.
    #[ksync(key, nla = RTA_DST)]
    pub(crate) destination: u32,
    /// Where it goes.
    #[depends_on]
    #[ksync(nla = RTA_NH_ID)]
    pub(crate) gateway: Ref<Gateway>,
}

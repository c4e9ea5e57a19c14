//! An index has a source, numbers and a place.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = ksync)
)]
struct One {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = kernl, nla = NHA_ID)
)]
struct Two {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = ksync, range = 1..10, nla = NHA_ID)
)]
struct Three {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(nla = NHA_ID)
)]
struct Four {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

fn main() {}

//! The function compares what the field holds.

use ksync_runtime::prelude::*;

fn about(_: &u32, _: &u32) -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, compare = about)]
    number: u64,
}

fn main() {}

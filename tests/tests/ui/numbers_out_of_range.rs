//! Numbers of attributes have 16 bits.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, each = 70_000)]
    each: Vec<u32>,
    #[ksync(nla = 2, numbered = -1)]
    numbered: Vec<u32>,
}

fn main() {}

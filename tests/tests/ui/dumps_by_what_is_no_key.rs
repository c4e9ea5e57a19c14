//! What is dumped together, or at once, is told by the key.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table, dumped_by)]
    table: u8,
    #[ksync(nla = 1, dumped_by)]
    content: u32,
    #[ksync(nla = 2, up_to = 3)]
    first: u16,
    #[ksync(key, nla = 4, up_to = 5)]
    name: String,
    #[ksync(key, nla = 6, up_to)]
    last: u16,
}

fn main() {}

//! Words for lists are for lists.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, repeated)]
    one: u32,
    #[ksync(nla = 2, each = 1)]
    two: Option<String>,
    #[ksync(nla = 3, repeated, array)]
    three: Vec<u32>,
}

fn main() {}

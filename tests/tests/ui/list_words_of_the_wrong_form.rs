//! Some need a number, some have none.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, each)]
    one: Vec<u32>,
    #[ksync(nla = 2, repeated = 4)]
    two: Vec<u32>,
    #[ksync(nla = 3, records)]
    three: Vec<u32>,
    #[ksync(nla = 4, numbered(1))]
    four: Vec<u32>,
}

fn main() {}

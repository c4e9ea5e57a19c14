//! An attribute holds bits or a value.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1)]
    value: u32,
    #[ksync(nla = 1, bit = 1)]
    bit: bool,
    #[ksync(nla = 2, bit = 1)]
    other: bool,
    #[ksync(nla = 2)]
    late: u32,
}

fn main() {}

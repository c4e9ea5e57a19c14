//! Words stand in parentheses.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync]
    bare: u32,
    #[ksync = "nla"]
    value: u32,
    #[ksync(nla)]
    number: u32,
    #[ksync(nla = )]
    nothing: u32,
    #[ksync(nla 1)]
    space: u32,
}

fn main() {}

//! A list has several ways to stand on the wire.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1)]
    numbers: Vec<u32>,
    #[ksync(nla = 2)]
    names: Option<Vec<String>>,
}

fn main() {}

//! The words are about an attribute.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(no_nul)]
    name: String,
    #[ksync(header = rtm_tos, unit = seconds)]
    age: std::time::Duration,
    #[ksync(be)]
    number: u32,
}

fn main() {}

//! A codec is a module with two functions.

use ksync_runtime::prelude::*;

mod empty {}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, with = empty)]
    number: u32,
}

fn main() {}

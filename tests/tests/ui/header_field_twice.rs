//! A header field carries one field, or bits of several.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(header = rtm_table)]
    other: u8,
    #[ksync(header = rtm_flags, bit = 1)]
    one: bool,
    #[ksync(header = rtm_flags, bit = 2)]
    two: bool,
}

fn main() {}

//! A header has the fields that it has.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE, fill(rtm_colour = 1))]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    
}

fn main() {}

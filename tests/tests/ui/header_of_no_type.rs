//! Header fields are fields of some header.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE, fill(rtm_type = RTN_UNICAST))]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
}

fn main() {}

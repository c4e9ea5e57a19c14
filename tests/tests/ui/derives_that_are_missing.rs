//! A kind is cloned, compared and shown.

use ksync_runtime::prelude::*;

#[derive(KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
}

fn main() {}

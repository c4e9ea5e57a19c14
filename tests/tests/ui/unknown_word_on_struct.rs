//! A slip of the pen is recognised.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    flushes_dependants
)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

fn main() {}

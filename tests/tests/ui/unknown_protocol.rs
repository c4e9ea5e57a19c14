//! There is one netlink family so far.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = router, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

fn main() {}

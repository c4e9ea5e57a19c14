//! A word is given once.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, key, nla = RTA_PRIORITY, nla = RTA_MARK)]
    metric: u32,
}

fn main() {}

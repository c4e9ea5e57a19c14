//! The messages have four names.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(nla = RTA_MARK, on(ad, update))]
    mark: u32,
}

fn main() {}

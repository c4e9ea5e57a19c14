//! A skipped field is nothing else.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(skip, nla = RTA_MARK)]
    mark: u32,
    #[ksync(skip, key)]
    name: String,
}

fn main() {}

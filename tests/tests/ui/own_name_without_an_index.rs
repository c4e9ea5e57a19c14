//! A key that the kernel never sees needs an index.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key)]
    name: String,
    #[ksync(nla = RTA_MARK)]
    mark: u32,
}

fn main() {}

//! What goes on the wire is the index.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Zone {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[depends_on]
    #[ksync(nla = RTA_OIF)]
    zone: Ref<Zone>,
}

fn main() {}

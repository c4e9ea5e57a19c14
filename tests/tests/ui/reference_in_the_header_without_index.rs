//! What goes into the header is the index.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Zone {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = AddressHeader, protocol = route, add = RTM_NEWADDR, delete = RTM_DELADDR)]
struct Thing {
    #[depends_on]
    #[ksync(key, header = ifa_index)]
    zone: Ref<Zone>,
}

fn main() {}

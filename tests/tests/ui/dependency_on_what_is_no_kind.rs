//! Only kinds can be depended on.

use ksync_runtime::prelude::*;

struct Port;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[depends_on(Port)]
    #[ksync(nla = RTA_OIF)]
    port: u32,
}

fn main() {}

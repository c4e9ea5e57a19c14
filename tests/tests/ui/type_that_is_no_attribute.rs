//! Attributes carry what has bytes.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(nla = RTA_MARK)]
    mark: f32,
}

fn main() {}

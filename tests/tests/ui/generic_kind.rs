//! A kind has no parameters.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing<T> {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(nla = RTA_MARK)]
    mark: T,
}

fn main() {}

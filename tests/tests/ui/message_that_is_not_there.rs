//! `on` names messages that the kind has and the field is in.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(nla = RTA_MARK, on(get))]
    mark: u32,
    #[ksync(nla = RTA_OIF, read_only, on(add))]
    oif: u32,
}

fn main() {}

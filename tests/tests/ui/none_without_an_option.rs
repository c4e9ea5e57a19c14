//! `none` is for options in attributes.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(nla = RTA_MARK, none = 0u32)]
    mark: u32,
    #[ksync(with = wire::table, none = 0u32)]
    table: Option<u32>,
}

fn main() {}

//! Flags are bare, values have a value, lists have parentheses.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key = true, nla)]
    metric: u32,
    #[ksync(nla = RTA_MARK, on = add)]
    mark: u32,
    #[ksync(nla =)]
    oif: u32,
}

fn main() {}

//! A bit is a `bool`, of a header field.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(header = rtm_flags, bit = 1)]
    one: u32,
    #[ksync(bit = 2)]
    two: bool,
    #[ksync(header = rtm_tos, mask = rtm_flags)]
    three: bool,
}

fn main() {}

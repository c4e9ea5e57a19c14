//! An attribute tells which of its bits count, or it does not.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, selector)]
    alone: u32,
    #[ksync(nla = 2, bit = 1, selector)]
    with: bool,
    #[ksync(nla = 2, bit = 2)]
    without: bool,
    #[ksync(nla = 3, bit = 1)]
    open: Option<bool>,
    #[ksync(nla = 4, bit = 1, mask = rtm_flags)]
    masked: bool,
    #[ksync(header = rtm_flags, bit = 1)]
    open_in_header: Option<bool>,
}

fn main() {}

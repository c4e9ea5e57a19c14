//! What is filled is overwritten by the field, or the other way round.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    fill(rtm_scope = 1),
    fill(rtm_src_len = 1, rtm_type = 1),
    fill(rtm_type = 2))]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(header = rtm_scope)]
    scope: u8,
    #[ksync(nla = 1, prefix_len = rtm_src_len)]
    source: IpNet,
}

fn main() {}

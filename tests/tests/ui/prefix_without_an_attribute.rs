//! The length alone is no prefix.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(prefix_len = rtm_src_len)]
    placeless: IpNet,
    #[ksync(nla = 1, prefix_len = rtm_src_len, be)]
    turned: IpNet,
}

fn main() {}

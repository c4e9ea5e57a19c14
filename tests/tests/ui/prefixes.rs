//! Address and length go to two places.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, prefix_len = rtm_len)]
    unknown: IpNet,
    #[ksync(nla = 2, prefix_len = rtm_src_len)]
    address: std::net::IpAddr,
    #[ksync(nla = 3, family = rtm_family)]
    mac: MacAddr6,
}

fn main() {}

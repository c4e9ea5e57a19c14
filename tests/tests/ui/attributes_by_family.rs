//! One attribute for IPv4, one for IPv6.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = (1, 2))]
    v4: std::net::Ipv4Addr,
    #[ksync(nla = (3, 4, 5))]
    three: std::net::IpAddr,
    #[ksync(nla = (6, 6))]
    same: std::net::IpAddr,
    #[ksync(nla = (7, 8), no_nul)]
    text: std::net::IpAddr,
}

fn main() {}

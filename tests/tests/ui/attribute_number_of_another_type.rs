//! Attributes are numbered in 16 bits.

use ksync_runtime::prelude::*;

const WIDE: u32 = 5;
const WIDER: u32 = 6;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = WIDE)]
    number: u32,
    #[ksync(nla = (1, WIDER))]
    address: std::net::IpAddr,
}

fn main() {}

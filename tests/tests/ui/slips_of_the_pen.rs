//! Words that look like others.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, repeat)]
    repeat: Vec<u32>,
    #[ksync(nla = 2, units = seconds)]
    units: std::time::Duration,
    #[ksync(flaten)]
    flat: u32,
    #[ksync(nla = 3, nonul)]
    text: String,
    #[ksync(nla = 4, big_endian)]
    number: u32,
    #[ksync(attr = 5)]
    attribute: u32,
}

fn main() {}

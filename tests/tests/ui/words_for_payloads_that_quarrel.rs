//! A payload is one thing.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, be, no_nul)]
    both: u32,
    #[ksync(nla = 2, flag, be)]
    flag: bool,
    #[ksync(nla = 3, with = codec, be)]
    codec: u32,
    #[ksync(nla = 4, bit = 1, be)]
    bit: bool,
}

fn main() {}

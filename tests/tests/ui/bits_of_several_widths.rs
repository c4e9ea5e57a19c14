//! The bits of one attribute are those of one number.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, bit = 1u8)]
    narrow: bool,
    #[ksync(nla = 1, bit = 2u16)]
    wide: bool,
    #[ksync(nla = 2, bit = 1u64, selector)]
    too_wide: bool,
}

fn main() {}

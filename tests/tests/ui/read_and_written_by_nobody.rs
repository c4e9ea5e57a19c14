//! Words that take each other back.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, read_only, write_only)]
    neither: u32,
    #[ksync(nla = 2, read_only, immutable)]
    fixed: u32,
    #[ksync(nla = 3, read_only, none = 0u32)]
    none: Option<u32>,
    #[ksync(nla = 4, on())]
    nowhere: u32,
}

fn main() {}

//! Where nothing is compared, a comparison is a mistake.

use ksync_runtime::prelude::*;

fn about(_: &u32, _: &u32) -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(key, nla = 1, compare = about)]
    key: u32,
    #[ksync(nla = 2, write_only, compare = about)]
    secret: u32,
    #[ksync(nla = 3, read_only, compare = about)]
    counter: u32,
    #[ksync(skip, compare = about)]
    own: u32,
}

fn main() {}

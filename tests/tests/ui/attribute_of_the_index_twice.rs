//! The index has its attribute for itself.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = NexthopHeader, protocol = route, add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP,
    index(from = ksync, range = 1..=10, nla = NHA_ID)
)]
struct Thing {
    #[ksync(key, nla = NHA_ID)]
    id: u32,
}

fn main() {}

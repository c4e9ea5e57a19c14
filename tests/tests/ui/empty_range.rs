//! An index range holds at least one number.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = NexthopHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = ksync, range = 10..=1, nla = NHA_ID)
)]
struct Thing {
    #[ksync(key)]
    name: String,
}

fn main() {}

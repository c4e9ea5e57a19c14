//! So do ranges that only the compiler knows.

use ksync_runtime::prelude::*;

const FIRST: u32 = 10;
const LAST: u32 = 1;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = NexthopHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = ksync, range = FIRST..=LAST, nla = NHA_ID)
)]
struct Thing {
    #[ksync(key)]
    name: String,
}

fn main() {}

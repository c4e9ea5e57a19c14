//! Fields of nests have names too.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Pair(u32, u32);

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = 1, data = 2)]
enum Choice {
    #[ksync(kind = "pair")]
    Pair(u32, u32),
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1)]
    pair: Pair,
}

fn main() {}

//! One behind the other, only a fixed size tells where the next one begins.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Nest {
    #[ksync(nla = 1)]
    number: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, array)]
    names: Vec<String>,
    #[ksync(nla = 2, array)]
    nests: Vec<Nest>,
}

fn main() {}

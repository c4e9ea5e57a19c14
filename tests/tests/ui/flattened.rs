//! What is flattened is a nest of its own attributes.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Nest {
    #[ksync(nla = 9)]
    number: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, flatten)]
    placed: Nest,
    #[ksync(flatten, be)]
    formatted: Nest,
    #[ksync(key, flatten)]
    id: Nest,
}

fn main() {}

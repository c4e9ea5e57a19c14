//! Somewhere in the header stands how long the record is.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = RouteHeader)]
struct Nest {
    #[ksync(nla = 1)]
    number: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, records = rtm_len)]
    wrong_field: Vec<Nest>,
    #[ksync(nla = 2, records = rtm_tos)]
    no_nest: Vec<u32>,
}

fn main() {}

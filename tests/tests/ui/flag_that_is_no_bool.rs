//! An attribute without a payload says one thing.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(nla = 1, flag)]
    number: u32,
    #[ksync(nla = 2, flag)]
    option: Option<bool>,
    #[ksync(nla = 3, flag, repeated)]
    list: Vec<bool>,
}

fn main() {}

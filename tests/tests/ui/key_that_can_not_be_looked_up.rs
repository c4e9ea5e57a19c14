//! A key is hashed and compared.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncValue)]
#[ksync(repr = u8)]
enum Value {
    #[ksync(value = 1)]
    One,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[ksync(key, nla = 1)]
    value: Value,
}

fn main() {}

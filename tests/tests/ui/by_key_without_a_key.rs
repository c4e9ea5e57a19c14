//! Only a reference has a key to be written, and only a single value can be.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Pair {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[ksync(key, nla = IFLA_GROUP)]
    group: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[depends_on]
    #[ksync(nla = 2, by_key)]
    pair: Ref<Pair>,
}

fn main() {}

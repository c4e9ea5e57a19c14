//! An attribute for each field of the key, and each as its type has it.

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
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Single {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[depends_on]
    #[ksync(nla = 2, by_key(1, 2, 3))]
    too_many: Ref<Pair>,
    #[depends_on]
    #[ksync(nla = 3, by_key(1, 2))]
    no_parts: Ref<Single>,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Words {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[depends_on]
    #[ksync(nla = 2, by_key(1, 2), be)]
    in_order: Ref<Pair>,
    #[depends_on]
    #[ksync(nla = 3, by_key())]
    none: Ref<Pair>,
}

fn main() {}

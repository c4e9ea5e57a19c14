//! In a list, too, a reference is written as an index.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Port {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, header = rtm_table)]
    table: u8,
    #[depends_on]
    #[ksync(nla = 1, array)]
    ports: Vec<Ref<Port>>,
    #[depends_on]
    #[ksync(nla = 2, each = 1)]
    nested: Option<Vec<Ref<Port>>>,
}

fn main() {}

//! What is wrong with a kind is not repeated where the kind is used.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE,
    index(from = kernel, header = rtm_flags)
)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(key, nla = RTA_TABLE)]
    table: u32,
    #[ksync(nla = RTA_MARK, imutable)]
    mark: u32,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct User {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[depends_on]
    #[ksync(nla = RTA_OIF)]
    thing: Ref<Thing>,
}

fn used(thing: &Thing) -> bool {
    thing.key() == ThingKey { metric: 1, table: 2 } && thing.check().is_ok()
}

fn main() {
    let _ = used;
}

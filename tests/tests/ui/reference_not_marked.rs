//! A reference is a dependency.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = LinkHeader, protocol = route, add = RTM_NEWLINK, delete = RTM_DELLINK,
    index(from = kernel, header = ifi_index)
)]
struct Link {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(header = RouteHeader, protocol = route, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = RTA_PRIORITY)]
    metric: u32,
    #[ksync(nla = RTA_OIF)]
    link: Ref<Link>,
    #[ksync(nla = RTA_IIF)]
    other: Option<Ref<Link>>,
}

fn main() {}

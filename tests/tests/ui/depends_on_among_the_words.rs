//! `depends_on` is an attribute of its own.

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
    #[ksync(nla = RTA_OIF, depends_on)]
    link: Ref<Link>,
}

fn main() {}

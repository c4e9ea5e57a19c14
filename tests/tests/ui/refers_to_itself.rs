//! A kind that refers to itself says so.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    header = LinkHeader, protocol = route, add = RTM_NEWLINK, delete = RTM_DELLINK,
    index(from = kernel, header = ifi_index)
)]
struct Thing {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on]
    #[ksync(nla = IFLA_MASTER)]
    master: Option<Ref<Thing>>,
}

fn main() {}

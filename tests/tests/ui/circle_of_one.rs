//! Under another name, only the compiler sees that a kind refers to itself.

use ksync_runtime::prelude::*;

type Other = Interface;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Interface {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on]
    below: Option<Ref<Other>>,
}

fn main() {}

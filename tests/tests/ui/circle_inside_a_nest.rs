//! What a nested value refers to is a dependency like any other.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncNested)]
struct Below {
    #[depends_on]
    #[ksync(nla = 1, by_key)]
    lower: Ref<Lower>,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Upper {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on(Lower)]
    #[ksync(nla = IFLA_LINKINFO)]
    below: Below,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Lower {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on]
    upper: Option<Ref<Upper>>,
}

fn main() {}

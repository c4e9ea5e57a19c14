//! Three kinds that need each other: one error, at the dependency, that names the way round.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Bridge {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on]
    first_port: Option<Ref<Port>>,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Port {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on]
    cables: Vec<Ref<Cable>>,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
struct Cable {
    #[ksync(key, nla = IFLA_IFNAME)]
    name: String,
    #[depends_on]
    bridge: Option<Ref<Bridge>>,
}

fn main() {}

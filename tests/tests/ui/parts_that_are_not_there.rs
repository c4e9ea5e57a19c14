//! The compiler knows the struct and its fields, and what fits into them.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = 1, part = BridgeVlanInfo.vlan)]
    misspelt: u16,
    #[ksync(nla = 2, part = BridgeVlanInfo.vid)]
    text: String,
}

fn main() {}

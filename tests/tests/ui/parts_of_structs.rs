//! A part is a number in the struct that is an attribute's payload, and has a place of its own there.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE)]
struct Thing {
    #[ksync(key, nla = 1, part = BridgeVlanInfo.vid)]
    number: u16,
    #[ksync(nla = 1, part = BridgeVlanInfo.vid)]
    once_more: u16,
    #[ksync(nla = 1, part = LinkHeader.ifi_type)]
    elsewhere: u16,
    #[ksync(nla = 1, bit = 1u16)]
    bare_bit: bool,
    #[ksync(part = BridgeVlanInfo.vid)]
    nowhere: u16,
    #[ksync(nla = 2, part = BridgeVlanInfo)]
    which: u16,
    #[ksync(nla = 3, part = BridgeVlanInfo.vid, no_nul)]
    text: String,
    #[ksync(nla = 4, part = BridgeVlanInfo.vid, with = codec)]
    codec: u16,
    #[ksync(nla = 5, part = BridgeVlanInfo.flags, bit = 1, selector)]
    selected: bool,
}

fn main() {}

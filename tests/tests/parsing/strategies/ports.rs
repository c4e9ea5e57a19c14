//! Ports of bridges, and their vlans.

use ksync_objects::{BridgePort, BridgeVlan, Port};
use proptest::prelude::*;

use super::common::{flag, link, maybe, u8s, u16s, u32s};
use super::structs::fields;

pub(crate) fn vlans() -> BoxedStrategy<BridgeVlan> {
    fields!(BridgeVlan: BridgeVlan::new("n1", 1) => {
        port: link(),
        vlan: prop_oneof![8 => 1..4095u16, 1 => u16s()],
        pvid: flag(),
        untagged: flag(),
    })
}

pub(crate) fn ports() -> BoxedStrategy<Port> {
    (link(), options()).prop_map(|(link, options)| Port::bridge(link.key().clone(), options)).boxed()
}

fn options() -> BoxedStrategy<BridgePort> {
    fields!(BridgePort: BridgePort::default() => {
        priority: maybe(0..64u16),
        cost: maybe(prop_oneof![8 => 1..65_536u32, 1 => u32s()]),
        hairpin: maybe(flag()),
        guard: maybe(flag()),
        root_block: maybe(flag()),
        fast_leave: maybe(flag()),
        learning: maybe(flag()),
        flood: maybe(flag()),
        mcast_flood: maybe(flag()),
        bcast_flood: maybe(flag()),
        mcast_to_unicast: maybe(flag()),
        mcast_router: maybe(prop_oneof![8 => 0..4u8, 1 => u8s()]),
        proxy_arp: maybe(flag()),
        proxy_arp_wifi: maybe(flag()),
        neigh_suppress: maybe(flag()),
        isolated: maybe(flag()),
        locked: maybe(flag()),
        vlan_tunnel: maybe(flag()),
        group_fwd_mask: maybe(u16s().prop_map(|mask| mask & !7)),
        backup_port: maybe(link()),
    })
}

//! Neighbours, proxies, and entries of forwarding tables.

use ksync_objects::{FdbEntry, FdbState, Neighbour, NeighbourState, ProxyNeighbour, VxlanFdbEntry};
use ksync_runtime::prelude::MacAddr6;
use proptest::prelude::*;

use super::common::{below, flag, ip, link, mac, maybe, u16s, u32s};
use super::structs::fields;

pub(crate) fn neighbours() -> BoxedStrategy<Neighbour> {
    let states = prop_oneof![
        3 => Just(NeighbourState::Permanent),
        3 => Just(NeighbourState::NoArp),
        1 => u16s().prop_map(NeighbourState::Other),
    ];
    fields!(Neighbour: Neighbour::new("n1", [0; 4].into(), MacAddr6::nil()) => {
        link: link(),
        address: ip(),
        mac: mac(),
        state: states,
        router: flag(),
        extern_learn: flag(),
    })
}

pub(crate) fn proxy_neighbours() -> BoxedStrategy<ProxyNeighbour> {
    fields!(ProxyNeighbour: ProxyNeighbour::new("n1", [0; 4].into()) => {
        link: link(),
        address: ip(),
        router: flag(),
    })
}

pub(crate) fn fdb_entries() -> BoxedStrategy<FdbEntry> {
    let states = prop_oneof![
        3 => Just(FdbState::Static),
        3 => Just(FdbState::Permanent),
        1 => u16s().prop_map(FdbState::Other),
    ];
    fields!(FdbEntry: FdbEntry::new("n1", MacAddr6::nil()) => {
        port: link(),
        mac: mac(),
        vlan: maybe(prop_oneof![4 => 1..4095u16, 1 => u16s()]),
        state: states,
        sticky: flag(),
        extern_learn: flag(),
    })
    .prop_map(|entry| {
        // What was learnt neither stays nor sticks.
        let extern_learn = entry.extern_learn && entry.state != FdbState::Permanent && !entry.sticky;
        FdbEntry { extern_learn, ..entry }
    })
    .boxed()
}

pub(crate) fn vxlan_fdb_entries() -> BoxedStrategy<VxlanFdbEntry> {
    fields!(VxlanFdbEntry: VxlanFdbEntry::new("n1", MacAddr6::nil(), [0; 4].into()) => {
        tunnel: link(),
        mac: mac(),
        remote: ip(),
        port: maybe(u16s()),
        vni: maybe(prop_oneof![4 => below(1 << 24), 1 => u32s()]),
        via: maybe(link()),
    })
}

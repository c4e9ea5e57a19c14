//! Every kind under the name of its fuzz target; `tests/fuzz/fuzz_targets` has a file for each of them.

use ksync_objects::{
    Address, AddressLabel, BridgeVlan, Class, FdbEntry, Filter, Link, MptcpEndpoint, Neighbour, Nexthop,
    NexthopGroup, NftSet, NftSetElement, NftTable, Port, ProxyNeighbour, Qdisc, Route, Rule, Sysctl,
    VxlanFdbEntry,
};

use super::look::{Seen, look_at, look_at_datagram};

/// What one target looks at, and its name.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its file, and of the folder of its corpus.
    pub name: &'static str,
    /// What it does with some bytes.
    pub look: fn(&[u8]) -> Seen,
}

macro_rules! targets {
    ($($name:literal: $look:expr),* $(,)?) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$(Target { name: $name, look: $look }),*];
    };
}

targets! {
    "address": look_at::<Address>,
    "address_label": look_at::<AddressLabel>,
    "bridge_vlan": look_at::<BridgeVlan>,
    "class": look_at::<Class>,
    "datagram": look_at_datagram,
    "fdb_entry": look_at::<FdbEntry>,
    "filter": look_at::<Filter>,
    "link": look_at::<Link>,
    "mptcp_endpoint": look_at::<MptcpEndpoint>,
    "neighbour": look_at::<Neighbour>,
    "nexthop": look_at::<Nexthop>,
    "nexthop_group": look_at::<NexthopGroup>,
    "nft_set": look_at::<NftSet>,
    "nft_set_element": look_at::<NftSetElement>,
    "nft_table": look_at::<NftTable>,
    "port": look_at::<Port>,
    "proxy_neighbour": look_at::<ProxyNeighbour>,
    "qdisc": look_at::<Qdisc>,
    "route": look_at::<Route>,
    "rule": look_at::<Rule>,
    "sysctl": look_at::<Sysctl>,
    "vxlan_fdb_entry": look_at::<VxlanFdbEntry>,
}

/// Looks at the bytes as the target of that name does.
///
/// # Panics
/// As the target does; and when there is none of that name.
pub fn look(name: &str, bytes: &[u8]) -> Seen {
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => (target.look)(bytes),
        None => panic!("there is no target {name}"),
    }
}

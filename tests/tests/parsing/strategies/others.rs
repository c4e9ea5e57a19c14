//! Endpoints of Multipath TCP, and parameters of the kernel.

use ksync_objects::{Address, MptcpEndpoint, Sysctl};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::prelude::Ref;
use proptest::prelude::*;

use super::common::{flag, interface, ip, link, maybe, net, text, u8s, u16s};
use super::structs::fields;

pub(crate) fn endpoints() -> BoxedStrategy<MptcpEndpoint> {
    let assigned =
        (link(), net()).prop_map(|(link, net)| Ref::to(Address::new(link.key().clone(), net).key())).boxed();
    fields!(MptcpEndpoint: MptcpEndpoint::new(1, [0; 4].into()) => {
        id: u8s(),
        address: ip(),
        port: maybe(u16s()),
        link: maybe(link()),
        assigned: maybe(assigned),
        subflow: flag(),
        signal: flag(),
        backup: flag(),
        fullmesh: flag(),
    })
}

pub(crate) fn parameters() -> BoxedStrategy<Sysctl> {
    let names = prop_oneof![
        Just("net.ipv4.ip_forward".to_owned()),
        interface().prop_map(|link| format!("net/ipv4/conf/{link}/rp_filter")),
        text(40).prop_map(|text| format!("net.{text}")),
        text(40),
    ];
    (names, text(40)).prop_map(|(name, value)| Sysctl::new(name, value)).boxed()
}

//! Links of all sorts.

use ksync_objects::{
    Bond, BondHashPolicy, BondMode, Bridge, DontFragment, Gre, Ipip, Link, LinkKind, Lower, Macvlan,
    MacvlanMode, Namespace, VethPeer, Vlan, Vrf, Vxlan,
};
use proptest::prelude::*;

use super::common::{
    below, flag, interface, ip, ipv4, link, mac, maybe, of_numbers, text, ticks, u8s, u16s, u32s, u64s,
};
use super::structs::fields;

const CENTIS: u64 = 100;

pub(crate) fn links() -> BoxedStrategy<Link> {
    let any = fields!(Link: Link::new("x0", LinkKind::Ifb) => {
        name: interface(),
        kind: kinds(),
        up: flag(),
        mtu: maybe(u32s()),
        mac: maybe(mac()),
        alias: maybe(text(255)),
        group: maybe(u32s()),
        txqlen: maybe(u32s()),
        lower: lower(),
        master: maybe(link()),
    });
    // As a whole most of these can't be: what stands on another link needs one, and only that.
    any.prop_map(|link| {
        let stands = matches!(link.kind, LinkKind::Macvlan(_) | LinkKind::Vlan(_));
        let alias = link.alias.filter(|_| !link.kind.is_created());
        let lower = if stands { link.lower } else { Lower::default() };
        Link { alias, lower, ..link }
    })
    .boxed()
}

/// All sorts, and each as often as the others.
fn kinds() -> BoxedStrategy<LinkKind> {
    prop_oneof![
        veth_peers().prop_map(|peer| LinkKind::Veth { peer }),
        link().prop_map(|link| LinkKind::PeerOf { link }),
        bridges().prop_map(LinkKind::Bridge),
        vxlans().prop_map(LinkKind::Vxlan),
        Just(LinkKind::Ifb),
        macvlans().prop_map(LinkKind::Macvlan),
        vlans().prop_map(LinkKind::Vlan),
        Just(LinkKind::Dummy),
        u32s().prop_map(|table| LinkKind::Vrf(Vrf::new(table))),
        bonds().prop_map(LinkKind::Bond),
        gres().prop_map(LinkKind::Gre),
        gres().prop_map(LinkKind::Gretap),
        ipips().prop_map(LinkKind::Ipip),
        Just(LinkKind::Wireguard),
        Just(LinkKind::Existing),
    ]
    .boxed()
}

fn lower() -> BoxedStrategy<Lower> {
    prop_oneof![4 => link().prop_map(Lower::from), 1 => Just(Lower::default())].boxed()
}

fn veth_peers() -> BoxedStrategy<VethPeer> {
    let namespaces =
        prop_oneof![u32s().prop_map(Namespace::OfProcess), u32s().prop_map(Namespace::OfFile)].boxed();
    fields!(VethPeer: VethPeer::default() => {
        name: interface(),
        mtu: maybe(u32s()),
        mac: maybe(mac()),
        namespace: maybe(namespaces),
    })
}

fn bridges() -> BoxedStrategy<Bridge> {
    let seconds = |most: u32| ticks(below(most * 100 + 1), CENTIS);
    let group_address = (u8s(), any::<bool>()).prop_map(|(last, any)| {
        ksync_runtime::prelude::MacAddr6::new(1, 0x80, 0xc2, 0, 0, if any { last } else { last % 16 })
    });
    fields!(Bridge: Bridge::default() => {
        stp: maybe(flag()),
        forward_delay: maybe(seconds(35)),
        hello_time: maybe(prop_oneof![3 => (100..=1000u32).prop_flat_map(|n| ticks(Just(n).boxed(), CENTIS)), 1 => seconds(12)]),
        max_age: maybe(prop_oneof![3 => (600..=4000u32).prop_flat_map(|n| ticks(Just(n).boxed(), CENTIS)), 1 => seconds(42)]),
        ageing_time: maybe(ticks(u32s(), CENTIS)),
        priority: maybe(u16s()),
        vlan_filtering: maybe(flag()),
        vlan_default_pvid: maybe(prop_oneof![4 => 0..4095u16, 1 => u16s()]),
        vlan_protocol: maybe(ethertypes()),
        vlan_stats: maybe(flag()),
        group_fwd_mask: maybe(u16s().prop_map(|mask| mask & !7)),
        group_address: maybe(group_address),
        mcast_snooping: maybe(flag()),
        mcast_router: maybe(0..=2u8),
        mcast_querier: maybe(flag()),
        mcast_query_use_ifaddr: maybe(flag()),
        mcast_hash_max: maybe(u32s()),
        mcast_igmp_version: maybe(2..=3u8),
        mcast_mld_version: maybe(1..=2u8),
        mcast_stats: maybe(flag()),
        mcast_last_member_count: maybe(u32s()),
        mcast_startup_query_count: maybe(u32s()),
        mcast_last_member_interval: maybe(ticks(u64s(), CENTIS)),
        mcast_membership_interval: maybe(ticks(u64s(), CENTIS)),
        mcast_querier_interval: maybe(ticks(u64s(), CENTIS)),
        mcast_query_interval: maybe(ticks(u64s(), CENTIS)),
        mcast_query_response_interval: maybe(ticks(u64s(), CENTIS)),
        mcast_startup_query_interval: maybe(ticks(u64s(), CENTIS)),
        nf_call_iptables: maybe(flag()),
        nf_call_ip6tables: maybe(flag()),
        nf_call_arptables: maybe(flag()),
    })
}

fn ethertypes() -> BoxedStrategy<u16> {
    prop_oneof![4 => proptest::sample::select(vec![0x8100, 0x88a8]), 1 => u16s()].boxed()
}

fn vxlans() -> BoxedStrategy<Vxlan> {
    fields!(Vxlan: Vxlan::default() => {
        id: below(1 << 24),
        remote: maybe(ip()),
        local: maybe(ip()),
        port: maybe(u16s()),
        source_ports: maybe((u16s(), u16s())),
        ttl: maybe(u8s()),
        tos: maybe(u8s()),
        df: maybe(of_numbers::<DontFragment>(u8s())),
        flow_label: maybe(below(1 << 20)),
        learning: maybe(flag()),
        ageing: maybe(ticks(u32s(), 1)),
        max_addresses: maybe(u32s()),
        proxy: maybe(flag()),
        rsc: maybe(flag()),
        l2miss: maybe(flag()),
        l3miss: maybe(flag()),
        udp_csum: maybe(flag()),
        udp_zero_csum6_tx: maybe(flag()),
        udp_zero_csum6_rx: maybe(flag()),
        lower: maybe(link()),
    })
}

fn macvlans() -> BoxedStrategy<Macvlan> {
    fields!(Macvlan: Macvlan::default() => {
        mode: maybe(of_numbers::<MacvlanMode>(u32s())),
        broadcast_queue: maybe(u32s()),
    })
}

fn vlans() -> BoxedStrategy<Vlan> {
    fields!(Vlan: Vlan::new(1) => {
        id: prop_oneof![8 => 1..4095u16, 1 => u16s()],
        protocol: maybe(ethertypes()),
        reorder_header: maybe(flag()),
        gvrp: maybe(flag()),
        mvrp: maybe(flag()),
        loose_binding: maybe(flag()),
        bridge_binding: maybe(flag()),
    })
}

fn bonds() -> BoxedStrategy<Bond> {
    fields!(Bond: Bond::default() => {
        mode: maybe(of_numbers::<BondMode>(u8s())),
        miimon: maybe(u32s()),
        up_delay: maybe(u32s()),
        down_delay: maybe(u32s()),
        hash_policy: maybe(of_numbers::<BondHashPolicy>(u8s())),
        resend_igmp: maybe(u32s()),
        peer_notifications: maybe(u8s()),
        all_slaves_active: maybe(flag()),
        min_links: maybe(u32s()),
        fast_lacp: maybe(flag()),
    })
}

fn gres() -> BoxedStrategy<Gre> {
    fields!(Gre: Gre::default() => {
        local: maybe(ipv4()),
        remote: maybe(ipv4()),
        ttl: maybe(u8s()),
        tos: maybe(u8s()),
        key: maybe(u32s()),
        pmtudisc: maybe(flag()),
        lower: lower(),
    })
}

fn ipips() -> BoxedStrategy<Ipip> {
    fields!(Ipip: Ipip::default() => {
        local: maybe(ipv4()),
        remote: maybe(ipv4()),
        ttl: maybe(u8s()),
        tos: maybe(u8s()),
        pmtudisc: maybe(flag()),
        lower: lower(),
    })
}

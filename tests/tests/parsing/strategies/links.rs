//! Links of all sorts.

use std::time::Duration;

use ksync_objects::{
    Bond, BondHashPolicy, BondMode, Bridge, DontFragment, Gre, Ipip, Link, LinkKind, Lower, Macvlan,
    MacvlanMode, Namespace, VethPeer, Vlan, Vrf, Vxlan,
};
use ksync_runtime::prelude::MacAddr6;
use proptest::prelude::*;

use super::common::{
    below, flag, interface, ip, ipv4, link, mac, maybe, named, text, ticks, u8s, u16s, u32s, u64s,
};
use super::mixed::{Mixed, drawn, pairs};

const CENTIS: u64 = 100;

/// Links of all sorts, each as often as the others.
pub(crate) fn links() -> BoxedStrategy<Link> {
    of_kind(proptest::strategy::Union::new(kinds()).boxed())
}

/// A link, and another one of its sort and name that differs from it in some fields.
pub(crate) fn link_pairs() -> BoxedStrategy<(Link, Link)> {
    let of_one_kind = kinds().into_iter().map(|kind| pairs(of_kind(kind)));
    proptest::strategy::Union::new(of_one_kind)
        .prop_map(|(held, desired)| (held.clone(), Link { name: held.name, ..desired }))
        .boxed()
}

fn of_kind(kind: BoxedStrategy<LinkKind>) -> BoxedStrategy<Link> {
    // As a whole most of these can't be: what stands on another link needs one, and only that.
    (plain_links(), kind)
        .prop_map(|(link, kind)| {
            let stands = matches!(kind, LinkKind::Macvlan(_) | LinkKind::Vlan(_));
            let alias = link.alias.filter(|_| !kind.is_created());
            let lower = if stands { link.lower } else { Lower::default() };
            Link { kind, alias, lower, ..link }
        })
        .boxed()
}

drawn! {
    fn plain_links() -> Link = Link::new("x0", LinkKind::Ifb) => {
        name: interface(),
        kind: Just(LinkKind::Ifb),
        up: flag(),
        mtu: maybe(u32s()),
        mac: maybe(mac()),
        alias: maybe(text(255)),
        group: maybe(u32s()),
        txqlen: maybe(u32s()),
        lower: lower(),
        master: maybe(link()),
    }
}

fn kinds() -> Vec<BoxedStrategy<LinkKind>> {
    vec![
        veth_peers().prop_map(|peer| LinkKind::Veth { peer }).boxed(),
        link().prop_map(|link| LinkKind::PeerOf { link }).boxed(),
        bridges().prop_map(LinkKind::Bridge).boxed(),
        vxlans().prop_map(LinkKind::Vxlan).boxed(),
        Just(LinkKind::Ifb).boxed(),
        macvlans().prop_map(LinkKind::Macvlan).boxed(),
        vlans().prop_map(LinkKind::Vlan).boxed(),
        Just(LinkKind::Dummy).boxed(),
        u32s().prop_map(|table| LinkKind::Vrf(Vrf::new(table))).boxed(),
        bonds().prop_map(LinkKind::Bond).boxed(),
        gres().prop_map(LinkKind::Gre).boxed(),
        gres().prop_map(LinkKind::Gretap).boxed(),
        ipips().prop_map(LinkKind::Ipip).boxed(),
        Just(LinkKind::Wireguard).boxed(),
        Just(LinkKind::Existing).boxed(),
    ]
}

impl Mixed for LinkKind {
    fn mixed(&self, with: &Self, other: &mut dyn FnMut() -> bool) -> Self {
        match (self, with) {
            (LinkKind::Veth { peer }, LinkKind::Veth { peer: with }) => {
                LinkKind::Veth { peer: peer.mixed(with, other) }
            }
            (LinkKind::Bridge(own), LinkKind::Bridge(with)) => LinkKind::Bridge(own.mixed(with, other)),
            (LinkKind::Vxlan(own), LinkKind::Vxlan(with)) => LinkKind::Vxlan(own.mixed(with, other)),
            (LinkKind::Macvlan(own), LinkKind::Macvlan(with)) => LinkKind::Macvlan(own.mixed(with, other)),
            (LinkKind::Vlan(own), LinkKind::Vlan(with)) => LinkKind::Vlan(own.mixed(with, other)),
            (LinkKind::Bond(own), LinkKind::Bond(with)) => LinkKind::Bond(own.mixed(with, other)),
            (LinkKind::Gre(own), LinkKind::Gre(with)) => LinkKind::Gre(own.mixed(with, other)),
            (LinkKind::Gretap(own), LinkKind::Gretap(with)) => LinkKind::Gretap(own.mixed(with, other)),
            (LinkKind::Ipip(own), LinkKind::Ipip(with)) => LinkKind::Ipip(own.mixed(with, other)),
            (own, with) => if other() { with } else { own }.clone(),
        }
    }
}

fn lower() -> BoxedStrategy<Lower> {
    prop_oneof![4 => link().prop_map(Lower::from), 1 => Just(Lower::default())].boxed()
}

drawn! {
    fn veth_peers() -> VethPeer = VethPeer::default() => {
        name: interface(),
        mtu: maybe(u32s()),
        mac: maybe(mac()),
        namespace: maybe(prop_oneof![
            u32s().prop_map(Namespace::OfProcess),
            u32s().prop_map(Namespace::OfFile),
        ]),
    }
}

drawn! {
    fn bridges() -> Bridge = Bridge::default() => {
        stp: maybe(flag()),
        forward_delay: maybe(seconds(2, 30)),
        hello_time: maybe(seconds(1, 10)),
        max_age: maybe(seconds(6, 40)),
        ageing_time: maybe(ticks(u32s(), CENTIS)),
        priority: maybe(u16s()),
        vlan_filtering: maybe(flag()),
        vlan_default_pvid: maybe(prop_oneof![4 => 0..4095u16, 1 => u16s()]),
        vlan_protocol: maybe(ethertypes()),
        vlan_stats: maybe(flag()),
        group_fwd_mask: maybe(u16s().prop_map(|mask| mask & !7)),
        group_address: maybe(group_addresses()),
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
    }
}

/// Times that the spanning tree takes, and some that it does not.
fn seconds(least: u32, most: u32) -> BoxedStrategy<Duration> {
    let taken = (100 * least..=100 * most).boxed();
    ticks(prop_oneof![12 => taken, 1 => below(100 * most + 200)].boxed(), CENTIS)
}

fn group_addresses() -> BoxedStrategy<MacAddr6> {
    let last = prop_oneof![Just(0), 4..16u8, u8s()];
    last.prop_map(|last| MacAddr6::new(1, 0x80, 0xc2, 0, 0, last)).boxed()
}

fn ethertypes() -> BoxedStrategy<u16> {
    prop_oneof![4 => proptest::sample::select(vec![0x8100, 0x88a8]), 1 => u16s()].boxed()
}

drawn! {
    fn vxlans() -> Vxlan = Vxlan::default() => {
        id: below(1 << 24),
        remote: maybe(ip()),
        local: maybe(ip()),
        port: maybe(u16s()),
        source_ports: maybe((u16s(), u16s())),
        ttl: maybe(u8s()),
        tos: maybe(u8s()),
        df: maybe(named(u8s(), DontFragment::Other)),
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
    }
}

drawn! {
    fn macvlans() -> Macvlan = Macvlan::default() => {
        mode: maybe(named(u32s(), MacvlanMode::Other)),
        broadcast_queue: maybe(u32s()),
    }
}

drawn! {
    fn vlans() -> Vlan = Vlan::new(1) => {
        id: prop_oneof![8 => 1..4095u16, 1 => u16s()],
        protocol: maybe(ethertypes()),
        reorder_header: maybe(flag()),
        gvrp: maybe(flag()),
        mvrp: maybe(flag()),
        loose_binding: maybe(flag()),
        bridge_binding: maybe(flag()),
    }
}

drawn! {
    fn bonds() -> Bond = Bond::default() => {
        mode: maybe(named(u8s(), BondMode::Other)),
        miimon: maybe(u32s()),
        up_delay: maybe(u32s()),
        down_delay: maybe(u32s()),
        hash_policy: maybe(named(u8s(), BondHashPolicy::Other)),
        resend_igmp: maybe(u32s()),
        peer_notifications: maybe(u8s()),
        all_slaves_active: maybe(flag()),
        min_links: maybe(u32s()),
        fast_lacp: maybe(flag()),
    }
}

drawn! {
    fn gres() -> Gre = Gre::default() => {
        local: maybe(ipv4()),
        remote: maybe(ipv4()),
        ttl: maybe(u8s()),
        tos: maybe(u8s()),
        key: maybe(u32s()),
        pmtudisc: maybe(flag()),
        lower: lower(),
    }
}

drawn! {
    fn ipips() -> Ipip = Ipip::default() => {
        local: maybe(ipv4()),
        remote: maybe(ipv4()),
        ttl: maybe(u8s()),
        tos: maybe(u8s()),
        pmtudisc: maybe(flag()),
        lower: lower(),
    }
}

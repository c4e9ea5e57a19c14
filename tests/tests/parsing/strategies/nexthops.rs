//! Nexthops, groups of them, and what is put around packets.

use ksync_objects::{
    Encap, Family, Member, Name, Nexthop, NexthopGroup, Resilience, RouteProtocol, Seg6Mode, Spread, Weight,
};
use ksync_runtime::declare::{IndexSource, KSyncEntry};
use ksync_runtime::prelude::Ref;
use ksync_tests::parsing::numbers::name;
use proptest::prelude::*;

use super::common::{below, flag, ip, ipv4, ipv6, link, maybe, ticks, u8s, u16s, u32s, u64s};
use super::structs::fields;

/// Names of objects that KSync numbers, by all numbers that it gives.
pub(crate) fn names<T: KSyncEntry>() -> BoxedStrategy<String> {
    match T::SCHEMA.index {
        IndexSource::KSync { first, last } => {
            prop_oneof![Just(first), Just(last), first..=last].prop_map(name).boxed()
        }
        IndexSource::Kernel | IndexSource::None => panic!("KSync does not number {}", T::SCHEMA.name),
    }
}

pub(crate) fn protocols() -> BoxedStrategy<RouteProtocol> {
    prop_oneof![8 => 4..=255u8, 1 => u8s()].prop_map(RouteProtocol).boxed()
}

pub(crate) fn families() -> BoxedStrategy<Family> {
    proptest::sample::select(vec![Family::V4, Family::V6]).boxed()
}

pub(crate) fn nexthops() -> BoxedStrategy<Nexthop> {
    let any = fields!(Nexthop: Nexthop::blackhole("n1", Family::V4) => {
        name: names::<Nexthop>().prop_map(Name::from),
        family: families(),
        gateway: maybe(ip()),
        link: maybe(link()),
        onlink: flag(),
        blackhole: proptest::bool::weighted(0.3),
        encap: maybe(encaps()),
        protocol: protocols(),
    });
    // What belongs together: nothing to a blackhole, and to a gateway its family and a link.
    any.prop_map(|nexthop| match (nexthop.blackhole, nexthop.gateway) {
        (true, _) => {
            Nexthop { protocol: nexthop.protocol, ..Nexthop::blackhole(nexthop.name, nexthop.family) }
        }
        (false, Some(gateway)) => Nexthop { family: Family::of(gateway), ..nexthop },
        (false, None) => Nexthop { onlink: false, ..nexthop },
    })
    .boxed()
}

pub(crate) fn encaps() -> BoxedStrategy<Encap> {
    let modes = proptest::sample::select(vec![
        Seg6Mode::Inline,
        Seg6Mode::Encap,
        Seg6Mode::L2Encap,
        Seg6Mode::EncapReduced,
        Seg6Mode::L2EncapReduced,
    ]);
    let label = prop_oneof![8 => below(1 << 20), 1 => u32s()];
    let labels = prop_oneof![8 => proptest::collection::vec(label, 1..4), 1 => proptest::collection::vec(0..1u32 << 20, 0..40)];
    let segments = prop_oneof![8 => proptest::collection::vec(ipv6(), 1..4), 1 => proptest::collection::vec(ipv6(), 0..130)];
    prop_oneof![
        (u64s(), ipv4(), ipv4(), u8s(), u8s()).prop_map(|(id, destination, source, ttl, tos)| {
            Encap::Ip { id, destination, source, ttl, tos }
        }),
        (u64s(), ipv6(), ipv6(), u8s(), u8s()).prop_map(
            |(id, destination, source, hop_limit, traffic_class)| Encap::Ip6 {
                id,
                destination,
                source,
                hop_limit,
                traffic_class
            }
        ),
        (labels, maybe(u8s())).prop_map(|(labels, ttl)| Encap::Mpls { labels, ttl }),
        (modes, segments).prop_map(|(mode, segments)| Encap::Seg6 { mode, segments }),
    ]
    .boxed()
}

pub(crate) fn weights() -> BoxedStrategy<Weight> {
    prop_oneof![8 => 1..=256u16, 1 => Just(256), 1 => u16s()].prop_map(Weight).boxed()
}

pub(crate) fn nexthop_groups() -> BoxedStrategy<NexthopGroup> {
    let member = (names::<Nexthop>(), weights())
        .prop_map(|(nexthop, weight)| Member { nexthop: Ref::to(nexthop), weight });
    let members = prop_oneof![
        1 => Just(Vec::new()),
        8 => proptest::collection::vec(member.clone(), 1..4),
        1 => proptest::collection::vec(member, 4..300),
    ]
    .prop_map(|mut members: Vec<Member>| {
        members.sort_by(|a, b| a.nexthop.key().cmp(b.nexthop.key()));
        members.dedup_by(|a, b| a.nexthop == b.nexthop);
        members
    });
    let resilience = fields!(Resilience: Resilience::new(1) => {
        buckets: u16s(),
        idle_timer: ticks(u32s(), 100),
        unbalanced_timer: ticks(u32s(), 100),
    });
    fields!(NexthopGroup: NexthopGroup::new("n1", []) => {
        name: names::<NexthopGroup>().prop_map(Name::from),
        members: members,
        spread: Just(Spread::Hash),
        resilience: maybe(resilience),
        protocol: protocols(),
    })
    .prop_map(|group| match group.resilience {
        Some(_) => NexthopGroup { spread: Spread::Resilient, ..group },
        None => group,
    })
    .boxed()
}

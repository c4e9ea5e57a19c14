//! Routing rules.

use std::ops::RangeInclusive;

use ksync_objects::{Family, Mark, Rule, RuleAction};
use proptest::prelude::*;

use super::common::{flag, interface, maybe, net, network, u8s, u16s, u32s, u64s};
use super::nexthops::{families, protocols};
use super::structs::fields;

pub(crate) fn rules() -> BoxedStrategy<Rule> {
    let prefixes = || maybe(prop_oneof![8 => network(), 1 => net()]);
    let marks = (u32s(), u32s(), flag()).prop_map(|(value, mask, fitted)| {
        let value = if fitted { value & mask } else { value };
        Mark { value, mask }
    });
    let any = fields!(Rule: Rule::ipv4(0, RuleAction::Nop) => {
        family: families(),
        priority: u32s(),
        from: prefixes(),
        to: prefixes(),
        iif: maybe(interface()),
        oif: maybe(interface()),
        fwmark: maybe(marks),
        tos: prop_oneof![8 => u8s().prop_map(|tos| tos & !3), 1 => u8s()],
        ip_protocol: maybe(u8s()),
        sport: maybe(ports()),
        dport: maybe(ports()),
        uid_range: maybe((u32s(), u32s()).prop_map(|(one, other)| one.min(other)..=one.max(other))),
        tun_id: maybe(u64s()),
        invert: flag(),
        action: actions(),
        suppress_prefix_length: maybe(u32s()),
        suppress_group: maybe(u32s()),
        protocol: protocols(),
    });
    any.prop_map(|rule| {
        let fits = |net: &ipnet::IpNet| Family::of(net.addr()) == rule.family;
        Rule { from: rule.from.filter(fits), to: rule.to.filter(fits), ..rule }
    })
    .boxed()
}

fn ports() -> BoxedStrategy<RangeInclusive<u16>> {
    let any = (u16s(), u16s()).prop_map(|(one, other)| one..=other);
    let fitted = (1..u16::MAX, 1..u16::MAX).prop_map(|(one, other)| one.min(other)..=one.max(other));
    prop_oneof![1 => any, 8 => fitted].boxed()
}

fn actions() -> BoxedStrategy<RuleAction> {
    prop_oneof![
        u32s().prop_map(RuleAction::Table),
        Just(RuleAction::L3mdev),
        u32s().prop_map(RuleAction::Goto),
        Just(RuleAction::Nop),
        Just(RuleAction::Blackhole),
        Just(RuleAction::Unreachable),
        Just(RuleAction::Prohibit),
    ]
    .boxed()
}

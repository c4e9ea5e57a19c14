//! Queueing disciplines, classes and filters.

use std::time::Duration;

use ksync_objects::{
    Class, ClassKind, Filter, HtbClass, HtbInit, Qdisc, QdiscKind, Tbf, TbfPeak, TcFlow, TcHandle, TcParent,
    U32, U32Handle, U32HashKey, U32Match,
};
use proptest::prelude::*;

use super::common::{below, flag, link, maybe, ticks, u8s, u16s, u32s, u64s};
use super::mixed::{Mixed, drawn, pairs};
use super::structs::fields;

fn handles() -> BoxedStrategy<TcHandle> {
    u32s().prop_map(TcHandle::from_number).boxed()
}

pub(crate) fn qdiscs() -> BoxedStrategy<Qdisc> {
    (link(), u16s(), u32s(), 0..6u8, kinds())
        .prop_map(|(link, major, number, place, kind)| {
            let own = || link.key().clone();
            if matches!(kind, QdiscKind::Ingress | QdiscKind::Clsact) {
                return Qdisc { kind, ..Qdisc::ingress(own()) };
            }
            let parent = match place {
                0 => TcParent::Root,
                1 => TcParent::of(own(), TcHandle::from_number(number)),
                2 => TcParent::class(own(), TcHandle::from_number(number)),
                3 => TcParent::qdisc(own(), TcHandle::from_number(number & !0xffff)),
                4 => TcParent::At(TcHandle::from_number(number)),
                _ => TcParent::Ingress,
            };
            Qdisc::new(own(), TcHandle::new(major, 0), parent, kind)
        })
        .boxed()
}

fn kinds() -> BoxedStrategy<QdiscKind> {
    let init = fields!(HtbInit: HtbInit { default: 0, r2q: 10 } => {
        default: u16s(),
        r2q: u32s(),
    });
    prop_oneof![
        (init, maybe(u32s())).prop_map(|(init, direct_qlen)| QdiscKind::Htb { init, direct_qlen }),
        shapers().prop_map(|shaper| QdiscKind::Tbf { shaper }),
        u32s().prop_map(|limit| QdiscKind::Pfifo { limit }),
        u32s().prop_map(|limit| QdiscKind::Bfifo { limit }),
        u32s().prop_map(|limit| QdiscKind::PfifoHeadDrop { limit }),
        Just(QdiscKind::PfifoFast),
        fq_codels(),
        Just(QdiscKind::Ingress),
        Just(QdiscKind::Clsact),
    ]
    .boxed()
}

drawn! {
    fn shapers() -> Tbf = Tbf { rate: 1, burst: 1, limit: 1, peak: None, overhead: 0, mpu: 0 } => {
        rate: u64s(),
        burst: u32s(),
        limit: u32s(),
        peak: maybe(peaks()),
        overhead: u16s(),
        mpu: u16s(),
    }
}

fn peaks() -> BoxedStrategy<TbfPeak> {
    fields!(TbfPeak: TbfPeak { rate: 1, mtu: 1 } => {
        rate: u64s(),
        mtu: u32s(),
    })
}

/// A discipline, and another one in its place that differs from it in some options.
pub(crate) fn qdisc_pairs() -> BoxedStrategy<(Qdisc, Qdisc)> {
    let same_sort =
        |one: &QdiscKind, other: &QdiscKind| std::mem::discriminant(one) == std::mem::discriminant(other);
    let of_codel = || {
        (qdiscs(), fq_codels()).prop_map(|(qdisc, kind)| match qdisc.kind {
            QdiscKind::Ingress | QdiscKind::Clsact => qdisc,
            _ => Qdisc { kind, ..qdisc },
        })
    };
    // There is most to change in this sort.
    let drawn = prop_oneof![1 => pairs(qdiscs()), 2 => pairs(of_codel().boxed())];
    drawn
        .prop_filter("another sort", move |(one, other)| same_sort(&one.kind, &other.kind))
        .prop_map(|(held, desired)| {
            let Qdisc { link, handle, parent, .. } = held.clone();
            (held, Qdisc { link, handle, parent, kind: desired.kind })
        })
        .boxed()
}

impl Mixed for Qdisc {
    fn mixed(&self, with: &Self, other: &mut dyn FnMut() -> bool) -> Self {
        let kind = match (&self.kind, &with.kind) {
            (QdiscKind::Tbf { shaper }, QdiscKind::Tbf { shaper: with }) => {
                QdiscKind::Tbf { shaper: shaper.mixed(with, other) }
            }
            (own @ QdiscKind::FqCodel { .. }, with @ QdiscKind::FqCodel { .. }) => {
                codel_mixed(own, with, other)
            }
            (own, with) => if other() { with } else { own }.clone(),
        };
        Qdisc { kind, ..self.clone() }
    }
}

fn codel_mixed(own: &QdiscKind, with: &QdiscKind, other: &mut dyn FnMut() -> bool) -> QdiscKind {
    let mut mixed = own.clone();
    macro_rules! options {
        ($($option:ident),*) => {
            if let (QdiscKind::FqCodel { $($option),* }, QdiscKind::FqCodel { $($option: _),* }) =
                (&mut mixed, with)
            {
                $(
                    if other() && let QdiscKind::FqCodel { $option: theirs, .. } = with {
                        $option.clone_from(theirs);
                    }
                )*
            }
        };
    }
    options!(target, limit, interval, ecn, flows, quantum, ce_threshold, drop_batch, memory_limit);
    mixed
}

fn fq_codels() -> BoxedStrategy<QdiscKind> {
    let delay = || maybe(ticks(u32s(), 1_000_000));
    let delays: BoxedStrategy<[Option<Duration>; 3]> = [delay(), delay(), delay()].boxed();
    let numbers = [maybe(u32s()), maybe(u32s()), maybe(u32s()), maybe(u32s()), maybe(u32s())];
    (delays, numbers, maybe(flag()))
        .prop_map(
            |([target, interval, ce_threshold], [limit, flows, quantum, drop_batch, memory_limit], ecn)| {
                QdiscKind::FqCodel {
                    target,
                    limit,
                    interval,
                    ecn,
                    flows,
                    quantum,
                    ce_threshold,
                    drop_batch,
                    memory_limit,
                }
            },
        )
        .boxed()
}

pub(crate) fn classes() -> BoxedStrategy<Class> {
    (link(), u16s(), u16s(), u16s(), 0..8u8, shares())
        .prop_map(|(link, major, minor, parent, place, share)| {
            let classid = TcHandle::new(major, minor);
            let parent = match place {
                0 => TcParent::Root,
                1 | 2 => TcParent::At(TcHandle::new(major, parent)),
                3 => TcParent::At(TcHandle::new(parent, minor)),
                4 => TcParent::class(link.key().clone(), TcHandle::new(major, parent)),
                _ => TcParent::of(link.key().clone(), TcHandle::new(major, 0)),
            };
            Class { link, classid, parent, kind: ClassKind::Htb { share } }
        })
        .boxed()
}

fn shares() -> BoxedStrategy<HtbClass> {
    let rates = || prop_oneof![4 => 1_000..u64::MAX, 1 => u64s(), 1 => 1..1_000_000_000_000u64];
    fields!(HtbClass: HtbClass::new(1) => {
        rate: rates(),
        ceil: maybe(rates()),
        burst: maybe(prop_oneof![3 => 0..100_000u32, 1 => u32s()]),
        cburst: maybe(prop_oneof![3 => 0..100_000u32, 1 => u32s()]),
        prio: prop_oneof![8 => 0..=7u32, 1 => u32s()],
        quantum: maybe(u32s()),
        overhead: u16s(),
        mpu: u16s(),
    })
}

pub(crate) fn filters() -> BoxedStrategy<Filter> {
    let parents = (0..5u8, handles());
    (link(), parents, u32s(), (u16s(), u16s()), places(), options())
        .prop_map(|(link, (place, parent), chain, (priority, protocol), handle, options)| {
            let own = link.key().clone();
            let parent = match place {
                0 => TcParent::At(parent),
                1 => TcParent::incoming(own.clone()),
                2 => TcParent::outgoing(own.clone()),
                _ => TcParent::of(own.clone(), parent),
            };
            let options = if handle.is_table() == options.divisor.is_some() {
                options
            } else if handle.is_table() {
                U32::table(256)
            } else {
                U32 { divisor: None, ..options }
            };
            Filter { chain, ..Filter::u32(own, parent, priority, protocol, handle, options) }
        })
        .boxed()
}

fn places() -> BoxedStrategy<U32Handle> {
    let tables = || prop_oneof![8 => 1..0x800u16, 1 => u16s()];
    let nodes = || prop_oneof![8 => 1..0x1000u16, 1 => u16s()];
    prop_oneof![
        nodes().prop_map(U32Handle::node),
        tables().prop_map(U32Handle::table),
        (tables(), u8s(), nodes())
            .prop_map(|(table, bucket, node)| U32Handle::in_bucket(table, bucket, node)),
    ]
    .boxed()
}

fn options() -> BoxedStrategy<U32> {
    let word = (u32s(), u32s(), any::<i32>()).prop_map(|(value, mask, offset)| U32Match {
        value: value & mask,
        mask,
        offset,
    });
    let words = prop_oneof![
        8 => proptest::collection::vec(word.clone(), 0..5),
        1 => proptest::collection::vec(word, 125..131),
    ];
    let flows = handles().prop_map(TcFlow::At);
    let links = prop_oneof![8 => 1..0x800u16, 1 => u16s()];
    let keys = (u32s(), any::<i16>()).prop_map(|(mask, offset)| U32HashKey { mask, offset });
    let divisors = prop_oneof![(0..=8u32).prop_map(|bits| 1 << bits), below(300)];
    let filters =
        (words, maybe(flows), maybe((links, maybe(keys)))).prop_map(|(matches, classid, link)| U32 {
            classid,
            link: link.map(|(link, _)| link),
            hash_key: link.and_then(|(_, key)| key),
            ..U32::matching(matches)
        });
    prop_oneof![3 => filters, 1 => divisors.prop_map(U32::table)].boxed()
}

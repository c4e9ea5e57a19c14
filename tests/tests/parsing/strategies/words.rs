//! Values of the kind that has a field for each word.

use ksync_objects::{Link, LinkKind};
use ksync_runtime::prelude::{KSyncEntry, Ref};
use proptest::collection::vec;
use proptest::prelude::*;

use super::common::{
    flag, interface, ip, ipv4, ipv6, link, mac, maybe, named, net, text, ticks, u8s, u16s, u32s, u64s,
};
use super::structs::fields;
use crate::words::{Ether, Flat, Inner, Mode, Record, Short, Signed, Tagged, Words};

pub(crate) fn words() -> BoxedStrategy<Words> {
    let v4_net =
        (ipv4(), 0..=32u8).prop_map(|(address, len)| ipnet::Ipv4Net::new(address, len).expect("up to 32"));
    fields!(Words: empty() => {
        key: u64s(),
        byte: any::<i8>(),
        turned: maybe(u16s()),
        turned_signed: any::<i32>(),
        turned_long: u64s(),
        ether: maybe(named(u16s(), Ether::Other)),
        signed: proptest::sample::select(vec![Signed::Below, Signed::Above]),
        text: maybe(text(40)),
        bare: text(40),
        mode: modes(),
        bytes: vec(u8s(), 0..70),
        six: maybe(any::<[u8; 6]>()),
        flag: flag(),
        low: flag(),
        high: flag(),
        chosen: maybe(flag()),
        two_bits: maybe(flag()),
        seconds: ticks(u32s(), 1),
        centis: maybe(ticks(u16s(), 100)),
        millis: ticks(u64s(), 1_000),
        micros: maybe(ticks(u8s(), 1_000_000)),
        repeated: vec(modes(), 0..4),
        each: vec(inners(), 0..4),
        each_or_none: maybe(vec(u16s(), 0..4)),
        numbered: maybe(vec(u8s(), 0..40)),
        from_zero: vec(text(9), 0..4),
        shorts: vec(shorts(), 0..5),
        ports: maybe(vec(u16s(), 0..9)),
        macs: vec(mac(), 0..5),
        records: maybe(vec(records(), 0..4)),
        addresses: vec(ipv6(), 0..4),
        named: named_links(),
        indexes: vec(link(), 0..4),
        in_a_row: maybe(vec(link(), 0..4)),
        names: vec(named_links(), 0..4),
        link: maybe(link()),
        in_header: link(),
        either: maybe(ip()),
        source: maybe(v4_net),
        destination: net(),
        tiny: any::<i8>(),
        masked: flag(),
        unmasked: flag(),
        short: any::<i16>(),
        turned_in_header: u16s(),
        long: u32s(),
        cookie: u64s(),
        offset: any::<i64>(),
        maybe_in_header: maybe(link()),
        part: u16s(),
        part_low: flag(),
        part_bits: flag(),
        part_hops: u8s(),
        part_link: link(),
        inner: maybe(inners()),
        alone: shorts(),
        flat: maybe(flats()),
        tagged: tagged(),
        tagged_inside: tagged(),
    })
}

/// References to what can be declared: to anything else they would be waited for.
fn named_links() -> BoxedStrategy<Ref<Link>> {
    interface()
        .prop_filter("can't be declared", |name| Link::new(name.clone(), LinkKind::Ifb).check().is_ok())
        .prop_map(Ref::to)
        .boxed()
}

fn modes() -> BoxedStrategy<Mode> {
    prop_oneof![Just(Mode::Bridge), Just(Mode::Private), text(12).prop_map(Mode::Other)].boxed()
}

fn shorts() -> BoxedStrategy<Short> {
    (u16s(), any::<i8>()).prop_map(|(number, small)| Short { number, small }).boxed()
}

fn inners() -> BoxedStrategy<Inner> {
    (any::<i64>(), maybe(text(12))).prop_map(|(number, note)| Inner { number, note }).boxed()
}

fn records() -> BoxedStrategy<Record> {
    (link(), u8s(), flag(), maybe(ipv4()), vec(u32s(), 0..3))
        .prop_map(|(link, hops, flag, gateway, labels)| Record { link, hops, flag, gateway, labels })
        .boxed()
}

fn flats() -> BoxedStrategy<Flat> {
    (maybe(any::<i16>()), flag())
        // Without an attribute of its own, what writes nothing can't be told from what is not there.
        .prop_filter("leaves no trace", |(number, flag)| number.is_some() || *flag)
        .prop_map(|(number, flag)| Flat { number, flag })
        .boxed()
}

fn tagged() -> BoxedStrategy<Tagged> {
    prop_oneof![
        u8s().prop_map(|number| Tagged::One { number }),
        any::<i8>().prop_map(|small| Tagged::Two { small }),
        (u8s(), maybe(inners())).prop_map(|(hops, inner)| Tagged::Three { hops, inner }),
        Just(Tagged::Four),
    ]
    .boxed()
}

/// Replaced field by field.
fn empty() -> Words {
    let link = || Ref::to("n1");
    Words {
        key: 0,
        byte: 0,
        turned: None,
        turned_signed: 0,
        turned_long: 0,
        ether: None,
        signed: Signed::Below,
        text: None,
        bare: String::new(),
        mode: Mode::Bridge,
        bytes: Vec::new(),
        six: None,
        flag: false,
        low: false,
        high: false,
        chosen: None,
        two_bits: None,
        seconds: std::time::Duration::ZERO,
        centis: None,
        millis: std::time::Duration::ZERO,
        micros: None,
        repeated: Vec::new(),
        each: Vec::new(),
        each_or_none: None,
        numbered: None,
        from_zero: Vec::new(),
        shorts: Vec::new(),
        ports: None,
        macs: Vec::new(),
        records: None,
        addresses: Vec::new(),
        named: link(),
        indexes: Vec::new(),
        in_a_row: None,
        names: Vec::new(),
        link: None,
        in_header: link(),
        either: None,
        source: None,
        destination: ipnet::IpNet::default(),
        tiny: 0,
        masked: false,
        unmasked: false,
        short: 0,
        turned_in_header: 0,
        long: 0,
        cookie: 0,
        offset: 0,
        maybe_in_header: None,
        part: 0,
        part_low: false,
        part_bits: false,
        part_hops: 0,
        part_link: link(),
        inner: None,
        alone: Short { number: 0, small: 0 },
        flat: None,
        tagged: Tagged::Four,
        tagged_inside: Tagged::Four,
    }
}

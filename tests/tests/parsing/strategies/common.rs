//! Numbers, texts, addresses, times, and references.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use ksync_objects::Link;
use ksync_runtime::prelude::{MacAddr6, Ref};
use ksync_runtime::wire::{AttributeValue, BytesMut};
use ksync_tests::parsing::numbers::{is_known_link, name};
use proptest::prelude::*;

/// `None` as often as not.
pub(crate) fn maybe<S: Strategy + 'static>(values: S) -> BoxedStrategy<Option<S::Value>>
where
    S::Value: Clone,
{
    proptest::option::of(values).boxed()
}

macro_rules! numbers {
    ($($name:ident $int:ident;)*) => {$(
        /// Any number, the edges of each number of bytes more often than others.
        pub(crate) fn $name() -> BoxedStrategy<$int> {
            let edges = (0..=$int::BITS).prop_flat_map(|bits| {
                let edge = 1u128 << bits;
                prop_oneof![Just(edge.wrapping_sub(2)), Just(edge - 1), Just(edge), Just(edge + 1)]
            });
            let ends = [$int::MAX, $int::MAX - 1, $int::MAX / 2, $int::MAX / 2 + 1];
            prop_oneof![
                2 => edges.prop_map(|edge| edge as $int),
                2 => any::<$int>(),
                1 => 0..=9 as $int,
                1 => proptest::sample::select(ends.to_vec()),
            ]
            .boxed()
        }
    )*};
}
numbers! {
    u8s u8;
    u16s u16;
    u32s u32;
    u64s u64;
}

/// Numbers below a bound.
pub(crate) fn below(bound: u32) -> BoxedStrategy<u32> {
    prop_oneof![Just(0), Just(bound - 1), 0..bound].boxed()
}

pub(crate) fn flag() -> BoxedStrategy<bool> {
    any::<bool>().boxed()
}

/// What stands for each number that an attribute can carry: every name of an enum, and what has none. Now and then one
/// that has a name is given by its number all the same.
pub(crate) fn named<N, T>(numbers: BoxedStrategy<N>, other: fn(N) -> T) -> BoxedStrategy<T>
where
    N: AttributeValue + std::fmt::Debug + Clone + 'static,
    T: AttributeValue + Clone + std::fmt::Debug + 'static,
{
    let by_name = numbers.clone().prop_map(|number| {
        let mut bytes = BytesMut::new();
        number.emit(&mut bytes);
        T::parse(&bytes).expect("all numbers stand for something")
    });
    prop_oneof![9 => by_name, 1 => numbers.prop_map(other)].boxed()
}

/// Texts of up to so many bytes, of any characters; NUL and nothing at all among them.
pub(crate) fn text(most: usize) -> BoxedStrategy<String> {
    let letters = prop_oneof![
        8 => proptest::char::range('a', 'z'),
        1 => Just('\0'),
        2 => any::<char>(),
        1 => proptest::sample::select(vec!['ä', '/', ':', ' ', '.', '%', '\u{7f}', '€']),
    ];
    let any_text = proptest::collection::vec(letters, 0..=most.min(24))
        .prop_map(|letters| letters.into_iter().collect::<String>());
    let plain = proptest::collection::vec(proptest::char::range(' ', '~'), 1..=most)
        .prop_map(|letters| letters.into_iter().collect::<String>());
    let longest = Just("l".repeat(most));
    prop_oneof![2 => any_text, 4 => plain, 1 => longest]
        .prop_filter("too long", move |text| text.len() <= most)
        .boxed()
}

/// Names that the kernel takes for interfaces, and some that it does not.
pub(crate) fn interface() -> BoxedStrategy<String> {
    prop_oneof![3 => "[a-z0-9_.-]{1,15}", 1 => text(15)].boxed()
}

pub(crate) fn ipv4() -> BoxedStrategy<Ipv4Addr> {
    let multicast = (224..240u8, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| Ipv4Addr::new(a, b, c, d));
    prop_oneof![5 => u32s().prop_map(Ipv4Addr::from_bits), 1 => multicast].boxed()
}

pub(crate) fn ipv6() -> BoxedStrategy<Ipv6Addr> {
    let mapped = ipv4().prop_map(|address| address.to_ipv6_mapped());
    let edges = proptest::sample::select(vec![Ipv6Addr::UNSPECIFIED, Ipv6Addr::LOCALHOST, [0xff; 16].into()]);
    // fe80::/16 and ff00::/16 and what is next to them.
    let local = (0xfe7f..=0xff03u16, any::<u16>()).prop_map(|(a, h)| Ipv6Addr::new(a, 0, 0, 0, 0, 0, 0, h));
    prop_oneof![4 => any::<[u8; 16]>().prop_map(Ipv6Addr::from), 1 => mapped, 1 => edges, 1 => local].boxed()
}

pub(crate) fn ip() -> BoxedStrategy<IpAddr> {
    prop_oneof![ipv4().prop_map(IpAddr::V4), ipv6().prop_map(IpAddr::V6)].boxed()
}

pub(crate) fn ipv6_net() -> BoxedStrategy<Ipv6Net> {
    (ipv6(), 0..=128u8).prop_map(|(address, len)| Ipv6Net::new(address, len).expect("up to 128")).boxed()
}

/// Prefixes with host bits.
pub(crate) fn net() -> BoxedStrategy<IpNet> {
    let v4 = (ipv4(), 0..=32u8).prop_map(|(address, len)| Ipv4Net::new(address, len).expect("up to 32"));
    prop_oneof![v4.prop_map(IpNet::V4), ipv6_net().prop_map(IpNet::V6)].boxed()
}

/// Prefixes without host bits, as most commands want them.
pub(crate) fn network() -> BoxedStrategy<IpNet> {
    net().prop_map(|net| net.trunc()).boxed()
}

pub(crate) fn mac() -> BoxedStrategy<MacAddr6> {
    let any = any::<[u8; 6]>().prop_map(MacAddr6::from);
    prop_oneof![6 => any, 1 => Just(MacAddr6::nil()), 1 => Just(MacAddr6::broadcast())].boxed()
}

/// That many ticks of a second's fraction.
pub(crate) fn ticks<N: Into<u64> + std::fmt::Debug + 'static>(
    counts: BoxedStrategy<N>,
    per_second: u64,
) -> BoxedStrategy<Duration> {
    counts
        .prop_map(move |count| {
            let count: u64 = count.into();
            let nanos = u32::try_from(count % per_second * (1_000_000_000 / per_second))
                .expect("less than one second");
            Duration::new(count / per_second, nanos)
        })
        .boxed()
}

/// References to links that are known, by all numbers that the kernel gives.
pub(crate) fn link() -> BoxedStrategy<Ref<Link>> {
    let numbers = prop_oneof![2 => 1..20u32, 1 => u32s()];
    numbers
        .prop_filter("nobody's number", |number| is_known_link(*number))
        .prop_map(|number| Ref::to(name(number)))
        .boxed()
}

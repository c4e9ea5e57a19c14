//! Tables, sets and elements of nf_tables.

use ksync_objects::{NftFamily, NftSet, NftSetElement, NftSetFlags, NftTable, NftType, NftValue};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::prelude::Ref;
use proptest::prelude::*;

use super::common::{flag, maybe, text, ticks, u32s, u64s};
use super::structs::fields;

fn families() -> BoxedStrategy<NftFamily> {
    proptest::sample::select(vec![
        NftFamily::Ip,
        NftFamily::Ip6,
        NftFamily::Inet,
        NftFamily::Arp,
        NftFamily::Bridge,
        NftFamily::Netdev,
    ])
    .boxed()
}

pub(crate) fn tables() -> BoxedStrategy<NftTable> {
    fields!(NftTable: NftTable::new(NftFamily::Ip, "t") => {
        family: families(),
        name: text(255),
        dormant: flag(),
        comment: maybe(text(128)),
    })
}

pub(crate) fn sets() -> BoxedStrategy<NftSet> {
    let types = prop_oneof![
        6 => proptest::sample::select(vec![
            NftType::Ipv4Addr,
            NftType::Ipv6Addr,
            NftType::EtherAddr,
            NftType::InetProto,
            NftType::InetService,
            NftType::Mark,
        ]),
        2 => (u32s(), u32s()).prop_map(|(number, len)| NftType::Other { number, len }),
    ];
    let flags = fields!(NftSetFlags: NftSetFlags::default() => {
        constant: flag(),
        timeout: flag(),
        dynamic: flag(),
    });
    fields!(NftSet: NftSet::new(NftFamily::Ip.table("t"), "s", NftType::Mark) => {
        table: declared(tables()),
        name: text(255),
        element: types,
        comment: maybe(text(128)),
        flags: flags,
        timeout: maybe(ticks(u64s(), 1_000)),
        gc_interval: maybe(ticks(u32s(), 1_000)),
        size: maybe(u32s()),
    })
    .prop_map(|set| NftSet { timeout: set.timeout.filter(|_| set.flags.timeout), ..set })
    .boxed()
}

pub(crate) fn elements() -> BoxedStrategy<NftSetElement> {
    let values = proptest::collection::vec(any::<u8>(), 0..=64).prop_map(NftValue::from_bytes);
    fields!(NftSetElement: NftSetElement::new(set_key(), NftValue::mark(0)) => {
        set: declared(sets()),
        value: values,
        timeout: maybe(ticks(u64s(), 1_000)),
        comment: maybe(text(128)),
    })
}

/// A reference to what is declared: to anything else it would be waited for.
fn declared<T: KSyncEntry>(values: BoxedStrategy<T>) -> BoxedStrategy<Ref<T>> {
    values
        .prop_filter("can't be declared", |value| value.check().is_ok())
        .prop_map(|value| Ref::to(value.key()))
        .boxed()
}

fn set_key() -> ksync_objects::NftSetKey {
    NftSet::new(NftFamily::Ip.table("t"), "s", NftType::Mark).key()
}

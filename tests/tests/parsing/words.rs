//! A kind with a field for each word of the derive that says how a value stands on the wire, and for each type that the
//! word takes. No kernel has such objects.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ksync_objects::Link;
use ksync_runtime::prelude::*;

ksync_runtime::fixed_header! {
    /// A header that tells the length of its record.
    pub(crate) struct RecordHeader {
        len: u16,
        flags: u8,
        hops: u8,
        ifindex: i32,
    }
}

ksync_runtime::fixed_header! {
    /// A header of a length that is no multiple of four.
    pub(crate) struct ShortHeader {
        number: u16,
        small: i8,
    }
}

ksync_runtime::fixed_header! {
    /// The header of the message: all sizes, signed and not.
    pub(crate) struct WordsHeader {
        family: u8,
        source_len: u8,
        destination_len: u8,
        tiny: i8,
        bits: u16,
        mask: u16,
        short: i16,
        turned: u16,
        long: u32,
        link: i32,
        cookie: u64,
        offset: i64,
        other_link: u32,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u16)]
pub(crate) enum Ether {
    #[ksync(value = 0x0800)]
    Ipv4,
    #[ksync(value = 0x86dd)]
    Ipv6,
    #[ksync(other)]
    Other(u16),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, KSyncValue)]
pub(crate) enum Mode {
    #[ksync(name = "bridge")]
    Bridge,
    #[ksync(name = "private")]
    Private,
    #[ksync(other)]
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, KSyncValue)]
#[ksync(repr = i8)]
pub(crate) enum Signed {
    #[ksync(value = -1)]
    Below,
    #[ksync(value = 1)]
    Above,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = ShortHeader)]
pub(crate) struct Short {
    #[ksync(header = number, be)]
    pub(crate) number: u16,
    #[ksync(header = small)]
    pub(crate) small: i8,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(header = RecordHeader)]
pub(crate) struct Record {
    #[depends_on]
    #[ksync(header = ifindex)]
    pub(crate) link: Ref<Link>,
    #[ksync(header = hops)]
    pub(crate) hops: u8,
    #[ksync(header = flags, bit = 0x10)]
    pub(crate) flag: bool,
    #[ksync(nla = 1)]
    pub(crate) gateway: Option<Ipv4Addr>,
    #[ksync(nla = 2, repeated, be)]
    pub(crate) labels: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
pub(crate) struct Inner {
    #[ksync(nla = 1, be)]
    pub(crate) number: i64,
    #[ksync(nla = 2)]
    pub(crate) note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
pub(crate) struct Flat {
    #[ksync(nla = 100)]
    pub(crate) number: Option<i16>,
    #[ksync(nla = 101, flag)]
    pub(crate) flag: bool,
}

#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = 110, data = 111, repr = u16)]
pub(crate) enum Tagged {
    #[ksync(kind = 1)]
    One {
        #[ksync(nla = 1)]
        number: u8,
    },
    #[ksync(kind = 2, header = ShortHeader)]
    Two {
        #[ksync(header = small)]
        small: i8,
    },
    #[ksync(kind = 3, header = RecordHeader)]
    Three {
        #[ksync(header = hops)]
        hops: u8,
        #[ksync(nla = 1)]
        inner: Option<Inner>,
    },
    #[ksync(kind = 4)]
    Four,
}

#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = WordsHeader, add = 100, delete = 102)]
pub(crate) struct Words {
    // Numbers.
    #[ksync(key, nla = 1)]
    pub(crate) key: u64,
    #[ksync(nla = 2)]
    pub(crate) byte: i8,
    #[ksync(nla = 3, be)]
    pub(crate) turned: Option<u16>,
    #[ksync(nla = 4, be)]
    pub(crate) turned_signed: i32,
    #[ksync(nla = 5, be)]
    pub(crate) turned_long: u64,
    #[ksync(nla = 6, be)]
    pub(crate) ether: Option<Ether>,
    #[ksync(nla = 7)]
    pub(crate) signed: Signed,
    // Texts and bytes.
    #[ksync(nla = 8)]
    pub(crate) text: Option<String>,
    #[ksync(nla = 9, no_nul)]
    pub(crate) bare: String,
    #[ksync(nla = 10)]
    pub(crate) mode: Mode,
    #[ksync(nla = 11)]
    pub(crate) bytes: Vec<u8>,
    #[ksync(nla = 12)]
    pub(crate) six: Option<[u8; 6]>,
    // Flags and bits.
    #[ksync(nla = 13, flag)]
    pub(crate) flag: bool,
    #[ksync(nla = 14, bit = 0x1)]
    pub(crate) low: bool,
    #[ksync(nla = 14, bit = 0x8000_0000)]
    pub(crate) high: bool,
    #[ksync(nla = 15, bit = 0x2, selector)]
    pub(crate) chosen: Option<bool>,
    #[ksync(nla = 15, bit = 0x30, selector)]
    pub(crate) two_bits: Option<bool>,
    // Times.
    #[ksync(nla = 16, unit = seconds)]
    pub(crate) seconds: Duration,
    #[ksync(nla = 17, unit = centis as u16, be)]
    pub(crate) centis: Option<Duration>,
    #[ksync(nla = 18, unit = millis as u64)]
    pub(crate) millis: Duration,
    #[ksync(nla = 19, unit = micros as u8)]
    pub(crate) micros: Option<Duration>,
    // Lists.
    #[ksync(nla = 20, repeated)]
    pub(crate) repeated: Vec<Mode>,
    #[ksync(nla = 21, each = 9)]
    pub(crate) each: Vec<Inner>,
    #[ksync(nla = 22, each = 9, be)]
    pub(crate) each_or_none: Option<Vec<u16>>,
    #[ksync(nla = 23, numbered)]
    pub(crate) numbered: Option<Vec<u8>>,
    #[ksync(nla = 24, numbered = 0, no_nul)]
    pub(crate) from_zero: Vec<String>,
    #[ksync(nla = 25, array)]
    pub(crate) shorts: Vec<Short>,
    #[ksync(nla = 26, array, be)]
    pub(crate) ports: Option<Vec<u16>>,
    #[ksync(nla = 27, array)]
    pub(crate) macs: Vec<MacAddr6>,
    #[ksync(nla = 28, records = len)]
    pub(crate) records: Option<Vec<Record>>,
    #[ksync(nla = 29, array)]
    pub(crate) addresses: Vec<Ipv6Addr>,
    // References.
    #[depends_on]
    #[ksync(nla = 40, by_key)]
    pub(crate) named: Ref<Link>,
    #[depends_on]
    #[ksync(nla = 41, each = 1)]
    pub(crate) indexes: Vec<Ref<Link>>,
    #[depends_on]
    #[ksync(nla = 42, array)]
    pub(crate) in_a_row: Option<Vec<Ref<Link>>>,
    #[depends_on]
    #[ksync(nla = 43, repeated, by_key, no_nul)]
    pub(crate) names: Vec<Ref<Link>>,
    #[depends_on]
    #[ksync(nla = 44)]
    pub(crate) link: Option<Ref<Link>>,
    #[depends_on]
    #[ksync(header = link)]
    pub(crate) in_header: Ref<Link>,
    // Addresses.
    #[ksync(nla = (50, 51))]
    pub(crate) either: Option<IpAddr>,
    #[ksync(nla = 52, prefix_len = source_len)]
    pub(crate) source: Option<Ipv4Net>,
    #[ksync(nla = 53, prefix_len = destination_len, family = family)]
    pub(crate) destination: IpNet,
    // The header.
    #[ksync(header = tiny)]
    pub(crate) tiny: i8,
    #[ksync(header = bits, bit = 0x1, mask = mask)]
    pub(crate) masked: bool,
    #[ksync(header = bits, bit = 0x80)]
    pub(crate) unmasked: bool,
    #[ksync(header = short)]
    pub(crate) short: i16,
    #[ksync(header = turned, be)]
    pub(crate) turned_in_header: u16,
    #[ksync(header = long)]
    pub(crate) long: u32,
    #[ksync(header = cookie)]
    pub(crate) cookie: u64,
    #[ksync(header = offset)]
    pub(crate) offset: i64,
    #[depends_on]
    #[ksync(header = other_link)]
    pub(crate) maybe_in_header: Option<Ref<Link>>,
    // Parts of a struct.
    #[ksync(nla = 70, part = RecordHeader.len, be)]
    pub(crate) part: u16,
    #[ksync(nla = 70, part = RecordHeader.flags, bit = 0x1)]
    pub(crate) part_low: bool,
    #[ksync(nla = 70, part = RecordHeader.flags, bit = 0x6)]
    pub(crate) part_bits: bool,
    #[ksync(nla = 70, part = RecordHeader.hops)]
    pub(crate) part_hops: u8,
    #[depends_on]
    #[ksync(nla = 70, part = RecordHeader.ifindex)]
    pub(crate) part_link: Ref<Link>,
    // Nests.
    #[ksync(nla = 60)]
    pub(crate) inner: Option<Inner>,
    #[ksync(nla = 61)]
    pub(crate) alone: Short,
    #[ksync(flatten)]
    pub(crate) flat: Option<Flat>,
    #[ksync(flatten)]
    pub(crate) tagged: Tagged,
    #[ksync(nla = 62)]
    pub(crate) tagged_inside: Tagged,
}

//! The `u32` filter: words of a packet under a mask, and tables to find filters quickly.

use std::fmt;

use ksync_runtime::declare::{Context, Invalid, Links, References, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeField, AttributeList, Attributes, ParseError, ValueError};

use crate::TcFlow;
use crate::tc_rate;

/// Which packets, and where they go: `u32 match .. classid ..`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct U32 {
    /// All of these have to hold. `match`
    pub matches: Vec<U32Match>,
    /// The class that packets are sent to; without one the search goes on. `classid`, `flowid`
    pub classid: Option<TcFlow>,
    /// The table in which the search goes on. `link`
    pub link: Option<u16>,
    /// Which part of the packet picks the bucket there. `hashkey`
    pub hash_key: Option<U32HashKey>,
    /// How many buckets this table has: a power of two up to 256. Only tables have it. `divisor`
    pub divisor: Option<u32>,
    /// Table and bucket that the filter is in, if it is not in the first table of its priority: those of its
    /// handle. `ht`
    pub bucket: Option<(u16, u8)>,
}

impl U32 {
    /// All of these hold. What becomes of the packet is still to be said.
    #[must_use]
    pub fn matching(matches: Vec<U32Match>) -> Self {
        U32 { matches, ..U32::default() }
    }

    /// A table. `handle 5: u32 divisor 256`
    #[must_use]
    pub fn table(divisor: u32) -> Self {
        U32 { divisor: Some(divisor), ..U32::default() }
    }
}

/// A word of the packet: `match u32 VALUE MASK at OFFSET`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct U32Match {
    /// What it has to be, where the mask has bits.
    pub value: u32,
    /// Which bits count.
    pub mask: u32,
    /// Where it begins, in bytes from the network header.
    pub offset: i32,
}

impl U32Match {
    /// The packet comes from there. `match ip src`, `match ip6 src`
    #[must_use]
    pub fn source(net: IpNet) -> Vec<U32Match> {
        words(net, 12, 8)
    }

    /// The packet goes there. `match ip dst`, `match ip6 dst`
    #[must_use]
    pub fn destination(net: IpNet) -> Vec<U32Match> {
        words(net, 16, 24)
    }

    /// IPv4: what the packet carries, 6 for TCP and 17 for UDP. `match ip protocol`
    #[must_use]
    pub fn ip_protocol(number: u8) -> U32Match {
        U32Match { value: u32::from(number) << 16, mask: 0x00ff_0000, offset: 8 }
    }
}

fn words(net: IpNet, v4: i32, v6: i32) -> Vec<U32Match> {
    match net {
        IpNet::V4(net) => {
            vec![U32Match { value: net.network().to_bits(), mask: net.netmask().to_bits(), offset: v4 }]
        }
        IpNet::V6(net) => {
            let (value, mask) = (net.network().to_bits(), net.netmask().to_bits());
            (0..4)
                .map(|word| {
                    let part = |bits: u128| (bits >> (96 - 32 * word)) as u32;
                    U32Match { value: part(value), mask: part(mask), offset: v6 + 4 * word }
                })
                .filter(|word| word.mask != 0)
                .collect()
        }
    }
}

/// `hashkey mask MASK at OFFSET`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct U32HashKey {
    /// Which bits of the word count.
    pub mask: u32,
    /// Where the word begins, in bytes from the network header.
    pub offset: i16,
}

/// The place of a `u32` filter: `table:bucket:node`, in hexadecimal as `tc` writes it.
///
/// ```
/// use ksync_objects::U32Handle;
///
/// assert_eq!(U32Handle::node(1).to_string(), "::1");
/// assert_eq!(U32Handle::table(5).to_string(), "5:");
/// assert_eq!(U32Handle::in_bucket(5, 0xa, 1).to_string(), "5:a:1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct U32Handle {
    /// 0: the first one of the priority, whose name the kernel chose.
    table: u16,
    bucket: u8,
    node: u16,
}

impl U32Handle {
    /// In the first table of the priority. From 1 to fff. `handle ::1`
    #[must_use]
    pub const fn node(node: u16) -> Self {
        U32Handle { table: 0, bucket: 0, node }
    }

    /// A table. From 1 to 7ff, and unique for the parent. `handle 5:`
    #[must_use]
    pub const fn table(table: u16) -> Self {
        U32Handle { table, bucket: 0, node: 0 }
    }

    /// In a bucket of a table that is declared too. `handle 5:a:1`
    #[must_use]
    pub const fn in_bucket(table: u16, bucket: u8, node: u16) -> Self {
        U32Handle { table, bucket, node }
    }

    /// Whether it is a table.
    #[must_use]
    pub const fn is_table(self) -> bool {
        self.node == 0
    }

    /// The table that it is in, or is.
    #[must_use]
    pub const fn within(self) -> Self {
        U32Handle::table(self.table)
    }

    /// Table and bucket, if it is not in the first table of its priority.
    #[must_use]
    pub const fn bucket(self) -> Option<(u16, u8)> {
        if self.table == 0 || self.node == 0 { None } else { Some((self.table, self.bucket)) }
    }

    /// Whether the kernel has such a place: tables have 11 bits, nodes 12, and the first table one bucket.
    pub(crate) fn check(self) -> Result<(), String> {
        let reason = match self {
            U32Handle { table: 0x800.., .. } => "a table goes from 1 to 7ff",
            U32Handle { node: 0x1000.., .. } => "a node goes from 1 to fff",
            U32Handle { table: 0, node: 0, .. } => "it names neither a table nor a node",
            U32Handle { table: 0, bucket: 1.., .. } => "the first table has bucket 0 only",
            _ => return Ok(()),
        };
        Err(format!("there can be no {self}: {reason}"))
    }

    pub(crate) const fn is_first(self) -> bool {
        self.table == 0
    }

    /// The number that creates it: of the first table, the node alone.
    pub(crate) fn to_add(self) -> u32 {
        u32::from(self.table & 0xfff) << 20 | u32::from(self.bucket) << 12 | u32::from(self.node & 0xfff)
    }

    /// What names it as long as the kernel's number for it is not known. In the first table nothing does, and the
    /// kernel finds none.
    pub(crate) fn without_number(self) -> u32 {
        if self.is_first() { ROOT | self.to_add() } else { self.to_add() }
    }

    /// What the kernel reports. It counts first tables from 800 on; these themselves are nobody's filters.
    pub(crate) fn seen(number: u32) -> Option<Self> {
        let (table, bucket, node) = ((number >> 20) as u16, (number >> 12) as u8, number as u16 & 0xfff);
        match (table, node) {
            (0x800.., 0) | (0, 0) => None,
            (0x800.. | 0, node) => Some(U32Handle::node(node)),
            (table, node) => Some(U32Handle { table, bucket, node }),
        }
    }
}

/// `TC_U32_ROOT` (linux/pkt_cls.h).
const ROOT: u32 = 0xfff0_0000;

impl fmt::Display for U32Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            U32Handle { table: 0, node, .. } => write!(out, "::{node:x}"),
            U32Handle { table, node: 0, .. } => write!(out, "{table:x}:"),
            U32Handle { table, bucket, node } => write!(out, "{table:x}:{bucket:x}:{node:x}"),
        }
    }
}

impl fmt::Debug for U32Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

ksync_runtime::fixed_header! {
    /// `struct tc_u32_sel` (linux/pkt_cls.h) up to its keys.
    struct Selector {
        flags: u8,
        offshift: u8,
        nkeys: u8,
        pad: u8,
        offmask: u16,
        off: u16,
        offoff: i16,
        hoff: i16,
        hmask: u32,
    }
}

ksync_runtime::fixed_header! {
    /// `struct tc_u32_key` (linux/pkt_cls.h). Mask and value are in network byte order.
    struct Key {
        mask: u32,
        val: u32,
        off: i32,
        offmask: i32,
    }
}

impl AttributeField for U32 {
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        attributes.put(TCA_KIND, &"u32".to_owned());
        let table = |table: u16| u32::from(table) << 20;
        attributes.nested(nla, |inside| {
            AttributeField::emit(&self.divisor, TCA_U32_DIVISOR, inside, context);
            if self.divisor.is_some() {
                return;
            }
            AttributeField::emit(&self.classid, TCA_U32_CLASSID, inside, context);
            AttributeField::emit(&self.link.map(table), TCA_U32_LINK, inside, context);
            let bucket = self.bucket.map(|(number, bucket)| table(number) | u32::from(bucket) << 12);
            AttributeField::emit(&bucket, TCA_U32_HASH, inside, context);
            let selector = Selector {
                flags: if self.classid.is_some() { TC_U32_TERMINAL } else { 0 },
                nkeys: u8::try_from(self.matches.len()).unwrap_or(u8::MAX),
                hoff: self.hash_key.map_or(0, |key| key.offset),
                hmask: self.hash_key.map_or(0, |key| key.mask.to_be()),
                ..Selector::default()
            };
            let mut bytes = tc_rate::to_bytes(&selector);
            for word in &self.matches {
                let key =
                    Key { mask: word.mask.to_be(), val: word.value.to_be(), off: word.offset, offmask: 0 };
                bytes.extend(tc_rate::to_bytes(&key));
            }
            inside.put_bytes(TCA_U32_SEL, &bytes);
        });
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        let name: String = AttributeField::parse(TCA_KIND, attributes, resolver)?;
        if name != "u32" {
            // Somebody else's.
            return Err(ParseError::attribute(TCA_KIND, ValueError::Missing));
        }
        let inside = AttributeList::parse(attributes.required(nla)?)?;
        let number = |nla| <Option<u32> as AttributeField>::parse(nla, &inside, resolver);
        if let Some(divisor) = number(TCA_U32_DIVISOR)? {
            return Ok(U32::table(divisor));
        }
        let wrong = |error| ParseError::attribute(TCA_U32_SEL, error);
        let (selector, mut behind) =
            tc_rate::split::<Selector>(inside.required(TCA_U32_SEL)?).map_err(wrong)?;
        let mut matches = Vec::with_capacity(usize::from(selector.nkeys));
        for _ in 0..selector.nkeys {
            let (key, rest) = tc_rate::split::<Key>(behind).map_err(wrong)?;
            if key.offmask != 0 {
                // Behind a header of variable length: nothing that could be declared here.
                return Err(wrong(ValueError::Missing));
            }
            matches.push(U32Match {
                value: u32::from_be(key.val),
                mask: u32::from_be(key.mask),
                offset: key.off,
            });
            behind = rest;
        }
        let hash_key = U32HashKey { mask: u32::from_be(selector.hmask), offset: selector.hoff };
        let bucket = number(TCA_U32_HASH)?.map(|number| ((number >> 20) as u16, (number >> 12) as u8));
        Ok(U32 {
            matches,
            classid: AttributeField::parse(TCA_U32_CLASSID, &inside, resolver)?,
            link: number(TCA_U32_LINK)?.map(|number| (number >> 20) as u16),
            hash_key: Some(hash_key).filter(|key| key.mask != 0),
            divisor: None,
            bucket: bucket.filter(|(table, _)| (1..0x800).contains(table)),
        })
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        AttributeField::references(&mut self.classid, references);
    }

    fn check(&self) -> Result<(), Invalid> {
        let wrong = |field, reason: String| Err(Invalid { field, reason });
        if let Some(divisor) = self.divisor {
            if !divisor.is_power_of_two() || divisor > 256 {
                return wrong("divisor", format!("{divisor} is no power of two up to 256"));
            }
            if *self != U32::table(divisor) {
                return wrong("divisor", "a table matches nothing and leads nowhere".to_owned());
            }
            return Ok(());
        }
        if self.matches.len() > 128 {
            return wrong("matches", format!("{} are too many: 128 at most", self.matches.len()));
        }
        if let Some(word) = self.matches.iter().find(|word| word.value & !word.mask != 0) {
            return wrong(
                "matches",
                format!("the value {:08x} has bits outside of its mask {:08x}", word.value, word.mask),
            );
        }
        match (self.link, self.hash_key) {
            (Some(0 | 0x800..), _) => wrong("link", "a table goes from 1 to 7ff".to_owned()),
            (None, Some(_)) => wrong("hash_key", "picks a bucket of which table? Add `link`".to_owned()),
            (_, Some(U32HashKey { mask: 0, .. })) => wrong("hash_key", "its mask has no bits".to_owned()),
            _ => Ok(()),
        }
    }

    fn met_by(&self, observed: &Self) -> bool {
        self == observed
    }

    /// The kernel takes any change, but carries out only another class or table.
    fn needs_recreation(&self, desired: &Self, _: bool) -> bool {
        (&self.matches, self.hash_key, self.divisor, self.bucket)
            != (&desired.matches, desired.hash_key, desired.divisor, desired.bucket)
            || self.classid.is_some() != desired.classid.is_some()
            || self.link.is_some() && desired.link.is_none()
    }
}

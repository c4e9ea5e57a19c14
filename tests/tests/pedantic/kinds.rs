//! Kinds as somebody might write them in a crate of their own, with every lint on. The test `derive_pedantic` lets clippy
//! look at it; it is no part of any crate here.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    single_use_lifetimes,
    rust_2018_idioms,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ksync_runtime::declare::{ErrorClass, Invalid, OperationError, Verb};
use ksync_runtime::prelude::*;

/// What clippy has to find, so that the test can tell that it looks.
#[cfg(feature = "control")]
pub fn control(number: u64) -> u8 {
    number as u8
}

ksync_runtime::fixed_header! {
    /// `struct rtnexthop`.
    pub struct PathHeader {
        rtnh_len: u16,
        rtnh_flags: u8,
        rtnh_hops: u8,
        rtnh_ifindex: i32,
    }
}

ksync_runtime::fixed_header! {
    /// A struct in an attribute, and in front of others.
    pub struct Wide {
        port: u16,
        flags: u16,
        ifindex: u32,
        cookie: u64,
    }
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq, KSyncEntry)]
#[ksync(
    protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK, get = RTM_GETLINK,
    add_flags = NLM_F_CREATE | NLM_F_EXCL, add_again_flags = NLM_F_CREATE, change_flags = 0, delete_flags = 0,
    index(from = kernel, header = ifi_index),
    nothing_to_delete = !self.sort.is_ours(),
    nothing_to_change = self.name.is_empty(),
    merge, self_dependent, flushes_dependents, early, no_compress,
    check = has_a_name, classify = classify,
)]
pub struct Interface {
    /// Its name.
    #[ksync(key, nla = IFLA_IFNAME, check = is_short)]
    pub name: String,
    /// Up or down.
    #[ksync(header = ifi_flags, bit = IFF_UP, mask = ifi_change)]
    pub up: bool,
    /// The size of packets.
    #[ksync(nla = IFLA_MTU, none = 1500u32)]
    pub mtu: Option<u32>,
    /// What sort.
    #[ksync(nla = IFLA_LINKINFO)]
    pub sort: Sort,
    /// The bridge.
    #[depends_on]
    #[ksync(nla = IFLA_MASTER, none = 0u32, survives)]
    pub master: Option<Ref<Self>>,
}

fn has_a_name(interface: &Interface) -> Result<(), Invalid> {
    if interface.name.is_empty() {
        return Err(Invalid { field: "name", reason: "is empty".to_owned() });
    }
    Ok(())
}

const fn is_short(name: &str) -> Result<(), &'static str> {
    if name.len() > 15 { Err("is too long") } else { Ok(()) }
}

const fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
    match verb {
        Verb::Change if error.errno == 19 => ErrorClass::Gone,
        _ => ErrorClass::Refused,
    }
}

/// What sort of interface it is.
#[derive(Clone, Debug, PartialEq, Eq, KSyncNested)]
#[ksync(kind = IFLA_INFO_KIND, data = IFLA_INFO_DATA)]
#[non_exhaustive]
pub enum Sort {
    /// A pair.
    #[ksync(kind = "veth")]
    Veth {
        /// The far end.
        #[ksync(nla = VETH_INFO_PEER, write_only, immutable)]
        peer: Peer,
    },
    /// A bridge.
    #[ksync(kind = "bridge")]
    Bridge(Bridge),
    /// The other end of a pair.
    #[ksync(unwritten)]
    PeerOf {
        /// That end.
        #[depends_on]
        link: Ref<Interface>,
    },
    /// Somebody else's.
    #[ksync(other)]
    Other,
}

impl Sort {
    const fn is_ours(&self) -> bool {
        !matches!(self, Self::Other)
    }
}

/// The far end of a pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, KSyncNested)]
#[ksync(header = LinkHeader, fill(ifi_type = 1))]
pub struct Peer {
    /// Its name.
    #[ksync(nla = IFLA_IFNAME)]
    pub name: String,
}

/// Options of a bridge.
#[derive(Clone, Debug, Default, PartialEq, Eq, KSyncNested)]
#[ksync(whole)]
pub struct Bridge {
    /// Lower is rather the root.
    #[ksync(nla = IFLA_BR_PRIORITY, compare = |asked, seen| at_least(*asked, *seen), check = |priority| is_priority(*priority))]
    pub priority: Option<u16>,
    /// When a station is forgotten.
    #[ksync(nla = IFLA_BR_AGEING_TIME, unit = centis)]
    pub ageing: Option<Duration>,
}

const fn at_least(asked: u16, seen: u16) -> bool {
    seen >= asked
}

const fn is_priority(priority: Option<u16>) -> Result<(), &'static str> {
    match priority {
        Some(61_441..) => Err("is above 61440"),
        _ => Ok(()),
    }
}

/// A nexthop.
#[derive(Clone, Debug, PartialEq, Eq, KSyncEntry)]
#[ksync(
    protocol = route, header = NexthopHeader, add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP,
    index(from = ksync, range = 1..=65_535, nla = NHA_ID),
    resolved_on_sent,
)]
pub struct Hop {
    /// The agent's own name.
    #[ksync(key)]
    pub name: String,
    /// The way.
    #[depends_on]
    #[ksync(nla = NHA_OIF)]
    pub link: Ref<Interface>,
    /// What has to be there first.
    #[depends_on]
    pub after: Vec<Ref<Interface>>,
    /// The agent's own data.
    #[ksync(skip)]
    pub note: Option<String>,
}

/// An entry with the words for payloads.
#[derive(Clone, Debug, PartialEq, Eq, KSyncEntry)]
#[ksync(protocol = route, header = RouteHeader, add = RTM_NEWROUTE, delete = RTM_DELROUTE, fill(rtm_type = 1))]
pub struct Words {
    /// Where to.
    #[ksync(key, nla = RTA_DST, prefix_len = rtm_dst_len, family = rtm_family)]
    pub destination: IpNet,
    /// In several places.
    #[ksync(key, with = ksync_runtime::wire::table)]
    pub table: u32,
    /// Left open perhaps.
    #[ksync(key, nla = 30)]
    pub rest: Option<Ipv4Addr>,
    /// By a name.
    #[depends_on]
    #[ksync(nla = 31, by_key)]
    pub by_name: Option<Ref<Interface>>,
    /// By several fields.
    #[depends_on]
    #[ksync(nla = 29, by_key(1, 2))]
    pub by_fields: Option<Ref<Queue>>,
    /// In network order.
    #[ksync(nla = 32, be)]
    pub port: u16,
    /// There or not.
    #[ksync(nla = 33, flag)]
    pub flag: bool,
    /// A bit.
    #[ksync(nla = 34, bit = 1)]
    pub bit: bool,
    /// A bit with a mask.
    #[ksync(nla = 35, bit = 1, selector)]
    pub chosen: Option<bool>,
    /// Of either family.
    #[ksync(nla = (36, 37))]
    pub remote: Option<IpAddr>,
    /// Several.
    #[ksync(nla = 38, repeated, no_nul)]
    pub names: Vec<String>,
    /// Numbered.
    #[ksync(nla = 39, numbered)]
    pub steps: Vec<Bridge>,
    /// One behind the other.
    #[ksync(nla = 40, array)]
    pub servers: Option<Vec<Ipv4Addr>>,
    /// With lengths.
    #[depends_on(Interface)]
    #[ksync(nla = RTA_MULTIPATH, records = rtnh_len)]
    pub paths: Vec<Path>,
    /// Never read.
    #[ksync(nla = 41, write_only)]
    pub secret: u32,
    /// Never written.
    #[ksync(nla = 42, read_only, default)]
    pub hits: u64,
    /// Once.
    #[ksync(nla = 43, on(add), default = 5u8, compare = |asked, seen| asked <= seen)]
    pub once: u8,
    /// Either of two.
    #[ksync(flatten)]
    pub tagged: Tagged,
}

/// Named by two fields.
#[derive(Clone, Debug, PartialEq, Eq, KSyncEntry)]
#[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
pub struct Queue {
    /// Of which port.
    #[ksync(key, nla = IFLA_IFNAME)]
    pub port: String,
    /// Which one.
    #[ksync(key, nla = IFLA_GROUP)]
    pub number: u32,
}

/// A way.
#[derive(Clone, Debug, PartialEq, Eq, KSyncNested)]
#[ksync(header = PathHeader)]
pub struct Path {
    /// Where it leads.
    #[depends_on]
    #[ksync(header = rtnh_ifindex)]
    pub link: Ref<Interface>,
    /// By way of.
    #[ksync(nla = RTA_GATEWAY)]
    pub gateway: Option<Ipv4Addr>,
}

/// Told apart by a number.
#[derive(Clone, Debug, PartialEq, Eq, KSyncNested)]
#[ksync(kind = 50, data = 51, repr = u16)]
pub enum Tagged {
    /// With a header.
    #[ksync(kind = 1, header = PathHeader)]
    One {
        /// A field of it.
        #[ksync(header = rtnh_hops)]
        hops: u8,
    },
    /// Another.
    #[ksync(kind = 2)]
    Two,
}

/// Parts of a struct, several objects in a message.
#[derive(Clone, Debug, PartialEq, Eq, KSyncEntry)]
#[ksync(protocol = netlink(6), header = Wide, inside(1, 2), add = 100, delete = 101, get = 102)]
pub struct Parts {
    /// Dumped by it.
    #[ksync(key, header = cookie, outside, dumped_by)]
    pub cookie: u64,
    /// Counted up.
    #[ksync(key, nla = 1, part = Wide.port, be, up_to = 2)]
    pub port: u16,
    /// A bit of it.
    #[ksync(nla = 1, part = Wide.flags, bit = 4)]
    pub flag: bool,
    /// No link, or one.
    #[depends_on]
    #[ksync(nla = 1, part = Wide.ifindex)]
    pub link: Option<Ref<Interface>>,
    /// A name.
    #[ksync(nla = 3)]
    pub mode: Mode,
}

/// A value that is a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, KSyncValue)]
pub enum Mode {
    /// One.
    #[ksync(name = "one")]
    One,
    /// Whatever else.
    #[ksync(other)]
    Other(String),
}

/// A value that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u8)]
pub enum Scope {
    /// Everywhere.
    #[ksync(value = RT_SCOPE_UNIVERSE)]
    Universe,
    /// Whatever else.
    #[ksync(other)]
    Other(u8),
}

/// Of generic netlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, KSyncEntry)]
#[ksync(protocol = generic("mptcp_pm", version = 1), inside(1), add = 1, delete = 2, get = 3)]
pub struct Endpoint {
    /// Its number.
    #[ksync(key, nla = 1)]
    pub id: u8,
    /// How far.
    #[ksync(nla = 2)]
    pub scope: Scope,
}

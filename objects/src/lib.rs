//! Kernel objects declared with KSync: links and what hangs on them, routes and what they go by, traffic control, sets
//! of nf_tables, and more.
//!
//! One kind a file, nearly all of it the derive. Nothing here knows how the engine works; the files are also
//! meant to be read as examples for kinds of your own.
//!
//! | kind | command | key | waits for |
//! | --- | --- | --- | --- |
//! | [`Link`] | `ip link` | name | its master, the link below it |
//! | [`Port`] | `bridge link` | link | the link |
//! | [`Address`] | `ip address` | link and address | its link |
//! | [`AddressLabel`] | `ip addrlabel` | prefix and link | its link, if it has one |
//! | [`Neighbour`], [`ProxyNeighbour`] | `ip neighbour` | link and address | its link |
//! | [`FdbEntry`] | `bridge fdb` | port, address and vlan | the port |
//! | [`BridgeVlan`] | `bridge vlan` | port and vlan | the port |
//! | [`VxlanFdbEntry`] | `bridge fdb` | tunnel, address and remote | the tunnel |
//! | [`Nexthop`] | `ip nexthop` | a name of the agent's own | its link |
//! | [`NexthopGroup`] | `ip nexthop` | a name of the agent's own | its nexthops |
//! | [`Route`] | `ip route` | table, destination, metric and tos | its nexthop or group, or its links |
//! | [`Rule`] | `ip rule` | family, priority and what it matches | nothing |
//! | [`MptcpEndpoint`] | `ip mptcp endpoint` | id | its link, its address |
//! | [`NftTable`] | `nft add table` | family and name | nothing |
//! | [`NftSet`] | `nft add set` | table and name | its table |
//! | [`NftSetElement`] | `nft add element` | set and value | its set |
//! | [`Qdisc`] | `tc qdisc` | link and handle | its link, the class that it hangs on |
//! | [`Class`] | `tc class` | link and class id | its link, its parent |
//! | [`Filter`] | `tc filter` | link, parent, chain, priority and handle | its link, its parent, the class that it leads to |
//! | [`Sysctl`] | `sysctl` | name | the link that the name names |
//!
//! Register those that are used, and what they refer to, with an agent, in any order: an address waits for its
//! link, a route for its nexthop.

mod address;
mod address_label;
mod bridge_vlan;
mod class;
mod encap;
mod ethernet;
mod fdb;
mod filter;
mod link;
mod mptcp_endpoint;
mod neighbour;
mod nexthop;
mod nexthop_group;
mod nft_set;
mod nft_set_element;
mod nft_table;
mod nft_wire;
mod port;
mod qdisc;
mod qdisc_kind;
mod route;
mod route_family;
mod route_protocol;
mod rule;
mod sysctl;
mod tc_handle;
mod tc_parent;
mod tc_rate;
mod u32_filter;

/// A name of the agent's own, for what a million others may name: up to 24 bytes take no memory beside the value.
///
/// It is made of any text, and read like one:
///
/// ```
/// use ksync_objects::Name;
///
/// let name: Name = "core1".into();
/// assert_eq!((name.as_str(), size_of::<Name>()), ("core1", 24));
/// ```
pub type Name = compact_str::CompactString;

pub use address::{Address, AddressKey, Lifetimes};
pub use address_label::{AddressLabel, AddressLabelKey};
pub use bridge_vlan::{BridgeVlan, BridgeVlanKey};
pub use class::{Class, ClassKey, ClassKind, HtbClass};
pub use encap::{Encap, Seg6Mode};
pub use fdb::{FdbEntry, FdbEntryKey, FdbState, VxlanFdbEntry, VxlanFdbEntryKey};
pub use filter::{Filter, FilterKey};
pub use link::{
    Bond, BondHashPolicy, BondMode, Bridge, DontFragment, Gre, Ipip, Link, LinkKind, Lower, Macvlan,
    MacvlanMode, Namespace, VethPeer, Vlan, Vrf, Vxlan,
};
pub use mptcp_endpoint::MptcpEndpoint;
pub use neighbour::{Neighbour, NeighbourKey, NeighbourState, ProxyNeighbour, ProxyNeighbourKey};
pub use nexthop::Nexthop;
pub use nexthop_group::{Member, MemberHeader, NexthopGroup, Resilience, Spread, Weight};
pub use nft_set::{NftSet, NftSetFlags, NftSetKey, NftType};
pub use nft_set_element::{NftSetElement, NftSetElementKey, NftValue};
pub use nft_table::{NftFamily, NftTable, NftTableKey};
pub use port::{BridgePort, Port, PortKind};
pub use qdisc::{Qdisc, QdiscKey};
pub use qdisc_kind::{HtbGlobal, HtbInit, QdiscKind, Tbf, TbfPeak};
pub use route::{Hop, Path, Route, RouteDetails, RouteKey, RouteKind, RouteMetrics, Through};
pub use route_family::Family;
pub use route_protocol::RouteProtocol;
pub use rule::{Mark, Rule, RuleAction, RuleKey};
pub use sysctl::{Sysctl, SysctlName};
pub use tc_handle::{NoTcHandle, TcHandle};
pub use tc_parent::{TcFlow, TcParent};
pub use u32_filter::{U32, U32Handle, U32HashKey, U32Match};

/// How to declare a kind of your own, step by step.
#[doc = include_str!("../docs/your-own-kind.md")]
pub mod guide {}

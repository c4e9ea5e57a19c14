//! Kernel objects declared with KSync: links, addresses, nexthops, routes.
//!
//! One kind a file, nearly all of it the derive. Nothing here knows how the engine works; the files are also
//! meant to be read as examples for kinds of your own.
//!
//! | kind | `ip` | key | waits for |
//! | --- | --- | --- | --- |
//! | [`Link`] | `ip link` | name | its master, the link below it |
//! | [`Address`] | `ip address` | link and address | its link |
//! | [`Nexthop`] | `ip nexthop` | a name of the agent's own | its link |
//! | [`Route`] | `ip route` | table, destination and metric | its nexthop |
//! | [`MptcpEndpoint`] | `ip mptcp endpoint` | id | its link, its address |
//! | [`NftTable`] | `nft add table` | family and name | |
//! | [`NftSet`] | `nft add set` | table and name | its table |
//! | [`NftSetElement`] | `nft add element` | set and value | its set |
//! | [`Sysctl`] | `sysctl` | name | the link that the name names |
//!
//! Register all four with an agent, in any order: an address waits for its link, a route for its nexthop.

mod address;
mod link;
mod mptcp_endpoint;
mod nexthop;
mod nft_set;
mod nft_set_element;
mod nft_table;
mod nft_wire;
mod route;
mod sysctl;

pub use address::{Address, AddressKey};
pub use link::{Link, LinkKind, VethPeer};
pub use mptcp_endpoint::MptcpEndpoint;
pub use nexthop::Nexthop;
pub use nft_set::{NftSet, NftSetFlags, NftSetKey, NftType};
pub use nft_set_element::{NftSetElement, NftSetElementKey, NftValue};
pub use nft_table::{NftFamily, NftTable, NftTableKey};
pub use route::{Route, RouteKey};
pub use sysctl::{Sysctl, SysctlName};

/// How to declare a kind of your own, step by step.
#[doc = include_str!("../docs/your-own-kind.md")]
pub mod guide {}

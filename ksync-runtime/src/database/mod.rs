//! Database rows: tables of the agent's own data, and entries that follow them.
//!
//! An agent that keeps its configuration in tables need not set and remove entries by hand: a [`Binding`]
//! listens to a [`DbTable`] and keeps the entries of a kind in step with its rows. These are the original's
//! `KSyncDBObject` (a binding), `KSyncDBEntry` (an entry that is fed by rows) and, for kinds that write
//! netlink messages, `KSyncNetlinkDBEntry`.
//!
//! Everything here is sans-IO like the [engine](crate::engine): no clock, no thread, and the same calls give
//! the same results.
//!
//! ```
//! use std::time::Instant;
//!
//! use ksync_runtime::database::{Binding, DbRow, DbTable, FromRow};
//! use ksync_runtime::engine::{Engine, RetryPolicy};
//! use ksync_runtime::prelude::*;
//!
//! /// A row: what one of several controllers says about a host.
//! #[derive(Debug)]
//! struct Host { controller: u8, address: std::net::Ipv4Addr, mac: MacAddr6 }
//!
//! impl DbRow for Host {
//!     type Key = (u8, std::net::Ipv4Addr);
//!     fn key(&self) -> Self::Key { (self.controller, self.address) }
//! }
//!
//! /// An entry: whoever says it, the kernel holds it once.
//! #[derive(Clone, Debug, PartialEq, KSyncEntry)]
//! #[ksync(protocol = route, header = NeighbourHeader, add = RTM_NEWNEIGH, delete = RTM_DELNEIGH)]
//! struct Neighbour {
//!     #[ksync(key, nla = NDA_DST)]
//!     address: std::net::Ipv4Addr,
//!     #[ksync(nla = NDA_LLADDR)]
//!     mac: MacAddr6,
//! }
//!
//! impl FromRow<Host> for Neighbour {
//!     fn from_row(host: &Host) -> Self { Neighbour { address: host.address, mac: host.mac } }
//! }
//!
//! let (mut hosts, mut engine) = (DbTable::new(), Engine::new(RetryPolicy::default()));
//! engine.register::<Neighbour>()?;
//! let mut binding: Binding<Host, Neighbour> = Binding::new(&mut hosts);
//!
//! let address = [192, 0, 2, 1].into();
//! hosts.notify(Host { controller: 1, address, mac: MacAddr6::new(2, 0, 0, 0, 0, 1) })?;
//! hosts.notify(Host { controller: 2, address, mac: MacAddr6::new(2, 0, 0, 0, 0, 2) })?;
//! while binding.deliver(&mut hosts, &mut engine, 100, Instant::now()) {}
//! assert_eq!(engine.get::<Neighbour>(&address).map(|held| held.mac.as_bytes()[5]), Some(1));
//!
//! hosts.delete(&(1, address)); // the other controller's word counts from now on
//! while binding.deliver(&mut hosts, &mut engine, 100, Instant::now()) {}
//! assert_eq!(engine.get::<Neighbour>(&address).map(|held| held.mac.as_bytes()[5]), Some(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The life of a row, seen from its entry:
//!
//! 1. It is added, and its notification delivered. The [filter](FromRow::filter) accepts it, and it comes
//!    into use for the entry that it [maps to](FromRow::key_of_row), or queues behind the rows that came
//!    before it.
//! 2. Its changes change the entry, as long as it is in use. What is refused is
//!    [reported](Binding::poll_refused).
//! 3. It is deleted. If others are queued, the first one takes over; else the entry is removed, and the row
//!    stays readable until the entry is gone.
//!
//! An agent is fed with a handle to its table in place of the engine: see [`Entries`].

mod ask;
mod association;
mod binding;
mod entries;
mod filter;
mod notify;
mod refused;
mod table;
mod takeover;
mod turns;

pub use binding::Binding;
pub use entries::Entries;
pub use filter::{FromRow, Verdict};
pub use notify::{Change, Notification};
pub use refused::{Refused, RefusedBecause};
pub use table::{DbRow, DbTable, DbTableFull, ListenerId, RowId, Walk};

//! How rows become entries: what a kind says about the rows that it is fed with.
//!
//! It must not know which row is in use, nor when rows are told of.

use super::table::DbRow;
use crate::declare::KSyncEntry;

/// A kind that can be fed with rows of type `R`. One row makes one entry.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use ksync_runtime::database::{DbRow, FromRow, Verdict};
/// use ksync_runtime::prelude::*;
///
/// /// What the agent knows: one lease for each client of each pool.
/// #[derive(Debug)]
/// struct Lease { pool: u32, client: MacAddr6, address: Ipv4Addr, active: bool }
///
/// impl DbRow for Lease {
///     type Key = (u32, MacAddr6);
///     fn key(&self) -> Self::Key { (self.pool, self.client) }
/// }
///
/// /// What the kernel is to hold.
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = route, header = NeighbourHeader, add = RTM_NEWNEIGH, delete = RTM_DELNEIGH)]
/// struct Neighbour {
///     #[ksync(key, nla = NDA_DST)]
///     address: Ipv4Addr,
///     #[ksync(nla = NDA_LLADDR)]
///     mac: MacAddr6,
/// }
///
/// impl FromRow<Lease> for Neighbour {
///     fn from_row(lease: &Lease) -> Self { Neighbour { address: lease.address, mac: lease.client } }
///     fn key_of_row(lease: &Lease) -> Ipv4Addr { lease.address }
///     fn filter(lease: &Lease, _: Option<&Ipv4Addr>) -> Verdict {
///         if lease.active { Verdict::Accept } else { Verdict::Delete }
///     }
/// }
/// ```
pub trait FromRow<R: DbRow>: KSyncEntry {
    /// The entry that the row stands for.
    fn from_row(row: &R) -> Self;

    /// The key of that entry. Worth writing where it costs less than the whole entry.
    fn key_of_row(row: &R) -> Self::Key {
        Self::from_row(row).key()
    }

    /// What to do about an added or changed row. `current` is the key of the entry that the row is in use or
    /// queued for. Deletes don't come by here.
    fn filter(row: &R, current: Option<&Self::Key>) -> Verdict {
        let _ = (row, current);
        Verdict::Accept
    }
}

/// The answer to an added or changed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The row's entry is to be there, with its data. If the row maps to another key by now, it moves there.
    Accept,
    /// As if nothing had been told.
    Ignore,
    /// The row's entry is to go, as if the row had been deleted.
    Delete,
    /// The row's entry is to go, and then to be added, under the key that the row maps to now.
    DeleteAdd,
}

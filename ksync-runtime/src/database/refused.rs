//! Rows whose entry was not taken, and why.
//!
//! It must not know what happens to such a row next.

use super::table::DbRow;
use crate::declare::KSyncEntry;
use crate::engine::SetError;

/// A row that is in use for an entry, and was refused by the entry's table.
pub struct Refused<R: DbRow, T: KSyncEntry> {
    /// The row.
    pub row: R::Key,
    /// The entry that it maps to.
    pub entry: T::Key,
    /// Why.
    pub reason: RefusedBecause,
}

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedBecause {
    /// The table did not take the entry.
    #[error(transparent)]
    Set(#[from] SetError),
    /// `from_row` and `key_of_row` of the kind do not agree on the row's entry.
    #[error("{kind}: `from_row` makes entry {made}, `key_of_row` says {said}")]
    OtherKey {
        /// The kind.
        kind: &'static str,
        /// The key of the entry that was made from the row.
        made: String,
        /// The key that the row was said to map to.
        said: String,
    },
}

impl<R: DbRow, T: KSyncEntry> Clone for Refused<R, T> {
    fn clone(&self) -> Self {
        Refused { row: self.row.clone(), entry: self.entry.clone(), reason: self.reason.clone() }
    }
}

impl<R: DbRow, T: KSyncEntry> PartialEq for Refused<R, T> {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row && self.entry == other.entry && self.reason == other.reason
    }
}

impl<R: DbRow, T: KSyncEntry> std::fmt::Debug for Refused<R, T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Refused")
            .field("row", &self.row)
            .field("entry", &self.entry)
            .field("reason", &self.reason)
            .finish()
    }
}

impl<R: DbRow, T: KSyncEntry> std::fmt::Display for Refused<R, T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "row {:?}: {}", self.row, self.reason)
    }
}

//! One entry and the rows that map to it: the original's `KSyncDBEntry`, without the entry.
//!
//! It must not know the rows' data, nor how an entry is declared.

use super::refused::Refused;
use super::table::{DbRow, RowId};
use super::turns::Turns;
use crate::declare::KSyncEntry;

/// Who stands behind an entry.
///
/// Invariant: a departing row is what a withdrawn entry was last declared from, so there is none while
/// `declared` is true, but for the moment in which a queued row takes over.
#[derive(Debug)]
pub(super) struct Association<R: DbRow, T: KSyncEntry> {
    /// The key of the entry.
    pub(super) key: T::Key,
    /// The row that the entry stands for.
    pub(super) in_use: Option<RowId>,
    /// The other rows that map to it, in the order in which they came.
    pub(super) queued: Turns<RowId>,
    /// The row that the entry stood for until it was withdrawn. It is kept until the entry lets go of it.
    pub(super) departing: Option<RowId>,
    /// The entry was declared from one of the rows, and not withdrawn since.
    pub(super) declared: bool,
    /// Why the row in use was not taken.
    pub(super) refused: Option<Refused<R, T>>,
}

/// What a row is to its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    InUse,
    Queued,
    Departing,
}

impl<R: DbRow, T: KSyncEntry> Association<R, T> {
    pub(super) fn new(key: T::Key) -> Self {
        Association {
            key,
            in_use: None,
            queued: Turns::default(),
            departing: None,
            declared: false,
            refused: None,
        }
    }

    /// What a row is that was found to belong here.
    pub(super) fn role(&self, row: RowId) -> Role {
        if self.in_use == Some(row) {
            Role::InUse
        } else if self.departing == Some(row) {
            Role::Departing
        } else {
            Role::Queued
        }
    }

    /// The row came back before the entry let go of it, or went elsewhere.
    pub(super) fn stop_departing(&mut self, row: RowId) {
        self.departing = self.departing.filter(|departing| *departing != row);
    }

    /// Whether no row is left.
    pub(super) fn is_empty(&self) -> bool {
        self.in_use.is_none() && self.departing.is_none() && self.queued.is_empty()
    }
}

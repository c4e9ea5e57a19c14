//! What there is of one kind, with its type, looked up once for all that a call does to an entry. Knows nothing of what
//! happens to entries.

use std::any::TypeId;

use super::Engine;
use super::entry::Core;
use super::outbox::{Outboxes, Sending};
use super::tables::{PerState, Table, Tables};
use crate::declare::{KSyncEntry, Schema};
use crate::table::{Rows, Slots};

/// The table of a kind, and where what is to be sent of it goes.
pub(super) struct OfKind<'a, T: KSyncEntry> {
    /// The table's number.
    pub(super) number: usize,
    pub(super) slots: &'a mut Slots<Core>,
    pub(super) rows: &'a mut Rows<T>,
    pub(super) schema: &'static Schema,
    pub(super) counts: &'a mut PerState,
    /// Nothing can be declared any more.
    pub(super) going_away: bool,
    pub(super) sending: Sending<'a>,
}

impl<'a, T: KSyncEntry> OfKind<'a, T> {
    /// What there is of the kind whose table has that number. `None`: that is the table of another one.
    #[inline(always)]
    pub(super) fn of(tables: &'a mut Tables, outboxes: &'a mut Outboxes, number: usize) -> Option<Self> {
        let Table { slots, rows, schema, channel, counts, going_away, .. } = tables.get_mut(number)?;
        // First, since it is a call, for which all else that is known by then would have to be put aside.
        let rows = rows.of_mut()?;
        let (schema, going_away) = (*schema, *going_away);
        let sending = outboxes.of(*channel, schema)?;
        Some(OfKind { number, slots, rows, schema, counts, going_away, sending })
    }
}

impl Engine {
    /// What there is of a kind. `None`: it has no table.
    #[inline(always)]
    pub(super) fn of_kind_mut<T: KSyncEntry>(&mut self) -> Option<OfKind<'_, T>> {
        let number = self.tables.likely_number_of(TypeId::of::<T>());
        OfKind::of(&mut self.tables, &mut self.outboxes, number)
    }
}

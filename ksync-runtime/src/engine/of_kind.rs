//! What there is of one kind, with its type, looked up once for all that a call does to an entry. Knows nothing of what
//! happens to entries.

use super::Engine;
use super::entry::Core;
use super::machine::State;
use super::outbox::Outboxes;
use super::tables::Table;
use crate::declare::{KSyncEntry, Schema};
use crate::table::{Rows, Slots};

/// The table of a kind, and where what is to be sent of it goes.
pub(super) struct OfKind<'a, T: KSyncEntry> {
    /// The table's number.
    pub(super) number: usize,
    pub(super) slots: &'a mut Slots<Core>,
    pub(super) rows: &'a mut Rows<T>,
    pub(super) schema: &'static Schema,
    /// Number of the connection that carries its messages.
    pub(super) channel: usize,
    pub(super) counts: &'a mut [usize; State::ALL.len()],
    /// Nothing can be declared any more.
    pub(super) going_away: bool,
    pub(super) outboxes: &'a mut Outboxes,
}

impl Engine {
    /// What there is of a kind. `None`: it has no table.
    #[inline(always)]
    pub(super) fn of_kind_mut<T: KSyncEntry>(&mut self) -> Option<OfKind<'_, T>> {
        let Engine { tables, outboxes, .. } = self;
        let number = tables.number_if_any(std::any::TypeId::of::<T>())?;
        let Table { slots, rows, schema, channel, counts, going_away, .. } = tables.get_mut(number)?;
        let (channel, going_away) = (*channel, *going_away);
        Some(OfKind { number, slots, rows: rows.of_mut()?, schema, channel, counts, going_away, outboxes })
    }
}

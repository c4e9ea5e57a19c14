//! Many values at once: they share the kernel with what is declared singly meanwhile, and don't hold it up.

use std::any::TypeId;
use std::time::Instant;

use super::outbox::Share;
use super::{Engine, SetError};
use crate::declare::KSyncEntry;

impl Engine {
    /// Declares many entries, as [`set`](Self::set) does with one. Those that can't be right are handed back with the
    /// reason, the others are taken.
    ///
    /// What is set with [`Share::Bulk`] leaves in the order in which it came, and up to three single changes overtake
    /// each of them. With [`Share::Fresh`], each counts as a single one.
    pub fn set_all<T: KSyncEntry>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        share: Share,
        now: Instant,
    ) -> Vec<SetError> {
        self.with_share(share, |engine| {
            values.into_iter().filter_map(|value| engine.set(value, now).err()).collect()
        })
    }

    /// Withdraws many entries, as [`remove`](Self::remove) does with one. Returns how many of them were declared.
    ///
    /// Deletes of one kind with [`Share::Bulk`] leave in no order: the kernel takes less than half as long for
    /// routes then as in ascending order.
    pub fn remove_all<'a, T: KSyncEntry>(
        &mut self,
        keys: impl IntoIterator<Item = &'a T::Key>,
        share: Share,
        now: Instant,
    ) -> usize
    where
        T::Key: 'a,
    {
        self.with_share(share, |engine| keys.into_iter().filter(|key| engine.remove::<T>(key, now)).count())
    }

    /// Whether more of a kind can be declared without its having to wait longer than its share takes. Nothing is
    /// turned away without room: it is for whoever can wait.
    #[must_use]
    pub fn has_room<T: KSyncEntry>(&self, share: Share) -> bool {
        self.has_room_on(self.connection_of::<T>(), share)
    }

    /// The number of the connection that carries a kind.
    pub(crate) fn connection_of<T: KSyncEntry>(&self) -> usize {
        let number = self.tables.number_of(TypeId::of::<T>());
        number.and_then(|number| self.tables.get(number)).map_or(0, |table| table.channel)
    }

    pub(crate) fn has_room_on(&self, connection: usize, share: Share) -> bool {
        self.outboxes.get(connection).is_none_or(|outbox| outbox.has_room(share))
    }

    /// Whether a quarter of the room is free.
    pub(crate) fn has_plenty_of_room_on(&self, connection: usize, share: Share) -> bool {
        self.outboxes.get(connection).is_none_or(|outbox| outbox.has_plenty_of_room(share))
    }

    /// Does something to one of many entries.
    pub(super) fn in_bulk<R>(&mut self, act: impl FnOnce(&mut Engine) -> R) -> R {
        self.with_share(Share::Bulk, act)
    }

    fn with_share<R>(&mut self, share: Share, act: impl FnOnce(&mut Engine) -> R) -> R {
        let before = std::mem::replace(&mut self.share, share);
        let result = act(self);
        self.share = before;
        result
    }
}

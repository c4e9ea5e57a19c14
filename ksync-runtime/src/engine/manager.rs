//! The object manager: emptying whole tables, and taking them away. The original's `KSyncObjectManager`.

use std::any::TypeId;
use std::time::Instant;

use super::entry::{EntryId, Flag};
use super::{Engine, Work};
use crate::declare::KSyncEntry;

/// How many entries are deleted before other work gets its turn.
const DELETE_SLICE: usize = 100;

/// Why a table can't be taken away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnregisterError {
    /// It still has entries.
    #[error("the table of {kind} still has {entries} entries: call `delete_all` and wait until it is empty")]
    NotEmpty {
        /// The kind.
        kind: &'static str,
        /// How many entries are left.
        entries: usize,
    },
    /// Another kind refers to the kind.
    #[error("{by} refers to {kind}: unregister {by} first")]
    Needed {
        /// The kind.
        kind: &'static str,
        /// The one that refers to it.
        by: &'static str,
    },
    /// There is no table of the kind.
    #[error("{kind} is not registered")]
    NotRegistered {
        /// The kind.
        kind: &'static str,
    },
}

impl Engine {
    /// Deletes all entries of a kind, in slices, so that nothing else waits long. From now on nothing can be
    /// declared there any more. Once the last entry is gone, acknowledgements included,
    /// [`poll_empty`](Self::poll_empty) says so; for a table without entries it does so at once.
    ///
    /// Returns whether there is a table of that kind.
    pub fn delete_all<T: KSyncEntry>(&mut self) -> bool {
        let Some(number) = self.tables.number_of(TypeId::of::<T>()) else {
            return false;
        };
        if let Some(table) = self.tables.get_mut(number)
            && !table.going_away
        {
            table.going_away = true;
            self.work.push_back(Work::DeleteAll { table: number, from: 0 });
        }
        true
    }

    /// A kind whose table was emptied by [`delete_all`](Self::delete_all) and has no entry any more. Each is
    /// told once.
    pub fn poll_empty(&mut self) -> Option<&'static str> {
        self.emptied.pop_front()
    }

    /// Takes the table of a kind away.
    ///
    /// # Errors
    /// [`UnregisterError`]: it has entries, or another kind may refer to it.
    pub fn unregister<T: KSyncEntry>(&mut self) -> Result<(), UnregisterError> {
        let kind = self.kind_name::<T>();
        let number =
            self.tables.number_of(TypeId::of::<T>()).ok_or(UnregisterError::NotRegistered { kind })?;
        let entries = self.tables.get(number).map_or(0, |table| table.len());
        if entries > 0 {
            return Err(UnregisterError::NotEmpty { kind, entries });
        }
        let needs = |other: &crate::declare::Schema| {
            other.depends_on.iter().any(|dependency| (dependency.kind)() == TypeId::of::<T>())
        };
        let by = self
            .tables
            .iter()
            .find(|(other, table)| *other != number && !table.taken_away && needs(table.schema));
        if let Some((_, table)) = by {
            return Err(UnregisterError::Needed { kind, by: table.schema.name });
        }
        self.tables.take_away::<T>();
        Ok(())
    }

    /// Deletes some of the entries of a table, and comes back for the rest.
    pub(super) fn delete_some(&mut self, number: usize, from: u32, now: Instant) {
        let Some(table) = self.tables.get(number) else {
            return;
        };
        let slice: Vec<u32> = table.slots.iter_from(from).take(DELETE_SLICE).map(|(slot, _)| slot).collect();
        let Some(last) = slice.last().copied() else {
            return self.notice_empty(number);
        };
        for slot in slice {
            let entry = EntryId::new(number, slot);
            if self.tables.core(entry).is_some_and(|core| core.is(Flag::Declared)) {
                self.withdrawn(entry, now);
            }
        }
        self.work.push_back(Work::DeleteAll { table: number, from: last + 1 });
    }

    /// Tells that a table which is going away has no entry any more.
    pub(super) fn notice_empty(&mut self, number: usize) {
        if let Some(table) = self.tables.get_mut(number)
            && table.going_away
            && !table.told_empty
            && table.len() == 0
        {
            table.told_empty = true;
            self.emptied.push_back(table.schema.name);
        }
    }
}

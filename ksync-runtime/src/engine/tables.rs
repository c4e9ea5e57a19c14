//! The engine's tables: making entries, taking them away, and finding them by index.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;

use super::circles;
use super::entry::{Core, EntryId, Flag, MAX_TABLES, NONE};
use super::handing_out::Writers;
use super::kinds::Kinds;
use super::machine::State;
use super::references::Cores;
use crate::declare::{IndexSource, Indexes, KSyncEntry, ResolvedOn, Schema, Target};
use crate::table::{AnyRows, Chunks, IndexAllocator, Rows, Slots, TableFull};

/// How many entries are in each state.
pub(crate) type PerState = [usize; State::ALL.len()];

/// One table: the entries of one kind.
pub(crate) struct Table {
    pub(crate) slots: Slots<Core>,
    pub(crate) rows: Box<dyn AnyRows>,
    pub(crate) schema: &'static Schema,
    kind: TypeId,
    /// Writes messages of its entries.
    pub(crate) writers: Writers,
    /// Number of the connection that carries its messages.
    pub(crate) channel: usize,
    /// The numbers that KSync gives out, for kinds that take theirs from it.
    indexes: Option<IndexAllocator>,
    /// Slot → index, or [`NONE`]. Only kinds with an index have it.
    index: Chunks<u32>,
    /// Index → slot, for every entry whose index is known.
    by_index: HashMap<u32, u32, FixedState>,
    /// Entries that found no index free, in the order in which they came.
    without_index: VecDeque<u32>,
    /// How many entries are in each state.
    pub(crate) counts: PerState,
    /// Entries of it may refer to each other in a circle, perhaps by way of other kinds.
    pub(crate) in_circles: bool,
    /// All entries are being deleted, and no new ones are taken.
    pub(crate) going_away: bool,
    /// That the table is empty was told.
    pub(crate) told_empty: bool,
    /// The table is no more; its number is not used again.
    pub(crate) taken_away: bool,
}

impl Table {
    fn new<T: KSyncEntry>(schema: &'static Schema) -> Self {
        let indexes = match schema.index {
            IndexSource::KSync { first, last } => Some(IndexAllocator::new(first, last)),
            _ => None,
        };
        Table {
            slots: Slots::default(),
            rows: Box::new(Rows::<T>::new()),
            schema,
            kind: TypeId::of::<T>(),
            writers: Writers::of::<T>(),
            channel: 0,
            indexes,
            index: Chunks::default(),
            by_index: HashMap::default(),
            without_index: VecDeque::new(),
            counts: [0; State::ALL.len()],
            in_circles: false,
            going_away: false,
            told_empty: false,
            taken_away: false,
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The entry's index, or [`NONE`].
    #[inline]
    pub(crate) fn index_of(&self, slot: u32) -> u32 {
        self.index.get(slot as usize).copied().unwrap_or(NONE)
    }

    /// The entry's index, if its kind has them and it is known.
    #[inline]
    pub(crate) fn known_index_of(&self, slot: u32) -> Option<u32> {
        if matches!(self.schema.index, IndexSource::None) {
            return None;
        }
        self.index.get(slot as usize).copied().filter(|index| *index != NONE)
    }

    /// Number of the copy of what the kernel holds, if there is one; or [`NONE`].
    pub(crate) fn held_by(&self, slot: u32) -> u32 {
        self.slots.get(slot).map_or(NONE, |core| core.held)
    }

    /// Whether the answer to an add has to tell the object's index.
    #[inline]
    pub(crate) fn learns_from_echo(&self) -> bool {
        self.schema.index == IndexSource::Kernel
    }

    /// Whether others that depend on the entry may be sent.
    #[inline]
    pub(crate) fn is_resolved(&self, slot: u32, core: &Core) -> bool {
        const UNCERTAIN: u32 = Flag::Doubt.bit() | Flag::Shaken.bit() | Flag::LOST;
        const GOING: u32 = {
            let mut going = 1 << State::RenewWait as u32;
            let mut at = 0;
            while at < State::ALL.len() {
                if State::ALL[at].is_deleting() {
                    going |= 1 << State::ALL[at] as u32;
                }
                at += 1;
            }
            going
        };
        const SENT: u32 =
            1 << State::InSync as u32 | 1 << State::SyncWait as u32 | 1 << State::NeedSync as u32;
        let has_index = match self.schema.index {
            IndexSource::None => true,
            IndexSource::KSync { .. } => !core.is(Flag::NoIndex),
            IndexSource::Kernel => self.index_of(slot) != NONE,
        };
        has_index
            && match self.schema.resolved_on {
                ResolvedOn::Accepted => {
                    core.are(Flag::Accepted.bit() | UNCERTAIN, Flag::Accepted.bit())
                        && !core.is_in_one_of(GOING)
                }
                ResolvedOn::Sent => core.is_in_one_of(SENT),
            }
    }

    pub(crate) fn learn_index(&mut self, slot: u32, index: u32) {
        self.forget_index(slot);
        if let Some(place) = self.index.get_mut(slot as usize) {
            *place = index;
            self.by_index.insert(index, slot);
        }
    }

    /// Takes the entry's index away, and returns it; or [`NONE`].
    fn forget_index(&mut self, slot: u32) -> u32 {
        let Some(place) = self.index.get_mut(slot as usize) else {
            return NONE;
        };
        let old = std::mem::replace(place, NONE);
        if old != NONE && self.by_index.get(&old) == Some(&slot) {
            self.by_index.remove(&old);
        }
        old
    }

    /// The object is gone from the kernel, and a number that the kernel gave it with it. Returns whether it had one.
    pub(crate) fn forget_kernel_index(&mut self, slot: u32) -> bool {
        if self.schema.index != IndexSource::Kernel {
            return false;
        }
        self.forget_index(slot) != NONE
    }

    /// Whether a new entry finds a number, if its kind takes them from KSync.
    pub(crate) fn has_number_left(&self) -> bool {
        self.indexes.as_ref().is_none_or(IndexAllocator::has_free)
    }

    /// A new entry has no index, unless its kind takes them from KSync.
    #[inline]
    pub(crate) fn make_room_for_index(&mut self, slot: u32) {
        if matches!(self.schema.index, IndexSource::None) {
            return;
        }
        // Slots come one after the other, so it is one place at most.
        while self.index.len() <= slot as usize {
            self.index.push(NONE);
        }
        self.allocate_index(slot);
    }

    /// Gives the entry a number of KSync's, if its kind has these.
    fn allocate_index(&mut self, slot: u32) {
        let Some(indexes) = &mut self.indexes else {
            return;
        };
        let index = indexes.allocate();
        if let Some(core) = self.slots.get_mut(slot) {
            core.set(Flag::NoIndex, index.is_none());
        }
        match index {
            Some(index) => self.learn_index(slot, index),
            None => self.without_index.push_back(slot),
        }
    }

    /// Takes a number out of those that are given out.
    pub(crate) fn reserve_index(&mut self, index: u32) -> bool {
        self.indexes.as_mut().is_some_and(|indexes| indexes.reserve(index))
    }

    pub(crate) fn indexes_used(&self) -> u64 {
        self.indexes.as_ref().map_or(0, IndexAllocator::used)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Table")
            .field("kind", &self.schema.name)
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}

/// All tables of an engine.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    tables: Vec<Table>,
    kinds: Kinds,
}

impl Tables {
    /// Makes a table for a kind. `None` if there are too many.
    pub(crate) fn register<T: KSyncEntry>(&mut self, schema: &'static Schema) -> Option<usize> {
        if let Some(number) = self.kinds.number_of(TypeId::of::<T>()) {
            return Some(number);
        }
        if self.tables.len() == MAX_TABLES {
            return None;
        }
        self.tables.push(Table::new::<T>(schema));
        self.kinds.insert(TypeId::of::<T>(), self.tables.len() - 1);
        circles::note(self);
        Some(self.tables.len() - 1)
    }

    /// Takes the table of a kind away. It must be empty.
    pub(crate) fn take_away<T: KSyncEntry>(&mut self) {
        if let Some(number) = self.kinds.remove(TypeId::of::<T>())
            && let Some(table) = self.tables.get_mut(number)
        {
            table.taken_away = true;
        }
    }

    pub(crate) fn number_of(&self, kind: TypeId) -> Option<usize> {
        self.kinds.number_of(kind)
    }

    /// The table of a kind, with its number.
    #[inline]
    pub(crate) fn table_of<T: KSyncEntry>(&self) -> Option<(usize, &Table)> {
        self.with_number(TypeId::of::<T>())
    }

    #[inline]
    fn with_number(&self, kind: TypeId) -> Option<(usize, &Table)> {
        let number = self.likely_number_of(kind);
        self.tables.get(number).filter(|table| table.kind == kind).map(|table| (number, table))
    }

    /// The number of the kind's table if it has one; if not, that of another one, or of none.
    #[inline(always)]
    pub(crate) fn likely_number_of(&self, kind: TypeId) -> usize {
        self.kinds.likely_number_of(kind, self.tables.len())
    }

    #[inline]
    pub(crate) fn rows<T: KSyncEntry>(&self) -> Option<(usize, &Rows<T>)> {
        self.of_kind().map(|(number, _, rows)| (number, rows))
    }

    /// The kind's table, with its number and its rows.
    #[inline]
    pub(crate) fn of_kind<T: KSyncEntry>(&self) -> Option<(usize, &Table, &Rows<T>)> {
        let number = self.likely_number_of(TypeId::of::<T>());
        self.table_with_rows(number).map(|(table, rows)| (number, table, rows))
    }

    #[inline]
    pub(crate) fn table_with_rows<T: KSyncEntry>(&self, number: usize) -> Option<(&Table, &Rows<T>)> {
        let table = self.tables.get(number)?;
        table.rows.of().map(|rows| (table, rows))
    }

    #[inline]
    pub(crate) fn rows_mut<T: KSyncEntry>(&mut self, number: usize) -> Option<&mut Rows<T>> {
        self.tables.get_mut(number)?.rows.of_mut()
    }

    #[inline]
    pub(crate) fn get(&self, number: usize) -> Option<&Table> {
        self.tables.get(number)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut Table> {
        self.tables.get_mut(number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Table)> {
        self.tables.iter().enumerate()
    }

    #[inline]
    pub(crate) fn core(&self, entry: EntryId) -> Option<&Core> {
        self.tables.get(entry.table())?.slots.get(entry.slot())
    }

    #[inline]
    pub(crate) fn is_resolved(&self, entry: EntryId) -> bool {
        self.tables.get(entry.table()).is_some_and(|table| {
            let slot = entry.slot();
            table.slots.get(slot).is_some_and(|core| table.is_resolved(slot, core))
        })
    }

    /// Makes an entry for a key that has none, with an index if its kind takes these from KSync.
    pub(crate) fn create(
        &mut self,
        number: usize,
        state: State,
        occupy: impl FnOnce(&mut dyn AnyRows, u32),
    ) -> Result<EntryId, TableFull> {
        let table = self.tables.get_mut(number).ok_or(TableFull)?;
        let slot = table.slots.insert(Core::new(state))?;
        table.counts[state as usize] += 1;
        occupy(table.rows.as_mut(), slot);
        table.make_room_for_index(slot);
        Ok(EntryId::new(number, slot))
    }

    /// Makes an entry that nobody declared, for those who refer to it.
    #[inline(never)]
    pub(super) fn create_placeholder<T: KSyncEntry>(
        &mut self,
        number: usize,
        hash: u64,
        key: &T::Key,
    ) -> Result<EntryId, TableFull> {
        self.create(number, State::Temp, |rows, slot| {
            if let Some(rows) = rows.of_mut::<T>() {
                rows.occupy(slot, hash, key.clone());
            }
        })
    }

    pub(crate) fn set_state(&mut self, entry: EntryId, state: State) {
        if let Some(table) = self.tables.get_mut(entry.table())
            && let Some(core) = table.slots.get_mut(entry.slot())
        {
            table.counts[core.state() as usize] -= 1;
            table.counts[state as usize] += 1;
            core.set_state(state);
        }
    }

    /// Takes an entry away. Returns the entry that gets its index, if one was short of it.
    pub(crate) fn remove(&mut self, entry: EntryId) -> Option<EntryId> {
        let table = self.tables.get_mut(entry.table())?;
        table.rows.vacate(entry.slot());
        let core = table.slots.remove(entry.slot())?;
        table.counts[core.state() as usize] -= 1;
        if matches!(table.schema.index, IndexSource::None) {
            return None;
        }
        let index = table.forget_index(entry.slot());
        let indexes = table.indexes.as_mut()?;
        if index == NONE {
            // Nothing became free, so nobody's turn has come.
            return None;
        }
        indexes.release(index);
        while let Some(slot) = table.without_index.pop_front() {
            if table.slots.get(slot).is_some_and(|core| core.is(Flag::NoIndex)) {
                table.allocate_index(slot);
                return Some(EntryId::new(entry.table(), slot));
            }
        }
        None
    }

    /// The key (boxed) of the entry of a kind that has an index.
    pub(crate) fn key_of_index(&self, kind: TypeId, index: u32) -> Option<Box<dyn Any>> {
        let table = &self.tables[self.number_of(kind)?];
        table.rows.key_any(*table.by_index.get(&index)?)
    }

    /// `Nexthop core1`.
    pub(crate) fn describe(&self, entry: EntryId) -> String {
        self.tables.get(entry.table()).map_or_else(String::new, |table| {
            format!("{} {}", table.schema.name, table.rows.describe(entry.slot()))
        })
    }
}

impl Cores for Tables {
    #[inline]
    fn core_mut(&mut self, entry: EntryId) -> Option<&mut Core> {
        self.tables.get_mut(entry.table())?.slots.get_mut(entry.slot())
    }
}

impl Indexes for Tables {
    fn index_of(&self, target: Target) -> Option<u32> {
        let entry = EntryId::of_target(target)?;
        self.tables.get(entry.table())?.known_index_of(entry.slot())
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::two_that_share_a_guess;
    use super::*;
    use crate::declare::Incomplete;

    #[test]
    fn the_table_of_another_kind_is_not_taken_for_a_kinds_own() {
        let (one, other) = two_that_share_a_guess();
        let mut tables = Tables::default();
        tables.tables.push(Table { kind: one, ..Table::new::<Incomplete>(Incomplete::SCHEMA) });
        tables.kinds.insert(one, 0);
        assert_eq!(tables.likely_number_of(other), 0, "a guess");
        assert_eq!(tables.with_number(one).map(|(number, _)| number), Some(0));
        assert!(tables.with_number(other).is_none());
        assert_eq!((tables.number_of(one), tables.number_of(other)), (Some(0), None));
    }
}

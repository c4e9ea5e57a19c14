//! The engine's tables: making entries, taking them away, and finding them by key or index.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;

use super::entry::{Core, EntryId, Flag, MAX_TABLES, NONE};
use super::machine::State;
use super::references::Cores;
use crate::declare::{IndexSource, Indexes, KSyncEntry, Links, Schema, Target};
use crate::table::{AnyRows, Found, IndexAllocator, Rows, Slots, TableFull};

/// One table: the entries of one kind.
pub(crate) struct Table {
    pub(crate) slots: Slots<Core>,
    pub(crate) rows: Box<dyn AnyRows>,
    pub(crate) schema: &'static Schema,
    /// Number of the connection that carries its messages.
    pub(crate) channel: usize,
    /// The numbers that KSync gives out, for kinds that take theirs from it.
    indexes: Option<IndexAllocator>,
    /// Index → slot, for every entry whose index is known.
    by_index: HashMap<u32, u32, FixedState>,
    /// Entries that found no index free, in the order in which they came.
    without_index: VecDeque<u32>,
    /// How many entries are in each state.
    pub(crate) counts: [usize; State::ALL.len()],
    /// All entries are being deleted, and no new ones are taken.
    pub(crate) going_away: bool,
    /// That the table is empty was told.
    pub(crate) told_empty: bool,
    /// The table is no more; its number is not used again.
    pub(crate) taken_away: bool,
}

impl Table {
    pub(crate) fn learn_index(&mut self, slot: u32, index: u32) {
        if let Some(core) = self.slots.get_mut(slot) {
            let old = std::mem::replace(&mut core.index, index);
            if old != NONE && self.by_index.get(&old) == Some(&slot) {
                self.by_index.remove(&old);
            }
            self.by_index.insert(index, slot);
        }
    }

    /// The object is gone from the kernel, and a number that the kernel gave it with it. Returns whether it had one.
    pub(crate) fn forget_kernel_index(&mut self, slot: u32) -> bool {
        if self.schema.index != IndexSource::Kernel {
            return false;
        }
        let Some(core) = self.slots.get_mut(slot) else {
            return false;
        };
        let old = std::mem::replace(&mut core.index, NONE);
        if self.by_index.get(&old) == Some(&slot) {
            self.by_index.remove(&old);
        }
        old != NONE
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
            .field("entries", &self.slots.len())
            .finish_non_exhaustive()
    }
}

/// All tables of an engine.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    tables: Vec<Table>,
    by_kind: HashMap<TypeId, usize, FixedState>,
}

impl Tables {
    /// Makes a table for a kind. `None` if there are too many.
    pub(crate) fn register<T: KSyncEntry>(&mut self, schema: &'static Schema) -> Option<usize> {
        if let Some(table) = self.by_kind.get(&TypeId::of::<T>()) {
            return Some(*table);
        }
        if self.tables.len() == MAX_TABLES {
            return None;
        }
        let indexes = match schema.index {
            IndexSource::KSync { first, last } => Some(IndexAllocator::new(first, last)),
            _ => None,
        };
        self.tables.push(Table {
            slots: Slots::default(),
            rows: Box::new(Rows::<T>::new()),
            schema,
            channel: 0,
            indexes,
            by_index: HashMap::default(),
            without_index: VecDeque::new(),
            counts: [0; State::ALL.len()],
            going_away: false,
            told_empty: false,
            taken_away: false,
        });
        self.by_kind.insert(TypeId::of::<T>(), self.tables.len() - 1);
        Some(self.tables.len() - 1)
    }

    /// Takes the table of a kind away. It must be empty.
    pub(crate) fn take_away<T: KSyncEntry>(&mut self) {
        if let Some(number) = self.by_kind.remove(&TypeId::of::<T>())
            && let Some(table) = self.tables.get_mut(number)
        {
            table.taken_away = true;
        }
    }

    pub(crate) fn number_of(&self, kind: TypeId) -> Option<usize> {
        self.by_kind.get(&kind).copied()
    }

    pub(crate) fn rows<T: KSyncEntry>(&self) -> Option<(usize, &Rows<T>)> {
        let number = self.number_of(TypeId::of::<T>())?;
        self.tables[number].rows.as_any().downcast_ref().map(|rows| (number, rows))
    }

    pub(crate) fn rows_mut<T: KSyncEntry>(&mut self, number: usize) -> Option<&mut Rows<T>> {
        self.tables.get_mut(number)?.rows.as_any_mut().downcast_mut()
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Table> {
        self.tables.get(number)
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut Table> {
        self.tables.get_mut(number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Table)> {
        self.tables.iter().enumerate()
    }

    pub(crate) fn core(&self, entry: EntryId) -> Option<&Core> {
        self.tables.get(entry.table())?.slots.get(entry.slot())
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
        table.allocate_index(slot);
        Ok(EntryId::new(number, slot))
    }

    pub(crate) fn set_state(&mut self, entry: EntryId, state: State) {
        if let Some(table) = self.tables.get_mut(entry.table())
            && let Some(core) = table.slots.get_mut(entry.slot())
        {
            table.counts[core.state as usize] -= 1;
            table.counts[state as usize] += 1;
            core.state = state;
        }
    }

    /// Takes an entry away. Returns the entry that gets its index, if one was short of it.
    pub(crate) fn remove(&mut self, entry: EntryId) -> Option<EntryId> {
        let table = self.tables.get_mut(entry.table())?;
        table.rows.vacate(entry.slot());
        let core = table.slots.remove(entry.slot())?;
        table.counts[core.state as usize] -= 1;
        if core.index != NONE && table.by_index.get(&core.index) == Some(&entry.slot()) {
            table.by_index.remove(&core.index);
        }
        let indexes = table.indexes.as_mut()?;
        if core.index == NONE {
            // Nothing became free, so nobody's turn has come.
            return None;
        }
        indexes.release(core.index);
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
    fn core_mut(&mut self, entry: EntryId) -> Option<&mut Core> {
        self.tables.get_mut(entry.table())?.slots.get_mut(entry.slot())
    }
}

impl Indexes for Tables {
    fn index_of(&self, target: Target) -> Option<u32> {
        let core = self.core(EntryId::of_target(target)?)?;
        (core.index != NONE).then_some(core.index)
    }
}

/// A reference that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linked {
    /// Where it leads.
    pub(crate) to: EntryId,
    /// Whether its holder outlives what it leads to.
    pub(crate) survives: bool,
}

/// Finds the targets of one entry's references, and makes placeholders of those that are not there.
pub(crate) struct Linker<'a> {
    pub(crate) tables: &'a mut Tables,
    /// What was found or made, in the order of the references.
    pub(crate) targets: &'a mut Vec<Linked>,
    /// The kind of a target that could not be made, because it has no table or its table is full.
    pub(crate) failed: Option<&'static str>,
}

impl Links for Linker<'_> {
    fn link(&mut self, kind: TypeId, kind_name: &'static str, key: &dyn Any) -> Target {
        self.find_or_make(kind, kind_name, key, false)
    }

    fn link_surviving(&mut self, kind: TypeId, kind_name: &'static str, key: &dyn Any) -> Target {
        self.find_or_make(kind, kind_name, key, true)
    }
}

impl Linker<'_> {
    fn find_or_make(
        &mut self,
        kind: TypeId,
        kind_name: &'static str,
        key: &dyn Any,
        survives: bool,
    ) -> Target {
        let found = self.tables.number_of(kind).and_then(|number| {
            let found = self.tables.tables[number].rows.find(key)?;
            match found {
                Found::At(slot) => Some(EntryId::new(number, slot)),
                Found::Absent(hash) => self
                    .tables
                    .create(number, State::Temp, |rows, slot| rows.occupy_any(slot, hash, key))
                    .ok(),
            }
        });
        match found {
            Some(to) => {
                self.targets.push(Linked { to, survives });
                to.target()
            }
            None => {
                self.failed = Some(kind_name);
                Target::NONE
            }
        }
    }
}

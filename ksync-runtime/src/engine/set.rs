//! Declaring: a value finds its row and its references, and what follows from that is left to others.

use std::time::Instant;

use super::entry::{Core, EntryId, Flag, NONE};
use super::linker::{Failed, Linker};
use super::machine::State;
use super::of_kind::OfKind;
use super::references::Cores;
use super::tables::Table;
use super::{Engine, SetError, Work};
use crate::declare::{IndexSource, Invalid, KSyncEntry, Links, References, Target, Verb, describe_key};
use crate::table::{AnyRows, Found, Rows};

/// Whether a value refers to nothing, which is known when the program is built, of a kind that is derived.
#[inline(always)]
pub(super) fn refers_to_nothing<T: KSyncEntry>(value: &mut T) -> bool {
    struct Noticed(bool);

    impl Links for Noticed {
        fn link<T: KSyncEntry>(&mut self, _: &T::Key, _: bool) -> Target {
            self.0 = true;
            Target::NONE
        }
    }

    if !T::SCHEMA.depends_on.is_empty() {
        return false;
    }
    let mut noticed = Noticed(false);
    value.references(&mut References::new(&mut noticed));
    !noticed.0
}

/// What came of a value that went straight.
pub(super) enum Straight<T> {
    /// It was declared before.
    Unchanged,
    /// An entry was made for it.
    Made(EntryId),
    /// It took the place of another one, into which the kernel can change it.
    Changed(EntryId),
    /// Its table is full.
    NoRoom,
    /// It took the place of this one, and what follows from that is still to be decided.
    Replaced(EntryId, Option<T>),
}

/// What came of a value that may refer to others.
pub(super) enum Made<T> {
    /// An entry was made for it.
    New(EntryId),
    /// Its key has an entry, in that slot.
    There(u32, T),
    /// It was declared before.
    Unchanged,
    /// Its table is full.
    NoRoom,
}

impl Core {
    /// Whether somebody declared it in this life of the agent.
    #[inline]
    fn is_live(&self) -> bool {
        self.are(Flag::Declared.bit() | Flag::Stale.bit(), Flag::Declared.bit())
    }
}

impl<T: KSyncEntry> OfKind<'_, T> {
    /// Whether values of this kind may go straight.
    #[inline(always)]
    pub(super) fn may_set_straight(&self) -> bool {
        T::SCHEMA.depends_on.is_empty() && self.schema.index == IndexSource::None && !self.going_away
    }

    /// Declares a value whose entry is in that slot, of a kind of which [values may](Self::may_set_straight). One that does not
    /// go straight is handed back.
    #[inline(always)]
    pub(super) fn set_again_straight(&mut self, slot: u32, mut value: T) -> Result<Straight<T>, T> {
        let OfKind { number, slots, rows, schema, counts, sending, .. } = self;
        let (Some(core), Some(declared)) = (slots.get_mut(slot), rows.declared(slot)) else {
            return Err(value);
        };
        if core.is_live() && *declared == value {
            return Ok(Straight::Unchanged);
        }
        // What the value refers to that the kernel holds has to be known as such.
        let referred = core.edges != NONE;
        if referred || value.check().is_err() || !refers_to_nothing(&mut value) || !core.rests() {
            return Err(value);
        }
        let entry = EntryId::new(*number, slot);
        Ok(match rows.declare_change(slot, value, NONE) {
            Ok(held) => {
                core.change(counts, schema, held, NONE);
                sending.queue(entry, core, Verb::Change);
                Straight::Changed(entry)
            }
            Err(old) => Straight::Replaced(entry, old),
        })
    }

    /// Whether just that value is declared in that slot.
    #[inline(always)]
    pub(super) fn holds(&self, slot: u32, value: &T) -> bool {
        self.slots.get(slot).is_some_and(Core::is_live) && self.rows.declared(slot) == Some(value)
    }
}

impl Engine {
    /// Declares an entry, or gives it another value. What is declared already, as it is, is left alone.
    ///
    /// # Errors
    /// [`SetError`]; the table then holds what it held.
    pub fn set<T: KSyncEntry>(&mut self, value: T, now: Instant) -> Result<(), SetError> {
        self.settle_losses(now);
        if !T::SCHEMA.depends_on.is_empty() {
            return self.set_referring(Rows::hash_of_value(&value), NONE, value, now);
        }
        if self.is_observed() {
            return self.set_watched(Rows::hash_of_value(&value), value, now);
        }
        let Some(mut of_kind) = self.of_kind_mut::<T>() else {
            return Err(SetError::NotRegistered { kind: T::SCHEMA.name });
        };
        let hash = Rows::hash_of_value(&value);
        if !of_kind.may_set_straight() {
            return self.set_any(hash, value, now);
        }
        match of_kind.set_hashed(hash, value) {
            Ok(Straight::Unchanged | Straight::Made(_) | Straight::Changed(_)) => Ok(()),
            other => self.follow_set(hash, other, now),
        }
    }

    /// What follows from declaring a value whose key has that hash.
    #[inline(never)]
    pub(super) fn follow_set<T: KSyncEntry>(
        &mut self,
        hash: u64,
        straight: Result<Straight<T>, T>,
        now: Instant,
    ) -> Result<(), SetError> {
        match straight {
            Ok(Straight::Unchanged) => {}
            Ok(Straight::Made(entry)) => self.was_made(entry, false, now),
            Ok(Straight::Changed(entry)) => self.was_changed(entry, now),
            Ok(Straight::NoRoom) => return Err(self.no_room_at_all::<T>()),
            Ok(Straight::Replaced(entry, old)) => self.redeclared(entry, old, NONE, now),
            Err(value) => return self.set_any(hash, value, now),
        }
        Ok(())
    }

    /// Declares a value of a kind that refers to nothing, as far as is known, where somebody wants to know of every step. Its
    /// key has that hash.
    #[cold]
    #[inline(never)]
    pub(super) fn set_watched<T: KSyncEntry>(
        &mut self,
        hash: u64,
        value: T,
        now: Instant,
    ) -> Result<(), SetError> {
        let straight = match self.of_kind_mut::<T>().filter(OfKind::may_set_straight) {
            Some(mut of_kind) => of_kind.set_hashed(hash, value),
            None => Err(value),
        };
        self.follow_set(hash, straight, now)
    }

    /// As [`set_referring`](Self::set_referring), apart.
    #[inline(never)]
    fn set_any<T: KSyncEntry>(&mut self, hash: u64, value: T, now: Instant) -> Result<(), SetError> {
        self.set_referring(hash, NONE, value, now)
    }

    /// Declares a value that does not go straight, or may not: it may refer to others. Its key has that hash. `ahead`: the
    /// slot in which the key was found, or [`NONE`], which says nothing.
    #[inline(always)]
    pub(super) fn set_referring<T: KSyncEntry>(
        &mut self,
        hash: u64,
        ahead: u32,
        mut value: T,
        now: Instant,
    ) -> Result<(), SetError> {
        let Some((number, table)) = self.tables.table_of::<T>() else {
            return Err(SetError::NotRegistered { kind: T::SCHEMA.name });
        };
        if table.going_away {
            return Err(self.going_away(&value));
        }
        let has_numbers = table.schema.index != IndexSource::None;
        let mut at = ahead;
        if at != NONE
            && let Some(of_kind) = OfKind::of(&mut self.tables, &mut self.outboxes, number)
        {
            if of_kind.holds(at, &value) {
                return Ok(());
            }
            // What followed from another value may have taken the row away.
            at = if of_kind.rows.has_value_of(at, &value) { at } else { NONE };
        }
        if let Err(invalid) = value.check() {
            return Err(self.invalid(&value, invalid));
        }
        let mut linker = Linker::new(&mut self.tables, &mut self.targets);
        value.references(&mut References::new(&mut linker));
        let Linker { missing, failed, .. } = linker;
        if let Some(failed) = failed {
            return Err(self.not_linked(failed));
        }
        if at == NONE && has_numbers && !self.tables.get(number).is_some_and(Table::has_number_left) {
            match self.find_value(hash, &value) {
                Found::At(slot) => at = slot,
                Found::Absent(hash) => {
                    return self.declare_short_of_number(number, hash, value, missing, now);
                }
            }
        }
        // Only now, since a reference to its own kind may have made a row for it.
        let made = match OfKind::of(&mut self.tables, &mut self.outboxes, number) {
            Some(of_kind) if at != NONE && of_kind.holds(at, &value) => Made::Unchanged,
            Some(_) if at != NONE => Made::There(at, value),
            Some(mut of_kind) => of_kind.make(hash, value, missing.is_some()),
            None => Made::NoRoom,
        };
        match made {
            Made::New(entry) => {
                if has_numbers && let Some(table) = self.tables.get_mut(number) {
                    table.make_room_for_index(entry.slot());
                }
                let edges = self.link(entry, missing);
                if edges != NONE
                    && let Some(core) = self.tables.core_mut(entry)
                {
                    core.edges = edges;
                }
                self.was_made(entry, missing.is_some(), now);
            }
            Made::There(slot, value) => {
                let entry = EntryId::new(number, slot);
                let edges = self.link(entry, None);
                if let Err(old) = self.redeclared_straight(entry, value, edges, missing.is_some(), now) {
                    self.redeclared(entry, old, edges, now);
                }
            }
            Made::Unchanged => self.forget_targets(),
            Made::NoRoom => return Err(self.no_room(self.kind_name::<T>())),
        }
        Ok(())
    }

    /// Makes an entry of a kind that has numbers, of which there is none left.
    fn declare_short_of_number<T: KSyncEntry>(
        &mut self,
        number: usize,
        hash: u64,
        value: T,
        missing: Option<usize>,
        now: Instant,
    ) -> Result<(), SetError> {
        let occupy = |rows: &mut dyn AnyRows, slot| {
            if let Some(rows) = rows.of_mut::<T>() {
                rows.occupy_declared(slot, hash, value);
            }
        };
        let Ok(entry) = self.tables.create(number, State::Init, occupy) else {
            return Err(self.no_room(self.kind_name::<T>()));
        };
        let edges = self.link(entry, missing);
        self.redeclared::<T>(entry, None, edges, now);
        Ok(())
    }

    /// Notes the references of an entry's new value, which were found, and returns the first of them. `waits`: which one of
    /// them the entry waits for.
    #[inline(always)]
    fn link(&mut self, entry: EntryId, waits: Option<usize>) -> u32 {
        let Engine { tables, edges, targets, .. } = self;
        targets
            .iter()
            .enumerate()
            .rev()
            .fold(NONE, |head, (at, target)| edges.add(tables, entry, *target, head, waits == Some(at)))
    }

    /// The entry's row holds another value than `old`, and its references start at `edges`.
    fn redeclared<T: KSyncEntry>(&mut self, entry: EntryId, old: Option<T>, edges: u32, now: Instant) {
        let old_edges =
            self.tables.core_mut(entry).map_or(NONE, |core| std::mem::replace(&mut core.edges, edges));
        self.put_away(entry.table(), entry, old, old_edges);
        self.declared(entry, now);
    }

    /// What a value refers to is not referred to by it after all: what was made for its sake goes again. A value that is as it
    /// was declared, too, may name other things, if its equality does not look at them.
    #[inline]
    fn forget_targets(&mut self) {
        for linked in self.targets.drain(..) {
            if self.tables.core(linked.to).is_some_and(|core| !core.has_refs()) {
                self.work.push_back(Work::Released(linked.to));
            }
        }
    }

    /// A table is full: what was made for the value only goes again.
    #[cold]
    fn no_room(&mut self, kind: &'static str) -> SetError {
        self.forget_targets();
        SetError::TableFull { kind }
    }

    /// What a value refers to could not be made: what was made for the value goes again.
    #[cold]
    fn not_linked(&mut self, failed: Failed) -> SetError {
        match failed {
            Failed::Full(kind) => self.no_room(kind),
            Failed::NotRegistered(kind) => {
                self.forget_targets();
                SetError::NotRegistered { kind }
            }
        }
    }

    /// The table of a value that refers to nothing is full.
    #[cold]
    fn no_room_at_all<T: KSyncEntry>(&mut self) -> SetError {
        self.targets.clear();
        self.no_room(self.kind_name::<T>())
    }

    /// Where the value's key is by now.
    #[cold]
    fn find_value<T: KSyncEntry>(&self, hash: u64, value: &T) -> Found {
        self.tables.rows::<T>().map_or(Found::Absent(hash), |(_, rows)| rows.find_hashed_value(hash, value))
    }

    #[cold]
    fn invalid<T: KSyncEntry>(&self, value: &T, invalid: Invalid) -> SetError {
        SetError::Invalid { kind: self.kind_name::<T>(), key: describe_key::<T>(&value.key()), invalid }
    }

    #[cold]
    fn going_away<T: KSyncEntry>(&self, value: &T) -> SetError {
        SetError::GoingAway { kind: self.kind_name::<T>(), key: describe_key::<T>(&value.key()) }
    }
}

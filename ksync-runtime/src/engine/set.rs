//! Declaring: a value finds its row and its references, and what follows from that is left to others.

use std::any::{Any, TypeId};
use std::time::Instant;

use super::entry::{Core, EntryId, Flag, NONE};
use super::machine::State;
use super::of_kind::OfKind;
use super::references::Cores;
use super::tables::{Linker, Table};
use super::{Engine, SetError, Work};
use crate::declare::{IndexSource, Invalid, KSyncEntry, Links, References, Target, Verb, describe_key};
use crate::table::{AnyRows, Found, Rows, TableFull};

/// Whether a value refers to nothing, which is known when the program is built, of a kind that is derived.
#[inline(always)]
pub(super) fn refers_to_nothing<T: KSyncEntry>(value: &mut T) -> bool {
    struct Noticed(bool);

    impl Links for Noticed {
        fn link(&mut self, _: TypeId, _: &'static str, _: &dyn Any) -> Target {
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

/// What there is to say of a value before anything is done about it.
enum LookedAt {
    /// It is to be declared.
    New {
        /// Where its key is.
        found: Found,
        /// The number of its table.
        number: usize,
        /// Its kind has numbers.
        has_numbers: bool,
    },
    /// It is declared already.
    Unchanged,
    /// Nothing can be declared any more.
    GoingAway,
    /// It can't be right.
    Invalid(Invalid),
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
        if value.check().is_err() || !refers_to_nothing(&mut value) || !core.rests() {
            return Err(value);
        }
        let entry = EntryId::new(*number, slot);
        Ok(match rows.declare_change(slot, value, core.edges) {
            Ok(held) => {
                core.change(counts, schema, held, NONE);
                sending.queue(entry, core, Verb::Change);
                Straight::Changed(entry)
            }
            Err(old) => Straight::Replaced(entry, old),
        })
    }

    /// Looks at a value whose key was looked up, before anything is done about it.
    #[inline(always)]
    fn look_at(&self, found: Found, value: &T) -> LookedAt {
        if self.going_away {
            return LookedAt::GoingAway;
        }
        if self.holds(found, value) {
            return LookedAt::Unchanged;
        }
        match value.check() {
            Err(invalid) => LookedAt::Invalid(invalid),
            Ok(()) => {
                let has_numbers = self.schema.index != IndexSource::None;
                LookedAt::New { found, number: self.number, has_numbers }
            }
        }
    }

    /// Whether just that value is declared.
    #[inline(always)]
    fn holds(&self, found: Found, value: &T) -> bool {
        match found {
            Found::At(slot) => {
                self.slots.get(slot).is_some_and(Core::is_live) && self.rows.declared(slot) == Some(value)
            }
            Found::Absent(_) => false,
        }
    }
}

impl Engine {
    /// Declares an entry, or gives it another value. What is declared already, as it is, is left alone.
    ///
    /// # Errors
    /// [`SetError`]; the table then holds what it held.
    pub fn set<T: KSyncEntry>(&mut self, value: T, now: Instant) -> Result<(), SetError> {
        self.settle_losses(now);
        let hash = Rows::hash_of_value(&value);
        if !T::SCHEMA.depends_on.is_empty() {
            return self.set_ahead(hash, NONE, value, now);
        }
        let Some(mut of_kind) = self.of_kind_mut::<T>() else {
            return Err(SetError::NotRegistered { kind: T::SCHEMA.name });
        };
        let straight = if of_kind.may_set_straight() { of_kind.set_hashed(hash, value) } else { Err(value) };
        match straight {
            Ok(Straight::Unchanged) => Ok(()),
            Ok(Straight::Made(_) | Straight::Changed(_)) if !self.is_observed() => Ok(()),
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
            Ok(Straight::NoRoom) => return Err(self.no_room_at_all::<T>()),
            Ok(Straight::Changed(entry)) => self.was_changed(entry, now),
            Ok(Straight::Replaced(entry, old)) => self.redeclared(entry, old, NONE, now),
            Err(value) => return self.set_any(hash, value, now),
        }
        Ok(())
    }

    /// As [`set_ahead`](Self::set_ahead), apart.
    #[inline(never)]
    fn set_any<T: KSyncEntry>(&mut self, hash: u64, value: T, now: Instant) -> Result<(), SetError> {
        self.set_ahead(hash, NONE, value, now)
    }

    /// Declares a value that does not go straight, or may not. Its key has that hash, and is in that slot, unless that is
    /// [`NONE`].
    #[inline(always)]
    pub(super) fn set_ahead<T: KSyncEntry>(
        &mut self,
        hash: u64,
        slot: u32,
        value: T,
        now: Instant,
    ) -> Result<(), SetError> {
        let Some(of_kind) = self.of_kind_mut::<T>() else {
            return Err(SetError::NotRegistered { kind: T::SCHEMA.name });
        };
        let found = match slot {
            NONE => of_kind.rows.find_hashed_value(hash, &value),
            slot => Found::At(slot),
        };
        let looked_at = of_kind.look_at(found, &value);
        self.set_looked_at(looked_at, value, now)
    }

    #[inline(always)]
    fn set_looked_at<T: KSyncEntry>(
        &mut self,
        looked_at: LookedAt,
        mut value: T,
        now: Instant,
    ) -> Result<(), SetError> {
        let (found, number, has_numbers) = match looked_at {
            LookedAt::New { found, number, has_numbers } => (found, number, has_numbers),
            LookedAt::Unchanged => return Ok(()),
            LookedAt::GoingAway => return Err(self.going_away(&value)),
            LookedAt::Invalid(invalid) => return Err(self.invalid(&value, invalid)),
        };
        let mut linker = Linker::new(&mut self.tables, &mut self.targets);
        value.references(&mut References::new(&mut linker));
        if let Some(kind) = linker.failed {
            return Err(self.no_room(kind));
        }
        // A reference to itself has made a placeholder of it.
        let refers_to_its_kind = self.targets.iter().any(|linked| linked.to.table() == number);
        let found = match found {
            Found::Absent(hash) if refers_to_its_kind => self.find_value(hash, &value),
            found => found,
        };
        match found {
            Found::At(slot) => {
                let entry = EntryId::new(number, slot);
                let edges = self.link(entry, None);
                if let Err(old) = self.redeclared_straight(entry, value, edges, now) {
                    self.redeclared(entry, old, edges, now);
                }
            }
            Found::Absent(hash) => {
                let missing = self.targets.iter().position(|linked| !self.tables.is_resolved(linked.to));
                if has_numbers && !self.tables.get(number).is_some_and(Table::has_number_left) {
                    return self.declare_short_of_number(number, hash, value, missing, now);
                }
                let made = match OfKind::of(&mut self.tables, &mut self.outboxes, number) {
                    Some(mut of_kind) => of_kind.make_straight(hash, value, missing.is_some()),
                    None => Err(TableFull),
                };
                let Ok(entry) = made else {
                    return Err(self.no_room(self.kind_name::<T>()));
                };
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

    /// A table is full: what was made for the value only goes again.
    #[cold]
    fn no_room(&mut self, kind: &'static str) -> SetError {
        self.work.extend(self.targets.drain(..).map(|linked| Work::Released(linked.to)));
        SetError::TableFull { kind }
    }

    /// The same of a value that refers to nothing.
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

//! Declaring: a value finds its row and its references, and what follows from that is left to others.

use std::time::Instant;

use super::entry::{EntryId, Flag, NONE};
use super::machine::State;
use super::references::Cores;
use super::tables::{Linked, Linker};
use super::{Engine, SetError, Work};
use crate::declare::{Invalid, KSyncEntry, References, describe_key};
use crate::table::{AnyRows, Found, Rows};

impl Engine {
    /// Declares an entry, or gives it another value. What is declared already, as it is, is left alone.
    ///
    /// # Errors
    /// [`SetError`]; the table then holds what it held.
    pub fn set<T: KSyncEntry>(&mut self, value: T, now: Instant) -> Result<(), SetError> {
        self.set_hashed(Rows::hash_of_value(&value), value, now)
    }

    /// The same, where the hash of the value's key is known.
    pub(super) fn set_hashed<T: KSyncEntry>(
        &mut self,
        hash: u64,
        mut value: T,
        now: Instant,
    ) -> Result<(), SetError> {
        self.settle_losses(now);
        let (number, rows) =
            self.tables.rows::<T>().ok_or(SetError::NotRegistered { kind: T::SCHEMA.name })?;
        let found = rows.find_hashed_value(hash, &value);
        let Some(table) = self.tables.get(number).filter(|table| !table.going_away) else {
            return Err(self.going_away(&value));
        };
        if let Found::At(slot) = found
            && table.slots.get(slot).is_some_and(|core| core.is(Flag::Declared) && !core.is(Flag::Stale))
            && rows.declared(slot) == Some(&value)
        {
            return Ok(());
        }
        value.check().map_err(|invalid| self.invalid(&value, invalid))?;

        let mut linker = Linker::new(&mut self.tables, &mut self.targets);
        value.references(&mut References::new(&mut linker));
        let Linker { targets, failed, .. } = linker;
        if let Some(kind) = failed {
            return Err(self.no_room(targets, kind));
        }
        // A reference to itself has made a placeholder of it.
        let refers_to_its_kind = targets.iter().any(|linked| linked.to.table() == number);
        let found = match found {
            Found::Absent(hash) if refers_to_its_kind => self.find_value(hash, &value),
            found => found,
        };
        match found {
            Found::At(slot) => {
                let entry = EntryId::new(number, slot);
                let edges = self.link(entry, targets, None);
                if let Err(old) = self.redeclared_straight(entry, value, edges, now) {
                    self.redeclared(number, entry, old, edges);
                    self.declared(entry, now);
                }
            }
            Found::Absent(hash) => {
                let occupy = |rows: &mut dyn AnyRows, slot| {
                    if let Some(rows) = rows.as_any_mut().downcast_mut::<Rows<T>>() {
                        rows.occupy_declared(slot, hash, value);
                    }
                };
                let Ok(entry) = self.tables.create(number, State::Init, occupy) else {
                    return Err(self.no_room(targets, self.kind_name::<T>()));
                };
                let missing = targets.iter().position(|linked| !self.is_resolved(linked.to));
                let edges = self.link(entry, targets, missing);
                if !self.declared_straight(entry, edges, missing.is_some(), now) {
                    self.redeclared::<T>(number, entry, None, edges);
                    self.declared(entry, now);
                }
            }
        }
        Ok(())
    }

    /// Notes the references of an entry's new value, and returns the first of them. `waits`: which one of them the entry
    /// waits for.
    #[inline]
    fn link(&mut self, entry: EntryId, mut targets: Vec<Linked>, waits: Option<usize>) -> u32 {
        let mut head = NONE;
        while let Some(target) = targets.pop() {
            let waiting = waits == Some(targets.len());
            head = self.edges.add(&mut self.tables, entry, target, head, waiting);
        }
        if targets.capacity() > 0 {
            self.targets = targets;
        }
        head
    }

    /// The entry's row holds another value than `old`, and its references start at `edges`.
    fn redeclared<T: KSyncEntry>(&mut self, number: usize, entry: EntryId, old: Option<T>, edges: u32) {
        let old_edges =
            self.tables.core_mut(entry).map_or(NONE, |core| std::mem::replace(&mut core.edges, edges));
        self.put_away(number, entry, old, old_edges);
    }

    /// A table is full: what was made for the value only goes again.
    #[cold]
    fn no_room(&mut self, mut targets: Vec<Linked>, kind: &'static str) -> SetError {
        self.work.extend(targets.drain(..).map(|linked| Work::Released(linked.to)));
        self.targets = targets;
        SetError::TableFull { kind }
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

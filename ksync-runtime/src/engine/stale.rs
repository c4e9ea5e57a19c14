//! Stale entries: what an earlier life of the agent left in the kernel, until somebody claims it.
//!
//! A stale entry is an ordinary entry with a mark. Declaring its key takes the mark away; what is still stale
//! when it is swept is deleted.

use std::time::{Duration, Instant};

use super::entry::{EntryId, Flag};
use super::references::Cores;
use super::{Engine, SetError};
use crate::declare::{KSyncEntry, describe_key};
use crate::table::{Found, Rows};

/// How fast stale entries are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Time between two ticks.
    pub every: Duration,
    /// The most entries that one tick deletes.
    pub per_tick: usize,
}

impl Engine {
    /// Makes an entry that stands for what an earlier life of the agent left in the kernel. It is treated like
    /// any other, and deleted by [`sweep`](Self::sweep) unless it was declared with [`set`](Self::set) by then.
    ///
    /// # Errors
    /// As for [`set`](Self::set), and [`SetError::Live`] if the entry is declared already.
    pub fn set_stale<T: KSyncEntry>(&mut self, value: T, now: Instant) -> Result<(), SetError> {
        if let Some((number, rows)) = self.tables.rows::<T>()
            && let Found::At(slot) = rows.find_hashed_value(Rows::hash_of_value(&value), &value)
            && self
                .tables
                .core(EntryId::new(number, slot))
                .is_some_and(|core| core.is(Flag::Declared) && !core.is(Flag::Stale))
        {
            return Err(SetError::Live { kind: self.kind_name::<T>(), key: describe_key::<T>(&value.key()) });
        }
        let key = value.key();
        self.set(value, now)?;
        if let Some(entry) = self.find::<T>(&key)
            && let Some(core) = self.tables.core_mut(entry)
        {
            core.set(Flag::Stale, true);
            self.stale.push_back((entry, self.generation(entry)));
        }
        Ok(())
    }

    /// Whether the entry is stale.
    #[must_use]
    pub fn is_stale<T: KSyncEntry>(&self, key: &T::Key) -> bool {
        self.find::<T>(key).and_then(|entry| self.tables.core(entry)).is_some_and(|core| core.is(Flag::Stale))
    }

    /// Deletes up to `most` entries that are still stale, in the order in which they were made. Returns whether
    /// more are left.
    pub fn sweep(&mut self, most: usize, now: Instant) -> bool {
        self.settle_losses(now);
        let mut swept = 0;
        while swept < most {
            let Some((entry, generation)) = self.stale.pop_front() else {
                return false;
            };
            let still = self.generation(entry) == generation
                && self.tables.core(entry).is_some_and(|core| core.is(Flag::Stale));
            if still {
                self.claim(entry);
                self.in_bulk(|engine| engine.withdrawn(entry, now));
                swept += 1;
            }
        }
        !self.stale.is_empty()
    }

    /// Sweeps by the clock from now on: [`next_timeout`](Self::next_timeout) and
    /// [`handle_timeout`](Self::handle_timeout) do it. It ends when nothing stale is left.
    pub fn sweep_every(&mut self, sweep: Sweep, now: Instant) {
        self.next_sweep = Some((now + sweep.every, sweep));
    }

    pub(super) fn sweep_if_due(&mut self, now: Instant) {
        while let Some((at, sweep)) = self.next_sweep.filter(|(at, _)| *at <= now) {
            let more = self.sweep(sweep.per_tick, now);
            self.next_sweep = more.then(|| (at + sweep.every.max(Duration::from_millis(1)), sweep));
        }
    }

    /// Takes the mark away.
    pub(super) fn claim(&mut self, entry: EntryId) {
        if let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::Stale, false);
        }
    }

    pub(super) fn generation(&self, entry: EntryId) -> Option<u32> {
        self.tables.get(entry.table())?.slots.generation(entry.slot())
    }

    /// Lets the user hold on to a key: the entry is not deleted from the kernel, and does not vanish from its
    /// table, as long as it is held. A key that has no entry gets a placeholder. Every hold has to be
    /// [released](Self::release).
    ///
    /// # Errors
    /// [`SetError::NotRegistered`] or [`SetError::TableFull`].
    pub fn hold<T: KSyncEntry>(&mut self, key: &T::Key) -> Result<(), SetError> {
        let (number, rows) =
            self.tables.rows::<T>().ok_or(SetError::NotRegistered { kind: T::SCHEMA.name })?;
        let entry = match rows.find_key(key) {
            Found::At(slot) => EntryId::new(number, slot),
            Found::Absent(hash) => self
                .tables
                .create_placeholder::<T>(number, hash, key)
                .map_err(|_| SetError::TableFull { kind: self.kind_name::<T>() })?,
        };
        if let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::Pinned, true);
        }
        *self.pins.entry(entry).or_insert(0) += 1;
        Ok(())
    }

    /// Lets go of a key that was [held](Self::hold). Returns whether it was.
    pub fn release<T: KSyncEntry>(&mut self, key: &T::Key) -> bool {
        let Some(entry) = self.find::<T>(key) else {
            return false;
        };
        let Some(holds) = self.pins.get_mut(&entry) else {
            return false;
        };
        *holds -= 1;
        if *holds == 0 {
            self.pins.remove(&entry);
            if let Some(core) = self.tables.core_mut(entry) {
                core.set(Flag::Pinned, false);
            }
            self.work.push_back(super::Work::Released(entry));
        }
        true
    }
}

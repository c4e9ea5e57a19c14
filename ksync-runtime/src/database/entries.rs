//! What a binding needs of the table that it feeds.
//!
//! It must not know rows. The face is this small so that an engine can be fed in place, and through whatever
//! stands in front of one.

use std::time::Instant;

use crate::agent::Table;
use crate::declare::KSyncEntry;
use crate::engine::machine::State;
use crate::engine::{Engine, SetError};

/// The table of kind `T`, as seen by a [`Binding`](super::Binding).
pub trait Entries<T: KSyncEntry> {
    /// Declares an entry, or changes it. What is declared already, as it is, is left alone.
    ///
    /// # Errors
    /// [`SetError`]; the table then holds what it held.
    fn set(&mut self, value: T, now: Instant) -> Result<(), SetError>;

    /// Withdraws an entry. Returns whether it was declared.
    fn remove(&mut self, key: &T::Key, now: Instant) -> bool;

    /// The state of an entry. `None` if there is none with that key.
    fn state(&self, key: &T::Key) -> Option<State>;

    /// Whether the object manager is emptying the table: nothing can be declared there any more.
    fn is_going_away(&self) -> bool;

    /// Whether the entry needs its row no more: it is freed, or only a placeholder for those that refer to
    /// it.
    fn has_let_go(&self, key: &T::Key) -> bool {
        matches!(self.state(key), None | Some(State::Temp))
    }
}

impl<T: KSyncEntry> Entries<T> for Engine {
    fn set(&mut self, value: T, now: Instant) -> Result<(), SetError> {
        Engine::set(self, value, now)
    }

    fn remove(&mut self, key: &T::Key, now: Instant) -> bool {
        Engine::remove::<T>(self, key, now)
    }

    fn state(&self, key: &T::Key) -> Option<State> {
        Engine::state::<T>(self, key)
    }

    fn is_going_away(&self) -> bool {
        Engine::is_going_away::<T>(self)
    }
}

/// Through an agent: the lock is taken for one entry at a time. The time is the agent's own.
impl<T: KSyncEntry> Entries<T> for Table<T> {
    fn set(&mut self, value: T, _: Instant) -> Result<(), SetError> {
        Table::set(self, value)
    }

    fn remove(&mut self, key: &T::Key, _: Instant) -> bool {
        Table::remove(self, key)
    }

    fn state(&self, key: &T::Key) -> Option<State> {
        Table::state(self, key)
    }

    fn is_going_away(&self) -> bool {
        Table::is_going_away(self)
    }
}

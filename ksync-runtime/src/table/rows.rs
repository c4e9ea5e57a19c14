//! The rows of a table: what the user declared, and copies of what the kernel holds where that differs.
//!
//! [`Rows`] knows the kind, [`AnyRows`] is its face for those that don't.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use super::HeldCopies;
use super::chunks::Chunks;
use super::keys::KeyIndex;
use crate::declare::{
    Context, Difference, ErrorClass, KSyncEntry, OperationError, Progress, Verb, describe_key,
};
use crate::wire::{MessageView, ParseError, Request};

/// Which copy of an entry's value, besides the declared one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shadow {
    /// What the kernel is known to hold.
    Held,
    /// What was sent and is not answered yet.
    Sent,
}

/// Where a value comes from, or where a key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// In this slot.
    At(u32),
    /// Nowhere; this is its hash.
    Absent(u64),
}

#[derive(Debug)]
enum Row<T: KSyncEntry> {
    Vacant,
    /// Named by others, declared by nobody.
    Placeholder(T::Key),
    Declared(T),
}

/// All rows of one kind, by slot.
#[derive(Debug)]
pub(crate) struct Rows<T: KSyncEntry> {
    rows: Chunks<Row<T>>,
    keys: KeyIndex,
    held: HeldCopies<T>,
    /// Slot → what was sent, and the first of the references that it holds.
    sent: HashMap<u32, (T, u32), FixedState>,
    hasher: FixedState,
}

impl<T: KSyncEntry> Rows<T> {
    pub(crate) fn new() -> Self {
        Rows {
            rows: Chunks::default(),
            keys: KeyIndex::new(),
            held: HeldCopies::default(),
            sent: HashMap::default(),
            hasher: FixedState::default(),
        }
    }

    pub(crate) fn find_key(&self, key: &T::Key) -> Found {
        let hash = self.hash(|state| key.hash(state));
        let found = self.keys.find(hash, |slot| match self.rows.get(slot as usize) {
            Some(Row::Placeholder(other)) => other == key,
            Some(Row::Declared(value)) => value.has_key(key),
            _ => false,
        });
        found.map_or(Found::Absent(hash), Found::At)
    }

    /// Finds the row with the key of `value`.
    pub(crate) fn find_value(&self, value: &T) -> Found {
        let hash = self.hash(|state| value.hash_key(state));
        let found = self.keys.find(hash, |slot| match self.rows.get(slot as usize) {
            Some(Row::Placeholder(other)) => value.has_key(other),
            Some(Row::Declared(other)) => value.has_key_of(other),
            _ => false,
        });
        found.map_or(Found::Absent(hash), Found::At)
    }

    pub(crate) fn declared(&self, slot: u32) -> Option<&T> {
        match self.rows.get(slot as usize) {
            Some(Row::Declared(value)) => Some(value),
            _ => None,
        }
    }

    /// Puts a value into a row and hands back the one that was there.
    pub(crate) fn declare(&mut self, slot: u32, mut value: T) -> Option<T> {
        if let Some(previous) = self.declared(slot) {
            value.inherit(previous);
        }
        match self.rows.get_mut(slot as usize).map(|row| std::mem::replace(row, Row::Declared(value))) {
            Some(Row::Declared(old)) => Some(old),
            _ => None,
        }
    }

    /// Makes a row for a key that is in no row yet.
    pub(crate) fn occupy(&mut self, slot: u32, hash: u64, key: T::Key) {
        self.fill(slot, hash, Row::Placeholder(key));
    }

    /// Makes a row for a value whose key is in no row yet.
    pub(crate) fn occupy_declared(&mut self, slot: u32, hash: u64, value: T) {
        self.fill(slot, hash, Row::Declared(value));
    }

    fn fill(&mut self, slot: u32, hash: u64, new: Row<T>) {
        match self.rows.get_mut(slot as usize) {
            Some(row) => *row = new,
            None => {
                while self.rows.len() < slot as usize {
                    self.rows.push(Row::Vacant);
                }
                self.rows.push(new);
            }
        }
        let (rows, hasher) = (&self.rows, &self.hasher);
        self.keys.insert(hash, slot, |slot| row_hash(rows, hasher, slot));
    }

    /// Keeps a copy of what the kernel holds, and returns its number.
    pub(crate) fn keep_held(&mut self, value: T, edges: u32) -> u32 {
        self.held.keep(value, edges)
    }

    /// Keeps a copy of what was sent.
    pub(crate) fn keep_sent(&mut self, slot: u32, value: T, edges: u32) {
        self.sent.insert(slot, (value, edges));
    }

    pub(crate) fn key(&self, slot: u32) -> Option<T::Key> {
        match self.rows.get(slot as usize)? {
            Row::Vacant => None,
            Row::Placeholder(key) => Some(key.clone()),
            Row::Declared(value) => Some(value.key()),
        }
    }

    /// Every value that was declared, with its slot, ascending. Some may have been withdrawn since.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..self.rows.len()).filter_map(|slot| Some((slot as u32, self.declared(slot as u32)?)))
    }

    fn hash(&self, feed: impl FnOnce(&mut foldhash::fast::FoldHasher<'_>)) -> u64 {
        let mut state = self.hasher.build_hasher();
        feed(&mut state);
        state.finish()
    }

    /// The value that the kernel holds, as far as is known. `held`: the number of the copy, if there is one.
    #[inline]
    fn held(&self, slot: u32, held: u32) -> Option<&T> {
        match self.held.get(held) {
            Some(copy) => Some(copy),
            None => self.declared(slot),
        }
    }
}

fn row_hash<T: KSyncEntry>(rows: &Chunks<Row<T>>, hasher: &FixedState, slot: u32) -> u64 {
    let mut state = hasher.build_hasher();
    match rows.get(slot as usize) {
        Some(Row::Placeholder(key)) => key.hash(&mut state),
        Some(Row::Declared(value)) => value.hash_key(&mut state),
        _ => {}
    }
    state.finish()
}

/// The rows of a table whose kind is not known here.
pub(crate) trait AnyRows: Send {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;

    /// Finds the row with that key, a `T::Key`. `None` if it is none.
    fn find(&self, key: &dyn Any) -> Option<Found>;
    /// Makes a row for a key that is in no row yet.
    fn occupy_any(&mut self, slot: u32, hash: u64, key: &dyn Any);
    /// Forgets the value and keeps the key.
    fn forget_value(&mut self, slot: u32);
    /// Forgets everything about the slot.
    fn vacate(&mut self, slot: u32);
    /// First of the references that a copy of what the kernel holds has.
    fn edges_of_held(&self, held: u32) -> u32;
    /// Says which that is. Returns whether there is such a copy.
    fn set_edges_of_held(&mut self, held: u32, edges: u32) -> bool;
    /// Drops a copy of what the kernel holds, and returns the first of its references.
    fn drop_held(&mut self, held: u32) -> u32;
    /// Drops the copy of what was sent, and returns the first of its references, if there was one.
    fn drop_sent(&mut self, slot: u32) -> Option<u32>;
    /// What was sent was accepted: it is what the kernel holds now. Returns the number of the copy, and the first
    /// of its references.
    fn sent_is_held(&mut self, slot: u32) -> Option<(u32, u32)>;

    /// What separates what the kernel holds from what is declared. `held`: the number of the copy, if there is one.
    fn compare(&self, slot: u32, held: u32) -> Difference;
    /// Writes a message about the entry. `held_known`: what the kernel holds is certain.
    fn write(
        &self,
        slot: u32,
        held: u32,
        verb: Verb,
        held_known: bool,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError>;
    /// Writes the message that asks the kernel for the entry's object.
    fn write_get(
        &self,
        slot: u32,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError>;
    fn parse_index(&self, message: &MessageView<'_>) -> Result<Option<u32>, ParseError>;
    fn classify(&self, verb: Verb, error: &OperationError) -> ErrorClass;
    fn key_any(&self, slot: u32) -> Option<Box<dyn Any>>;
    /// The key as a person would write it.
    fn describe(&self, slot: u32) -> String;
}

impl<T: KSyncEntry> AnyRows for Rows<T> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn find(&self, key: &dyn Any) -> Option<Found> {
        key.downcast_ref::<T::Key>().map(|key| self.find_key(key))
    }

    fn occupy_any(&mut self, slot: u32, hash: u64, key: &dyn Any) {
        if let Some(key) = key.downcast_ref::<T::Key>() {
            self.occupy(slot, hash, key.clone());
        }
    }

    fn forget_value(&mut self, slot: u32) {
        if let Some(row) = self.rows.get_mut(slot as usize)
            && let Row::Declared(value) = row
        {
            *row = Row::Placeholder(value.key());
        }
    }

    fn vacate(&mut self, slot: u32) {
        let hash = row_hash(&self.rows, &self.hasher, slot);
        self.keys.remove(hash, slot);
        if let Some(row) = self.rows.get_mut(slot as usize) {
            *row = Row::Vacant;
        }
    }

    fn edges_of_held(&self, held: u32) -> u32 {
        self.held.edges(held)
    }

    fn set_edges_of_held(&mut self, held: u32, edges: u32) -> bool {
        self.held.set_edges(held, edges)
    }

    fn drop_held(&mut self, held: u32) -> u32 {
        self.held.drop(held)
    }

    fn drop_sent(&mut self, slot: u32) -> Option<u32> {
        self.sent.remove(&slot).map(|(_, edges)| edges)
    }

    fn sent_is_held(&mut self, slot: u32) -> Option<(u32, u32)> {
        let (value, edges) = self.sent.remove(&slot)?;
        Some((self.held.keep(value, edges), edges))
    }

    fn compare(&self, slot: u32, held: u32) -> Difference {
        match (self.held.get(held), self.declared(slot)) {
            (Some(held), Some(declared)) => held.compare(declared),
            // Without a copy it is what is declared.
            _ => Difference::Same,
        }
    }

    fn write(
        &self,
        slot: u32,
        held: u32,
        verb: Verb,
        held_known: bool,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError> {
        let nothing = || OperationError::local(None, "there is no value to write");
        let value = self.declared(slot);
        match verb {
            Verb::Add => value.ok_or_else(nothing)?.add_msg(context, request),
            Verb::Change => {
                let held = if held_known { self.held(slot, held) } else { None };
                value.ok_or_else(nothing)?.change_msg(held, context, request)
            }
            Verb::Delete => self.held(slot, held).ok_or_else(nothing)?.delete_msg(context, request),
        }
    }

    fn write_get(
        &self,
        slot: u32,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError> {
        match self.declared(slot) {
            Some(value) => value.get_msg(context, request),
            None => Ok(Progress::Complete),
        }
    }

    fn parse_index(&self, message: &MessageView<'_>) -> Result<Option<u32>, ParseError> {
        T::parse_index(message)
    }

    fn classify(&self, verb: Verb, error: &OperationError) -> ErrorClass {
        T::classify(verb, error)
    }

    fn key_any(&self, slot: u32) -> Option<Box<dyn Any>> {
        self.key(slot).map(|key| Box::new(key) as Box<dyn Any>)
    }

    fn describe(&self, slot: u32) -> String {
        self.key(slot).map_or_else(|| "?".to_owned(), |key| describe_key::<T>(&key))
    }
}

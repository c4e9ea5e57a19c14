//! The rows of a table: what the user declared, and copies of what the kernel holds where that differs.
//!
//! [`Rows`] knows the kind, [`AnyRows`] is its face for those that don't.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FixedState, FoldHasher};
use hashbrown::hash_table::{Entry, VacantEntry};

use super::HeldCopies;
use super::chunks::{Blank, Chunks};
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

impl<T: KSyncEntry> Blank for Row<T> {
    const BLANK: Self = Row::Vacant;
}

/// All rows of one kind, by slot.
#[derive(Debug)]
pub(crate) struct Rows<T: KSyncEntry> {
    rows: Chunks<Row<T>>,
    keys: KeyIndex,
    held: HeldCopies<T>,
    /// Copies instead of which the kernel may hold something else, which differs in a field that no change can reach.
    mixed: HashMap<u32, &'static str, FixedState>,
    /// Slot → what was sent, and the first of the references that it holds.
    sent: HashMap<u32, (T, u32), FixedState>,
}

/// The row of a key.
pub(crate) enum RowOf<'a, T: KSyncEntry> {
    /// It is in this slot.
    At(u32),
    /// There is none.
    Free(FreeRow<'a, T>),
}

/// Room for the row of a key that has none.
pub(crate) struct FreeRow<'a, T: KSyncEntry> {
    place: VacantEntry<'a, u32>,
    rows: &'a mut Chunks<Row<T>>,
}

impl<T: KSyncEntry> FreeRow<'_, T> {
    /// Makes it the row of that slot, in which the value is that it was looked for with.
    #[inline(always)]
    pub(crate) fn occupy(self, slot: u32, value: T) {
        fill(self.rows, slot, Row::Declared(value));
        self.place.insert(slot);
    }
}

/// Slots come one after the other, or they were used before.
#[inline(always)]
fn fill<T: KSyncEntry>(rows: &mut Chunks<Row<T>>, slot: u32, new: Row<T>) {
    debug_assert!(slot as usize <= rows.len(), "slots come one after the other");
    let is_next = rows.len() == slot as usize;
    if let Some(row) = if is_next { rows.add() } else { rows.get_mut(slot as usize) } {
        *row = new;
    }
}

impl<T: KSyncEntry> Rows<T> {
    pub(crate) fn new() -> Self {
        Rows {
            rows: Chunks::default(),
            keys: KeyIndex::new(),
            held: HeldCopies::default(),
            mixed: HashMap::default(),
            sent: HashMap::default(),
        }
    }

    #[inline]
    pub(crate) fn hash_of_key(key: &T::Key) -> u64 {
        hash_by(|state| key.hash(state))
    }

    #[inline]
    pub(crate) fn hash_of_value(value: &T) -> u64 {
        hash_by(|state| value.hash_key(state))
    }

    #[inline(always)]
    pub(crate) fn find_key(&self, key: &T::Key) -> Found {
        self.find_hashed_key(Self::hash_of_key(key), key)
    }

    /// Finds the row with a key, whose hash is known.
    #[inline(always)]
    pub(crate) fn find_hashed_key(&self, hash: u64, key: &T::Key) -> Found {
        let found = self.keys.find(hash, |slot| match self.rows.get(slot as usize) {
            Some(Row::Placeholder(other)) => other == key,
            Some(Row::Declared(value)) => value.has_key(key),
            _ => false,
        });
        found.map_or(Found::Absent(hash), Found::At)
    }

    /// Finds the row with the key of `value`, whose hash is known.
    #[inline(always)]
    pub(crate) fn find_hashed_value(&self, hash: u64, value: &T) -> Found {
        let found = self.keys.find(hash, |slot| match self.rows.get(slot as usize) {
            Some(Row::Placeholder(other)) => value.has_key(other),
            Some(Row::Declared(other)) => value.has_key_of(other),
            _ => false,
        });
        found.map_or(Found::Absent(hash), Found::At)
    }

    /// The row with the key of `value`, whose hash is known, or room for it.
    #[inline(always)]
    pub(crate) fn row_of(&mut self, hash: u64, value: &T) -> RowOf<'_, T> {
        let Rows { rows, keys, .. } = self;
        let has_key = |slot: u32| match rows.get(slot as usize) {
            Some(Row::Placeholder(other)) => value.has_key(other),
            Some(Row::Declared(other)) => value.has_key_of(other),
            _ => false,
        };
        match keys.entry(hash, has_key, |slot| row_hash(rows, slot), |slot| glance(rows, slot)) {
            Entry::Occupied(found) => RowOf::At(*found.get()),
            Entry::Vacant(place) => RowOf::Free(FreeRow { place, rows }),
        }
    }

    /// Whether the row of that slot is the one with the key of `value`, and there is a value in it.
    #[inline(always)]
    pub(crate) fn has_value_of(&self, slot: u32, value: &T) -> bool {
        self.declared(slot).is_some_and(|declared| value.has_key_of(declared))
    }

    /// Whether the row of that slot is the one with the key, and there is a value in it.
    #[inline(always)]
    pub(crate) fn has_key(&self, slot: u32, key: &T::Key) -> bool {
        self.declared(slot).is_some_and(|declared| declared.has_key(key))
    }

    /// So many more values will be declared soon.
    pub(crate) fn expect(&mut self, additional: usize) {
        self.keys.expect(self.rows.len().saturating_add(additional));
    }

    /// The slot in which the key with that hash nearly always is, if it is in any.
    #[inline]
    pub(crate) fn guess(&self, hash: u64) -> Option<u32> {
        self.keys.guess(hash)
    }

    #[inline(always)]
    pub(crate) fn declared(&self, slot: u32) -> Option<&T> {
        match self.rows.get(slot as usize) {
            Some(Row::Declared(value)) => Some(value),
            _ => None,
        }
    }

    /// Puts a value into a row and hands back the one that was there.
    #[inline]
    pub(crate) fn declare(&mut self, slot: u32, mut value: T) -> Option<T> {
        let row = self.rows.get_mut(slot as usize)?;
        if let Row::Declared(previous) = row {
            value.inherit(previous);
            return Some(std::mem::replace(previous, value));
        }
        *row = Row::Declared(value);
        None
    }

    /// The same, where what separates the value from the one that was there is a change in place; the number of the
    /// copy that is kept of that one then, with the references that start at `edges`.
    ///
    /// # Errors
    /// What was there, where that is not so.
    #[inline(always)]
    pub(crate) fn declare_change(&mut self, slot: u32, mut value: T, edges: u32) -> Result<u32, Option<T>> {
        let Some(row) = self.rows.get_mut(slot as usize) else {
            return Err(None);
        };
        let Row::Declared(previous) = row else {
            *row = Row::Declared(value);
            return Err(None);
        };
        value.inherit(previous);
        let in_place = previous.compare(&value) == Difference::Change;
        let old = std::mem::replace(previous, value);
        if in_place { Ok(self.held.keep(old, edges)) } else { Err(Some(old)) }
    }

    /// Makes a row for a key that is in no row yet.
    pub(crate) fn occupy(&mut self, slot: u32, hash: u64, key: T::Key) {
        self.fill(slot, hash, Row::Placeholder(key));
    }

    /// Makes a row for a value whose key is in no row yet.
    pub(crate) fn occupy_declared(&mut self, slot: u32, hash: u64, value: T) {
        self.fill(slot, hash, Row::Declared(value));
    }

    #[inline(always)]
    fn fill(&mut self, slot: u32, hash: u64, new: Row<T>) {
        fill(&mut self.rows, slot, new);
        let rows = &self.rows;
        self.keys.insert(hash, slot, |slot| row_hash(rows, slot), |slot| glance(rows, slot));
    }

    /// Keeps a copy of what the kernel holds, and returns its number.
    #[inline]
    pub(crate) fn keep_held(&mut self, value: T, edges: u32) -> u32 {
        self.held.keep(value, edges)
    }

    /// The kernel may hold this instead of the copy. It is forgotten, but for whether a change leads from the one to the
    /// other and back.
    pub(crate) fn may_be_instead(&mut self, held: u32, other: &T) {
        let Some(copy) = self.held.get(held) else {
            return;
        };
        for difference in [copy.compare(other), other.compare(copy)] {
            if let Difference::Recreate { field } = difference {
                self.mixed.insert(held, field);
            }
        }
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

    /// Writes a message about the entry. `held`: the number of the copy of what the kernel holds, if there is one;
    /// `held_known`: what it holds is certain.
    #[inline(always)]
    pub(crate) fn write(
        &self,
        slot: u32,
        held: u32,
        verb: Verb,
        held_known: bool,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError> {
        match verb {
            Verb::Add => match self.declared(slot) {
                Some(value) => value.add_msg(context, request),
                None => Err(nothing()),
            },
            Verb::Change => match self.declared(slot) {
                Some(value) => {
                    let held = if held_known { self.held(slot, held) } else { None };
                    value.change_msg(held, context, request)
                }
                None => Err(nothing()),
            },
            Verb::Delete => match self.held(slot, held) {
                Some(value) => value.delete_msg(context, request),
                None => Err(nothing()),
            },
        }
    }

    /// Writes the message that asks the kernel for the entry's object.
    pub(crate) fn write_get(
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

    /// The value that the kernel holds, as far as is known. `held`: the number of the copy, if there is one.
    #[inline]
    fn held(&self, slot: u32, held: u32) -> Option<&T> {
        match self.held.get(held) {
            Some(copy) => Some(copy),
            None => self.declared(slot),
        }
    }
}

#[inline]
fn hash_by(feed: impl FnOnce(&mut FoldHasher<'_>)) -> u64 {
    let mut state = FixedState::default().build_hasher();
    feed(&mut state);
    state.finish()
}

#[inline]
fn glance<T: KSyncEntry>(rows: &Chunks<Row<T>>, slot: u32) -> bool {
    matches!(rows.get(slot as usize), Some(Row::Declared(_)))
}

#[inline]
fn row_hash<T: KSyncEntry>(rows: &Chunks<Row<T>>, slot: u32) -> u64 {
    rows.get(slot as usize).map_or(0, hash_of_row)
}

#[inline]
fn hash_of_row<T: KSyncEntry>(row: &Row<T>) -> u64 {
    match row {
        Row::Declared(value) => Rows::hash_of_value(value),
        Row::Placeholder(key) => Rows::<T>::hash_of_key(key),
        Row::Vacant => 0,
    }
}

#[cold]
fn nothing() -> OperationError {
    OperationError::local(None, "there is no value to write")
}

/// The rows of a table whose kind is not known here.
pub(crate) trait AnyRows: Any + Send {
    /// Forgets the value and keeps the key.
    fn forget_value(&mut self, slot: u32);
    /// Forgets everything about slots.
    fn vacate_each(&mut self, slots: &[u32]);
    /// First of the references that a copy of what the kernel holds has.
    fn edges_of_held(&self, held: u32) -> u32;
    /// Says which that is. Returns whether there is such a copy.
    fn set_edges_of_held(&mut self, held: u32, edges: u32) -> bool;
    /// Drops copies of what the kernel holds, and puts the first of its references in the place of each.
    fn drop_each_held(&mut self, held: &mut [u32]);
    /// The kernel may hold what was sent instead of the copy.
    fn sent_may_be_instead(&mut self, slot: u32, held: u32);
    /// Drops the copy of what was sent, and returns the first of its references, if there was one.
    fn drop_sent(&mut self, slot: u32) -> Option<u32>;
    /// What was sent was accepted: it is what the kernel holds now. Returns the number of the copy, and the first
    /// of its references.
    fn sent_is_held(&mut self, slot: u32) -> Option<(u32, u32)>;

    /// What separates what the kernel holds from what is declared. `held`: the number of the copy, if there is one.
    fn compare(&self, slot: u32, held: u32) -> Difference;
    fn parse_index(&self, message: &MessageView<'_>) -> Result<Option<u32>, ParseError>;
    fn classify(&self, verb: Verb, error: &OperationError) -> ErrorClass;
    fn key_any(&self, slot: u32) -> Option<Box<dyn Any>>;
    /// The key as a person would write it.
    fn describe(&self, slot: u32) -> String;
}

impl dyn AnyRows {
    /// Forgets everything about the slot.
    pub(crate) fn vacate(&mut self, slot: u32) {
        self.vacate_each(&[slot]);
    }

    /// Drops a copy of what the kernel holds, and returns the first of its references.
    pub(crate) fn drop_held(&mut self, held: u32) -> u32 {
        let mut held = [held];
        self.drop_each_held(&mut held);
        let [edges] = held;
        edges
    }

    /// The rows of a kind, if they are that kind's.
    #[inline]
    pub(crate) fn of<T: KSyncEntry>(&self) -> Option<&Rows<T>> {
        (self as &dyn Any).downcast_ref()
    }

    /// The same.
    #[inline]
    pub(crate) fn of_mut<T: KSyncEntry>(&mut self) -> Option<&mut Rows<T>> {
        (self as &mut dyn Any).downcast_mut()
    }
}

impl<T: KSyncEntry> AnyRows for Rows<T> {
    fn forget_value(&mut self, slot: u32) {
        if let Some(row) = self.rows.get_mut(slot as usize)
            && let Row::Declared(value) = row
        {
            *row = Row::Placeholder(value.key());
        }
    }

    fn vacate_each(&mut self, slots: &[u32]) {
        for slot in slots {
            if let Some(row) = self.rows.get_mut(*slot as usize) {
                self.keys.remove(hash_of_row(row), *slot);
                *row = Row::Vacant;
            }
        }
    }

    fn edges_of_held(&self, held: u32) -> u32 {
        self.held.edges(held)
    }

    fn set_edges_of_held(&mut self, held: u32, edges: u32) -> bool {
        self.held.set_edges(held, edges)
    }

    fn drop_each_held(&mut self, held: &mut [u32]) {
        if !self.mixed.is_empty() {
            held.iter().for_each(|held| _ = self.mixed.remove(held));
        }
        for held in held {
            *held = self.held.drop(*held);
        }
    }

    fn sent_may_be_instead(&mut self, slot: u32, held: u32) {
        if let Some((value, edges)) = self.sent.remove(&slot) {
            self.may_be_instead(held, &value);
            self.sent.insert(slot, (value, edges));
        }
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
            (Some(copy), Some(declared)) => match self.mixed.get(&held) {
                Some(field) => Difference::Recreate { field },
                None => copy.compare(declared),
            },
            // Without a copy it is what is declared.
            _ => Difference::Same,
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

//! The objects that the kernel holds, and who refers to whom.
//!
//! Knows identities, indexes and references; must not know what any of the bytes mean.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::identity::Identity;

/// Where an object lies. Valid until the object is freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

/// Which family an object belongs to: its place in the table of families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FamilyId(pub(super) u16);

/// One object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) family: FamilyId,
    pub(super) identity: Identity,
    /// The number that others refer to it by; 0 if it has none.
    pub(super) index: u32,
    /// Fixed header and attributes, as a dump shows them.
    pub(super) body: Box<[u8]>,
    /// What it refers to.
    pub(super) references: Vec<Slot>,
}

/// All objects of all families.
///
/// Invariants: `(target, user)` is in `users` exactly if `target` is among `user`'s references; every
/// object stands in its shelf under its identity and, if it has one, its index.
#[derive(Debug, Default)]
pub(super) struct Store {
    slots: Vec<Option<Object>>,
    free: Vec<Slot>,
    shelves: BTreeMap<FamilyId, Shelf>,
    /// (what is referred to, what refers to it).
    users: BTreeSet<(Slot, Slot)>,
}

/// The objects of one family.
#[derive(Debug, Default)]
struct Shelf {
    /// Identity → where the object lies.
    by_identity: BTreeMap<Identity, Slot>,
    /// Index → where the object lies.
    by_index: BTreeMap<u32, Slot>,
}

impl Store {
    pub(super) fn get(&self, slot: Slot) -> Option<&Object> {
        self.slots.get(slot.0 as usize)?.as_ref()
    }

    pub(super) fn find(&self, family: FamilyId, identity: &[u8]) -> Option<Slot> {
        self.shelves.get(&family)?.by_identity.get(identity).copied()
    }

    pub(super) fn find_index(&self, family: FamilyId, index: u32) -> Option<Slot> {
        self.shelves.get(&family)?.by_index.get(&index).copied()
    }

    /// The objects whose identity starts with `prefix`, in order of identity.
    pub(super) fn with_prefix<'a>(
        &'a self,
        family: FamilyId,
        prefix: &'a [u8],
    ) -> impl DoubleEndedIterator<Item = (Slot, &'a Object)> + use<'a> {
        let end = successor(prefix);
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.shelves
            .get(&family)
            .map(|shelf| shelf.by_identity.range::<[u8], _>((Bound::Included(prefix), upper)))
            .into_iter()
            .flatten()
            .filter_map(|(_, slot)| Some((*slot, self.get(*slot)?)))
    }

    /// The objects behind `identity`, or all of them, in order of identity.
    pub(super) fn after<'a>(
        &'a self,
        family: FamilyId,
        identity: Option<&'a Identity>,
    ) -> impl Iterator<Item = &'a Object> + use<'a> {
        let lower = identity.map_or(Bound::Unbounded, Bound::Excluded);
        self.shelves
            .get(&family)
            .map(|shelf| shelf.by_identity.range::<Identity, _>((lower, Bound::Unbounded)))
            .into_iter()
            .flatten()
            .filter_map(|(_, slot)| self.get(*slot))
    }

    pub(super) fn count(&self, family: FamilyId) -> usize {
        self.shelves.get(&family).map_or(0, |shelf| shelf.by_identity.len())
    }

    /// The first index from `first` on that no object of the family has.
    pub(super) fn free_index(&self, family: FamilyId, first: u32) -> u32 {
        let Some(shelf) = self.shelves.get(&family) else { return first };
        let mut free = first;
        for taken in shelf.by_index.range(first..).map(|(index, _)| *index) {
            if taken != free {
                break;
            }
            free = free.saturating_add(1);
        }
        free
    }

    /// What refers to the object.
    pub(super) fn users(&self, slot: Slot) -> Vec<Slot> {
        self.users.range((slot, Slot(0))..=(slot, Slot(u32::MAX))).map(|(_, user)| *user).collect()
    }

    /// Adds an object. One of the same identity must not be there.
    pub(super) fn insert(&mut self, object: Object) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot(u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX))
        });
        let shelf = self.shelves.entry(object.family).or_default();
        shelf.by_identity.insert(object.identity.clone(), slot);
        if object.index != 0 {
            shelf.by_index.insert(object.index, slot);
        }
        for target in &object.references {
            self.users.insert((*target, slot));
        }
        if let Some(room) = self.slots.get_mut(slot.0 as usize) {
            *room = Some(object);
        }
        slot
    }

    /// Gives an object another body and other references.
    pub(super) fn replace(&mut self, slot: Slot, body: &[u8], references: Vec<Slot>) {
        let Some(object) = self.slots.get_mut(slot.0 as usize).and_then(Option::as_mut) else { return };
        object.body = body.into();
        if object.references != references {
            for target in &object.references {
                self.users.remove(&(*target, slot));
            }
            for target in &references {
                self.users.insert((*target, slot));
            }
            object.references = references;
        }
    }

    /// Ends one reference.
    pub(super) fn forget(&mut self, user: Slot, target: Slot) {
        self.users.remove(&(target, user));
        if let Some(object) = self.slots.get_mut(user.0 as usize).and_then(Option::as_mut) {
            object.references.retain(|reference| *reference != target);
        }
    }

    /// Takes an object away. Nothing may refer to it any more.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Object> {
        let object = self.slots.get_mut(slot.0 as usize)?.take()?;
        if let Some(shelf) = self.shelves.get_mut(&object.family) {
            shelf.by_identity.remove(object.identity.as_bytes());
            shelf.by_index.remove(&object.index);
        }
        for target in &object.references {
            self.users.remove(&(*target, slot));
        }
        self.free.push(slot);
        Some(object)
    }

    /// The first object at or behind place `at` (taken modulo the number of places) that `wanted` accepts.
    pub(super) fn any(&self, at: usize, wanted: impl Fn(&Object) -> bool) -> Option<Slot> {
        let (before, behind) = self.slots.split_at(at.checked_rem(self.slots.len())?);
        behind.iter().chain(before).flatten().find(|object| wanted(object)).and_then(|object| {
            self.shelves.get(&object.family)?.by_identity.get(object.identity.as_bytes()).copied()
        })
    }
}

/// The least byte string above all that start with `prefix`; `None` if there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut successor = prefix.get(..=last)?.to_vec();
    *successor.last_mut()? += 1;
    Some(successor)
}

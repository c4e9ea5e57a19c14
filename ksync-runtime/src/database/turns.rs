//! A queue in which everything stands at most once, and which anything can leave before its turn.
//!
//! It must not know what stands in it. There are no leftovers of what left early: the queue is never longer
//! than the number of different things in it.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use foldhash::fast::FixedState;

/// Things in the order in which they came.
#[derive(Debug)]
pub(super) struct Turns<K> {
    /// Turn → thing. `turn_of` is its inverse.
    by_turn: BTreeMap<u64, K>,
    turn_of: HashMap<K, u64, FixedState>,
    next: u64,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Turns { by_turn: BTreeMap::new(), turn_of: HashMap::default(), next: 0 }
    }
}

impl<K: Copy + Eq + Hash> Turns<K> {
    /// Takes the last place. What stands in the queue already keeps its place.
    pub(super) fn push(&mut self, thing: K) {
        if !self.contains(&thing) {
            self.by_turn.insert(self.next, thing);
            self.turn_of.insert(thing, self.next);
            self.next += 1;
        }
    }

    pub(super) fn pop(&mut self) -> Option<K> {
        let (_, thing) = self.by_turn.pop_first()?;
        self.turn_of.remove(&thing);
        Some(thing)
    }

    pub(super) fn remove(&mut self, thing: &K) {
        if let Some(turn) = self.turn_of.remove(thing) {
            self.by_turn.remove(&turn);
        }
    }

    pub(super) fn contains(&self, thing: &K) -> bool {
        self.turn_of.contains_key(thing)
    }

    pub(super) fn len(&self) -> usize {
        self.by_turn.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_turn.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = K> + '_ {
        self.by_turn.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_queue_keeps_its_place_and_what_left_starts_at_the_end() {
        let mut turns = Turns::default();
        for thing in ['a', 'b', 'c', 'a'] {
            turns.push(thing);
        }
        turns.remove(&'b');
        turns.remove(&'x');
        turns.push('b');
        assert_eq!(turns.iter().collect::<String>(), "acb");
        assert_eq!((turns.pop(), turns.len()), (Some('a'), 2));
        turns.push('a');
        assert_eq!(turns.iter().collect::<String>(), "cba");
    }
}

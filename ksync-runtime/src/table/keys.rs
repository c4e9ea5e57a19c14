//! From a key to its slot. The keys themselves lie in the rows and nowhere else.
//!
//! Many small hash tables instead of a large one: when one has to grow, it moves a share of the keys only.

use hashbrown::HashTable;

const SHARD_BITS: u32 = 8;

/// Slots by the hash of their key.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    shards: Vec<HashTable<u32>>,
}

impl KeyIndex {
    pub(crate) fn new() -> Self {
        KeyIndex { shards: (0..1 << SHARD_BITS).map(|_| HashTable::new()).collect() }
    }

    /// The slot among those with that hash that `is_it` recognises.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.shards[shard(hash)].find(hash, |slot| is_it(*slot)).copied()
    }

    /// Notes a slot that is not in yet. `hash_of` gives the hash of any slot's key.
    pub(crate) fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) {
        self.shards[shard(hash)].insert_unique(hash, slot, |slot| hash_of(*slot));
    }

    /// Forgets a slot.
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        if let Ok(found) = self.shards[shard(hash)].find_entry(hash, |other| *other == slot) {
            found.remove();
        }
    }
}

/// hashbrown uses the lowest and the seven highest bits of the hash; these lie between.
fn shard(hash: u64) -> usize {
    (hash >> 40) as usize & ((1 << SHARD_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_slot_leaves_nothing_behind() {
        let mut keys = KeyIndex::new();
        let hash = |slot: u32| u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for slot in 0..1000 {
            keys.insert(hash(slot), slot, hash);
        }
        for slot in 0..1000 {
            assert_eq!(keys.find(hash(slot), |other| other == slot), Some(slot));
            keys.remove(hash(slot), slot);
        }
        assert!(keys.shards.iter().all(HashTable::is_empty));
    }
}

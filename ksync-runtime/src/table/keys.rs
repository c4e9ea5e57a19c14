//! From a key to its slot. The keys themselves lie in the rows and nowhere else.
//!
//! Many small hash tables instead of a large one: when one has to grow, it moves a share of the keys only.

use std::hint::black_box;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// As many as a byte has values.
const SHARDS: usize = 256;

/// So many times as large does a shard become at once, at most.
const MOST_GROWTH: usize = 16;

/// With no more keys in each shard, 65,536 in all, none is read ahead when it grows, and it grows to four times its size
/// at once: it takes 7 KiB at most then.
const FEW: usize = 256;

/// Slots by the hash of their key.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    shards: Box<[HashTable<u32>; SHARDS]>,
    /// How many keys a shard will have to hold, as far as is known.
    expected: usize,
}

impl KeyIndex {
    pub(crate) fn new() -> Self {
        KeyIndex { shards: Box::new([const { HashTable::new() }; SHARDS]), expected: 0 }
    }

    /// There will be that many keys: a shard that has to grow then needs not do so again and again.
    pub(crate) fn expect(&mut self, keys: usize) {
        let each = keys / SHARDS;
        // Some have more than their share.
        self.expected = each + each / 16;
    }

    /// The slot among those with that hash that `is_it` recognises.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.shards[shard(hash)].find(hash, |slot| is_it(*slot)).copied()
    }

    /// A slot that may be the one of the key with that hash, without a look at its key.
    #[inline]
    pub(crate) fn guess(&self, hash: u64) -> Option<u32> {
        self.shards[shard(hash)].find(hash, |_| true).copied()
    }

    /// Notes a slot that is not in yet. `hash_of` gives the hash of any slot's key, `glance` reads something of it.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        hash: u64,
        slot: u32,
        hash_of: impl Fn(u32) -> u64,
        glance: impl Fn(u32) -> bool,
    ) {
        let shard = &mut self.shards[shard(hash)];
        if shard.len() == shard.capacity() {
            grow(shard, self.expected, &hash_of, glance);
        }
        shard.insert_unique(hash, slot, |slot| hash_of(*slot));
    }

    /// Where the key with that hash is, or will be: `is_it` recognises its slot, `hash_of` and `glance` are as for
    /// [`insert`](Self::insert).
    #[inline(always)]
    pub(crate) fn entry(
        &mut self,
        hash: u64,
        is_it: impl Fn(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
        glance: impl Fn(u32) -> bool,
    ) -> Entry<'_, u32> {
        let shard = &mut self.shards[shard(hash)];
        if shard.len() == shard.capacity() {
            grow(shard, self.expected, &hash_of, glance);
        }
        shard.entry(hash, |slot| is_it(*slot), |slot| hash_of(*slot))
    }

    /// Forgets a slot.
    #[inline]
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        if let Ok(found) = self.shards[shard(hash)].find_entry(hash, |other| *other == slot) {
            found.remove();
        }
    }
}

/// Makes room for more, for which every key is hashed anew. The keys lie all over the memory: if they are many,
/// all of them are read before, none of these reads depending on another one, so that they wait
/// together.
#[cold]
fn grow(
    shard: &mut HashTable<u32>,
    expected: usize,
    hash_of: impl Fn(u32) -> u64,
    glance: impl Fn(u32) -> bool,
) {
    if shard.len() > FEW {
        black_box(shard.iter().filter(|slot| glance(**slot)).count());
    }
    // One more makes hashbrown double what it has. What is expected may never come, so it is not believed at once.
    let least = if shard.len() > FEW { shard.len() + 1 } else { shard.len() * 2 + 1 };
    let room = expected.min((shard.len() + 1) * MOST_GROWTH).max(least);
    shard.reserve(room - shard.len(), |slot| hash_of(*slot));
}

/// hashbrown uses the lowest and the seven highest bits of the hash; these lie between.
fn shard(hash: u64) -> usize {
    usize::from((hash >> 40) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_slot_leaves_nothing_behind() {
        let mut keys = KeyIndex::new();
        let hash = |slot: u32| u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for slot in 0..1000 {
            keys.insert(hash(slot), slot, hash, |_| false);
        }
        for slot in 0..1000 {
            assert_eq!(keys.find(hash(slot), |other| other == slot), Some(slot));
            keys.remove(hash(slot), slot);
        }
        assert!(keys.shards.iter().all(HashTable::is_empty));
    }

    #[test]
    fn what_is_expected_saves_growing_and_does_not_have_to_come() {
        let hash = |slot: u32| u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let grown = |expected| {
            let mut keys = KeyIndex::new();
            keys.expect(expected);
            let mut capacity = 0;
            let mut times = 0;
            for slot in 0..100_000 {
                keys.insert(hash(slot), slot, hash, |_| false);
                let now = keys.shards[0].capacity();
                times += usize::from(now > capacity);
                capacity = now;
            }
            assert!((0..100_000).all(|slot| keys.find(hash(slot), |other| other == slot) == Some(slot)));
            (times, capacity)
        };
        let (times, capacity) = grown(0);
        assert_eq!(times, 5, "3, 7, 28, 112, 448");
        assert_eq!(grown(100_000), (2, capacity));
        assert!(
            grown(usize::MAX / 2).1 <= capacity * MOST_GROWTH,
            "a wrong expectation costs no end of memory"
        );
        assert_eq!(grown(1000), (times, capacity));
    }
}

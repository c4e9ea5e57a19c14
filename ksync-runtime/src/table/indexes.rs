//! Indexes that KSync allocates: the lowest free number first, at the same cost however many are taken.
//!
//! Numbers in use are bits in words, full words are bits in the words of the next level, up to one word at
//! the top. A level grows with the highest number in use, not with the range; what it does not have is free.

/// Numbers of a range, each given out once until it comes back.
#[derive(Debug)]
pub(crate) struct IndexAllocator {
    first: u32,
    /// How many numbers the range has.
    range: u64,
    /// `levels[0]`: a set bit is a number in use. `levels[n]`: a set bit is a full word of `levels[n - 1]`.
    levels: [Vec<u64>; LEVELS],
    used: u64,
}

const BITS: usize = 64;

/// 64 to the sixth is more than all 32-bit numbers, so the top level is one word.
const LEVELS: usize = 6;

impl IndexAllocator {
    /// Numbers from `first` to `last`, both included.
    pub(crate) fn new(first: u32, last: u32) -> Self {
        let range = (u64::from(last) + 1).saturating_sub(u64::from(first));
        IndexAllocator { first, range, levels: Default::default(), used: 0 }
    }

    /// The lowest free number, or `None` when all are in use.
    pub(crate) fn allocate(&mut self) -> Option<u32> {
        let lowest =
            self.levels.iter().rev().fold(0, |at, words| {
                at * BITS + words.get(at).map_or(0, |word| word.trailing_ones() as usize)
            });
        if lowest as u64 >= self.range {
            return None;
        }
        self.mark(lowest);
        Some(self.first + lowest as u32)
    }

    /// Whether any is free.
    pub(crate) fn has_free(&self) -> bool {
        self.used < self.range
    }

    /// Takes one number out of those that are free. Returns false if it is not among them.
    pub(crate) fn reserve(&mut self, index: u32) -> bool {
        let Some(at) = index.checked_sub(self.first).map(|at| at as usize) else {
            return false;
        };
        if at as u64 >= self.range || self.is_used(at) {
            return false;
        }
        self.mark(at);
        true
    }

    fn is_used(&self, at: usize) -> bool {
        self.levels[0].get(at / BITS).is_some_and(|word| word & (1 << (at % BITS)) != 0)
    }

    fn mark(&mut self, at: usize) {
        let mut at = at;
        for words in &mut self.levels {
            if words.len() <= at / BITS {
                words.resize(at / BITS + 1, 0);
            }
            words[at / BITS] |= 1 << (at % BITS);
            if words[at / BITS] != u64::MAX {
                break;
            }
            at /= BITS;
        }
        self.used += 1;
    }

    /// Gives a number back. One that is not in use is left alone.
    pub(crate) fn release(&mut self, index: u32) {
        let Some(mut at) = index.checked_sub(self.first).map(|at| at as usize) else {
            return;
        };
        if !self.is_used(at) {
            return;
        }
        for words in &mut self.levels {
            if let Some(word) = words.get_mut(at / BITS) {
                *word &= !(1 << (at % BITS));
            }
            at /= BITS;
        }
        self.used -= 1;
    }

    /// How many numbers are in use.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_lowest_free_number_comes_first() {
        let mut indexes = IndexAllocator::new(10, 12);
        assert_eq!(
            [indexes.allocate(), indexes.allocate(), indexes.allocate()],
            [Some(10), Some(11), Some(12)]
        );
        assert!(!indexes.has_free());
        assert_eq!(indexes.allocate(), None);
        indexes.release(11);
        indexes.release(11);
        assert!(indexes.has_free());
        assert_eq!(indexes.used(), 2);
        assert_eq!(indexes.allocate(), Some(11));
        assert_eq!(indexes.allocate(), None);
    }

    #[test]
    fn agrees_with_a_set_over_many_allocations_and_releases() {
        let mut indexes = IndexAllocator::new(1, u32::MAX);
        let mut used = BTreeSet::new();
        let mut freed = BTreeSet::new();
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..300_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if dice >> 62 == 0 && !used.is_empty() {
                let victim = 1 + (dice >> 16) as u32 % used.len() as u32;
                if used.remove(&victim) {
                    freed.insert(victim);
                }
                indexes.release(victim);
            } else {
                let index = indexes.allocate().expect("a free number");
                let lowest = freed.pop_first().unwrap_or(used.len() as u32 + 1);
                assert_eq!(index, lowest, "the lowest free number");
                used.insert(index);
            }
        }
        assert_eq!(indexes.used(), used.len() as u64);
    }

    #[test]
    fn numbers_outside_the_range_are_not_released() {
        let mut indexes = IndexAllocator::new(5, 6);
        indexes.release(4);
        indexes.release(u32::MAX);
        assert_eq!(indexes.used(), 0);
    }
}

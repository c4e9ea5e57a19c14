//! Entries that wait in a line, from whose front many are taken at a time. Knows nothing of what they wait for.

use super::entry::EntryId;

/// What a `VecDeque` does, in one piece of memory without a seam: adding to it and taking all of it cost a few
/// instructions.
#[derive(Debug, Default)]
pub(crate) struct Line {
    entries: Vec<EntryId>,
    /// How many at the beginning of `entries` were taken.
    taken: usize,
}

impl Line {
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.taken
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub(crate) fn push_back(&mut self, entry: EntryId) {
        self.entries.push(entry);
    }

    /// The first one.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<EntryId> {
        let first = self.as_slice().first().copied();
        self.skip(usize::from(first.is_some()));
        first
    }

    /// All of them, in their order.
    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[EntryId] {
        self.entries.get(self.taken..).unwrap_or_default()
    }

    /// Takes the entry that stands behind that many others, whose place the last one takes.
    #[inline]
    pub(crate) fn swap_remove(&mut self, at: usize) -> Option<EntryId> {
        if at >= self.len() {
            return None;
        }
        let entry = self.entries.swap_remove(self.taken + at);
        self.forget_taken();
        Some(entry)
    }

    /// For how many there is memory.
    pub(crate) fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// All of them, in their order, for good.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = EntryId> {
        self.entries.into_iter().skip(self.taken)
    }

    /// Takes that many, or all, from the front.
    #[inline]
    pub(crate) fn skip(&mut self, most: usize) {
        self.taken = self.entries.len().min(self.taken + most);
        self.forget_taken();
    }

    /// Gives the place of what was taken free as soon as that is cheap: each that is left is moved once for one that was
    /// taken.
    #[inline(always)]
    fn forget_taken(&mut self) {
        if self.taken > self.len() {
            self.entries.drain(..self.taken);
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn does_what_a_queue_does_and_keeps_nothing_that_was_taken() {
        let (mut line, mut queue) = (Line::default(), VecDeque::new());
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        for number in 0..20_000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match dice >> 61 {
                0..4 => {
                    line.push_back(EntryId::new(0, number));
                    queue.push_back(EntryId::new(0, number));
                }
                4..6 => assert_eq!(line.pop_front(), queue.pop_front()),
                6 => {
                    let at = (dice >> 40) as usize % 64;
                    assert_eq!(line.swap_remove(at), queue.swap_remove_back(at));
                }
                _ => {
                    let most = (dice >> 40) as usize % 64;
                    line.skip(most);
                    queue.drain(..most.min(queue.len()));
                }
            }
            assert_eq!(line.len(), queue.len());
            assert!(line.as_slice().iter().eq(&queue), "another order");
            assert!(line.entries.len() <= 2 * queue.len(), "what was taken piles up");
        }
    }
}

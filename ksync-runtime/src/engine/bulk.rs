//! The lane of those that are many: adds and changes in the order in which they came, deletes of one kind in any order
//! unless they are few. Knows nothing of the other lanes.
//!
//! The kernel's table of routes is a trie that halves and doubles its nodes by how full they are. Deletes in ascending
//! order leave a root that is empty on one side and full on the other, and near its thresholds that is rebuilt in
//! whole, hundreds of thousands of places, once for halving and once for doubling, at one delete after the other. Deletes
//! from all over the table empty it evenly, and take less than half the time (`bench orders`). Shuffling blocks of a
//! few thousand gains nothing: the block has to reach all over the table.

use std::collections::VecDeque;

use super::entry::EntryId;
use super::line::Line;

/// So many deletes leave in the order in which they came.
const FEW: usize = 64;

/// After that many deletes from anywhere the oldest one leaves, so that none waits for ever.
const TURNS_PER_OLDEST: u32 = 16;

/// A run of adds and changes has no more entries than that, so that its memory comes back soon.
const LONGEST_RUN: usize = 16 * 1024;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    /// The oldest first.
    runs: VecDeque<Run>,
    len: usize,
    chance: Chance,
    turn: u32,
    /// The memory of a run that is over, for the next one.
    spare: Line,
}

/// Entries that came one after the other and are alike.
#[derive(Debug)]
struct Run {
    table: usize,
    are_deletes: bool,
    entries: Line,
}

impl Bulk {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn push(&mut self, entry: EntryId, is_delete: bool) {
        self.len += 1;
        if let Some(run) = self.runs.back_mut()
            && run.takes(entry, is_delete)
        {
            return run.entries.push_back(entry);
        }
        let mut entries = std::mem::take(&mut self.spare);
        entries.push_back(entry);
        let run = Run { table: entry.table(), are_deletes: is_delete, entries };
        self.runs.push_back(run);
    }

    pub(crate) fn pop(&mut self) -> Option<EntryId> {
        self.pop_with_sort().map(|(entry, _)| entry)
    }

    /// The next one, and whether it was told to be a delete.
    pub(crate) fn pop_with_sort(&mut self) -> Option<(EntryId, bool)> {
        let run = self.runs.front_mut()?;
        let are_deletes = run.are_deletes;
        self.turn = self.turn.wrapping_add(1);
        let anywhere = are_deletes && run.entries.len() > FEW && !self.turn.is_multiple_of(TURNS_PER_OLDEST);
        let entry = if anywhere {
            // Whoever comes last takes its place, so nobody moves away from the front.
            run.entries.swap_remove(self.chance.below(run.entries.len()))?
        } else {
            run.entries.pop_front()?
        };
        self.len -= 1;
        self.end_run();
        Some((entry, are_deletes))
    }

    /// Those that are next, if they are adds and changes.
    #[inline(always)]
    pub(crate) fn next_writes(&self) -> &[EntryId] {
        let run = self.runs.front().filter(|run| !run.are_deletes);
        run.map_or(&[], |run| run.entries.as_slice())
    }

    /// Takes so many of those out.
    #[inline(always)]
    pub(crate) fn skip_writes(&mut self, taken: usize) {
        if taken > 0
            && let Some(run) = self.runs.front_mut()
        {
            debug_assert!(!run.are_deletes, "they are those of `next_writes`");
            run.entries.skip(taken);
            self.len -= taken;
            self.end_run();
        }
    }

    /// The first run is over if it is empty.
    fn end_run(&mut self) {
        if self.runs.front().is_some_and(|run| run.entries.is_empty())
            && let Some(over) = self.runs.pop_front()
            && over.entries.capacity() <= LONGEST_RUN
        {
            self.spare = over.entries;
        }
    }
}

impl Run {
    fn takes(&self, entry: EntryId, is_delete: bool) -> bool {
        // Between kinds the order is kept, for what no reference shows.
        self.are_deletes == is_delete
            && if is_delete { self.table == entry.table() } else { self.entries.len() < LONGEST_RUN }
    }
}

/// Numbers that are the same in every run of the program (xorshift64).
#[derive(Debug)]
struct Chance(u64);

impl Default for Chance {
    fn default() -> Self {
        Chance(0x9e37_79b9_7f4a_7c15)
    }
}

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper half of the product: as even as the number itself.
        ((u128::from(self.0) * end as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(bulk: &mut Bulk, table: usize, slots: std::ops::Range<u32>, is_delete: bool) {
        slots.for_each(|slot| bulk.push(EntryId::new(table, slot), is_delete));
    }

    fn pop(bulk: &mut Bulk, count: usize) -> Vec<(usize, u32)> {
        (0..count).filter_map(|_| bulk.pop()).map(|entry| (entry.table(), entry.slot())).collect()
    }

    #[test]
    fn adds_leave_in_the_order_in_which_they_came() {
        let mut bulk = Bulk::default();
        let many = 2 * LONGEST_RUN as u32 + 7;
        push(&mut bulk, 0, 0..many, false);
        push(&mut bulk, 1, 0..1, false);
        assert_eq!(bulk.len(), many as usize + 1);
        let slots: Vec<u32> = pop(&mut bulk, many as usize).into_iter().map(|(_, slot)| slot).collect();
        assert!(slots.is_sorted() && slots.len() == many as usize);
        assert_eq!((pop(&mut bulk, 2), bulk.is_empty()), (vec![(1, 0)], true));
    }

    /// The first tenth of what leaves comes from all over the table, and all of it leaves once.
    #[test]
    fn deletes_leave_in_any_order() {
        let mut bulk = Bulk::default();
        push(&mut bulk, 0, 0..10_000, true);
        let first = pop(&mut bulk, 1000);
        for tenth in 0..10 {
            let inside = first.iter().filter(|(_, slot)| slot / 1000 == tenth).count();
            assert!((50..200).contains(&inside), "{inside} of the tenth number {tenth}");
        }
        let mut all: Vec<u32> =
            first.into_iter().chain(pop(&mut bulk, 10_000)).map(|(_, slot)| slot).collect();
        all.sort_unstable();
        assert_eq!(all, (0..10_000).collect::<Vec<_>>());
    }

    #[test]
    fn deletes_of_one_kind_do_not_overtake_those_of_another_or_adds() {
        let mut bulk = Bulk::default();
        push(&mut bulk, 0, 0..100, true);
        push(&mut bulk, 1, 0..100, true);
        push(&mut bulk, 1, 100..200, false);
        push(&mut bulk, 0, 100..200, true);
        let tables: Vec<usize> = pop(&mut bulk, 400).into_iter().map(|(table, _)| table).collect();
        assert_eq!(tables, [[0; 100], [1; 100], [1; 100], [0; 100]].concat());
    }

    /// Whatever comes meanwhile, the oldest one leaves with the sixteenth turn, and so does each in its time.
    #[test]
    fn deletes_that_come_later_do_not_hold_up_the_first_for_ever() {
        let mut bulk = Bulk::default();
        push(&mut bulk, 0, 0..100, true);
        let mut left = Vec::new();
        for turn in 0..100 * TURNS_PER_OLDEST {
            left.extend(pop(&mut bulk, 1));
            push(&mut bulk, 0, 100 + 2 * turn..102 + 2 * turn, true);
        }
        assert!((0..100).all(|slot| left.contains(&(0, slot))));
    }
}

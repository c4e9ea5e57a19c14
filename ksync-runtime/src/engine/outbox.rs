//! What is to be sent, in order: three lanes, so that nothing waits for what does not concern it.

use std::collections::VecDeque;

use super::entry::EntryId;
use crate::declare::{Schema, Verb};

/// After that many fresh operations a retry gets its turn, so that neither starves the other.
const FRESH_PER_RETRY: u32 = 8;

/// The way that an operation takes to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Before all others: what others need in ways that no reference shows.
    Early,
    /// In the order in which it came.
    Fresh,
    /// What failed before.
    Retry,
}

impl Lane {
    /// The way of an operation of an entry of a kind with that schema.
    #[inline]
    pub(crate) fn of(verb: Verb, retry: bool, schema: &Schema) -> Self {
        match verb {
            _ if retry => Lane::Retry,
            Verb::Add | Verb::Change if schema.early => Lane::Early,
            _ => Lane::Fresh,
        }
    }
}

/// Entries whose operation waits to be handed out. An entry may stand here more than once, or in vain:
/// what counts is whether it is marked as queued when its turn comes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    early: VecDeque<EntryId>,
    fresh: VecDeque<EntryId>,
    retries: VecDeque<EntryId>,
    fresh_in_a_row: u32,
}

impl Outbox {
    #[inline]
    pub(crate) fn push(&mut self, entry: EntryId, lane: Lane) {
        match lane {
            Lane::Early => self.early.push_back(entry),
            Lane::Fresh => self.fresh.push_back(entry),
            Lane::Retry => self.retries.push_back(entry),
        }
    }

    /// Everything that waits here, with the lane that it waits in.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (EntryId, Lane)> + use<> {
        let lanes = std::mem::take(self);
        let early = lanes.early.into_iter().map(|entry| (entry, Lane::Early));
        let fresh = lanes.fresh.into_iter().map(|entry| (entry, Lane::Fresh));
        early.chain(fresh).chain(lanes.retries.into_iter().map(|entry| (entry, Lane::Retry)))
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<EntryId> {
        if (self.fresh_in_a_row < FRESH_PER_RETRY || self.retries.is_empty())
            && let Some(entry) = self.early.pop_front().or_else(|| self.fresh.pop_front())
        {
            self.fresh_in_a_row = self.fresh_in_a_row.saturating_add(1);
            return Some(entry);
        }
        self.fresh_in_a_row = 0;
        self.retries.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_get_one_turn_in_nine_while_there_is_fresh_work() {
        let mut outbox = Outbox::default();
        for slot in 0..100 {
            outbox.push(EntryId::new(0, slot), Lane::Fresh);
            outbox.push(EntryId::new(1, slot), Lane::Retry);
        }
        let first: Vec<usize> = (0..18).filter_map(|_| outbox.pop()).map(EntryId::table).collect();
        assert_eq!(first.iter().filter(|table| **table == 1).count(), 2);
        assert_eq!(std::iter::from_fn(|| outbox.pop()).count(), 200 - 18);
    }

    #[test]
    fn all_that_waits_is_drained_with_its_lane() {
        let lanes = [Lane::Early, Lane::Fresh, Lane::Retry];
        let mut outbox = Outbox::default();
        for (table, lane) in lanes.into_iter().enumerate() {
            outbox.push(EntryId::new(table, 0), lane);
        }
        let drained: Vec<(usize, Lane)> = outbox.drain().map(|(entry, lane)| (entry.table(), lane)).collect();
        assert_eq!(drained, lanes.into_iter().enumerate().collect::<Vec<_>>());
        assert_eq!(outbox.pop(), None);
    }

    #[test]
    fn early_comes_first() {
        let mut outbox = Outbox::default();
        outbox.push(EntryId::new(0, 0), Lane::Fresh);
        outbox.push(EntryId::new(1, 0), Lane::Early);
        assert_eq!(outbox.pop().map(EntryId::table), Some(1));
    }
}

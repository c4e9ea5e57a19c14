//! The last steps of every entry, for those who ask afterwards.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use foldhash::fast::FixedState;

use super::Engine;
use super::entry::EntryId;
use super::machine::{Event, State};
use crate::declare::KSyncEntry;

/// One step in the past of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it was made.
    pub at: Instant,
    /// Where the entry was.
    pub from: State,
    /// What happened.
    pub event: Event,
    /// Where it went.
    pub to: State,
}

/// The last steps of every entry that is there. Nothing is kept until it is asked for.
#[derive(Debug, Default)]
pub(crate) struct History {
    depth: usize,
    steps: HashMap<EntryId, VecDeque<Step>, FixedState>,
}

impl History {
    /// Whether steps are kept at all.
    #[inline]
    pub(super) fn is_kept(&self) -> bool {
        self.depth > 0
    }

    pub(super) fn note(&mut self, entry: EntryId, step: Step) {
        if !self.is_kept() {
            return;
        }
        let steps = self.steps.entry(entry).or_default();
        if steps.len() == self.depth {
            steps.pop_front();
        }
        steps.push_back(step);
    }

    pub(super) fn forget(&mut self, entry: EntryId) {
        if !self.steps.is_empty() {
            self.steps.remove(&entry);
        }
    }
}

impl Engine {
    /// Keeps the last `depth` steps of every entry from now on; 0 keeps none. Each step takes some 40 bytes.
    pub fn keep_history(&mut self, depth: usize) {
        self.history.depth = depth;
        self.observed = self.watched || self.history.is_kept();
        self.history.steps.values_mut().for_each(|steps| {
            steps.drain(..steps.len().saturating_sub(depth));
        });
        if depth == 0 {
            self.history.steps.clear();
        }
    }

    /// The last steps of an entry, the oldest first, as far as they were kept.
    #[must_use]
    pub fn history<T: KSyncEntry>(&self, key: &T::Key) -> Vec<Step> {
        self.find::<T>(key)
            .and_then(|entry| self.history.steps.get(&entry))
            .map_or_else(Vec::new, |steps| steps.iter().copied().collect())
    }
}

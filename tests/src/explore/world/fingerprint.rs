//! Telling worlds apart: what can be seen of them, and what follows from what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use ksync_runtime::declare::IndexSource;
use ksync_runtime::engine::{Action as Asked, Failure};

use super::World;
use super::kernel::Object;
use crate::explore::kinds::Kind;

/// What the engine knows of an entry and shows to nobody, as far as it matters for what comes next: a digest of
/// what it follows from. As long as no answer was lost and none is awaited, it follows from what can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Trail {
    /// All that happened since the kernel's object was last beyond doubt.
    pub(super) digest: u64,
    /// Since then an answer was lost, or something was lost while an answer was on its way.
    pub(super) doubtful: bool,
    /// Something was lost while the answer that is awaited is on its way.
    pub(super) shaken: bool,
    /// Which of the entry's dependencies came into step while it waited.
    pub(super) came: BTreeSet<u32>,
}

fn digest(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Trail {
    pub(super) fn note(&mut self, what: impl Hash) {
        self.digest = digest((self.digest, what));
    }
}

impl<T: Kind> World<T> {
    /// A number that differs for worlds that can go on differently.
    #[must_use]
    pub fn fingerprint(&self, keys: &[u32]) -> u64 {
        let mut hasher = DefaultHasher::new();
        let failures: BTreeMap<u32, Failure> =
            keys.iter().filter_map(|key| Some((*key, self.failure(*key)?))).collect();
        let mut timers: Vec<(Instant, u32)> =
            failures.iter().filter_map(|(key, failure)| Some((failure.retry_at?, *key))).collect();
        timers.sort_unstable();
        for (_, key) in timers {
            key.hash(&mut hasher);
        }
        // A number that the kernel gives out matters by who has it, not by how great it is.
        let relative = |index: u32| match T::SCHEMA.index {
            IndexSource::Kernel => {
                self.kernel.iter().find(|(_, object)| object.index == index).map_or(0, |(key, _)| *key)
            }
            _ => index,
        };
        for key in keys {
            (key, self.engine.state::<T>(key)).hash(&mut hasher);
            self.engine.index::<T>(key).map(relative).hash(&mut hasher);
            self.trails.get(key).hash(&mut hasher);
            failures.get(key).map(|failure| (failure.verb, failure.error.errno)).hash(&mut hasher);
            self.declared.get(key).hash(&mut hasher);
            self.kernel
                .get(key)
                .map(|object| Object {
                    index: relative(object.index),
                    refers_to: object.refers_to.map(|index| index.map(relative)),
                    ..*object
                })
                .hash(&mut hasher);
            self.in_flight
                .get(key)
                .map(|flight| {
                    let action = match flight.operation.action {
                        Asked::Write(verb) => Some(verb),
                        Asked::Lookup => None,
                    };
                    (action, flight.answer.map(|index| index.map(relative)))
                })
                .hash(&mut hasher);
        }
        (&self.accepted, &self.flushed, &self.resent, &self.owed, &self.lanes, self.engine.queued())
            .hash(&mut hasher);
        self.engine.references().hash(&mut hasher);
        hasher.finish()
    }
}

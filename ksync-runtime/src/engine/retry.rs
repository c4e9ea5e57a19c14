//! Failures: what went wrong with which entry, and when it is tried again.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use foldhash::fast::FixedState;

use super::entry::{EntryId, NONE};
use super::{Engine, Work};
use crate::declare::{ErrorClass, OperationError, Verb};

/// How many of those who wait for the same thing are looked at when one succeeds. The others have their timers.
const SIBLINGS: usize = 64;

/// How long to wait before a failed operation is tried again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The first wait.
    pub min_delay: Duration,
    /// No wait is longer, jitter aside (which at most doubles the first waits).
    pub max_delay: Duration,
    /// How much longer each wait is than the one before.
    pub factor: f32,
    /// Where the jitter comes from: the same seed gives the same waits.
    pub seed: u64,
}

/// 50 ms, doubling up to 30 s.
impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            min_delay: Duration::from_millis(50),
            max_delay: Duration::from_secs(30),
            factor: 2.0,
            seed: 0,
        }
    }
}

impl RetryPolicy {
    fn start(&self, entry: EntryId) -> ExponentialBackoff {
        let entry_number = u64::from(entry.target().raw());
        ExponentialBuilder::new()
            .with_min_delay(self.min_delay)
            .with_max_delay(self.max_delay)
            .with_factor(self.factor)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(self.seed ^ entry_number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .build()
    }
}

/// The last failure of an entry, and what happens next.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was asked of the kernel.
    pub verb: Verb,
    /// What it said, or what kept the question from being asked.
    pub error: OperationError,
    /// What that means.
    pub class: ErrorClass,
    /// How many tries in a row failed.
    pub attempts: u32,
    /// When it is tried again, if time alone can heal it.
    pub retry_at: Option<Instant>,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} failed: {}; {}", self.verb, self.error, self.class.consequence())?;
        if self.attempts > 1 {
            write!(out, " ({} tries so far)", self.attempts)?;
        }
        Ok(())
    }
}

/// All entries whose last operation failed, and their timers.
#[derive(Debug)]
pub(crate) struct Troubles {
    policy: RetryPolicy,
    failures: HashMap<EntryId, (Failure, ExponentialBackoff), FixedState>,
    timers: BTreeSet<(Instant, EntryId)>,
}

impl Troubles {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Troubles { policy, failures: HashMap::default(), timers: BTreeSet::new() }
    }

    pub(crate) fn of(&self, entry: EntryId) -> Option<&Failure> {
        self.failures.get(&entry).map(|(failure, _)| failure)
    }

    /// Notes a failure and sets the timer, if one can help.
    pub(crate) fn note(
        &mut self,
        entry: EntryId,
        verb: Verb,
        error: OperationError,
        class: ErrorClass,
        now: Instant,
    ) {
        self.stop_timer(entry);
        let policy = self.policy;
        let known = self.failures.remove(&entry);
        let (attempts, mut backoff) = known
            .filter(|(failure, _)| failure.verb == verb)
            .map_or_else(|| (0, policy.start(entry)), |(failure, backoff)| (failure.attempts, backoff));
        let heals = verb == Verb::Delete || matches!(class, ErrorClass::Blocked | ErrorClass::Busy);
        let retry_at = if heals { backoff.next().map(|delay| now + delay) } else { None };
        if let Some(at) = retry_at {
            self.timers.insert((at, entry));
        }
        let failure = Failure { verb, error, class, attempts: attempts.saturating_add(1), retry_at };
        self.failures.insert(entry, (failure, backoff));
    }

    /// Forgets the failure: the entry succeeded, changed, or is gone.
    pub(crate) fn clear(&mut self, entry: EntryId) {
        self.stop_timer(entry);
        self.failures.remove(&entry);
    }

    /// Stops the timer and keeps the failure, with the length of the next wait.
    pub(crate) fn stop_timer(&mut self, entry: EntryId) {
        if let Some((failure, _)) = self.failures.get_mut(&entry)
            && let Some(at) = failure.retry_at.take()
        {
            self.timers.remove(&(at, entry));
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next entry whose wait is over.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<EntryId> {
        let (at, entry) = *self.timers.first()?;
        if at > now {
            return None;
        }
        self.stop_timer(entry);
        Some(entry)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    /// How many entries wait for their time.
    pub(crate) fn waiting(&self) -> usize {
        self.timers.len()
    }
}

impl Engine {
    /// The entry is to be deleted some time: a change that failed does not matter any more, nor when it would be tried
    /// again. How often a delete failed already does.
    pub(super) fn forget_all_but_deletes(&mut self, entry: EntryId) {
        if self.troubles.of(entry).is_some_and(|failure| failure.verb == Verb::Delete) {
            self.troubles.stop_timer(entry);
        } else {
            self.clear_trouble(entry);
        }
    }

    /// What was blocked may have waited for just this: an address makes a gateway on the same link
    /// reachable. Whoever depends on the same things, is of another kind and was blocked, tries again; after
    /// an entry of an early kind, whoever was refused does so too.
    pub(super) fn encourage_siblings(&mut self, entry: EntryId) {
        let Some(head) = self.tables.core(entry).map(|core| core.edges) else {
            return;
        };
        let early = self.tables.get(entry.table()).is_some_and(|table| table.schema.early);
        let mut blocked: Vec<u32> = Vec::new();
        for (_, shared) in self.edges.of(head) {
            let waiters = self.tables.core(shared.to).map_or(NONE, |core| core.waiters);
            blocked.extend(
                self.edges
                    .to(waiters)
                    .take(SIBLINGS)
                    .filter(|(_, edge)| edge.from.table() != entry.table())
                    .filter(|(_, edge)| {
                        let class = self.troubles.of(edge.from).map(|failure| failure.class);
                        class == Some(ErrorClass::Blocked) || early && class == Some(ErrorClass::Refused)
                    })
                    .map(|(at, _)| at),
            );
        }
        for at in blocked {
            if let Some(from) = self.edges.get(at).map(|edge| edge.from) {
                self.edges.set_waiting(&mut self.tables, at, false);
                self.work.push_back(Work::ReEvaluate(from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_fail_together_are_not_tried_again_together() {
        let policy = RetryPolicy::default();
        let first = |slot| policy.start(EntryId::new(1, slot)).next().expect("a wait");
        assert_ne!(first(0), first(1));
        assert_eq!(first(0), first(0), "the same seed gives the same waits");
    }
}

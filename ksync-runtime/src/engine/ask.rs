//! Questions: how things stand, and why.

use std::collections::HashSet;

use foldhash::fast::FixedState;

use super::Engine;
use super::entry::{EntryId, Flag};
use super::machine::State;
use super::why::{Cause, Why};
use crate::declare::{IndexSource, KSyncEntry};

/// How many entries of a table are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_state: [usize; State::ALL.len()],
}

impl Counts {
    /// How many are in that state.
    #[must_use]
    pub fn in_state(&self, state: State) -> usize {
        self.by_state[state as usize]
    }

    /// How many the kernel holds exactly as declared.
    #[must_use]
    pub fn in_sync(&self) -> usize {
        self.in_state(State::InSync)
    }

    /// How many there are, placeholders that nobody declared included.
    #[must_use]
    pub fn total(&self) -> usize {
        self.by_state.iter().sum()
    }

    /// The states that have entries, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (State, usize)> + '_ {
        State::ALL.into_iter().map(|state| (state, self.in_state(state))).filter(|(_, count)| *count > 0)
    }
}

impl Engine {
    /// The state of an entry. `None` if there is none with that key.
    #[must_use]
    pub fn state<T: KSyncEntry>(&self, key: &T::Key) -> Option<State> {
        self.tables.core(self.find::<T>(key)?).map(|core| core.state())
    }

    /// The index of an entry, if it has one by now.
    #[must_use]
    pub fn index<T: KSyncEntry>(&self, key: &T::Key) -> Option<u32> {
        let entry = self.find::<T>(key)?;
        crate::declare::Indexes::index_of(&self.tables, entry.target())
    }

    /// How many entries of a kind are in each state.
    #[must_use]
    pub fn counts<T: KSyncEntry>(&self) -> Counts {
        let table = self.tables.rows::<T>().and_then(|(number, _)| self.tables.get(number));
        Counts { by_state: table.map_or([0; State::ALL.len()], |table| table.counts) }
    }

    /// Why an entry is in the state that it is in. `None` if there is none with that key.
    #[must_use]
    pub fn why<T: KSyncEntry>(&self, key: &T::Key) -> Option<Why> {
        self.find::<T>(key).map(|entry| self.why_entry(entry))
    }

    /// Whether nothing is queued or awaited. Retries that wait for their time don't count.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.outboxes.queued == 0 && self.outstanding == 0 && self.work.is_empty() && self.losses.is_empty()
    }

    /// How many operations wait to be handed out.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.outboxes.queued
    }

    /// How many operations are handed out and not answered.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// The entries that are on their way somewhere.
    pub(crate) fn moving_entries(&self) -> Vec<(EntryId, Option<u32>)> {
        let mut moving = Vec::new();
        for (number, table) in self.tables.iter() {
            if table.counts[State::InSync as usize] == table.len() {
                continue;
            }
            for (slot, core) in table.slots.iter() {
                let entry = EntryId::new(number, slot);
                if !matches!(core.state(), State::InSync | State::Temp) {
                    moving.push((entry, self.generation(entry)));
                }
            }
        }
        moving
    }

    /// Whether that life of an entry can get anywhere by itself: something is queued or awaited for it, or for
    /// what it waits for.
    pub(crate) fn is_moving(&self, entry: EntryId, generation: Option<u32>) -> bool {
        if self.generation(entry) != generation {
            return false;
        }
        let mut seen: HashSet<EntryId, FixedState> = HashSet::default();
        let mut at = Some(entry);
        while let Some(entry) = at {
            let Some(core) = self.tables.core(entry) else {
                return false;
            };
            if core.is(Flag::Queued) || core.is(Flag::Outstanding) {
                return true;
            }
            if !seen.insert(entry) {
                return false;
            }
            at = match core.state() {
                State::AddDefer | State::ChangeDefer => {
                    self.first_unresolved(entry).and_then(|edge| self.edges.get(edge)).map(|edge| edge.to)
                }
                State::DelDeferRef => self
                    .edges
                    .to(core.referrers)
                    .chain(self.edges.to(core.waiters))
                    .next()
                    .map(|(_, edge)| edge.from),
                _ => None,
            };
        }
        !self.work.is_empty() || !self.losses.is_empty()
    }

    /// Whether the table of a kind is being emptied by [`delete_all`](Self::delete_all): nothing can be declared
    /// there any more.
    #[must_use]
    pub fn is_going_away<T: KSyncEntry>(&self) -> bool {
        let table = self.tables.rows::<T>().and_then(|(number, _)| self.tables.get(number));
        table.is_some_and(|table| table.going_away)
    }

    /// Whether the table of a kind has no entries.
    #[must_use]
    pub fn is_empty<T: KSyncEntry>(&self) -> bool {
        self.counts::<T>().total() == 0
    }

    /// How many retries wait for their time.
    #[must_use]
    pub fn retries_pending(&self) -> usize {
        self.troubles.waiting()
    }

    /// How many answers and events came when they could not. Each was ignored and logged; none should come.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// How many references there are between entries.
    #[must_use]
    pub fn references(&self) -> usize {
        self.edges.len()
    }

    /// How many references there are to an entry.
    #[must_use]
    pub fn references_to<T: KSyncEntry>(&self, key: &T::Key) -> usize {
        self.find::<T>(key)
            .and_then(|entry| self.tables.core(entry))
            .map_or(0, |core| self.edges.to(core.waiters).count() + self.edges.to(core.referrers).count())
    }

    /// Why the first `most` declared entries that are not in sync are not, and how many there are in all.
    #[must_use]
    pub fn unsettled(&self, most: usize) -> (Vec<Why>, usize) {
        let mut found = Vec::new();
        let mut count = 0;
        for (number, table) in self.tables.iter() {
            if table.counts[State::InSync as usize] == table.len() {
                continue;
            }
            for (slot, core) in table.slots.iter() {
                if core.state() == State::InSync || core.state() == State::Temp {
                    continue;
                }
                count += 1;
                if found.len() < most {
                    found.push(self.why_entry(EntryId::new(number, slot)));
                }
            }
        }
        (found, count)
    }

    fn why_entry(&self, entry: EntryId) -> Why {
        let mut chain = Vec::new();
        let mut seen: HashSet<EntryId, FixedState> = HashSet::default();
        let mut at = Some(entry);
        while let Some(entry) = at {
            if !seen.insert(entry) {
                if let Some(last) = chain.last_mut() {
                    let last: &mut Cause = last;
                    last.circle = true;
                }
                break;
            }
            let Some((cause, next)) = self.cause(entry) else {
                break;
            };
            chain.push(cause);
            at = next;
        }
        Why { chain }
    }

    /// What is to say about one entry, and which entry it waits for first.
    fn cause(&self, entry: EntryId) -> Option<(Cause, Option<EntryId>)> {
        let table = self.tables.get(entry.table())?;
        let core = table.slots.get(entry.slot())?;
        let (missing, note): (Vec<EntryId>, Option<String>) = match core.state() {
            State::AddDefer | State::ChangeDefer => (
                self.edges
                    .of(core.edges)
                    .map(|(_, edge)| edge.to)
                    .filter(|to| !self.is_resolved(*to))
                    .collect(),
                self.shortage(entry),
            ),
            State::DelDeferRef => {
                let users = self.edges.to(core.referrers).chain(self.edges.to(core.waiters));
                let first: Vec<String> =
                    users.take(3).map(|(_, edge)| self.tables.describe(edge.from)).collect();
                (Vec::new(), Some(format!("still referred to by {}", first.join(", "))))
            }
            _ => (Vec::new(), None),
        };
        let cause = Cause {
            kind: table.schema.name,
            key: table.rows.describe(entry.slot()),
            state: core.state(),
            undeclared: !core.is(Flag::Declared),
            waits_for: missing.iter().map(|to| self.tables.describe(*to)).collect(),
            circle: false,
            failure: self.troubles.of(entry).cloned(),
            note,
        };
        Some((cause, missing.first().copied()))
    }

    /// The entry's kind has indexes of KSync's, and none was left for it.
    pub(super) fn shortage(&self, entry: EntryId) -> Option<String> {
        let table = self.tables.get(entry.table())?;
        table.slots.get(entry.slot()).filter(|core| core.is(Flag::NoIndex))?;
        debug_assert_eq!(
            table.index_of(entry.slot()),
            super::entry::NONE,
            "an entry without an index has one"
        );
        match table.schema.index {
            IndexSource::KSync { first, last } => Some(format!(
                "the index range {first}..={last} is exhausted ({} in use); goes on when one is freed",
                table.indexes_used()
            )),
            _ => None,
        }
    }
}

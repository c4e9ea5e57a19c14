//! The engine: decides what is asked of the kernel, when, and what is true by now.
//!
//! It is sans-IO: it knows no bytes, sockets, clocks, threads or runtimes. Time comes in as an argument;
//! the same calls always give the same outputs. Its methods fall into families:
//!
//! - commands: [`Engine::set`], [`Engine::remove`];
//! - what comes in: `handle_outcome`, [`Engine::handle_timeout`], [`Engine::handle_lost`];
//! - what goes out: `next_operation`, [`Engine::poll_transition`], [`Engine::next_timeout`];
//! - questions: [`Engine::get`], [`Engine::state`], [`Engine::why`], [`Engine::counts`].
//!
//! Invariant for the caller: after any command or anything handled, call [`Engine::work`] until it returns
//! `false`, then drain what goes out. No callback runs in the middle of a transition.
//!
//! [`machine`] is the state machine, a pure function. What it says is carried out in `carry`, answers are
//! taken in `answers`, what the kernel drops by itself in `losses`; questions are answered in `ask`.

mod answers;
mod ask;
mod bulk;
mod carry;
mod channels;
mod circles;
mod copies;
mod entry;
mod handing_out;
mod history;
mod kinds;
mod line;
mod linker;
mod losses;
pub mod machine;
mod manager;
mod many;
mod of_kind;
mod outbox;
mod references;
mod retry;
mod set;
mod stale;
mod standoff;
mod steps;
mod straight;
mod tables;
mod transition;
mod walk;
mod why;

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use foldhash::fast::FixedState;

use crate::declare::{Incomplete, Invalid, KSyncEntry, Schema};
use crate::table::Found;

use entry::Flag;
use history::History;
use linker::Linked;
use machine::Event;
use outbox::Outboxes;
use references::Edges;
use retry::Troubles;
use straight::LeftBehind;
use tables::Tables;

pub use answers::Outcome;
pub use ask::Counts;
pub use channels::NoConnection;
pub use entry::EntryId;
pub use handing_out::{Action, Operation, Stopped, Writing};
pub use history::Step;
pub use manager::UnregisterError;
pub use outbox::Share;
pub use retry::{Failure, RetryPolicy};
pub use stale::Sweep;
pub use transition::Transition;
pub use why::{Cause, Why};

/// The engine. See the [module](self) for the order of calls.
#[derive(Debug)]
pub struct Engine {
    tables: Tables,
    edges: Edges,
    work: VecDeque<Work>,
    /// What the kernel dropped. Taken note of before anything else happens to any entry.
    losses: VecDeque<Loss>,
    outboxes: Outboxes,
    troubles: Troubles,
    transitions: VecDeque<Transition>,
    watched: bool,
    /// Transitions are recorded, or kept in the history.
    observed: bool,
    /// Operations that are handed out and not answered.
    outstanding: usize,
    /// Answers and events that came when they could not, see [`Engine::rejected`].
    rejected: u64,
    history: History,
    /// Entries that were made stale, with their generation, the oldest first. Some may have been claimed since.
    stale: VecDeque<(EntryId, Option<u32>)>,
    next_sweep: Option<(Instant, Sweep)>,
    /// How often the user holds on to an entry.
    pins: HashMap<EntryId, u32, FixedState>,
    /// Kinds whose table was emptied, not told yet.
    emptied: VecDeque<&'static str>,
    /// Reused by `set`.
    targets: Vec<Linked>,
    /// Reused by whoever wakes others.
    woken: Vec<EntryId>,
    /// Reused by answers.
    left_behind: LeftBehind,
}

/// Something to do that follows from a transition of another entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// The entry may go on by now.
    ReEvaluate(EntryId),
    /// Whoever waits for the entry may go on.
    Wake(EntryId),
    /// The rest of those who wait for the entry.
    WakeRest(EntryId),
    /// A reference to the entry was let go.
    Released(EntryId),
    /// The entry can't be added, and the kernel may hold something from an earlier try: that has to go.
    Clear(EntryId),
    /// The table is going away: its entries from that slot on are still to be deleted.
    DeleteAll {
        /// Number of the table.
        table: usize,
        /// The next slot.
        from: u32,
    },
}

/// Something that the kernel dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// The entry's object.
    Own(EntryId),
    /// The objects that referred to the entry's, or the number by which they did.
    Dependents(EntryId),
    /// The same, but nobody knows for certain.
    Perhaps(EntryId),
    /// Something in the entry's object.
    Part(EntryId),
    /// Perhaps the entry's object.
    PerhapsOwn(EntryId),
}

/// Why a value was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The value can't be right. The table keeps what it held.
    #[error("{kind} {key}: {invalid}")]
    Invalid {
        /// The kind.
        kind: &'static str,
        /// The key, as a person would write it.
        key: String,
        /// The field and what is wrong with it.
        invalid: Invalid,
    },
    /// No table was made for the kind when the agent was built.
    #[error("{kind} is not registered: add `.object::<{kind}>()` where the agent is built")]
    NotRegistered {
        /// The kind.
        kind: &'static str,
    },
    /// The table is going away: `delete_all` was called for it.
    #[error("{kind} {key}: the table is going away, nothing can be declared there any more")]
    GoingAway {
        /// The kind.
        kind: &'static str,
        /// The key, as a person would write it.
        key: String,
    },
    /// The entry is declared, so it can't be made stale.
    #[error("{kind} {key} is declared, and can't be made stale")]
    Live {
        /// The kind.
        kind: &'static str,
        /// The key, as a person would write it.
        key: String,
    },
    /// The table of the kind has no room left.
    #[error("the table of {kind} is full ({max} entries)", max = crate::table::MAX_SLOTS)]
    TableFull {
        /// The kind.
        kind: &'static str,
    },
}

/// Why an engine can't be used as it was put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// A kind refers to one that has no table.
    #[error("{kind} refers to {missing}, which is not registered: add `.object::<{missing}>()`")]
    MissingDependency {
        /// The kind that refers.
        kind: &'static str,
        /// The kind that it refers to.
        missing: &'static str,
    },
    /// Kinds need each other, so that none could be sent before the others.
    #[error(
        "a circle of kinds, none of which could be sent before the others: {} -> {}; if their entries never form one, \
         say `self_dependent` in the `#[ksync(...)]` of one of the kinds",
        kinds.join(" -> "),
        kinds.first().unwrap_or(&"?"),
    )]
    Circle {
        /// The kinds, each of which needs the next one, and the last one the first.
        kinds: Vec<&'static str>,
    },
    /// There are more kinds than an engine can hold.
    #[error("{kind} is one kind too many: an engine holds {max}", max = entry::MAX_TABLES)]
    TooManyKinds {
        /// The kind that found no place.
        kind: &'static str,
    },
}

impl Engine {
    /// An engine without tables, but for the one of [`Incomplete`].
    #[must_use]
    pub fn new(retry: RetryPolicy) -> Self {
        let mut tables = Tables::default();
        tables.register::<Incomplete>(Incomplete::SCHEMA);
        Engine {
            tables,
            edges: Edges::new(),
            work: VecDeque::new(),
            losses: VecDeque::new(),
            outboxes: Outboxes::new(1),
            troubles: Troubles::new(retry),
            transitions: VecDeque::new(),
            watched: false,
            observed: false,
            outstanding: 0,
            rejected: 0,
            history: History::default(),
            stale: VecDeque::new(),
            next_sweep: None,
            pins: HashMap::default(),
            emptied: VecDeque::new(),
            targets: Vec::new(),
            woken: Vec::new(),
            left_behind: LeftBehind::default(),
        }
    }

    /// Makes a table for a kind. A second call changes nothing.
    ///
    /// # Errors
    /// [`RegisterError::TooManyKinds`].
    pub fn register<T: KSyncEntry>(&mut self) -> Result<(), RegisterError> {
        self.register_as::<T>(T::SCHEMA)
    }

    /// Makes a table for a kind that behaves by another schema than its own: another range of indexes, other
    /// rules. The schema's names and places have to be the kind's.
    ///
    /// # Errors
    /// [`RegisterError::TooManyKinds`].
    pub fn register_as<T: KSyncEntry>(&mut self, schema: &'static Schema) -> Result<(), RegisterError> {
        self.tables.register::<T>(schema).map(|_| ()).ok_or(RegisterError::TooManyKinds { kind: schema.name })
    }

    /// Checks that every kind that another one refers to has a table, and that no kinds need each other in a circle.
    ///
    /// # Errors
    /// [`RegisterError::MissingDependency`], which names both; [`RegisterError::Circle`], which names all of it.
    pub fn check_dependencies(&self) -> Result<(), RegisterError> {
        for (_, table) in self.tables.iter().filter(|(_, table)| !table.taken_away) {
            for dependency in table.schema.depends_on {
                if self.tables.number_of((dependency.kind)()).is_none() {
                    return Err(RegisterError::MissingDependency {
                        kind: table.schema.name,
                        missing: (dependency.name)(),
                    });
                }
            }
        }
        circles::expect_none(&self.tables)
    }

    /// Withdraws an entry: it is deleted from the kernel once nothing there refers to it.
    /// Returns whether it was declared.
    pub fn remove<T: KSyncEntry>(&mut self, key: &T::Key, now: Instant) -> bool {
        self.settle_losses(now);
        if self.is_observed() {
            return self.find::<T>(key).is_some_and(|entry| self.withdrawn(entry, now));
        }
        let Some(mut of_kind) = self.of_kind_mut::<T>() else {
            return false;
        };
        let Found::At(slot) = of_kind.rows.find_key(key) else {
            return false;
        };
        let entry = EntryId::new(of_kind.number, slot);
        of_kind.withdraw_straight(slot) || self.withdrawn(entry, now)
    }

    /// The declared value of an entry.
    #[must_use]
    pub fn get<T: KSyncEntry>(&self, key: &T::Key) -> Option<&T> {
        let entry = self.find::<T>(key)?;
        let (_, rows) = self.tables.rows::<T>()?;
        rows.declared(entry.slot())
            .filter(|_| self.tables.core(entry).is_some_and(|core| core.is(Flag::Declared)))
    }

    /// All declared values of a kind.
    pub fn iter<T: KSyncEntry>(&self) -> impl Iterator<Item = &T> {
        self.tables.rows::<T>().into_iter().flat_map(move |(number, rows)| {
            rows.iter().filter_map(move |(slot, value)| {
                let core = self.tables.core(EntryId::new(number, slot))?;
                core.is(Flag::Declared).then_some(value)
            })
        })
    }

    /// Does some of the work that follows from transitions. Returns whether there is more.
    ///
    /// `budget` bounds how much is done in one call, so that nothing else waits long.
    pub fn work(&mut self, budget: usize, now: Instant) -> bool {
        self.settle_losses(now);
        let mut left = budget;
        while left > 0 {
            let Some(work) = self.work.pop_front() else {
                if self.outboxes.must_be_swept() {
                    self.outboxes.sweep(&mut self.tables);
                }
                return false;
            };
            left = left.saturating_sub(self.carry_out(work, now));
        }
        !self.work.is_empty()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let sweep = self.next_sweep.map(|(at, _)| at);
        [self.troubles.next_timeout(), sweep].into_iter().flatten().min()
    }

    /// Tries again what waited for its time.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.settle_losses(now);
        self.sweep_if_due(now);
        while let Some(entry) = self.troubles.pop_due(now) {
            self.go_on(entry, Event::Retry, now);
        }
    }

    /// Deletes an entry's object and adds it again, although nothing changed. Returns whether it is declared.
    pub fn renew<T: KSyncEntry>(&mut self, key: &T::Key, now: Instant) -> bool {
        self.settle_losses(now);
        let Some(entry) = self.find::<T>(key) else {
            return false;
        };
        let declared = self.tables.core(entry).is_some_and(|core| core.is(Flag::Declared));
        if declared {
            self.recall_add_or_change(entry);
            self.fire(entry, Event::DelAddReq, now);
        }
        declared
    }

    /// Keeps a number out of the indexes that KSync gives to entries of a kind, because somebody else uses it.
    /// Returns false if it is not in the kind's range or in use by an entry.
    pub fn reserve_index<T: KSyncEntry>(&mut self, index: u32) -> bool {
        let number = self.tables.number_of(std::any::TypeId::of::<T>());
        number.and_then(|number| self.tables.get_mut(number)).is_some_and(|table| table.reserve_index(index))
    }

    /// Somebody or something other than us changed the entry's object in the kernel: it is put right.
    pub fn handle_drifted<T: KSyncEntry>(&mut self, key: &T::Key, now: Instant) {
        self.settle_losses(now);
        if let Some(entry) = self.find::<T>(key) {
            self.drifted(entry, now);
        }
    }

    /// Somebody or something other than us removed the entry's object from the kernel.
    pub fn handle_lost<T: KSyncEntry>(&mut self, key: &T::Key, now: Instant) {
        if let Some(entry) = self.find::<T>(key) {
            self.losses.push_back(Loss::Own(entry));
            self.settle_losses(now);
        }
    }

    /// Whether transitions are recorded. Off at first: recording costs time and memory.
    pub fn watch(&mut self, on: bool) {
        self.watched = on;
        self.observed = on || self.history.is_kept();
        if !on {
            self.transitions.clear();
        }
    }

    /// Whether there is a recorded transition.
    #[must_use]
    pub fn has_transitions(&self) -> bool {
        !self.transitions.is_empty()
    }

    /// The next recorded transition.
    pub fn poll_transition(&mut self) -> Option<Transition> {
        self.transitions.pop_front()
    }

    /// The name of a kind, as it was registered.
    pub(crate) fn kind_name<T: KSyncEntry>(&self) -> &'static str {
        let number = self.tables.number_of(std::any::TypeId::of::<T>());
        let table = number.and_then(|number| self.tables.get(number));
        table.map_or(T::SCHEMA.name, |table| table.schema.name)
    }

    fn find<T: KSyncEntry>(&self, key: &T::Key) -> Option<EntryId> {
        let (number, rows) = self.tables.rows::<T>()?;
        match rows.find_key(key) {
            Found::At(slot) => Some(EntryId::new(number, slot)),
            Found::Absent(_) => None,
        }
    }
}

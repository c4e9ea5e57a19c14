//! Taking the answers to operations.

use std::time::Instant;

use super::entry::{EntryId, Flag, NONE};
use super::handing_out::{Action, Operation};
use super::machine::{Event, State};
use super::references::Cores;
use super::{Engine, Work};
use crate::declare::{
    Context, ErrorClass, IndexSource, Indexes, KSyncEntry, OperationError, Progress, Resolver, Verb,
};
use crate::wire::MessageView;

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The kernel carried it out; the index of the object, if the answer told it.
    Done {
        /// The index.
        index: Option<u32>,
    },
    /// It was refused.
    Failed(OperationError),
    /// A delete is complete, and the object stays, because it is not ours to delete.
    Kept,
    /// Nobody knows: the answer was lost.
    Unknown,
}

impl Outcome {
    /// What came of an operation that was complete when its serializer returned.
    #[must_use]
    pub fn of(progress: Progress) -> Self {
        match progress {
            Progress::Kept => Outcome::Kept,
            Progress::Pending | Progress::Complete => Outcome::Done { index: None },
        }
    }
}

impl Engine {
    /// The index in a message about the object of an operation.
    pub fn parse_index(&self, operation: Operation, message: &MessageView<'_>) -> Option<u32> {
        let table = self.tables.get(operation.entry.table())?;
        table.rows.parse_index(message).ok().flatten()
    }

    /// The field that stands at `offset` of the body of a message about the kind of the operation.
    pub fn field_at(&self, operation: Operation, body: &[u8], offset: usize) -> Option<&'static str> {
        self.tables.get(operation.entry.table())?.schema.field_at(body, offset)
    }

    /// `Nexthop core1`.
    pub fn describe(&self, operation: Operation) -> String {
        self.tables.describe(operation.entry)
    }

    /// Shows every declared value of a kind, with what its serializers may ask.
    pub fn for_each_in_context<T: KSyncEntry>(&self, mut show: impl FnMut(&T, &Context<'_>)) {
        let Some((number, rows)) = self.tables.rows::<T>() else { return };
        for (slot, value) in rows.iter() {
            let entry = EntryId::new(number, slot);
            if self.tables.core(entry).is_some_and(|core| core.is(Flag::Declared)) {
                let index = Indexes::index_of(&self.tables, entry.target());
                show(value, &Context::new(index, &self.tables, false));
            }
        }
    }

    /// Turns the kernel's numbers back into keys.
    pub fn with_resolver<R>(&self, read: impl FnOnce(&Resolver<'_>) -> R) -> R {
        read(&Resolver::new(&|kind, index| self.tables.key_of_index(kind, index)))
    }

    /// Takes the answer to an operation.
    pub fn handle_outcome(&mut self, operation: Operation, outcome: Outcome, now: Instant) {
        if let Outcome::Done { index } = outcome {
            return self.handle_all_done(&[operation], |operation| (*operation, index), now);
        }
        self.settle_losses(now);
        self.handle_any_outcome(operation, outcome, now);
    }

    /// Takes answers to operations that the kernel carried out: each of `sent` stands for one. `done` tells which operation it
    /// was, and the index of the object, if the answer told it; it is asked more than once, and has to tell the same,
    /// without a panic: the engine would have lost count of its entries. Answers to what is not outstanding are counted as
    /// [`rejected`](Self::rejected).
    pub fn handle_all_done<S>(
        &mut self,
        sent: &[S],
        done: impl Fn(&S) -> (Operation, Option<u32>),
        now: Instant,
    ) {
        self.settle_losses(now);
        let mut left = sent;
        loop {
            let answered = self.acknowledge_straight(left, &done, now);
            let Some((first, others)) = left.get(answered..).and_then(<[S]>::split_first) else {
                return;
            };
            let (operation, index) = done(first);
            self.handle_any_outcome(operation, Outcome::Done { index }, now);
            self.settle_losses(now);
            left = others;
        }
    }

    fn handle_any_outcome(&mut self, operation: Operation, outcome: Outcome, now: Instant) {
        let entry = operation.entry;
        let answered = self.tables.get_mut(entry.table()).and_then(|table| {
            let (core, generation) = table.slots.with_generation_mut(entry.slot())?;
            let current = operation.is_current(generation, core.serial)
                && core.is(Flag::Outstanding)
                && !core.is(Flag::Queued);
            let verb = core.verb().filter(|_| current)?;
            let looked_up = core.is(Flag::Lookup);
            let action = if looked_up { Action::Lookup } else { Action::Write(verb) };
            if action != operation.action {
                return None;
            }
            let lost = core.take_lost();
            if verb == Verb::Delete && matches!(outcome, Outcome::Unknown) {
                // Sent again as it was: at worst there is nothing left to delete.
                core.doubt(true);
            } else {
                core.answered();
            }
            Some((verb, looked_up, lost))
        });
        let Some((verb, looked_up, lost)) = answered else {
            return self.refuse(operation);
        };
        if verb == Verb::Delete && matches!(outcome, Outcome::Unknown) {
            self.doubt_dependents(entry);
            return self.queue(entry, verb, true);
        }
        self.outstanding -= 1;
        let is_lost = lost.decided_by(&outcome, looked_up);
        let outcome = if looked_up { self.looked_up(entry, outcome) } else { outcome };
        match outcome {
            Outcome::Failed(error) => self.failed(entry, verb, error, now),
            Outcome::Done { index } => self.done(entry, verb, index, now),
            Outcome::Kept => self.kept(entry, now),
            Outcome::Unknown => self.unknown(entry, verb, now),
        }
        self.decide_lost(entry, lost, is_lost);
    }

    #[cold]
    fn refuse(&mut self, operation: Operation) {
        self.rejected += 1;
        tracing::error!(?operation, "answer for an operation that is not outstanding");
    }

    /// What comes of asking for an index. Without one the entry is no use to anybody, so it counts as refused;
    /// but the kernel took the object before, and may still have it.
    fn looked_up(&mut self, entry: EntryId, outcome: Outcome) -> Outcome {
        let outcome = match outcome {
            Outcome::Done { index: None } => {
                Outcome::Failed(OperationError::local(None, "the kernel did not tell the object's index"))
            }
            other => other,
        };
        if let Outcome::Failed(_) = outcome {
            self.doubt_what_is_held(entry);
        }
        outcome
    }

    fn done(&mut self, entry: EntryId, verb: Verb, index: Option<u32>, now: Instant) {
        if verb == Verb::Delete {
            return self.deleted(entry, now);
        }
        if let Some(table) = self.tables.get_mut(entry.table())
            && table.schema.index == IndexSource::Kernel
        {
            match index {
                Some(index) => {
                    let before = table.index_of(entry.slot());
                    table.learn_index(entry.slot(), index);
                    if before != NONE && before != index {
                        // Another object has taken the place of ours, behind our back.
                        self.tell_dependents(entry);
                    }
                }
                // An object that was added may be another one than that whose number is known.
                None if verb == Verb::Add || table.index_of(entry.slot()) == NONE => {
                    return self.look_up(entry, verb);
                }
                None => {}
            }
        }
        const IN_TROUBLE: u32 = Flag::Trouble.bit() | Flag::SentCopy.bit();
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        core.set(Flag::Accepted, true);
        core.doubt(core.is(Flag::Shaken));
        core.set(Flag::MaybeHeld, false);
        let out_of_date = core.state() == State::NeedSync;
        if core.held != NONE || core.is_any(IN_TROUBLE) {
            self.clear_trouble(entry);
            self.sent_is_held(entry);
        }
        if out_of_date
            && self.must_recreate(entry)
            && let Some(core) = self.tables.core_mut(entry)
        {
            core.set(Flag::Again, true);
        }
        let event = if verb == Verb::Add { Event::AddAck } else { Event::ChangeAck };
        self.fire(entry, event, now);
        if !self.troubles.is_empty() {
            self.encourage_siblings(entry);
        }
    }

    /// The kernel took the object and did not say under which index: asks for it.
    fn look_up(&mut self, entry: EntryId, verb: Verb) {
        self.outstanding += 1;
        if let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::Outstanding, true);
            core.set(Flag::Lookup, true);
        }
        self.queue(entry, verb, false);
    }

    /// Nobody knows whether the kernel carried an add or change out. It is decided anew, as after a refusal,
    /// but for one thing: from now on the kernel may hold what was sent.
    fn unknown(&mut self, entry: EntryId, verb: Verb, now: Instant) {
        self.doubt_what_is_held(entry);
        let event = self.refusal(entry, verb);
        self.fire(entry, event, now);
        self.work.push_back(Work::ReEvaluate(entry));
    }

    /// The kernel may hold what was sent, or what it held before.
    fn doubt_what_is_held(&mut self, entry: EntryId) {
        let changed = self.tables.core(entry).is_some_and(|core| core.is(Flag::SentCopy));
        self.sent_may_be_held(entry);
        if let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::MaybeHeld, !changed);
            core.doubt(true);
        }
    }

    /// The event of an add or change that was refused. If the kernel may hold something from an earlier try that
    /// has to go, a refusal is none: there is something to delete.
    fn refusal(&mut self, entry: EntryId, verb: Verb) -> Event {
        let refused = match verb {
            Verb::Add => Event::AddNack,
            Verb::Change => Event::ChangeNack,
            Verb::Delete => return Event::DelNack,
        };
        let Some(core) = self.tables.core(entry).filter(|core| core.is(Flag::Doubt)) else {
            return refused;
        };
        let recreate = matches!(core.state(), State::SyncWait | State::NeedSync) && self.must_recreate(entry);
        let to_delete = core.state() == State::DelDeferSync || recreate;
        if recreate && let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::Again, true);
        }
        if verb == Verb::Add && to_delete { Event::AddAck } else { refused }
    }

    /// Whether the entry refers to something that the kernel numbers and that has no number: it is not there, so
    /// nothing that is named by it is there either.
    fn stands_on_nothing(&self, entry: EntryId) -> bool {
        let of_entry = self.tables.core(entry).map_or(NONE, |core| core.edges);
        let of_held = self.edges_of_held(entry);
        [of_entry, of_held].into_iter().any(|head| {
            self.edges.of(head).any(|(_, edge)| {
                self.tables.get(edge.to.table()).is_some_and(|table| {
                    table.schema.index == IndexSource::Kernel && table.index_of(edge.to.slot()) == NONE
                })
            })
        })
    }

    /// The object is gone from the kernel, as asked.
    fn deleted(&mut self, entry: EntryId, now: Instant) {
        self.let_go_of_object(entry);
        self.gone(entry);
        self.fire(entry, Event::DelAck, now);
    }

    /// The object is of no concern any more, and stays where it is, with its number and with all that refers to it.
    fn kept(&mut self, entry: EntryId, now: Instant) {
        self.let_go_of_object(entry);
        self.fire(entry, Event::DelAck, now);
    }

    fn let_go_of_object(&mut self, entry: EntryId) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        core.set(Flag::Accepted, false);
        core.doubt(false);
        core.set(Flag::MaybeHeld, false);
        core.set(Flag::Seen, false);
        if core.held != NONE || core.is(Flag::Trouble) {
            self.clear_trouble(entry);
            self.drop_held(entry);
        }
    }

    /// The object is not in the kernel any more, nor what went with it.
    fn gone(&mut self, entry: EntryId) {
        if let Some(table) = self.tables.get_mut(entry.table()) {
            table.forget_kernel_index(entry.slot());
        }
        self.tell_dependents(entry);
    }

    fn failed(&mut self, entry: EntryId, verb: Verb, error: OperationError, now: Instant) {
        let class = match (error.errno, self.tables.get(entry.table())) {
            (errno, Some(table)) if errno != 0 => table.rows.classify(verb, &error),
            _ => ErrorClass::Refused,
        };
        tracing::debug!(entry = %self.tables.describe(entry), %verb, %error, ?class, "refused");
        let unnameable = || error.errno == 0 && self.stands_on_nothing(entry);
        if verb == Verb::Delete && (class == ErrorClass::Gone || unnameable()) {
            return self.deleted(entry, now);
        }
        self.troubles.note(entry, verb, error, class, now);
        self.sent_is_not_held(entry);
        if !self.tables.core(entry).is_some_and(|core| core.is(Flag::Declared)) {
            // It was withdrawn while what was refused here was on its way.
            self.let_go_of_unsent(entry);
        }
        if let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::Trouble, true);
            // While the answer was on its way, the object that was to be changed may have gone.
            if core.is(Flag::Shaken) && verb != Verb::Add {
                core.doubt(true);
            }
        }
        match verb {
            Verb::Add => {
                if let Some(core) = self.tables.core_mut(entry) {
                    core.set(Flag::Accepted, false);
                }
                let event = self.refusal(entry, verb);
                self.fire(entry, event, now);
            }
            Verb::Change => {
                let recreate = class == ErrorClass::Immutable
                    || self.tables.core(entry).is_some_and(|core| core.state() == State::NeedSync)
                        && self.must_recreate(entry);
                if class == ErrorClass::Gone {
                    self.drop_held(entry);
                    self.gone(entry);
                }
                if let Some(core) = self.tables.core_mut(entry) {
                    if class == ErrorClass::Gone {
                        core.set(Flag::Accepted, false);
                        core.doubt(false);
                        core.set(Flag::MaybeHeld, false);
                        core.set(Flag::Seen, false);
                    } else if recreate {
                        core.set(Flag::Again, true);
                    }
                }
                self.fire(entry, Event::ChangeNack, now);
            }
            Verb::Delete => {
                // What the kernel refuses to delete is there, whoever made it.
                if let Some(core) = self.tables.core_mut(entry) {
                    core.set(Flag::Seen, true);
                }
                self.fire(entry, Event::DelNack, now);
            }
        }
    }
}

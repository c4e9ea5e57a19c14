//! Carrying out what the state machine says: operations, waiting, references, the end of entries.

use std::time::Instant;

use super::entry::{EntryId, Flag, NONE};
use super::machine::{self, Event, Facts, State, Step};
use super::outbox::Lane;
use super::references::Cores;
use super::transition::Transition;
use super::{Engine, Work};
use crate::declare::{Difference, Verb};
use crate::table::Shadow;

/// How many waiters are woken before other work gets its turn.
const WAKE_SLICE: usize = 256;

impl Engine {
    /// The user declared the entry or gave it another value, which its row holds by now.
    pub(super) fn declared(&mut self, entry: EntryId, now: Instant) {
        self.recall(entry);
        self.clear_trouble(entry);
        if let Some(core) = self.tables.core_mut(entry) {
            core.set(Flag::Declared, true);
        }
        let event = self.change_event(entry);
        self.fire(entry, event, now);
    }

    /// The user took the entry back. Returns whether it was declared.
    pub(super) fn withdrawn(&mut self, entry: EntryId, now: Instant) -> bool {
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(Flag::Declared)) else {
            return false;
        };
        core.set(Flag::Declared, false);
        self.recall(entry);
        self.let_go_of_unsent(entry);
        self.clear_trouble(entry);
        self.fire(entry, Event::DelReq, now);
        true
    }

    /// An operation that has not left yet, or waits for a retry, is taken back, and the entry is put where
    /// it was before it: what follows then starts from what the kernel holds, and may need no write at all.
    fn recall(&mut self, entry: EntryId) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        if core.is(Flag::Outstanding) {
            return;
        }
        let before = match core.state {
            State::SyncWait | State::NeedSync | State::DelDeferSync if core.is(Flag::Accepted) => {
                State::InSync
            }
            State::SyncWait | State::NeedSync | State::DelDeferSync => {
                core.set(Flag::Seen, false);
                State::AddDefer
            }
            State::DelAckWait | State::DelDeferDelAck | State::RenewWait if core.is(Flag::Accepted) => {
                State::InSync
            }
            State::DelAckWait | State::DelDeferDelAck | State::RenewWait => State::AddDefer,
            _ => return,
        };
        core.set(Flag::Again, false);
        core.set_verb(None);
        if core.is(Flag::Queued) {
            core.set(Flag::Queued, false);
            self.queued -= 1;
        }
        self.tables.set_state(entry, before);
        // Who began to wait when the operation was queued may go on.
        if self.is_resolved(entry) && self.has_waiters(entry) {
            self.work.push_back(Work::Wake(entry));
        }
    }

    /// Takes back an operation that has not left, and decides anew.
    pub(super) fn reconsider(&mut self, entry: EntryId, now: Instant) {
        self.recall(entry);
        let event = self.change_event(entry);
        self.fire(entry, event, now);
    }

    /// How the entry's new value has to be brought to the kernel.
    fn change_event(&self, entry: EntryId) -> Event {
        let in_kernel = self.tables.core(entry).is_some_and(|core| match core.state {
            State::InSync | State::ChangeDefer | State::DelDeferRef => {
                core.is(Flag::Accepted) || core.is(Flag::Doubt)
            }
            State::AddDefer => core.is(Flag::Doubt),
            _ => false,
        });
        if in_kernel && self.must_recreate(entry) { Event::DelAddReq } else { Event::AddChangeReq }
    }

    pub(super) fn must_recreate(&self, entry: EntryId) -> bool {
        matches!(self.difference(entry), Difference::Recreate { .. })
    }

    fn difference(&self, entry: EntryId) -> Difference {
        self.tables.get(entry.table()).map_or(Difference::Same, |table| table.rows.compare(entry.slot()))
    }

    /// Whether the kernel holds what is declared, for certain.
    fn nothing_to_write(&self, entry: EntryId) -> bool {
        self.tables.core(entry).is_some_and(|core| core.is(Flag::Accepted) && !core.is(Flag::Doubt))
            && self.difference(entry) == Difference::Same
    }

    /// Runs the state machine, and carries out what it says.
    pub(super) fn fire(&mut self, entry: EntryId, event: Event, now: Instant) {
        let Some(core) = self.tables.core(entry) else {
            return;
        };
        let from = core.state;
        let mut facts = Facts {
            refs: core.has_refs(),
            // What the kernel may hold has to be treated as if it did.
            seen: core.is(Flag::Seen) || core.is(Flag::Doubt),
            again: core.is(Flag::Again),
            compress: !core.is(Flag::Doubt)
                && self.tables.get(entry.table()).is_none_or(|table| table.schema.compress),
            unresolved: self.first_unresolved(entry).is_some() || core.is(Flag::NoIndex),
            sync: false,
        };
        let step = machine::step(from, event, facts).and_then(|step| {
            if step.calls.last() == Some(Verb::Change) && self.nothing_to_write(entry) {
                facts.sync = true;
                return machine::step(from, event, facts);
            }
            Ok(step)
        });
        match step {
            Ok(step) => self.apply(entry, from, event, step, facts.sync, now),
            Err(rejected) => {
                self.rejected += 1;
                tracing::error!(entry = %self.tables.describe(entry), %rejected, "ignored");
            }
        }
    }

    fn apply(&mut self, entry: EntryId, from: State, event: Event, step: Step, in_place: bool, now: Instant) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        core.set(Flag::Seen, step.seen);
        core.set(Flag::Again, step.again);
        let was_held_back = matches!(from, State::AddDefer | State::ChangeDefer);
        self.tables.set_state(entry, step.next);
        if was_held_back {
            self.stop_waiting(entry);
            // News that change nothing don't change when it is tried again either.
            if step.next != from || step.calls.last().is_some() {
                self.troubles.stop_timer(entry);
            }
        }
        if in_place {
            // Whatever was declared or refused in between, the kernel holds just this by now.
            self.clear_trouble(entry);
            self.drop_copy(entry, Shadow::Held, Flag::HeldCopy);
        } else if let Some(verb) = step.calls.last() {
            // The next answer decides anew whether there is anything to be tried again.
            self.troubles.stop_timer(entry);
            self.queue(entry, verb, event == Event::Retry);
        }
        match step.next {
            State::AddDefer | State::ChangeDefer => {
                let missing = self.wait(entry);
                if missing {
                    // It goes on when that comes; time alone does not help.
                    self.troubles.stop_timer(entry);
                }
                let refused = event == Event::AddNack && self.troubles.of(entry).is_some();
                let doubt = self.tables.core(entry).is_some_and(|core| core.is(Flag::Doubt));
                if step.next == State::AddDefer && doubt && (missing || refused) {
                    self.work.push_back(Work::Clear(entry));
                }
            }
            // A change that failed does not matter any more, nor when it would be tried again.
            State::DelDeferRef => self.clear_trouble(entry),
            _ => {}
        }
        self.history.note(entry, super::Step { at: now, from, event, to: step.next });
        self.record(entry, from, event, &step);

        match step.next {
            State::Free => self.free(entry, now),
            State::Temp => self.make_placeholder(entry),
            _ => {
                let accepted = matches!(event, Event::AddAck | Event::ChangeAck);
                let back = from.is_deleting() || from == State::RenewWait;
                let sent = was_held_back || matches!(from, State::Init | State::Temp);
                if (accepted || back || sent) && self.is_resolved(entry) && self.has_waiters(entry) {
                    self.work.push_back(Work::Wake(entry));
                }
                if step.next == State::DelDeferRef
                    && !self.tables.core(entry).is_some_and(|core| core.has_refs())
                {
                    self.work.push_back(Work::Released(entry));
                }
            }
        }
    }

    pub(super) fn queue(&mut self, entry: EntryId, verb: Verb, retry: bool) {
        let (early, channel) =
            self.tables.get(entry.table()).map_or((false, 0), |table| (table.schema.early, table.channel));
        let lane = match verb {
            _ if retry => Lane::Retry,
            Verb::Add | Verb::Change if early => Lane::Early,
            _ => Lane::Fresh,
        };
        if let Some(core) = self.tables.core_mut(entry) {
            core.set_verb(Some(verb));
            if !core.is(Flag::Queued) {
                core.set(Flag::Queued, true);
                self.queued += 1;
                if let Some(outbox) = self.outboxes.get_mut(channel) {
                    outbox.push(entry, lane);
                }
            }
        }
    }

    /// The entry may go on, or try again: as `event` says, unless what the kernel may hold has to go first.
    pub(super) fn go_on(&mut self, entry: EntryId, event: Event, now: Instant) {
        let event = match self.change_event(entry) {
            Event::DelAddReq => Event::DelAddReq,
            _ => event,
        };
        self.fire(entry, event, now);
    }

    /// Work that follows from what happened to another entry.
    pub(super) fn carry_out(&mut self, work: Work, now: Instant) {
        match work {
            Work::ReEvaluate(entry) => {
                let state = self.tables.core(entry).map(|core| core.state);
                if matches!(state, Some(State::AddDefer | State::ChangeDefer)) {
                    self.go_on(entry, Event::ReEval, now);
                }
            }
            Work::Wake(entry) => self.wake_some(entry),
            Work::DeleteAll { table, from } => self.delete_some(table, from, now),
            Work::Clear(entry) => {
                let in_doubt = self
                    .tables
                    .core(entry)
                    .is_some_and(|core| core.state == State::AddDefer && core.is(Flag::Doubt));
                if in_doubt {
                    self.fire(entry, Event::DelAddReq, now);
                }
            }
            Work::Released(entry) => {
                let unused = self.tables.core(entry).is_some_and(|core| {
                    !core.has_refs() && matches!(core.state, State::Temp | State::DelDeferRef)
                });
                if unused {
                    self.fire(entry, Event::RefReleased, now);
                }
            }
        }
    }

    /// Wakes some of those who wait for the entry, and comes back for the rest.
    fn wake_some(&mut self, entry: EntryId) {
        for _ in 0..WAKE_SLICE {
            let waiters = self.tables.core(entry).map_or(NONE, |core| core.waiters);
            if waiters == NONE || !self.is_resolved(entry) {
                return;
            }
            let Some(edge) = self.edges.get(waiters) else {
                return;
            };
            self.edges.set_waiting(&mut self.tables, waiters, false);
            self.work.push_back(Work::ReEvaluate(edge.from));
        }
        self.work.push_back(Work::Wake(entry));
    }
    /// Takes back an add or change that has not left.
    pub(super) fn recall_add_or_change(&mut self, entry: EntryId) {
        if self.tables.core(entry).is_some_and(|core| matches!(core.state, State::SyncWait | State::NeedSync))
        {
            self.recall(entry);
        }
    }

    pub(super) fn is_resolved(&self, entry: EntryId) -> bool {
        self.tables.get(entry.table()).is_some_and(|table| {
            table.slots.get(entry.slot()).is_some_and(|core| core.is_resolved(table.schema))
        })
    }

    fn has_waiters(&self, entry: EntryId) -> bool {
        self.tables.core(entry).is_some_and(|core| core.waiters != NONE)
    }

    /// The first reference of the declared value that leads to something unresolved.
    pub(super) fn first_unresolved(&self, entry: EntryId) -> Option<u32> {
        let head = self.tables.core(entry)?.edges;
        self.edges.of(head).find(|(_, edge)| !self.is_resolved(edge.to)).map(|(at, _)| at)
    }

    /// Waits for the first thing that is missing; or, after a refusal, for a change of anything that the
    /// entry depends on. Returns whether something is missing.
    fn wait(&mut self, entry: EntryId) -> bool {
        if let Some(edge) = self.first_unresolved(entry) {
            self.edges.set_waiting(&mut self.tables, edge, true);
            return true;
        }
        self.mark_edges(entry, true);
        false
    }

    fn stop_waiting(&mut self, entry: EntryId) {
        self.mark_edges(entry, false);
    }

    fn mark_edges(&mut self, entry: EntryId, waiting: bool) {
        let mut at = self.tables.core(entry).map_or(NONE, |core| core.edges);
        while let Some(next) = self.edges.sibling(at) {
            self.edges.set_waiting(&mut self.tables, at, waiting);
            at = next;
        }
    }

    pub(super) fn clear_trouble(&mut self, entry: EntryId) {
        if let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(Flag::Trouble)) {
            core.set(Flag::Trouble, false);
            self.troubles.clear(entry);
        }
    }

    /// The entry keeps its key, for those who refer to it, and nothing else.
    fn make_placeholder(&mut self, entry: EntryId) {
        self.let_go_of_values(entry);
        if let Some(table) = self.tables.get_mut(entry.table()) {
            table.rows.forget_value(entry.slot());
            // One that stayed in the kernel may go without a word: nothing says what it stands on any more.
            if table.forget_kernel_index(entry.slot()) {
                self.tell_dependents(entry);
            }
        }
        self.work.push_back(Work::Released(entry));
    }

    fn free(&mut self, entry: EntryId, now: Instant) {
        self.let_go_of_values(entry);
        self.history.forget(entry);
        let emptied = entry.table();
        if let Some(lucky) = self.tables.remove(entry) {
            // An index became free: whoever waited for one goes on.
            self.carry_out(Work::ReEvaluate(lucky), now);
        }
        self.notice_empty(emptied);
    }

    fn let_go_of_values(&mut self, entry: EntryId) {
        self.clear_trouble(entry);
        self.drop_copy(entry, Shadow::Held, Flag::HeldCopy);
        self.drop_copy(entry, Shadow::Sent, Flag::SentCopy);
        let head = self.tables.core_mut(entry).map_or(NONE, |core| std::mem::replace(&mut core.edges, NONE));
        self.release_edges(head);
    }

    fn record(&mut self, entry: EntryId, from: State, event: Event, step: &Step) {
        tracing::trace!(?entry, %from, %event, to = %step.next, calls = %step.calls, "transition");
        if !self.watched || (from == step.next && step.calls.last().is_none()) {
            return;
        }
        let Some(table) = self.tables.get(entry.table()) else {
            return;
        };
        let detail = match step.next {
            State::AddDefer | State::ChangeDefer => match self.first_unresolved(entry) {
                Some(edge) => {
                    self.edges.get(edge).map(|edge| format!("waits for {}", self.tables.describe(edge.to)))
                }
                None => self.troubles.of(entry).map(ToString::to_string).or_else(|| self.shortage(entry)),
            },
            State::DelDeferRef => Some("still referred to".to_owned()),
            _ => None,
        };
        self.transitions.push_back(Transition {
            kind: table.schema.name,
            key: table.rows.describe(entry.slot()),
            from,
            event,
            to: step.next,
            calls: step.calls,
            detail,
        });
    }
}

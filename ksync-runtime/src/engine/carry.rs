//! Carrying out what the state machine says: operations, waiting, references, the end of entries.

use std::time::Instant;

use super::entry::{EntryId, Flag, NONE};
use super::machine::{self, Event, Facts, State, Step};
use super::references::Cores;
use super::steps::known_step;
use super::tables::Table;
use super::{Engine, Work};
use crate::declare::{Difference, Verb};

/// How many waiters are woken before other work gets its turn.
const WAKE_SLICE: usize = 256;

/// So many waiters of one entry go on as if each had been declared by itself; the others are some of many.
const FEW: usize = 64;

impl Engine {
    /// The user declared the entry or gave it another value, which its row holds by now.
    pub(super) fn declared(&mut self, entry: EntryId, now: Instant) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        core.set(Flag::Declared, true);
        core.set(Flag::Stale, false);
        if core.state().is_under_way() {
            self.recall(entry);
        }
        self.clear_trouble(entry);
        self.bring_about(entry, now);
    }

    /// The user took the entry back. Returns whether it was declared.
    pub(super) fn withdrawn(&mut self, entry: EntryId, now: Instant) -> bool {
        if self.withdrawn_straight(entry, now) {
            return true;
        }
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(Flag::Declared)) else {
            return false;
        };
        core.set(Flag::Declared, false);
        if core.state().is_under_way() {
            self.recall(entry);
        }
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
        let before = match core.state() {
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
        core.set(Flag::GoesFirst, false);
        if core.is(Flag::Queued) {
            core.set(Flag::Queued, false);
            self.outboxes.queued -= 1;
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
        self.bring_about(entry, now);
    }

    /// Brings what is declared to the kernel.
    fn bring_about(&mut self, entry: EntryId, now: Instant) {
        let (event, difference) = self.change_event(entry);
        self.fire_knowing(entry, event, difference, now);
    }

    /// How the entry's new value has to be brought to the kernel; and what separates it from what the kernel holds,
    /// if that had to be looked at.
    fn change_event(&self, entry: EntryId) -> (Event, Option<Difference>) {
        const HELD: u32 = Flag::Accepted.bit() | Flag::Doubt.bit();
        let Some(table) = self.tables.get(entry.table()) else {
            return (Event::AddChangeReq, None);
        };
        let in_kernel = table.slots.get(entry.slot()).filter(|core| match core.state() {
            State::InSync | State::ChangeDefer | State::DelDeferRef => core.is_any(HELD),
            State::AddDefer => core.is(Flag::Doubt),
            _ => false,
        });
        match in_kernel.map(|core| table.rows.compare(entry.slot(), core.held)) {
            Some(Difference::Recreate { .. }) => (Event::DelAddReq, None),
            other => (Event::AddChangeReq, other),
        }
    }

    pub(super) fn must_recreate(&self, entry: EntryId) -> bool {
        matches!(self.difference(entry), Difference::Recreate { .. })
    }

    fn difference(&self, entry: EntryId) -> Difference {
        self.tables.get(entry.table()).map_or(Difference::Same, |table| {
            let held = table.slots.get(entry.slot()).map_or(NONE, |core| core.held);
            table.rows.compare(entry.slot(), held)
        })
    }

    /// Runs the state machine, and carries out what it says.
    #[inline]
    pub(super) fn fire(&mut self, entry: EntryId, event: Event, now: Instant) {
        self.fire_knowing(entry, event, None, now);
    }

    /// The same, where it is known already what separates what is declared from what the kernel holds.
    fn fire_knowing(&mut self, entry: EntryId, event: Event, difference: Option<Difference>, now: Instant) {
        let Some(edges) = self.tables.core(entry).map(|core| core.edges) else {
            return;
        };
        let unresolved = edges != NONE && self.first_unresolved_of(edges).is_some();
        let Some(Table { slots, rows, schema, channel, counts, .. }) = self.tables.get_mut(entry.table())
        else {
            return;
        };
        let Some(core) = slots.get_mut(entry.slot()) else {
            return;
        };
        let from = core.state();
        let doubt = core.is(Flag::Doubt);
        let mut facts = Facts {
            refs: core.has_refs(),
            // What the kernel may hold has to be treated as if it did.
            seen: core.is_any(Flag::Seen.bit() | Flag::Doubt.bit()),
            again: core.is(Flag::Again),
            compress: schema.compress && !doubt,
            unresolved: unresolved || core.is(Flag::NoIndex),
            sync: false,
        };
        let mut step = known_step(from, event, facts);
        if let Ok(Step { calls, .. }) = step
            && calls.last() == Some(Verb::Change)
            && core.is(Flag::Accepted)
            && !doubt
            && difference.unwrap_or_else(|| rows.compare(entry.slot(), core.held)) == Difference::Same
        {
            // The kernel holds what is declared, for certain.
            facts.sync = true;
            step = known_step(from, event, facts);
        }
        let step = match step {
            Ok(step) => step,
            Err(rejected) => return self.reject(entry, rejected),
        };

        core.set_facts(step.seen, step.again);
        core.set_state(step.next);
        counts[from as usize] -= 1;
        counts[step.next as usize] += 1;
        if let Some(verb) = step.calls.last()
            && !facts.sync
            && let Some(mut sending) = self.outboxes.of(*channel, schema)
        {
            sending.queue_again(entry, core, verb, event == Event::Retry);
        }
        let plain = from.is_plain()
            && step.next.is_plain()
            && !facts.sync
            && core.waiters == NONE
            && !core.is(Flag::Trouble);
        if !plain {
            self.follow(entry, from, event, step, facts.sync, now);
        } else if self.is_observed() {
            self.tell(entry, from, event, step, now);
        }
        if step.next == State::Free {
            self.free(entry, now);
        }
    }

    #[cold]
    fn reject(&mut self, entry: EntryId, rejected: machine::Rejected) {
        self.rejected += 1;
        tracing::error!(entry = %self.tables.describe(entry), %rejected, "ignored");
    }

    /// What follows from a step besides the operation that it asks for.
    fn follow(
        &mut self,
        entry: EntryId,
        from: State,
        event: Event,
        step: &Step,
        in_place: bool,
        now: Instant,
    ) {
        let trouble = self.tables.core(entry).is_some_and(|core| core.is(Flag::Trouble));
        let calls = step.calls.last().is_some();
        let was_held_back = matches!(from, State::AddDefer | State::ChangeDefer);
        if was_held_back {
            self.stop_waiting(entry);
        }
        // The next answer decides anew whether there is anything to be tried again; but news that change nothing
        // don't change when it is tried again either.
        if trouble && (calls || was_held_back && step.next != from) {
            self.troubles.stop_timer(entry);
        }
        if in_place {
            // Whatever was declared or refused in between, the kernel holds just this by now.
            self.clear_trouble(entry);
            self.drop_held(entry);
        }
        match step.next {
            State::AddDefer | State::ChangeDefer => self.hold_back(entry, step.next, event),
            State::DelDeferRef => self.forget_all_but_deletes(entry),
            _ => {}
        }
        if self.is_observed() {
            self.tell(entry, from, event, step, now);
        }
        match step.next {
            State::Free => {}
            State::Temp => self.make_placeholder(entry),
            _ => {
                let accepted = matches!(event, Event::AddAck | Event::ChangeAck);
                let back = from.is_deleting() || from == State::RenewWait;
                let sent = was_held_back || matches!(from, State::Init | State::Temp);
                if (accepted || back || sent) && self.has_waiters(entry) && self.is_resolved(entry) {
                    self.work.push_back(Work::Wake(entry));
                }
                if step.next == State::DelDeferRef && self.may_go(entry) {
                    self.work.push_back(Work::Released(entry));
                }
            }
        }
    }

    /// The entry waits: for something that is missing, or for a change of what made it fail.
    fn hold_back(&mut self, entry: EntryId, state: State, event: Event) {
        let missing = self.wait(entry);
        let Some(core) = self.tables.core(entry) else {
            return;
        };
        let (trouble, doubt) = (core.is(Flag::Trouble), core.is(Flag::Doubt));
        if missing && trouble {
            // It goes on when that comes; time alone does not help.
            self.troubles.stop_timer(entry);
        }
        let refused = event == Event::AddNack && trouble;
        if state == State::AddDefer && doubt && (missing || refused) {
            self.work.push_back(Work::Clear(entry));
        }
    }

    pub(super) fn queue(&mut self, entry: EntryId, verb: Verb, retry: bool) {
        if let Some(Table { slots, schema, channel, .. }) = self.tables.get_mut(entry.table())
            && let Some(core) = slots.get_mut(entry.slot())
            && let Some(mut sending) = self.outboxes.of(*channel, schema)
        {
            sending.queue_again(entry, core, verb, retry);
        }
    }

    /// The entry may go on, or try again: as `event` says, unless what the kernel may hold has to go first.
    pub(super) fn go_on(&mut self, entry: EntryId, event: Event, now: Instant) {
        let (event, difference) = match self.change_event(entry) {
            (Event::DelAddReq, difference) => (Event::DelAddReq, difference),
            (_, difference) => (event, difference),
        };
        self.fire_knowing(entry, event, difference, now);
    }

    /// Work that follows from what happened to another entry. Returns to how many entries something was done.
    pub(super) fn carry_out(&mut self, work: Work, now: Instant) -> usize {
        match work {
            Work::ReEvaluate(entry) => self.re_evaluate(entry, now),
            Work::Wake(entry) => return self.wake_some(entry, FEW, now),
            Work::WakeRest(entry) => return self.wake_some(entry, 0, now),
            Work::DeleteAll { table, from } => {
                self.in_bulk(|engine| engine.delete_some(table, from, now));
            }
            Work::Clear(entry) => {
                let in_doubt = self
                    .tables
                    .core(entry)
                    .is_some_and(|core| core.state() == State::AddDefer && core.is(Flag::Doubt));
                if in_doubt {
                    self.fire(entry, Event::DelAddReq, now);
                }
            }
            Work::Released(entry) => {
                let core = self.tables.core(entry);
                match core.map(|core| (core.state(), core.has_refs())) {
                    Some((State::Temp | State::DelDeferRef, false)) => {
                        self.fire(entry, Event::RefReleased, now);
                    }
                    Some((State::DelDeferRef, true)) => self.end_standoff(entry, now),
                    _ => {}
                }
            }
        }
        1
    }

    fn re_evaluate(&mut self, entry: EntryId, now: Instant) {
        if self.resumed_straight(entry, now) {
            return;
        }
        let state = self.tables.core(entry).map(|core| core.state());
        if matches!(state, Some(State::AddDefer | State::ChangeDefer)) {
            self.go_on(entry, Event::ReEval, now);
        }
    }

    /// Lets those go on who waited for an entry.
    fn resume_all(&mut self, woken: &[EntryId], resolved: EntryId, now: Instant) {
        let mut left = woken;
        loop {
            if self.is_resolved(resolved) {
                let resumed = self.resumed_on(left, resolved, now);
                left = &left[resumed..];
                if resumed > 0 {
                    continue;
                }
            }
            let Some((first, rest)) = left.split_first() else { return };
            self.re_evaluate(*first, now);
            left = rest;
        }
    }

    /// Wakes some of those who wait for the entry, and comes back for the rest. All but the first `fresh` ones are
    /// some of many. Returns how many.
    fn wake_some(&mut self, entry: EntryId, fresh: usize, now: Instant) -> usize {
        if !self.is_resolved(entry) {
            return 1;
        }
        let mut woken = std::mem::take(&mut self.woken);
        let more = self.edges.let_go(&mut self.tables, entry, WAKE_SLICE, |from| woken.push(from));
        let (few, many) = woken.split_at(fresh.min(woken.len()));
        // In the order in which they came, whether that goes straight or not.
        self.resume_all(few, entry, now);
        self.in_bulk(|engine| engine.resume_all(many, entry, now));
        if more {
            self.work.push_back(Work::WakeRest(entry));
        }
        let count = woken.len();
        woken.clear();
        self.woken = woken;
        count.max(1)
    }

    /// Takes back an add or change that has not left.
    pub(super) fn recall_add_or_change(&mut self, entry: EntryId) {
        if self
            .tables
            .core(entry)
            .is_some_and(|core| matches!(core.state(), State::SyncWait | State::NeedSync))
        {
            self.recall(entry);
        }
    }

    #[inline]
    pub(super) fn is_resolved(&self, entry: EntryId) -> bool {
        self.tables.is_resolved(entry)
    }

    fn has_waiters(&self, entry: EntryId) -> bool {
        self.tables.core(entry).is_some_and(|core| core.waiters != NONE)
    }

    /// The first reference of the declared value that leads to something unresolved.
    pub(super) fn first_unresolved(&self, entry: EntryId) -> Option<u32> {
        self.first_unresolved_of(self.tables.core(entry)?.edges)
    }

    #[inline]
    pub(super) fn first_unresolved_of(&self, head: u32) -> Option<u32> {
        self.edges.first_unresolved(&self.tables, head)
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

    pub(super) fn stop_waiting(&mut self, entry: EntryId) {
        self.mark_edges(entry, false);
    }

    fn mark_edges(&mut self, entry: EntryId, waiting: bool) {
        let mut at = self.tables.core(entry).map_or(NONE, |core| core.edges);
        while let Some(next) = self.edges.sibling(at) {
            self.edges.set_waiting(&mut self.tables, at, waiting);
            at = next;
        }
    }

    #[inline]
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
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        let head = std::mem::replace(&mut core.edges, NONE);
        let plain = core.held == NONE && !core.is_any(Flag::Trouble.bit() | Flag::SentCopy.bit());
        if !plain {
            self.clear_trouble(entry);
            self.drop_held(entry);
            self.drop_sent(entry);
        }
        self.release_edges(head);
    }
}

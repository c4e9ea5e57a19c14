//! The straight way: what happens to nearly every entry nearly always, in as few instructions as it takes.
//!
//! An entry is declared, sent, acknowledged; changed, sent, acknowledged; removed, sent, acknowledged, and nothing
//! is in its way: no failure, no doubt, no number missing, nobody who waits for it. Here that is done with one look
//! at the entry. Whatever is not just so is left to the way on which everything can happen, in `carry` and
//! `answers`: each of these functions says whether it did it.
//!
//! Nothing is decided here: the state machine decides. In builds with debug assertions, which those of the tests
//! are, each step is held against what it says.

use std::time::Instant;

use super::entry::{Core, EntryId, Flag, NONE};
use super::handing_out::{Action, Operation};
use super::machine::{self, Calls, Event, Facts, State, Step};
use super::tables::Table;
use super::{Engine, Work};
use crate::declare::{IndexSource, KSyncEntry, Schema, Verb};
use crate::table::{Rows, Shadow};

/// What makes an entry one that does not go straight.
const IN_THE_WAY: u32 = Flag::Again.bit()
    | Flag::Doubt.bit()
    | Flag::Drifted.bit()
    | Flag::SentCopy.bit()
    | Flag::MaybeHeld.bit()
    | Flag::Trouble.bit()
    | Flag::NoIndex.bit()
    | Flag::Lookup.bit()
    | Flag::Shaken.bit()
    | Flag::LOST
    | Flag::Stale.bit()
    | Flag::Pinned.bit();

const UNDER_WAY: u32 = Flag::Queued.bit() | Flag::Outstanding.bit();

/// What is true of an entry that the kernel holds just as it was declared.
const IN_SYNC: u32 = Flag::Declared.bit() | Flag::Seen.bit() | Flag::Accepted.bit();

impl Core {
    /// Whether the entry is in sync, and nothing is under way or in the way.
    #[inline]
    fn rests(&self) -> bool {
        self.state == State::InSync
            && self.are(IN_SYNC | UNDER_WAY | IN_THE_WAY, IN_SYNC)
            && self.held == NONE
            && self.waiters == NONE
    }

    /// Goes to another state, as the state machine says.
    #[inline]
    fn go(
        &mut self,
        counts: &mut [usize; State::ALL.len()],
        schema: &Schema,
        event: Event,
        next: State,
        verb: Option<Verb>,
    ) {
        debug_assert!(self.may_go(schema, event, next, verb), "{} on {event} to {next}", self.state);
        counts[self.state as usize] -= 1;
        counts[next as usize] += 1;
        self.state = next;
    }

    /// Whether the state machine says the same.
    fn may_go(&self, schema: &Schema, event: Event, next: State, verb: Option<Verb>) -> bool {
        let facts = Facts {
            refs: self.has_refs(),
            seen: self.is(Flag::Seen),
            again: self.is(Flag::Again),
            compress: schema.compress,
            unresolved: next == State::AddDefer,
            sync: false,
        };
        machine::step(self.state, event, facts)
            .is_ok_and(|step| step.next == next && step.calls.last() == verb && !step.again)
    }
}

impl Engine {
    /// The kernel carried an operation out.
    #[inline]
    pub(super) fn acknowledged_straight(&mut self, operation: Operation, now: Instant) -> bool {
        let entry = operation.entry;
        let Some(Table { slots, rows, schema, counts, going_away, .. }) = self.tables.get_mut(entry.table())
        else {
            return false;
        };
        let Some((core, generation)) = slots.with_generation_mut(entry.slot()) else {
            return false;
        };
        if !operation.is_current(generation, core.serial)
            || !core.are(UNDER_WAY | IN_THE_WAY, Flag::Outstanding.bit())
            || core.waiters != NONE
            || matches!(schema.index, IndexSource::Kernel)
        {
            return false;
        }
        let Action::Write(verb) = operation.action else {
            return false;
        };
        match (core.state, verb) {
            (State::SyncWait, Verb::Add | Verb::Change) => {
                let event = if verb == Verb::Add { Event::AddAck } else { Event::ChangeAck };
                core.go(counts, schema, event, State::InSync, None);
                core.answered();
                core.set(Flag::Accepted, true);
                let held = std::mem::replace(&mut core.held, NONE);
                if held != NONE {
                    let edges = rows.drop_held(held);
                    if edges != NONE {
                        self.release_edges(edges);
                    }
                }
                self.went(entry, State::SyncWait, event, State::InSync, None, now);
                if !self.troubles.is_empty() {
                    self.encourage_siblings(entry);
                }
            }
            (State::DelAckWait, Verb::Delete) if !core.has_refs() && core.held == NONE && !*going_away => {
                core.set(Flag::Seen, false);
                core.go(counts, schema, Event::DelAck, State::Free, None);
                let edges = core.edges;
                self.went(entry, State::DelAckWait, Event::DelAck, State::Free, None, now);
                if edges != NONE {
                    self.release_edges(edges);
                }
                self.history.forget(entry);
                if let Some(lucky) = self.tables.remove(entry) {
                    self.carry_out(Work::ReEvaluate(lucky), now);
                }
            }
            _ => return false,
        }
        self.outstanding -= 1;
        true
    }

    /// A new entry was declared, whose references start at `edges`. `waits`: for one of them, which is noted there.
    #[inline]
    pub(super) fn declared_straight(
        &mut self,
        entry: EntryId,
        edges: u32,
        waits: bool,
        now: Instant,
    ) -> bool {
        let Some(Table { slots, schema, channel, counts, .. }) = self.tables.get_mut(entry.table()) else {
            return false;
        };
        let Some(core) = slots.get_mut(entry.slot()) else {
            return false;
        };
        if core.state != State::Init || !core.are(IN_THE_WAY, 0) || core.has_refs() {
            return false;
        }
        core.edges = edges;
        core.set(Flag::Declared, true);
        if waits {
            core.go(counts, schema, Event::AddChangeReq, State::AddDefer, None);
            self.went(entry, State::Init, Event::AddChangeReq, State::AddDefer, None, now);
            return true;
        }
        core.go(counts, schema, Event::AddChangeReq, State::SyncWait, Some(Verb::Add));
        core.set(Flag::Seen, true);
        self.outboxes.queue(*channel, schema, entry, core, Verb::Add);
        self.went(entry, State::Init, Event::AddChangeReq, State::SyncWait, Some(Verb::Add), now);
        true
    }

    /// Gives an entry another value, whose references start at `edges`.
    ///
    /// # Errors
    /// If it does not go straight: the value that it had.
    #[inline]
    pub(super) fn redeclared_straight<T: KSyncEntry>(
        &mut self,
        entry: EntryId,
        value: T,
        edges: u32,
        now: Instant,
    ) -> Result<(), Option<T>> {
        let missing = edges != NONE && self.first_unresolved_of(edges).is_some();
        let Table { slots, rows, schema, channel, counts, .. } =
            self.tables.get_mut(entry.table()).ok_or(None)?;
        let rows = rows.as_any_mut().downcast_mut::<Rows<T>>().ok_or(None)?;
        let core = slots.get_mut(entry.slot()).ok_or(None)?;
        if missing || !core.rests() {
            return Err(rows.declare(entry.slot(), value));
        }
        core.held = rows.declare_change(entry.slot(), value, core.edges)?;
        core.go(counts, schema, Event::AddChangeReq, State::SyncWait, Some(Verb::Change));
        self.outboxes.queue(*channel, schema, entry, core, Verb::Change);
        let old_edges = std::mem::replace(&mut core.edges, edges);
        if old_edges != NONE {
            self.edges.belong_to(old_edges, Shadow::Held);
        }
        self.went(entry, State::InSync, Event::AddChangeReq, State::SyncWait, Some(Verb::Change), now);
        Ok(())
    }

    /// An entry was withdrawn.
    #[inline]
    pub(super) fn withdrawn_straight(&mut self, entry: EntryId, now: Instant) -> bool {
        let Some(Table { slots, schema, channel, counts, .. }) = self.tables.get_mut(entry.table()) else {
            return false;
        };
        let Some(core) = slots.get_mut(entry.slot()).filter(|core| core.rests() && !core.has_refs()) else {
            return false;
        };
        core.go(counts, schema, Event::DelReq, State::DelAckWait, Some(Verb::Delete));
        core.set(Flag::Declared, false);
        self.outboxes.queue(*channel, schema, entry, core, Verb::Delete);
        self.went(entry, State::InSync, Event::DelReq, State::DelAckWait, Some(Verb::Delete), now);
        true
    }

    /// What a new entry waited for may be there by now.
    #[inline]
    pub(super) fn resumed_straight(&mut self, entry: EntryId, now: Instant) -> bool {
        let Some(core) = self.tables.core(entry) else {
            return false;
        };
        let edges = core.edges;
        if core.state != State::AddDefer
            || !core.are(Flag::Declared.bit() | IN_THE_WAY | UNDER_WAY, Flag::Declared.bit())
            || core.waiters != NONE
            || self.first_unresolved_of(edges).is_some()
        {
            return false;
        }
        self.stop_waiting(entry);
        let Some(Table { slots, schema, channel, counts, .. }) = self.tables.get_mut(entry.table()) else {
            return false;
        };
        let Some(core) = slots.get_mut(entry.slot()) else {
            return false;
        };
        core.go(counts, schema, Event::ReEval, State::SyncWait, Some(Verb::Add));
        core.set(Flag::Seen, true);
        self.outboxes.queue(*channel, schema, entry, core, Verb::Add);
        self.went(entry, State::AddDefer, Event::ReEval, State::SyncWait, Some(Verb::Add), now);
        true
    }

    /// Tells those who want to know of every step.
    #[inline]
    fn went(
        &mut self,
        entry: EntryId,
        from: State,
        event: Event,
        next: State,
        verb: Option<Verb>,
        now: Instant,
    ) {
        if self.is_observed() {
            let again = false;
            let seen = !matches!(next, State::Free | State::AddDefer);
            self.tell(entry, from, event, &Step { next, calls: Calls::of(verb), seen, again }, now);
        }
    }
}

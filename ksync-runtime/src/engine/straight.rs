//! The straight way: what happens to nearly every entry nearly always, in as few instructions as it takes.
//!
//! An entry is declared, sent, acknowledged; changed, sent, acknowledged; removed, sent, acknowledged, and nothing
//! is in its way: no failure, no doubt, no number missing, nobody who waits for it. Here that is done with one look
//! at the entry. Whatever is not just so is left to the way on which everything can happen, in `carry` and
//! `answers`: each of these functions says whether it did it.
//!
//! Nothing is decided here: the state machine decides. In builds with debug assertions, which those of the tests
//! are, each step is held against what it says.

mod answers;

use std::time::Instant;

pub(super) use answers::LeftBehind;

use super::Engine;
use super::entry::{ANY_STATE, Core, EntryId, Flag, NONE, in_state};
use super::machine::{self, Calls, Event, Facts, State, Step};
use super::of_kind::OfKind;
use super::outbox::{Lane, Sending};
use super::set::{Made, Straight, refers_to_nothing};
use super::tables::{PerState, Table};
use crate::declare::{KSyncEntry, Schema, Verb};
use crate::table::{RowOf, Shadow, Slots, TableFull};

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

/// What an entry is asked that may go straight.
const ASKED: u32 = IN_SYNC | UNDER_WAY | IN_THE_WAY | ANY_STATE;

/// What is true of an entry that the kernel holds just as it was declared.
const IN_SYNC: u32 = Flag::Declared.bit() | Flag::Seen.bit() | Flag::Accepted.bit();

/// What an entry is asked that waited.
const ASKED_TO_RESUME: u32 = Flag::Declared.bit() | UNDER_WAY | IN_THE_WAY | ANY_STATE;

/// A step of the state machine.
#[derive(Clone, Copy, Debug)]
struct Way {
    from: State,
    event: Event,
    to: State,
    /// What is asked of the kernel.
    verb: Option<Verb>,
}

impl Way {
    const ADD: Way =
        Way { from: State::Init, event: Event::AddChangeReq, to: State::SyncWait, verb: Some(Verb::Add) };
    const WAIT: Way = Way { to: State::AddDefer, verb: None, ..Way::ADD };
    const RESUME: Way = Way { from: State::AddDefer, event: Event::ReEval, ..Way::ADD };
    const CHANGE: Way = Way { from: State::InSync, verb: Some(Verb::Change), ..Way::ADD };
    const ADDED: Way = Way { from: State::SyncWait, event: Event::AddAck, to: State::InSync, verb: None };
    const CHANGED: Way = Way { event: Event::ChangeAck, ..Way::ADDED };
    const DELETE: Way =
        Way { from: State::InSync, event: Event::DelReq, to: State::DelAckWait, verb: Some(Verb::Delete) };
    const DELETED: Way = Way { from: State::DelAckWait, event: Event::DelAck, to: State::Free, verb: None };
}

impl Core {
    /// Whether the entry is in sync, and nothing is under way or in the way.
    #[inline]
    pub(super) fn rests(&self) -> bool {
        self.are(ASKED, IN_SYNC | in_state(State::InSync)) && self.held == NONE && self.waiters == NONE
    }

    /// Goes from one state to another, as the state machine says. Besides, the bits in `off` are taken away, and those in
    /// `on` set.
    #[inline(always)]
    fn go(&mut self, counts: &mut PerState, schema: &Schema, way: Way, off: u32, on: u32) {
        counts[way.from as usize] -= 1;
        counts[way.to as usize] += 1;
        self.goes(schema, way, off, on);
    }

    /// The same without its being counted.
    #[inline(always)]
    fn goes(&mut self, schema: &Schema, way: Way, off: u32, on: u32) {
        debug_assert!(self.may_go(schema, way), "{way:?} in {}", self.state());
        self.turn(off | ANY_STATE, on | in_state(way.to));
    }

    /// Whether the state machine says the same.
    fn may_go(&self, schema: &Schema, way: Way) -> bool {
        let facts = Facts {
            refs: self.has_refs(),
            seen: self.is(Flag::Seen),
            again: self.is(Flag::Again),
            compress: schema.compress,
            unresolved: way.to == State::AddDefer,
            sync: false,
        };
        self.state() == way.from
            && machine::step(way.from, way.event, facts)
                .is_ok_and(|step| step.next == way.to && step.calls.last() == way.verb && !step.again)
    }

    /// Whether it was declared, and waits for what it refers to.
    #[inline(always)]
    fn may_resume(&self) -> bool {
        self.are(ASKED_TO_RESUME, Flag::Declared.bit() | in_state(State::AddDefer)) && self.waiters == NONE
    }

    /// It has another value, whose references start at `edges`; what the kernel holds is the copy with number `held`. Returns
    /// where the references start that it had.
    #[inline(always)]
    pub(super) fn change(&mut self, counts: &mut PerState, schema: &Schema, held: u32, edges: u32) -> u32 {
        self.held = held;
        self.go(counts, schema, Way::CHANGE, 0, 0);
        std::mem::replace(&mut self.edges, edges)
    }

    /// What it waited for is there: it is to be added.
    #[inline(always)]
    fn resume(&mut self, entry: EntryId, counts: &mut PerState, schema: &Schema, sending: &mut Sending<'_>) {
        self.go(counts, schema, Way::RESUME, 0, Flag::Seen.bit());
        sending.queue(entry, self, Verb::Add);
    }
}

impl<T: KSyncEntry> OfKind<'_, T> {
    /// Makes an entry for a value, unless its key has one. `waits`: for something that it refers to. Its references are not
    /// noted, and it gets no number.
    #[inline(always)]
    pub(super) fn make(&mut self, hash: u64, value: T, waits: bool) -> Made<T> {
        let OfKind { number, slots, rows, schema, counts, sending, .. } = self;
        let row = match rows.row_of(hash, &value) {
            RowOf::At(slot) => {
                return if self.holds(slot, &value) { Made::Unchanged } else { Made::There(slot, value) };
            }
            RowOf::Free(row) => row,
        };
        let Ok(slot) = make(*number, slots, schema, counts, sending, waits) else {
            return Made::NoRoom;
        };
        row.occupy(slot, value);
        Made::New(EntryId::new(*number, slot))
    }

    /// Declares a value whose key has that hash, of a kind of which [values may](Self::may_set_straight). One that does not go
    /// straight is handed back.
    #[inline(always)]
    pub(super) fn set_hashed(&mut self, hash: u64, mut value: T) -> Result<Straight<T>, T> {
        let OfKind { number, slots, rows, schema, counts, sending, .. } = self;
        let row = match rows.row_of(hash, &value) {
            RowOf::At(slot) => return self.set_again_straight(slot, value),
            RowOf::Free(row) => row,
        };
        if value.check().is_err() || !refers_to_nothing(&mut value) {
            return Err(value);
        }
        let Ok(slot) = make(*number, slots, schema, counts, sending, false) else {
            return Ok(Straight::NoRoom);
        };
        row.occupy(slot, value);
        Ok(Straight::Made(EntryId::new(*number, slot)))
    }

    /// Gives an entry another value, whose references start at `edges` and are resolved. Returns where those of the value
    /// start that it had.
    ///
    /// # Errors
    /// If it does not go straight: the value that it had.
    #[inline(always)]
    pub(super) fn change_straight(&mut self, slot: u32, value: T, edges: u32) -> Result<u32, Option<T>> {
        let OfKind { number, slots, rows, schema, counts, sending, .. } = self;
        let core = slots.get_mut(slot).ok_or(None)?;
        if !core.rests() {
            return Err(rows.declare(slot, value));
        }
        let held = rows.declare_change(slot, value, core.edges)?;
        let old_edges = core.change(counts, schema, held, edges);
        sending.queue(EntryId::new(*number, slot), core, Verb::Change);
        Ok(old_edges)
    }

    /// Withdraws an entry. Returns whether that goes straight.
    #[inline(always)]
    pub(super) fn withdraw_straight(&mut self, slot: u32) -> bool {
        let OfKind { number, slots, schema, counts, sending, .. } = self;
        let entry = EntryId::new(*number, slot);
        slots.get_mut(slot).is_some_and(|core| withdraw(entry, core, counts, schema, sending))
    }
}

/// Makes an entry that is to be added, or `waits`. Returns its slot, whose row is still to be filled.
#[inline(always)]
fn make(
    number: usize,
    slots: &mut Slots<Core>,
    schema: &Schema,
    counts: &mut PerState,
    sending: &mut Sending<'_>,
    waits: bool,
) -> Result<u32, TableFull> {
    let mut core = Core::new(State::Init);
    if waits {
        core.goes(schema, Way::WAIT, 0, Flag::Declared.bit());
        let slot = slots.insert(core)?;
        counts[State::AddDefer as usize] += 1;
        return Ok(slot);
    }
    core.goes(schema, Way::ADD, 0, Flag::Declared.bit() | Flag::Seen.bit());
    let is_fresh = sending.is_fresh();
    if is_fresh {
        core.ask_for(Verb::Add);
        core.stands_now(Lane::Fresh);
    }
    let slot = slots.insert(core)?;
    counts[State::SyncWait as usize] += 1;
    let entry = EntryId::new(number, slot);
    if is_fresh {
        sending.put_among_fresh(entry);
    } else if let Some(core) = slots.get_mut(slot) {
        sending.queue(entry, core, Verb::Add);
    }
    Ok(slot)
}

/// Withdraws an entry to which nobody refers, if it rests. Returns whether it does.
#[inline(always)]
fn withdraw(
    entry: EntryId,
    core: &mut Core,
    counts: &mut PerState,
    schema: &Schema,
    sending: &mut Sending<'_>,
) -> bool {
    let straight = core.rests() && !core.has_refs();
    if straight {
        core.go(counts, schema, Way::DELETE, Flag::Declared.bit(), 0);
        sending.queue(entry, core, Verb::Delete);
    }
    straight
}

impl Engine {
    /// Tells those who want to know of every step that an entry was made.
    #[inline]
    pub(super) fn was_made(&mut self, entry: EntryId, waits: bool, now: Instant) {
        self.went(entry, if waits { Way::WAIT } else { Way::ADD }, now);
    }

    /// Gives an entry another value, whose references start at `edges`; `missing`: one of them leads to something unresolved.
    ///
    /// # Errors
    /// If it does not go straight: the value that it had.
    #[inline]
    pub(super) fn redeclared_straight<T: KSyncEntry>(
        &mut self,
        entry: EntryId,
        value: T,
        edges: u32,
        missing: bool,
        now: Instant,
    ) -> Result<(), Option<T>> {
        let Some(mut of_kind) = self.of_kind_mut::<T>() else {
            return Err(None);
        };
        if missing {
            return Err(of_kind.rows.declare(entry.slot(), value));
        }
        let old_edges = of_kind.change_straight(entry.slot(), value, edges)?;
        if old_edges != NONE {
            self.edges.belong_to(old_edges, Shadow::Held);
        }
        self.was_changed(entry, now);
        Ok(())
    }

    /// Tells those who want to know of every step that an entry was given another value.
    #[inline]
    pub(super) fn was_changed(&mut self, entry: EntryId, now: Instant) {
        self.went(entry, Way::CHANGE, now);
    }

    /// An entry was withdrawn. Returns whether that goes straight.
    pub(super) fn withdrawn_straight(&mut self, entry: EntryId, now: Instant) -> bool {
        let Engine { tables, outboxes, .. } = self;
        let straight = tables.get_mut(entry.table()).is_some_and(|table| {
            let Table { slots, schema, channel, counts, .. } = table;
            let core = slots.get_mut(entry.slot());
            core.zip(outboxes.of(*channel, schema))
                .is_some_and(|(core, mut sending)| withdraw(entry, core, counts, schema, &mut sending))
        });
        if straight {
            self.was_withdrawn(entry, now);
        }
        straight
    }

    /// Tells those who want to know of every step that an entry was withdrawn.
    #[inline]
    pub(super) fn was_withdrawn(&mut self, entry: EntryId, now: Instant) {
        self.went(entry, Way::DELETE, now);
    }

    /// What new entries waited for is there, and they do not wait for that any more. Lets those that come first go on, as long
    /// as they are of one kind, stand on nothing else, and go straight. Returns how many.
    #[inline(never)]
    pub(super) fn resumed_on(&mut self, waited: &[EntryId], there: EntryId, now: Instant) -> usize {
        let observed = self.is_observed();
        let Engine { tables, edges, outboxes, .. } = self;
        let Some(first) = waited.first() else { return 0 };
        let Some(Table { slots, schema, channel, counts, .. }) = tables.get_mut(first.table()) else {
            return 0;
        };
        let Some(mut sending) = outboxes.of(*channel, schema) else {
            return 0;
        };
        let mut resumed = 0;
        // One by one where each is to be told of.
        for entry in if observed { &waited[..1] } else { waited } {
            let core = slots.get_mut(entry.slot()).filter(|_| entry.table() == first.table());
            let Some(core) = core.filter(|core| core.may_resume() && edges.lead_to(core.edges, there)) else {
                break;
            };
            core.resume(*entry, counts, schema, &mut sending);
            resumed += 1;
        }
        if observed && resumed > 0 {
            self.went(*first, Way::RESUME, now);
        }
        resumed
    }

    /// What a new entry waited for may be there by now.
    #[inline]
    pub(super) fn resumed_straight(&mut self, entry: EntryId, now: Instant) -> bool {
        let Some(core) = self.tables.core(entry) else {
            return false;
        };
        if !core.may_resume() {
            return false;
        }
        let mut waits = false;
        let mut at = core.edges;
        while let Some(edge) = self.edges.get(at) {
            if !self.tables.is_resolved(edge.to) {
                return false;
            }
            waits |= edge.is_waiting();
            at = edge.sibling;
        }
        if waits {
            self.stop_waiting(entry);
        }
        let Some(Table { slots, schema, channel, counts, .. }) = self.tables.get_mut(entry.table()) else {
            return false;
        };
        let core = slots.get_mut(entry.slot());
        let Some((core, mut sending)) = core.zip(self.outboxes.of(*channel, schema)) else {
            return false;
        };
        core.resume(entry, counts, schema, &mut sending);
        self.went(entry, Way::RESUME, now);
        true
    }

    /// Tells those who want to know of every step.
    #[inline]
    fn went(&mut self, entry: EntryId, way: Way, now: Instant) {
        if self.is_observed() {
            let Way { from, event, to, verb } = way;
            let seen = !matches!(to, State::Free | State::AddDefer);
            self.tell(
                entry,
                from,
                event,
                &Step { next: to, calls: Calls::of(verb), seen, again: false },
                now,
            );
        }
    }
}

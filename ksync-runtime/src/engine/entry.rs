//! What the engine keeps of every entry, in as few words as it can.

use super::machine::State;
use super::outbox::Lane;
use crate::declare::{Target, Verb};
use crate::table::{CHUNK, MAX_SLOTS};

/// An entry of an engine: the number of its table and its slot there, packed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(u32);

/// The table of an entry, and the block of slots there that it is in.
#[derive(Clone, Copy)]
pub(crate) struct BlockId(u32);

const _: () = assert!(CHUNK.is_power_of_two() && CHUNK <= MAX_SLOTS);

const SLOT_BITS: u32 = MAX_SLOTS.trailing_zeros();

/// The most tables that an engine has. The last number is kept free: [`Target::NONE`] lies there.
pub(crate) const MAX_TABLES: usize = (1 << (32 - SLOT_BITS)) - 1;

impl EntryId {
    /// No entry of any engine.
    pub(crate) const NOBODY: EntryId = EntryId(Target::NONE.raw());

    pub(crate) fn new(table: usize, slot: u32) -> Self {
        EntryId((table as u32) << SLOT_BITS | slot)
    }

    pub(crate) fn table(self) -> usize {
        (self.0 >> SLOT_BITS) as usize
    }

    pub(crate) fn slot(self) -> u32 {
        self.0 & (MAX_SLOTS as u32 - 1)
    }

    /// Its table, and its block there.
    #[inline(always)]
    pub(crate) fn block(self) -> BlockId {
        BlockId(self.0 & !(CHUNK as u32 - 1))
    }

    /// Its place in its block.
    #[inline(always)]
    pub(crate) fn place(self) -> u32 {
        self.0 & (CHUNK as u32 - 1)
    }

    /// Its place in that block, if that is its block.
    #[inline(always)]
    pub(crate) fn place_in(self, block: BlockId) -> Option<u32> {
        let place = self.0 ^ block.0;
        (place < CHUNK as u32).then_some(place)
    }

    pub(crate) fn of_target(target: Target) -> Option<Self> {
        (target != Target::NONE).then_some(EntryId(target.raw()))
    }

    pub(crate) fn target(self) -> Target {
        Target::new(self.0)
    }
}

impl std::fmt::Debug for EntryId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}", self.table(), self.slot())
    }
}

/// No edge, or no index.
pub(crate) const NONE: u32 = u32::MAX;

/// The engine's part of an entry.
#[derive(Debug)]
pub(crate) struct Core {
    /// First of the references that the declared value holds (linked by [`Edge::sibling`](super::references::Edge)).
    pub(crate) edges: u32,
    /// First of the references to this entry whose holders wait for it.
    pub(crate) waiters: u32,
    /// First of the other references to this entry.
    pub(crate) referrers: u32,
    /// Number of the copy of what the kernel holds, which there is when that is not what is declared; or [`NONE`].
    pub(crate) held: u32,
    /// What is true of it, the state that it is in and the operation that is queued or outstanding, so that one look
    /// tells all of it.
    flags: u32,
    /// Number of the last operation that was handed out. It comes round again, which is far enough apart.
    pub(crate) serial: u16,
    /// Always true. Among the values that a `bool` does not have is the arena's mark of a free slot, which then takes no
    /// room of its own.
    #[expect(dead_code, reason = "it is there for its type alone")]
    is_there: bool,
}

/// One bit each of what is true of an entry.
#[derive(Clone, Copy)]
pub(crate) enum Flag {
    /// `Facts::seen`.
    Seen,
    /// `Facts::again`.
    Again,
    /// The user wants it.
    Declared,
    /// An operation waits in the outbox.
    Queued,
    /// An operation was handed out and is not answered.
    Outstanding,
    /// The kernel accepted an add and has not dropped it since.
    Accepted,
    /// What the kernel holds is not certain: an answer was lost, or somebody else meddled.
    Doubt,
    /// There is a copy of what was sent, because something else was declared since.
    SentCopy,
    /// The last failure is kept in the trouble list.
    Trouble,
    /// Its kind has indexes of KSync's, and there was none left.
    NoIndex,
    /// The queued or outstanding operation only asks for the index.
    Lookup,
    /// The declared value, or the copy of what was sent if there is one, may be what the kernel holds: it was sent, and
    /// the answer was lost.
    MaybeHeld,
    /// The kernel dropped what the object refers to while the answer was on its way: whichever it is, the
    /// object may be gone.
    Shaken,
    /// Those who refer to it were told so.
    ShakenOthers,
    /// While the answer was on its way, the kernel dropped what the value that it held refers to.
    HeldLost,
    /// The same of the value that was sent.
    SentLost,
    /// It stands for something that an earlier life of the agent left in the kernel, and nobody has claimed it.
    Stale,
    /// The user holds on to it.
    Pinned,
    /// Of a circle of entries that are all on their way out it goes first: a delete is queued although others refer to it.
    GoesFirst,
    /// What is in doubt is only what somebody else did to the object: no answer of the kernel was lost, so what
    /// it refers to is certain.
    Drifted,
    /// Those who refer to it were told that it may be gone.
    OthersDoubt,
    /// It stands in the outbox among the early, be it in vain.
    AmongEarly,
    /// The same among the fresh.
    AmongFresh,
    /// The same in the bulk.
    InBulk,
}

impl Flag {
    /// The bits of what was lost while an answer was on its way.
    pub(crate) const LOST: u32 = Flag::HeldLost.bit() | Flag::SentLost.bit();

    /// Its bit, for [`Core::is_any`].
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The bit that says that the entry stands in this lane. What is tried again stands there once by itself: it has
    /// to fail in between.
    #[inline(always)]
    const fn of_lane(lane: Lane) -> u32 {
        const BITS: [u32; 4] = [Flag::AmongEarly.bit(), Flag::AmongFresh.bit(), Flag::InBulk.bit(), 0];
        BITS[lane as usize]
    }
}

impl Core {
    pub(crate) fn new(state: State) -> Self {
        let flags = in_state(state);
        Core { edges: NONE, waiters: NONE, referrers: NONE, held: NONE, flags, serial: 0, is_there: true }
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        const STATES: [State; 16] = {
            let mut states = [State::Init; 16];
            let mut at = 0;
            while at < State::ALL.len() {
                states[State::ALL[at] as usize] = State::ALL[at];
                at += 1;
            }
            states
        };
        STATES[(self.flags >> STATE_SHIFT) as usize & 15]
    }

    /// Whether it is in one of the states whose numbers are set in `states`.
    #[inline]
    pub(crate) fn is_in_one_of(&self, states: u32) -> bool {
        states >> ((self.flags >> STATE_SHIFT) & 15) & 1 != 0
    }

    #[inline]
    pub(crate) fn set_state(&mut self, state: State) {
        self.flags = self.flags & !ANY_STATE | in_state(state);
    }

    #[inline]
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.flags & (1 << flag as u32) != 0
    }

    #[inline]
    pub(crate) fn set(&mut self, flag: Flag, on: bool) {
        let bit = 1 << flag as u32;
        if on {
            self.flags |= bit;
        } else {
            self.flags &= !bit;
        }
    }

    /// Whether any of these is true of it.
    #[inline]
    pub(crate) fn is_any(&self, flags: u32) -> bool {
        self.flags & flags != 0
    }

    /// Takes the bits in `off` away, and sets those in `on`.
    #[inline]
    pub(crate) fn turn(&mut self, off: u32, on: u32) {
        self.flags = self.flags & !off | on;
    }

    /// Whether of `flags`, which may be bits of the state and the operation too, just those in `wanted` are true of it.
    #[inline]
    pub(crate) fn are(&self, flags: u32, wanted: u32) -> bool {
        self.flags & flags == wanted
    }

    /// Whether it stands in that lane of the outbox, be it in vain.
    #[inline]
    pub(crate) fn stands_in(&self, lane: Lane) -> bool {
        self.is_any(Flag::of_lane(lane))
    }

    /// It was put into that lane of the outbox.
    #[inline]
    pub(crate) fn stands_now(&mut self, lane: Lane) {
        self.flags |= Flag::of_lane(lane);
    }

    /// It was taken out of that lane of the outbox.
    #[inline]
    pub(crate) fn stands_no_more(&mut self, lane: Lane) {
        self.flags &= !Flag::of_lane(lane);
    }

    /// An answer was lost, or came too late to tell what the kernel holds.
    pub(crate) fn doubt(&mut self, doubt: bool) {
        self.set(Flag::Doubt, doubt);
        self.set(Flag::Drifted, false);
        if !doubt {
            self.set(Flag::OthersDoubt, false);
        }
    }

    /// Whether others refer to it.
    #[inline]
    pub(crate) fn has_refs(&self) -> bool {
        self.waiters != NONE || self.referrers != NONE || self.is(Flag::Pinned)
    }

    /// The operation that is queued or outstanding, if any.
    #[inline]
    pub(crate) fn verb(&self) -> Option<Verb> {
        const VERBS: [Option<Verb>; 4] = [None, Some(Verb::Add), Some(Verb::Change), Some(Verb::Delete)];
        VERBS[(self.flags >> VERB_SHIFT) as usize]
    }

    /// Whether something may have happened meanwhile that keeps what is queued from leaving.
    #[inline]
    pub(crate) fn needs_a_look(&self) -> bool {
        self.is(Flag::GoesFirst)
            || self.edges != NONE && !self.is(Flag::Outstanding) && self.verb() != Some(Verb::Delete)
    }

    /// The operation that was queued is handed out, if there is one. Counts it among those that are outstanding.
    #[inline]
    pub(crate) fn handed_out(&mut self, outstanding: &mut usize) -> Option<Verb> {
        let verb = self.verb();
        let mut flags = self.flags & !Flag::Queued.bit();
        if verb.is_some() && !self.is(Flag::Outstanding) {
            flags = flags & !MEANWHILE | Flag::Outstanding.bit();
            *outstanding += 1;
        }
        self.flags = flags;
        verb
    }

    /// The same for an entry that stands in the lane that it [leaves](Self::leaves), if there is nothing to be looked at but
    /// what it [stands on](Self::stands_on), which has to be nothing unless it is `RESOLVED`.
    #[inline(always)]
    pub(crate) fn handed_out_straight<const RESOLVED: bool>(&mut self, leaves: u32) -> Option<Verb> {
        if !self.leaves_straight() {
            return None;
        }
        let verb = self.verb()?;
        if !RESOLVED && self.stands_on() != NONE {
            return None;
        }
        self.turn(leaves, Flag::Outstanding.bit());
        Some(verb)
    }

    /// Whether there is nothing to be looked at before what is queued leaves but what it [stands on](Self::stands_on).
    #[inline(always)]
    pub(crate) fn leaves_straight(&self) -> bool {
        const LOOKED_AT: u32 = Flag::Queued.bit()
            | Flag::Outstanding.bit()
            | Flag::Lookup.bit()
            | Flag::Doubt.bit()
            | Flag::GoesFirst.bit();
        self.are(LOOKED_AT, Flag::Queued.bit())
    }

    /// The bits that are not true any more of what is handed out of that lane.
    #[inline(always)]
    pub(crate) const fn leaves(lane: Lane) -> u32 {
        Flag::Queued.bit() | Flag::of_lane(lane) | MEANWHILE
    }

    /// First of the references that have to be resolved when what is queued leaves; or [`NONE`].
    #[inline]
    pub(crate) fn stands_on(&self) -> u32 {
        if self.flags >> VERB_SHIFT == Verb::Delete as u32 { NONE } else { self.edges }
    }

    /// The operation that was outstanding is answered.
    #[inline]
    pub(crate) fn answered(&mut self) {
        self.flags &= (1 << VERB_SHIFT) - 1;
        self.flags &= !(Flag::Outstanding.bit() | Flag::Lookup.bit());
    }

    /// Asks for an operation of an entry of which none is queued or outstanding.
    #[inline]
    pub(crate) fn ask_for(&mut self, verb: Verb) {
        self.flags |= Flag::Queued.bit() | (verb as u32) << VERB_SHIFT;
    }

    /// Says which operation is the next one. Returns whether it has to be put into the outbox, in which it is not.
    #[inline]
    pub(crate) fn must_be_queued(&mut self, verb: Verb) -> bool {
        self.set_verb(Some(verb));
        let news = !self.is(Flag::Queued);
        self.set(Flag::Queued, true);
        news
    }

    /// `Facts::seen` and `Facts::again` after a step.
    #[inline]
    pub(crate) fn set_facts(&mut self, seen: bool, again: bool) {
        const { assert!(Flag::Again as u32 == Flag::Seen as u32 + 1) };
        let bits = (seen as u32 | (again as u32) << 1) << Flag::Seen as u32;
        self.flags = self.flags & !(Flag::Seen.bit() | Flag::Again.bit()) | bits;
    }

    #[inline]
    pub(crate) fn set_verb(&mut self, verb: Option<Verb>) {
        let code = verb.map_or(0, |verb| verb as u32);
        self.flags = self.flags & ((1 << VERB_SHIFT) - 1) | code << VERB_SHIFT;
    }
}

const VERB_SHIFT: u32 = 30;

const STATE_SHIFT: u32 = 26;

/// The bits of the state.
pub(crate) const ANY_STATE: u32 = 15 << STATE_SHIFT;

/// The bits of what is queued or outstanding.
pub(crate) const ANY_VERB: u32 = 3 << VERB_SHIFT;

/// Those of one state.
#[inline]
pub(crate) const fn in_state(state: State) -> u32 {
    (state as u32) << STATE_SHIFT
}

const _: () = assert!(State::ALL.len() <= 16 && (Flag::InBulk as u32) < STATE_SHIFT);

/// What is noted while an operation is on its way, until the next one.
const MEANWHILE: u32 = Flag::Shaken.bit() | Flag::ShakenOthers.bit() | Flag::LOST;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_costs_the_engine_six_words() {
        assert_eq!(size_of::<Core>(), 24);
    }

    #[test]
    fn flags_and_verb_do_not_touch_each_other() {
        let mut core = Core::new(State::Init);
        core.set(Flag::Lookup, true);
        for verb in [Some(Verb::Add), Some(Verb::Change), Some(Verb::Delete), None] {
            core.set_verb(verb);
            assert_eq!((core.verb(), core.is(Flag::Lookup), core.is(Flag::Seen)), (verb, true, false));
        }
        core.set_verb(Some(Verb::Delete));
        core.set(Flag::Lookup, false);
        assert_eq!(core.verb(), Some(Verb::Delete));
    }

    #[test]
    fn the_highest_entry_is_not_the_missing_target() {
        let highest = EntryId::new(MAX_TABLES - 1, MAX_SLOTS as u32 - 1);
        assert_eq!(EntryId::of_target(highest.target()), Some(highest));
        assert_eq!((highest.table(), highest.slot()), (MAX_TABLES - 1, MAX_SLOTS as u32 - 1));
        assert_eq!(EntryId::of_target(Target::NONE), None);
    }
}

//! What is to be sent, in order: lanes, so that nothing waits for what does not concern it. Knows nothing of states.
//!
//! - **Early**: what others need in ways that no reference shows. Before all others, but for one turn in
//!   [`EARLY_PER_OTHER`].
//! - **Fresh**: single changes, in the order in which they came. There is room for [`FRESH_ROOM`]; what finds none is one
//!   of many, and goes with the bulk.
//! - **Bulk**: what was set, removed or woken by the thousands. See [`Bulk`].
//! - **Retry**: what failed before.

use std::collections::VecDeque;

use super::bulk::Bulk;
use super::entry::{Core, EntryId, Flag};
use super::line::Line;
use super::references::Cores;
use crate::declare::{Schema, Verb};

/// After that many others a retry gets its turn, so that neither starves the other.
const OTHERS_PER_RETRY: u32 = 8;

/// So many fresh operations leave for each one of the bulk.
const FRESH_PER_BULK: u32 = 3;

/// After that many fresh operations the bulk gets its turn, until it has had its share. Not one by one: those that leave in a
/// run cost less than half as much, and the kernel needs some 25 µs for the eight of the bulk that a fresh one may wait for.
const FRESH_IN_A_ROW: u32 = 8 * FRESH_PER_BULK;

/// After that many early operations one of the others gets its turn.
const EARLY_PER_OTHER: u32 = 256;

/// How many operations the fresh lane takes. With the share that it has, the last of them leaves when the kernel has
/// done four thirds of that many: about 4 ms for routes.
const FRESH_ROOM: usize = 1024;

/// So much may stand in the lanes in vain, besides as much again as is queued.
const MOST_IN_VAIN: usize = 4096;

/// How many operations of the bulk are ready before whoever brings more has to wait. The kernel takes 50 ms for so many
/// routes.
const BULK_ROOM: usize = 16 * 1024;

/// Which share of what is sent next a change takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// By itself: it is sent before what was declared in bulk, however much of that there is.
    Fresh,
    /// One of many: it waits for its turn among these.
    Bulk,
}

/// The way that an operation takes to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Before all others: what others need in ways that no reference shows.
    Early,
    /// In the order in which it came.
    Fresh,
    /// One of many.
    Bulk,
    /// What failed before.
    Retry,
}

/// What waits to be handed out, for each connection.
#[derive(Debug)]
pub(crate) struct Outboxes {
    boxes: Vec<Outbox>,
    /// Which share what is queued right now takes part in.
    pub(crate) share: Share,
    /// Operations that are queued and not handed out.
    pub(crate) queued: usize,
}

impl Outboxes {
    /// For that many connections. There is one at least.
    pub(crate) fn new(connections: usize) -> Self {
        let boxes = (0..connections.max(1)).map(|_| Outbox::default()).collect();
        Outboxes { boxes, share: Share::Fresh, queued: 0 }
    }

    pub(crate) fn get(&self, connection: usize) -> Option<&Outbox> {
        self.boxes.get(connection)
    }

    pub(crate) fn get_mut(&mut self, connection: usize) -> Option<&mut Outbox> {
        self.boxes.get_mut(connection)
    }

    /// The next one on a connection, with the lane that it waited in.
    #[inline]
    pub(crate) fn pop(&mut self, connection: usize) -> Option<(EntryId, Lane)> {
        self.boxes.get_mut(connection)?.pop()
    }

    /// Shows those that are next on a connection, up to `most`, as far as they stand in the same lane and only the fresh and
    /// the bulk wait, and takes as many of them out as `hand_out` says. Returns how many.
    #[inline(always)]
    pub(crate) fn take_run(
        &mut self,
        connection: usize,
        most: usize,
        hand_out: impl FnOnce(&[EntryId], Lane) -> usize,
    ) -> usize {
        let taken = self.boxes.get_mut(connection).map_or(0, |outbox| outbox.take_run(most, hand_out));
        self.queued -= taken;
        taken
    }

    /// Whether so much stands in the lanes in vain that it is worth a look at all of it.
    #[inline]
    pub(crate) fn must_be_swept(&self) -> bool {
        let standing: usize = self.boxes.iter().map(Outbox::len).sum();
        standing > if self.queued == 0 { 0 } else { 2 * self.queued + MOST_IN_VAIN }
    }

    /// Takes out what stands in the lanes in vain: operations that were taken back, of entries that are perhaps no more.
    #[cold]
    pub(crate) fn sweep(&mut self, cores: &mut impl Cores) {
        for outbox in &mut self.boxes {
            let standing: Vec<_> = outbox.drain().collect();
            // Each stays once, where it was told first.
            let stays = |(entry, lane, _): &(EntryId, Lane, bool)| {
                let Some(core) = cores.core_mut(*entry) else { return false };
                let stays = core.is(Flag::Queued) && (core.stands_in(*lane) || *lane == Lane::Retry);
                core.stands_no_more(*lane);
                stays
            };
            let standing: Vec<_> = standing.into_iter().filter(stays).collect();
            for (entry, lane, is_delete) in standing {
                if let Some(core) = cores.core_mut(entry) {
                    core.stands_now(outbox.push(entry, lane, is_delete));
                }
            }
        }
    }

    /// Lets there be that many connections, and hands back all that waited, as [`Outbox::drain`] does.
    pub(crate) fn start_over(&mut self, connections: usize) -> Vec<(EntryId, Lane, bool)> {
        let before = std::mem::replace(&mut self.boxes, Outboxes::new(connections).boxes);
        before.into_iter().flat_map(|mut outbox| outbox.drain()).collect()
    }

    /// Where the operations go of a kind with that schema, whose messages that connection carries.
    #[inline(always)]
    pub(crate) fn of<'a>(&'a mut self, channel: usize, schema: &'a Schema) -> Option<Sending<'a>> {
        let outbox = self.boxes.get_mut(channel)?;
        Some(Sending { outbox, queued: &mut self.queued, share: &self.share, schema })
    }
}

/// Where the operations of one kind go.
pub(crate) struct Sending<'a> {
    outbox: &'a mut Outbox,
    queued: &'a mut usize,
    // Looked at when it matters: what is known before has to be put aside until then.
    share: &'a Share,
    schema: &'a Schema,
}

impl Sending<'_> {
    /// Asks for an operation of an entry, of which none is outstanding.
    #[inline(always)]
    pub(crate) fn queue(&mut self, entry: EntryId, core: &mut Core, verb: Verb) {
        core.ask_for(verb);
        self.take(entry, core, self.lane_of(verb), verb);
    }

    /// The way that an operation takes.
    #[inline(always)]
    fn lane_of(&self, verb: Verb) -> Lane {
        if self.schema.early && verb != Verb::Delete {
            Lane::Early
        } else if *self.share == Share::Fresh {
            Lane::Fresh
        } else {
            Lane::Bulk
        }
    }

    /// Whether adds and changes go among the fresh, and find room there.
    #[inline(always)]
    pub(crate) fn is_fresh(&self) -> bool {
        self.lane_of(Verb::Add) == Lane::Fresh && self.outbox.fresh.len() < FRESH_ROOM
    }

    /// Puts a new entry, which is marked so, among the fresh, where it waits for its add to be handed out.
    #[inline(always)]
    pub(crate) fn put_among_fresh(&mut self, entry: EntryId) {
        debug_assert!(self.outbox.fresh.len() < FRESH_ROOM, "there is no room among the fresh");
        *self.queued += 1;
        self.outbox.fresh.push_back(entry);
    }

    /// As [`queue`](Self::queue), for whatever may be queued already, or tried again.
    #[inline]
    pub(crate) fn queue_again(&mut self, entry: EntryId, core: &mut Core, verb: Verb, retry: bool) {
        if core.must_be_queued(verb) {
            let lane = if retry { Lane::Retry } else { self.lane_of(verb) };
            self.take(entry, core, lane, verb);
        }
    }

    #[inline(always)]
    fn take(&mut self, entry: EntryId, core: &mut Core, lane: Lane, verb: Verb) {
        *self.queued += 1;
        if lane == Lane::Fresh && !core.stands_in(Lane::Fresh) && self.outbox.fresh.len() < FRESH_ROOM {
            core.stands_now(Lane::Fresh);
            return self.outbox.fresh.push_back(entry);
        }
        // Not by way of `self`, whose parts then may lie in registers.
        self.outbox.take(entry, core, lane, verb);
    }
}

/// Entries whose operation waits to be handed out. An entry may stand here more than once, or in vain:
/// what counts is whether it is marked as queued when its turn comes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    early: VecDeque<EntryId>,
    fresh: Line,
    bulk: Bulk,
    retries: VecDeque<EntryId>,
    early_in_a_row: u32,
    /// How many fresh operations left while the bulk waited, less their share for each of the bulk that left since.
    lead: u32,
    /// Whether it is the turn of the bulk.
    is_turn_of_bulk: bool,
    others_in_a_row: u32,
}

impl Outbox {
    /// Takes an entry, unless it stands there already: an operation that was taken back leaves its entry there.
    fn take(&mut self, entry: EntryId, core: &mut Core, lane: Lane, verb: Verb) {
        // What finds no room among the fresh may stand in the bulk already.
        let is_full = lane == Lane::Fresh && self.fresh.len() >= FRESH_ROOM && !core.stands_in(Lane::Fresh);
        let lane = if is_full { Lane::Bulk } else { lane };
        if !core.stands_in(lane) {
            core.stands_now(self.push(entry, lane, verb == Verb::Delete));
        }
    }

    /// Takes an entry. Returns the lane that it waits in: what finds no room in the fresh one goes with the bulk.
    pub(crate) fn push(&mut self, entry: EntryId, lane: Lane, is_delete: bool) -> Lane {
        match lane {
            Lane::Fresh if self.fresh.len() < FRESH_ROOM => self.fresh.push_back(entry),
            Lane::Fresh | Lane::Bulk => {
                self.bulk.push(entry, is_delete);
                return Lane::Bulk;
            }
            Lane::Early => self.early.push_back(entry),
            Lane::Retry => self.retries.push_back(entry),
        }
        lane
    }

    /// How much stands here, in vain or not.
    fn len(&self) -> usize {
        self.early.len() + self.fresh.len() + self.bulk.len() + self.retries.len()
    }

    /// Whether there is room for more. Nothing is turned away without; it only can't be quick.
    pub(crate) fn has_room(&self, share: Share) -> bool {
        let (taken, room) = self.fill(share);
        taken < room
    }

    /// Whether a quarter of the room is free.
    pub(crate) fn has_plenty_of_room(&self, share: Share) -> bool {
        let (taken, room) = self.fill(share);
        taken <= room / 4 * 3
    }

    /// How much is taken of how much room.
    fn fill(&self, share: Share) -> (usize, usize) {
        match share {
            Share::Fresh => (self.fresh.len(), FRESH_ROOM),
            Share::Bulk => (self.bulk.len(), BULK_ROOM),
        }
    }

    /// Everything that waits here, with the lane that it waits in, and whether it was told to be a delete.
    fn drain(&mut self) -> impl Iterator<Item = (EntryId, Lane, bool)> + use<> {
        let mut lanes = std::mem::take(self);
        let early = lanes.early.into_iter().map(|entry| (entry, Lane::Early, false));
        let fresh = lanes.fresh.into_entries().map(|entry| (entry, Lane::Fresh, false));
        let bulk = std::iter::from_fn(move || lanes.bulk.pop_with_sort())
            .map(|(entry, is_delete)| (entry, Lane::Bulk, is_delete));
        let retries = lanes.retries.into_iter().map(|entry| (entry, Lane::Retry, false));
        early.chain(fresh).chain(bulk).chain(retries)
    }

    #[inline]
    fn only_fresh_wait(&self) -> bool {
        self.bulk.is_empty() && self.early.is_empty() && self.retries.is_empty()
    }

    /// See [`Outboxes::take_run`].
    #[inline(always)]
    fn take_run(&mut self, most: usize, hand_out: impl FnOnce(&[EntryId], Lane) -> usize) -> usize {
        if !self.early.is_empty() || !self.retries.is_empty() {
            return 0;
        }
        let (lane, turns) = self.turn();
        let most = most.min(turns);
        let next = if lane == Lane::Bulk { self.bulk.next_writes() } else { self.fresh.as_slice() };
        let taken = hand_out(next.get(..most).unwrap_or(next), lane);
        self.had_turn(lane, taken);
        match lane {
            Lane::Bulk => self.bulk.skip_writes(taken),
            _ => self.fresh.skip(taken),
        }
        taken
    }

    /// Which of the fresh and the bulk are next, and how many of them.
    #[inline(always)]
    fn turn(&self) -> (Lane, usize) {
        if self.bulk.is_empty() {
            return (Lane::Fresh, usize::MAX);
        }
        if self.fresh.is_empty() {
            return (Lane::Bulk, usize::MAX);
        }
        if self.is_turn_of_bulk {
            (Lane::Bulk, self.lead.div_ceil(FRESH_PER_BULK) as usize)
        } else {
            (Lane::Fresh, (FRESH_IN_A_ROW - self.lead) as usize)
        }
    }

    /// So many of that lane are taken, as [`turn`](Self::turn) says.
    #[inline(always)]
    fn had_turn(&mut self, lane: Lane, taken: usize) {
        if taken == 0 || self.bulk.is_empty() {
            return;
        }
        let taken = taken as u32;
        if lane == Lane::Bulk {
            self.lead = self.lead.saturating_sub(taken.saturating_mul(FRESH_PER_BULK));
            // Who comes among the fresh while the bulk leaves alone is the next.
            self.is_turn_of_bulk &= self.lead > 0 && !self.fresh.is_empty();
        } else {
            self.lead += taken;
            self.is_turn_of_bulk = self.lead >= FRESH_IN_A_ROW;
        }
    }

    /// The next one, with the lane that it waited in.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(EntryId, Lane)> {
        if self.only_fresh_wait() {
            // Nobody whose turn it could be instead.
            return self.fresh.pop_front().map(|entry| (entry, Lane::Fresh));
        }
        self.pop_in_turn()
    }

    fn pop_in_turn(&mut self) -> Option<(EntryId, Lane)> {
        if (self.others_in_a_row < OTHERS_PER_RETRY || self.retries.is_empty())
            && let Some(next) = self.pop_other()
        {
            self.others_in_a_row = self.others_in_a_row.saturating_add(1);
            return Some(next);
        }
        self.others_in_a_row = 0;
        self.retries.pop_front().map(|entry| (entry, Lane::Retry))
    }

    #[inline]
    fn pop_other(&mut self) -> Option<(EntryId, Lane)> {
        let only_early = self.fresh.is_empty() && self.bulk.is_empty();
        if (self.early_in_a_row < EARLY_PER_OTHER || only_early)
            && let Some(entry) = self.early.pop_front()
        {
            self.early_in_a_row = self.early_in_a_row.saturating_add(1);
            return Some((entry, Lane::Early));
        }
        self.early_in_a_row = 0;
        let (lane, _) = self.turn();
        let waits = usize::from(!self.fresh.is_empty() || !self.bulk.is_empty());
        self.had_turn(lane, waits);
        let next = if lane == Lane::Bulk { self.bulk.pop() } else { self.fresh.pop_front() };
        next.map(|entry| (entry, lane))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::machine::State;

    fn push(outbox: &mut Outbox, table: usize, slot: u32, lane: Lane) -> Lane {
        outbox.push(EntryId::new(table, slot), lane, false)
    }

    fn tables(outbox: &mut Outbox, count: usize) -> Vec<usize> {
        (0..count).filter_map(|_| outbox.pop()).map(|(entry, _)| entry.table()).collect()
    }

    fn count(tables: &[usize], table: usize) -> usize {
        tables.iter().filter(|one| **one == table).count()
    }

    #[test]
    fn retries_get_one_turn_in_nine_while_there_is_fresh_work() {
        let mut outbox = Outbox::default();
        for slot in 0..100 {
            push(&mut outbox, 0, slot, Lane::Fresh);
            push(&mut outbox, 1, slot, Lane::Retry);
        }
        assert_eq!(count(&tables(&mut outbox, 18), 1), 2);
        assert_eq!(std::iter::from_fn(|| outbox.pop()).count(), 200 - 18);
    }

    #[test]
    fn the_bulk_gets_a_quarter_of_the_turns_while_there_is_fresh_work() {
        let mut outbox = Outbox::default();
        for slot in 0..100 {
            push(&mut outbox, 0, slot, Lane::Bulk);
        }
        for slot in 0..50 {
            push(&mut outbox, 1, slot, Lane::Fresh);
        }
        let turns = [[1; 24].as_slice(), &[0; 8], &[1; 24], &[0; 8]].concat();
        assert_eq!(tables(&mut outbox, 64), turns);
        assert_eq!(std::iter::from_fn(|| outbox.pop()).count(), 150 - 64);
    }

    /// However many fresh ones come at a time, and however many leave.
    #[test]
    fn the_share_of_the_bulk_is_a_quarter_of_what_leaves_when_fresh_ones_come_in_bursts() {
        for burst in [1, 7, 12, 23, 24, 25, 50] {
            for leave in [burst + 1, burst + burst / 2 + 1] {
                let mut outbox = Outbox::default();
                for slot in 0..10_000 {
                    push(&mut outbox, 0, slot, Lane::Bulk);
                }
                let (mut left, mut of_bulk) = (0, 0);
                for _ in 0..100 {
                    for slot in 0..burst {
                        if outbox.fresh.len() < burst as usize * 4 {
                            push(&mut outbox, 1, slot, Lane::Fresh);
                        }
                    }
                    let tables = tables(&mut outbox, leave as usize);
                    left += tables.len();
                    of_bulk += count(&tables, 0);
                }
                assert!(of_bulk + 8 >= left / 4, "{of_bulk} of {left} at {burst} and {leave}");
            }
        }
    }

    #[test]
    fn a_fresh_one_that_comes_while_the_bulk_leaves_alone_is_the_next() {
        let mut outbox = Outbox::default();
        for slot in 0..100 {
            push(&mut outbox, 0, slot, Lane::Bulk);
        }
        for slot in 0..FRESH_IN_A_ROW {
            push(&mut outbox, 1, slot, Lane::Fresh);
        }
        // It would be the turn of the bulk now, and of seven more when the first of it has left.
        assert_eq!(count(&tables(&mut outbox, 25), 1), 24);
        push(&mut outbox, 1, 0, Lane::Fresh);
        assert_eq!(tables(&mut outbox, 2), [1, 0]);
    }

    #[test]
    fn many_at_a_time_leave_in_the_order_of_one_at_a_time() {
        let filled = |fresh: u32, bulk: u32| {
            let mut outboxes = Outboxes::new(1);
            outboxes.queued = (fresh + bulk) as usize;
            let outbox = outboxes.get_mut(0).expect("the only one");
            (0..fresh).for_each(|slot| _ = push(outbox, 0, slot, Lane::Fresh));
            (0..bulk).for_each(|slot| _ = push(outbox, 1, slot, Lane::Bulk));
            outboxes
        };
        for (fresh, bulk) in [(100, 100), (0, 10), (10, 0), (60, 2), (25, 9), (1, 60)] {
            for most in [1, 2, 3, 7, 8, 9, 31, 300] {
                let (mut singly, mut together) = (filled(fresh, bulk), filled(fresh, bulk));
                let mut left = Vec::new();
                // Some of those that are shown stay now and then.
                let mut takes = (1..).map(|turn| if turn % 5 == 0 { 1 } else { usize::MAX });
                while together.queued > 0 {
                    let take = takes.next().unwrap_or_default();
                    together.take_run(0, most, |entries, lane| {
                        let taken = entries.len().min(most).min(take);
                        left.extend(entries.iter().take(taken).map(|entry| (*entry, lane)));
                        taken
                    });
                }
                let one_by_one: Vec<_> = std::iter::from_fn(|| singly.pop(0)).collect();
                assert_eq!(left, one_by_one, "{fresh} fresh, {bulk} in bulk, {most} at a time");
            }
        }
    }

    #[test]
    fn a_sweep_leaves_each_that_is_queued_once_and_nothing_else() {
        struct Few([Core; 4]);

        impl Cores for Few {
            fn core_mut(&mut self, entry: EntryId) -> Option<&mut Core> {
                self.0.get_mut(entry.slot() as usize)
            }
        }

        let mut cores = Few(std::array::from_fn(|_| Core::new(State::SyncWait)));
        let mut outboxes = Outboxes::new(1);
        let outbox = outboxes.get_mut(0).expect("the only one");
        // Slot 0: its place was used before, so its number stands there twice. Slot 1: it was taken back. Slot 2: what stands
        // in the bulk is of an earlier life. Slot 7 is no more. Slot 3 is in order.
        for (slot, lane) in [
            (0, Lane::Fresh),
            (7, Lane::Fresh),
            (1, Lane::Fresh),
            (0, Lane::Fresh),
            (2, Lane::Fresh),
            (2, Lane::Bulk),
            (3, Lane::Bulk),
        ] {
            push(outbox, 0, slot, lane);
        }
        for (slot, lane) in [(0, Lane::Fresh), (1, Lane::Fresh), (2, Lane::Fresh), (3, Lane::Bulk)] {
            cores.0[slot].stands_now(lane);
        }
        for slot in [0, 2, 3] {
            cores.0[slot].ask_for(Verb::Add);
            outboxes.queued += 1;
        }
        outboxes.sweep(&mut cores);
        let left: Vec<_> =
            std::iter::from_fn(|| outboxes.pop(0)).map(|(entry, lane)| (entry.slot(), lane)).collect();
        assert_eq!(left, [(0, Lane::Fresh), (2, Lane::Fresh), (3, Lane::Bulk)]);
        let stand = |slot: usize| [Lane::Fresh, Lane::Bulk].map(|lane| cores.0[slot].stands_in(lane));
        assert_eq!([0, 1, 2, 3].map(stand), [[true, false], [false, false], [true, false], [false, true]]);
    }

    #[test]
    fn what_finds_no_room_among_the_fresh_goes_with_the_bulk() {
        let mut outbox = Outbox::default();
        for slot in 0..FRESH_ROOM as u32 {
            assert_eq!(push(&mut outbox, 0, slot, Lane::Fresh), Lane::Fresh);
        }
        assert!(!outbox.has_room(Share::Fresh));
        assert_eq!(push(&mut outbox, 1, 0, Lane::Fresh), Lane::Bulk);
        assert_eq!(outbox.pop(), Some((EntryId::new(0, 0), Lane::Fresh)));
        assert_eq!(push(&mut outbox, 2, 0, Lane::Fresh), Lane::Fresh, "there is room again");
        assert!(outbox.has_room(Share::Bulk));
    }

    #[test]
    fn all_that_waits_is_drained_with_its_lane() {
        let lanes = [Lane::Early, Lane::Fresh, Lane::Bulk, Lane::Retry];
        let mut outbox = Outbox::default();
        for (table, lane) in lanes.into_iter().enumerate() {
            push(&mut outbox, table, 0, lane);
        }
        let drained: Vec<(usize, Lane)> =
            outbox.drain().map(|(entry, lane, _)| (entry.table(), lane)).collect();
        assert_eq!(drained, lanes.into_iter().enumerate().collect::<Vec<_>>());
        assert_eq!(outbox.pop(), None);
    }

    #[test]
    fn early_comes_first_but_for_one_turn_in_many() {
        let mut outbox = Outbox::default();
        push(&mut outbox, 0, 0, Lane::Fresh);
        for slot in 0..2 * EARLY_PER_OTHER {
            push(&mut outbox, 1, slot, Lane::Early);
        }
        let first = tables(&mut outbox, EARLY_PER_OTHER as usize + 1);
        assert_eq!((first.last(), count(&first, 0)), (Some(&0), 1));
    }
}

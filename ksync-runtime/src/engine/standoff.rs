//! Entries that refer to each other in a circle and are all taken back: one of them has to go first.
//!
//! Each of them waits in `DEL_DEFER_REF` for the others. No entry of a circle is ever added, but a change of what
//! is there already can close one. Then one of them is deleted as in a renewal, whoever refers to it; what follows
//! from that is what follows from any other delete. Whether there is a circle is looked at whenever something could
//! have completed it: an entry comes to `DEL_DEFER_REF`, or a reference to one that is there goes.
//!
//! Knows nothing of what the kernel makes of it.

use std::time::Instant;

use super::Engine;
use super::entry::{Core, EntryId, Flag, NONE};
use super::machine::{Event, Facts, State, Step};
use super::references::Cores;
use super::steps::known_step;
use crate::declare::Verb;

/// No circle is looked for that has more entries: every look is short, however long the chains are that lead to an
/// entry. The kernel stacks objects eight deep.
const MOST: usize = 64;

impl Engine {
    /// An entry in `DEL_DEFER_REF` may be free to go: nothing refers to it, or only what could have completed a
    /// circle.
    pub(super) fn may_go(&self, entry: EntryId) -> bool {
        self.tables.core(entry).is_some_and(|core| !core.has_refs()) || self.may_be_in_circle(entry)
    }

    /// An entry that others refer to may wait for what could have completed a circle.
    #[inline]
    pub(super) fn may_be_in_circle(&self, entry: EntryId) -> bool {
        self.tables.get(entry.table()).is_some_and(|table| {
            table.in_circles
                && table.slots.get(entry.slot()).is_some_and(|core| core.state() == State::DelDeferRef)
        })
    }

    /// If nothing but a circle keeps the entry, it is the one that goes first.
    pub(super) fn end_standoff(&mut self, entry: EntryId, now: Instant) {
        if !self.only_circle_keeps(entry) {
            return;
        }
        let Some(table) = self.tables.get(entry.table()) else {
            return;
        };
        let (state, event) = (State::DelDeferRef, Event::RefReleased);
        let compress = table.schema.compress;
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.state() == state) else {
            return;
        };
        let doubt = core.is(Flag::Doubt);
        let facts = Facts {
            refs: false,
            seen: core.is(Flag::Seen) || doubt,
            again: core.is(Flag::Again),
            compress: compress && !doubt,
            unresolved: false,
            sync: false,
        };
        let Ok(step @ Step { next, seen, again, .. }) = known_step(state, event, facts) else {
            return;
        };
        if *next != State::DelAckWait {
            // It is not in the kernel, and so what it refers to is of no concern.
            return self.fire(entry, Event::Lost, now);
        }
        core.set_facts(*seen, *again);
        core.set(Flag::GoesFirst, true);
        self.tables.set_state(entry, step.next);
        self.queue(entry, Verb::Delete, false);
        if self.is_observed() {
            self.tell(entry, state, event, step, now);
        }
    }

    /// The delete of the one that goes first is about to leave. Returns whether it may: if somebody wants something of the
    /// circle by now, it is taken back.
    #[cold]
    pub(super) fn still_goes_first(&mut self, entry: EntryId) -> bool {
        let circle_goes = self.only_circle_keeps(entry);
        let Some(core) = self.tables.core_mut(entry) else {
            return false;
        };
        core.set(Flag::GoesFirst, false);
        if circle_goes || !core.has_refs() {
            return true;
        }
        core.set_verb(None);
        core.set(Flag::Queued, false);
        self.outboxes.queued -= 1;
        self.tables.set_state(entry, State::DelDeferRef);
        false
    }

    /// Whether all that keeps the entry is a circle that leads through it, and nobody wants anything of that.
    fn only_circle_keeps(&self, entry: EntryId) -> bool {
        // All who refer to it, directly or not: they have to be on their way out too.
        let mut circle = vec![entry];
        let mut at = 0;
        while let Some(member) = circle.get(at).copied() {
            at += 1;
            let waits = |core: &&Core| {
                let is_on_its_way_out = core.state() == State::DelDeferRef
                    || member == entry && core.state() == State::DelAckWait;
                is_on_its_way_out && !core.is(Flag::Pinned)
            };
            let Some(core) = self.tables.core(member).filter(waits) else {
                return false;
            };
            for (_, edge) in self.edges.to(core.waiters).chain(self.edges.to(core.referrers)) {
                if circle.contains(&edge.from) {
                    continue;
                }
                if circle.len() == MOST {
                    return false;
                }
                circle.push(edge.from);
            }
        }
        // And it refers to all of them: whoever it does not refer to is in another circle, which has to go before.
        let mut reached = Vec::with_capacity(circle.len());
        let mut next = Some(entry);
        let mut at = 0;
        while let Some(member) = next {
            let declared = self.tables.core(member).map_or(NONE, |core| core.edges);
            for head in [declared, self.edges_of_held(member)] {
                for (_, edge) in self.edges.of(head) {
                    if circle.contains(&edge.to) && !reached.contains(&edge.to) {
                        reached.push(edge.to);
                    }
                }
            }
            next = reached.get(at).copied();
            at += 1;
        }
        reached.len() == circle.len()
    }
}

//! What the kernel dropped, or somebody else changed, without being asked by us.
//!
//! Losses are taken note of before anything else happens to any entry: an answer or a command that comes later
//! may belong to a later life of the same object.

use std::time::Instant;

use super::entry::{EntryId, Flag, NONE};
use super::machine::{Event, State};
use super::references::Cores;
use super::{Engine, Loss};
use crate::declare::{IndexSource, Verb};
use crate::table::Shadow;

impl Engine {
    /// Takes note of all that the kernel dropped, before anything else happens to what it concerns.
    #[inline]
    pub(super) fn settle_losses(&mut self, now: Instant) {
        if !self.losses.is_empty() {
            self.settle_all_losses(now);
        }
    }

    #[cold]
    fn settle_all_losses(&mut self, now: Instant) {
        while let Some(loss) = self.losses.pop_front() {
            match loss {
                Loss::Own(entry) => self.lose(entry, now),
                Loss::Dependents(entry) => self.lose_dependents(entry, true),
                Loss::Perhaps(entry) => self.lose_dependents(entry, false),
                Loss::Part(entry) => self.drifted(entry, now),
                Loss::PerhapsOwn(entry) => self.perhaps_lose(entry, now),
            }
        }
    }

    /// What referred to the entry is gone from the kernel together with it, if the kind is of that sort; or it
    /// refers to a number that means nothing any more. If that is not certain, it is looked at anew.
    fn lose_dependents(&mut self, entry: EntryId, certain: bool) {
        let Some(schema) = self.tables.get(entry.table()).map(|table| table.schema) else {
            return;
        };
        let Some((waiters, referrers)) = self.tables.core(entry).map(|core| (core.waiters, core.referrers))
        else {
            return;
        };
        for head in [waiters, referrers] {
            for (_, edge) in self.edges.to(head) {
                let concerned = self.tables.core(edge.from).is_some_and(|core| {
                    // The value that the kernel holds has to be the one that refers. While one is being
                    // written, it may be any.
                    let held = if core.held == NONE { None } else { Some(Shadow::Held) };
                    let may_be_held = core.is(Flag::MaybeHeld) && edge.copy.is_none();
                    let written = core.is(Flag::Outstanding) && core.verb() != Some(Verb::Delete);
                    written || edge.copy == held || may_be_held
                });
                let goes_along = schema.flushes_dependents && !edge.survives;
                self.losses.extend(concerned.then_some(match (goes_along, certain) {
                    (true, true) => Loss::Own(edge.from),
                    (true, false) => Loss::PerhapsOwn(edge.from),
                    (false, _) => Loss::Part(edge.from),
                }));
            }
        }
    }

    /// The entry's object is gone, which concerns those who refer to it.
    pub(super) fn tell_dependents(&mut self, entry: EntryId) {
        if self.concerns_dependents(entry) {
            self.losses.push_back(Loss::Dependents(entry));
        }
    }

    /// The entry's object may be gone.
    pub(super) fn doubt_dependents(&mut self, entry: EntryId) {
        if self.concerns_dependents(entry) {
            self.losses.push_back(Loss::Perhaps(entry));
        }
    }

    /// Whether what happens to the entry's object is of any consequence for those who refer to it.
    fn concerns_dependents(&self, entry: EntryId) -> bool {
        self.tables
            .get(entry.table())
            .is_some_and(|table| table.schema.flushes_dependents || table.schema.index == IndexSource::Kernel)
    }

    fn lose(&mut self, entry: EntryId, now: Instant) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        // With an add or change on its way, nobody can say which came first: the state machine asks for both
        // again. A delete on its way will find nothing, and its answer settles it.
        let under_way = core.is(Flag::Outstanding);
        // Passed on once is enough: in a circle the news comes back.
        let known = under_way && core.is(Flag::ShakenOthers);
        // If it is not certain what the kernel holds, the answer to what is sent next will tell.
        let doubt = core.is(Flag::Doubt) && !core.is(Flag::Drifted);
        if !under_way && (!core.is(Flag::Accepted) || doubt) {
            // One that is not ours to delete may have been there all the same, with its number and its dependents.
            if self.tables.get_mut(entry.table()).is_some_and(|table| table.forget_kernel_index(entry.slot()))
            {
                self.tell_dependents(entry);
            } else if doubt {
                self.doubt_dependents(entry);
            }
            return;
        }
        core.set(Flag::Accepted, under_way && core.is(Flag::Accepted));
        core.set(Flag::Shaken, under_way);
        core.set(Flag::ShakenOthers, under_way);
        if !under_way {
            core.doubt(false);
            self.recall_lost(entry);
            self.drop_held(entry);
            if let Some(table) = self.tables.get_mut(entry.table()) {
                table.forget_kernel_index(entry.slot());
            }
        }
        if !known {
            self.tell_dependents(entry);
        }
        self.fire(entry, Event::Lost, now);
    }

    /// Nobody knows whether the object is gone, and so about what went with it.
    fn perhaps_lose(&mut self, entry: EntryId, now: Instant) {
        // Passed on once is enough.
        let news = self
            .tables
            .core(entry)
            .is_some_and(|core| core.is(Flag::Accepted) && !core.is(Flag::Doubt) && !core.is(Flag::Shaken));
        self.drifted(entry, now);
        if news {
            self.doubt_dependents(entry);
        }
    }

    /// Somebody else changed the object: what the kernel holds is not certain any more.
    pub(super) fn drifted(&mut self, entry: EntryId, now: Instant) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        let under_way = core.is(Flag::Outstanding);
        if core.is(Flag::Accepted) {
            let certain = !core.is(Flag::Doubt) || core.is(Flag::Drifted);
            core.doubt(true);
            core.set(Flag::Drifted, certain && !under_way);
        } else if !under_way {
            return;
        }
        core.set(Flag::Shaken, under_way);
        self.fire(entry, Event::Drifted, now);
    }

    /// Takes back a change or delete that has not left: there is nothing left to change or delete.
    fn recall_lost(&mut self, entry: EntryId) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        let before = match core.state {
            State::SyncWait | State::NeedSync | State::RenewWait => State::InSync,
            State::DelAckWait | State::DelDeferDelAck => State::DelDeferRef,
            _ => return,
        };
        core.set_verb(None);
        core.set(Flag::GoesFirst, false);
        if core.is(Flag::Queued) {
            core.set(Flag::Queued, false);
            self.outboxes.queued -= 1;
        }
        self.tables.set_state(entry, before);
    }
}

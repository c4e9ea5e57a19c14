//! What the kernel dropped, or somebody else changed, without being asked by us.
//!
//! Losses are taken note of before anything else happens to any entry: an answer or a command that comes later
//! may belong to a later life of the same object.

use std::time::Instant;

use super::entry::{EntryId, Flag};
use super::machine::{Event, State};
use super::references::Cores;
use super::{Engine, Loss};
use crate::table::Shadow;

impl Engine {
    /// Takes note of all that the kernel dropped, before anything else happens to what it concerns.
    pub(super) fn settle_losses(&mut self, now: Instant) {
        while let Some(loss) = self.losses.pop_front() {
            match loss {
                Loss::Own(entry) => self.lose(entry, now),
                Loss::Dependents(entry) => self.lose_dependents(entry),
            }
        }
    }

    /// What referred to the entry is gone from the kernel together with it.
    fn lose_dependents(&mut self, entry: EntryId) {
        let Some((waiters, referrers)) = self.tables.core(entry).map(|core| (core.waiters, core.referrers))
        else {
            return;
        };
        for head in [waiters, referrers] {
            for (_, edge) in self.edges.to(head) {
                let concerned = self.tables.core(edge.from).is_some_and(|core| {
                    // The value that the kernel holds has to be the one that refers. While an operation is
                    // on its way, it may be any.
                    let held = if core.is(Flag::HeldCopy) { Some(Shadow::Held) } else { None };
                    core.is(Flag::Outstanding) || edge.copy == held
                });
                if concerned {
                    self.losses.push_back(Loss::Own(edge.from));
                }
            }
        }
    }

    fn lose(&mut self, entry: EntryId, now: Instant) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        // With an add or change on its way, nobody can say which came first: the state machine asks for both
        // again. A delete on its way will find nothing, and its answer settles it.
        let under_way = core.is(Flag::Outstanding);
        // Passed on once is enough: in a circle the news comes back.
        let known = under_way && core.is(Flag::Shaken);
        // If it is not certain what the kernel holds, the answer to what is sent next will tell.
        if !under_way && (!core.is(Flag::Accepted) || core.is(Flag::Doubt)) {
            return;
        }
        core.set(Flag::Accepted, under_way && core.is(Flag::Accepted));
        core.set(Flag::Shaken, under_way);
        if !under_way {
            self.recall_lost(entry);
            self.drop_copy(entry, Shadow::Held, Flag::HeldCopy);
            if let Some(table) = self.tables.get_mut(entry.table()) {
                table.forget_kernel_index(entry.slot());
            }
        }
        let flushes = self.tables.get(entry.table()).is_some_and(|table| table.schema.flushes_dependents);
        if flushes && !known {
            self.losses.push_back(Loss::Dependents(entry));
        }
        self.fire(entry, Event::Lost, now);
    }

    /// Somebody else changed the object: what the kernel holds is not certain any more.
    pub(super) fn drifted(&mut self, entry: EntryId, now: Instant) {
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(Flag::Accepted)) else {
            return;
        };
        core.set(Flag::Doubt, true);
        core.set(Flag::Shaken, core.is(Flag::Outstanding));
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
        if core.is(Flag::Queued) {
            core.set(Flag::Queued, false);
            self.queued -= 1;
        }
        self.tables.set_state(entry, before);
    }
}

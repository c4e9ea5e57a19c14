//! What the kernel dropped, or somebody else changed, without being asked by us.
//!
//! Losses are taken note of before anything else happens to any entry: an answer or a command that comes later
//! may belong to a later life of the same object.
//!
//! **When the loss of a dependent is certain.** The kernel drops what refers to an object together with it, and what
//! counts is what the dependent's object refers to at that moment. So it is certain only if the engine knows the value
//! that the kernel held then:
//!
//! - No add or change of the dependent is on its way: it is the value of the last answer. What is declared meanwhile,
//!   and not sent, does not matter.
//! - An add or change is on its way: it is the value that was sent or the one before, and nobody can say which as long as
//!   the answer is out. So that is noted ([`LostMeanwhile`]), and decided when the answer comes. If it was carried out,
//!   what was sent is what counts: a target that was gone before would have been refused, and so would the change of an
//!   object that was gone. If it was refused, the value before is what counts. Where both values refer to what is
//!   lost, nothing depends on the answer, except that the engine has to wait for it.
//! - A delete of the dependent is on its way: it is gone, before that or after, and so it is if the delete is refused.
//! - An answer about the dependent was lost: nobody knows, and it is written again. The same goes for what stands on it.
//!
//! Until the answer is there, nothing new is sent that would stand on the dependent, and those who stand on it already
//! are told nothing: they may be as well as ever, and to write them again would take the place of somebody else's object
//! if they are not.

use std::time::Instant;

use super::answers::Outcome;
use super::entry::{Core, EntryId, Flag, NONE};
use super::machine::{Event, State};
use super::references::Cores;
use super::{Engine, Loss};
use crate::declare::{IndexSource, Verb};
use crate::table::Shadow;

/// What was lost while an add or change was on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostMeanwhile {
    /// Something that the value refers to which the kernel held before.
    held: bool,
    /// The same of the value that was sent.
    sent: bool,
}

impl LostMeanwhile {
    /// Whether the object is gone whatever the answer.
    fn is_all(self) -> bool {
        self.held && self.sent
    }

    /// Whether the object is gone, now that the answer is there. `None`: nobody knows.
    pub(super) fn decided_by(self, outcome: &Outcome, looked_up: bool) -> Option<bool> {
        match outcome {
            // What is asked for after the write was carried out.
            _ if looked_up => Some(self.sent),
            Outcome::Done { .. } | Outcome::Kept => Some(self.sent),
            Outcome::Failed(_) => Some(self.held),
            Outcome::Unknown => (!self.held && !self.sent).then_some(false),
        }
    }
}

impl Core {
    fn lost_meanwhile(&self) -> LostMeanwhile {
        LostMeanwhile { held: self.is(Flag::HeldLost), sent: self.is(Flag::SentLost) }
    }

    /// The answer has come: what was lost meanwhile, which is forgotten here.
    pub(super) fn take_lost(&mut self) -> LostMeanwhile {
        let lost = self.lost_meanwhile();
        self.set(Flag::HeldLost, false);
        self.set(Flag::SentLost, false);
        lost
    }

    fn note_lost(&mut self, lost: LostMeanwhile) {
        self.set(Flag::HeldLost, lost.held || self.is(Flag::HeldLost));
        self.set(Flag::SentLost, lost.sent || self.is(Flag::SentLost));
    }
}

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
                let Some(core) = self.tables.core_mut(edge.from) else {
                    continue;
                };
                let goes_along = schema.flushes_dependents && !edge.survives;
                let written = core.is(Flag::Outstanding) && core.verb() != Some(Verb::Delete);
                // Not what was declared since.
                let by_sent = match edge.copy {
                    Some(copy) => copy == Shadow::Sent,
                    None => !core.is(Flag::SentCopy),
                };
                let by_held = if core.held == NONE { by_sent } else { edge.copy == Some(Shadow::Held) }
                    || by_sent && core.is(Flag::MaybeHeld);
                if written && goes_along && certain {
                    let told = core.lost_meanwhile().is_all();
                    core.note_lost(LostMeanwhile { held: by_held, sent: by_sent });
                    if core.lost_meanwhile().is_all() && !told {
                        let doubt = core.is(Flag::Doubt) && !core.is(Flag::Drifted);
                        self.losses.push_back(if doubt {
                            Loss::Perhaps(edge.from)
                        } else {
                            Loss::Dependents(edge.from)
                        });
                    }
                    continue;
                }
                let concerned = by_held || written && by_sent;
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
        // again.
        let under_way = core.is(Flag::Outstanding);
        // Passed on once is enough: in a circle the news comes back.
        let known = under_way && core.is(Flag::ShakenOthers);
        // If it is not certain what the kernel holds, the answer to what is sent next will tell.
        let doubt = core.is(Flag::Doubt) && !core.is(Flag::Drifted);
        if !under_way && doubt {
            // It keeps its number: if another object has taken its place, that has another one.
            return self.doubt_dependents(entry);
        }
        if !under_way && !core.is(Flag::Accepted) {
            // One that is not ours to delete may have been there all the same, with its number and its dependents.
            if self.tables.get_mut(entry.table()).is_some_and(|table| table.forget_kernel_index(entry.slot()))
            {
                self.tell_dependents(entry);
            }
            return;
        }
        // Before or after a delete, it is gone; so it is if that is refused.
        let is_gone = core.verb() == Some(Verb::Delete) && !doubt;
        core.set(Flag::Accepted, under_way && core.is(Flag::Accepted));
        core.set(Flag::Shaken, under_way && !is_gone);
        core.set(Flag::HeldLost, under_way && (is_gone || core.is(Flag::HeldLost)));
        core.set(Flag::ShakenOthers, under_way);
        if !under_way {
            core.doubt(false);
            self.recall_lost(entry);
            self.drop_held(entry);
            if let Some(table) = self.tables.get_mut(entry.table()) {
                table.forget_kernel_index(entry.slot());
            }
        }
        if !known && doubt {
            self.doubt_dependents(entry);
        } else if !known {
            self.tell_dependents(entry);
        }
        self.fire(entry, Event::Lost, now);
    }

    /// The answer to an add or change has come, and with it what became of the object when something else was lost.
    pub(super) fn decide_lost(&mut self, entry: EntryId, lost: LostMeanwhile, is_lost: Option<bool>) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        if core.is(Flag::Outstanding) {
            // The object's number is still to be asked for.
            return core.note_lost(lost);
        }
        match is_lost {
            Some(true) => self.losses.push_back(Loss::Own(entry)),
            Some(false) => {}
            None => self.doubt_dependents(entry),
        }
    }

    /// Nobody knows whether the object is gone, and so about what went with it.
    fn perhaps_lose(&mut self, entry: EntryId, now: Instant) {
        // Passed on once is enough; but that an answer was lost, as a reason to be in doubt, was not passed on.
        let news = |core: &&mut Core| core.is(Flag::Accepted) && !core.is(Flag::OthersDoubt);
        if let Some(core) = self.tables.core_mut(entry).filter(news) {
            core.set(Flag::OthersDoubt, true);
            self.doubt_dependents(entry);
        }
        self.drifted(entry, now);
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
        let before = match core.state() {
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

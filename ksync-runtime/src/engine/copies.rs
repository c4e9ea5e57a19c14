//! Copies of an entry's value: what the kernel holds and what was sent, while that is not what is declared.
//!
//! A copy keeps its references, so that nothing is deleted which the kernel may still refer to.

use super::Engine;
use super::Work;
use super::entry::{EntryId, Flag, NONE};
use super::references::Cores;
use crate::declare::{KSyncEntry, Verb};
use crate::table::Shadow;

impl Engine {
    /// What was declared last and never sent is of no concern any more: it refers to nothing.
    pub(super) fn let_go_of_unsent(&mut self, entry: EntryId) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        let behind = core.held != NONE && !core.is(Flag::Outstanding) && !core.is(Flag::MaybeHeld);
        if behind || core.is(Flag::SentCopy) {
            let edges = std::mem::replace(&mut core.edges, NONE);
            self.release_edges(edges);
        }
    }

    /// What came of a value that was replaced: the kernel may hold it, or it may be on its way there.
    pub(super) fn put_away<T: KSyncEntry>(
        &mut self,
        number: usize,
        entry: EntryId,
        old: Option<T>,
        edges: u32,
    ) {
        let Some(core) = self.tables.core_mut(entry) else {
            return;
        };
        let in_flight = core.is(Flag::Outstanding) && matches!(core.verb(), Some(Verb::Add | Verb::Change));
        let may_be_held = core.is(Flag::MaybeHeld);
        // What is on its way keeps the mark: it may be held from an earlier try.
        core.set(Flag::MaybeHeld, may_be_held && in_flight);
        let is_held = core.is(Flag::Accepted) || may_be_held;
        let held = core.held;
        let copy = if in_flight && !core.is(Flag::SentCopy) {
            Some(Shadow::Sent)
        } else if !in_flight && is_held && held == NONE {
            Some(Shadow::Held)
        } else {
            None
        };
        let one_more = !in_flight && may_be_held;
        match (copy, old) {
            (Some(copy), Some(old)) => {
                self.edges.belong_to(edges, copy);
                let Some(rows) = self.tables.rows_mut::<T>(number) else {
                    return;
                };
                match copy {
                    Shadow::Sent => rows.keep_sent(entry.slot(), old, edges),
                    Shadow::Held => {
                        let held = rows.keep_held(old, edges);
                        if let Some(core) = self.tables.core_mut(entry) {
                            core.held = held;
                        }
                        return;
                    }
                }
                if let Some(core) = self.tables.core_mut(entry) {
                    core.set(Flag::SentCopy, true);
                }
            }
            (_, Some(old)) if one_more => {
                if let Some(rows) = self.tables.rows_mut::<T>(number) {
                    rows.may_be_instead(held, &old);
                }
                self.keep_edges(entry, edges);
            }
            _ => self.release_edges(edges),
        }
    }

    /// Lets go of the references of one value.
    pub(super) fn release_edges(&mut self, head: u32) {
        let mut head = head;
        while head != NONE
            && let Some((rest, to, is_referred_to)) = self.edges.remove_first(&mut self.tables, head)
        {
            head = rest;
            if !is_referred_to || self.may_be_in_circle(to) {
                self.work.push_back(Work::Released(to));
            }
        }
    }

    /// Drops the copy of what the kernel held and lets go of its references.
    #[inline]
    pub(super) fn drop_held(&mut self, entry: EntryId) {
        if self.tables.core(entry).is_some_and(|core| core.held != NONE) {
            self.drop_held_copy(entry);
        }
    }

    fn drop_held_copy(&mut self, entry: EntryId) {
        let Some(table) = self.tables.get_mut(entry.table()) else {
            return;
        };
        let Some(core) = table.slots.get_mut(entry.slot()) else {
            return;
        };
        let held = std::mem::replace(&mut core.held, NONE);
        let edges = table.rows.drop_held(held);
        self.release_edges(edges);
    }

    /// Drops the copy of what was sent and lets go of its references.
    #[inline]
    pub(super) fn drop_sent(&mut self, entry: EntryId) {
        if self.tables.core(entry).is_some_and(|core| core.is(Flag::SentCopy)) {
            let edges = self.take_edges_of_sent(entry);
            self.release_edges(edges);
        }
    }

    /// Drops the copy of what was sent, and returns the first of its references.
    fn take_edges_of_sent(&mut self, entry: EntryId) -> u32 {
        let Some(table) = self.tables.get_mut(entry.table()) else {
            return NONE;
        };
        if let Some(core) = table.slots.get_mut(entry.slot()) {
            core.set(Flag::SentCopy, false);
        }
        table.rows.drop_sent(entry.slot()).unwrap_or(NONE)
    }

    /// What was sent is what the kernel holds.
    pub(super) fn sent_is_held(&mut self, entry: EntryId) {
        self.drop_held(entry);
        let Some(table) = self.tables.get_mut(entry.table()) else {
            return;
        };
        let Some(core) = table.slots.get_mut(entry.slot()).filter(|core| core.is(Flag::SentCopy)) else {
            return;
        };
        core.set(Flag::SentCopy, false);
        if let Some((held, edges)) = table.rows.sent_is_held(entry.slot()) {
            core.held = held;
            self.edges.belong_to(edges, Shadow::Held);
        }
    }

    /// What was sent was refused. Without a copy of what the kernel holds it was sent once more, to make sure of
    /// it: then it is what the kernel may hold all the same. So it is if the answer to an earlier try was lost.
    pub(super) fn sent_is_not_held(&mut self, entry: EntryId) {
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(Flag::SentCopy)) else {
            return;
        };
        let may_be_held = core.is(Flag::MaybeHeld);
        core.set(Flag::MaybeHeld, false);
        if core.held == NONE && (core.is(Flag::Accepted) || core.is(Flag::Doubt)) {
            self.sent_is_held(entry);
        } else if may_be_held {
            self.sent_may_be_held(entry);
        } else {
            self.drop_sent(entry);
        }
    }

    /// What was sent may be what the kernel holds, or what it held before still is.
    pub(super) fn sent_may_be_held(&mut self, entry: EntryId) {
        let Some(core) = self.tables.core(entry).filter(|core| core.is(Flag::SentCopy)) else {
            return;
        };
        let held = core.held;
        if held == NONE {
            return self.sent_is_held(entry);
        }
        if let Some(table) = self.tables.get_mut(entry.table()) {
            table.rows.sent_may_be_instead(entry.slot(), held);
        }
        let sent = self.take_edges_of_sent(entry);
        self.keep_edges(entry, sent);
    }

    /// References of a value that the kernel may hold instead of the one that it is believed to hold. The value itself is
    /// forgotten, but for whether both can become the other by a change: if not, the object is made anew.
    fn keep_edges(&mut self, entry: EntryId, edges: u32) {
        self.edges.belong_to(edges, Shadow::Held);
        let held = self.tables.core(entry).map_or(NONE, |core| core.held);
        let all = self.edges.join(edges, self.edges_of_held(entry));
        let kept =
            self.tables.get_mut(entry.table()).is_some_and(|table| table.rows.set_edges_of_held(held, all));
        if !kept {
            self.release_edges(all);
        }
    }

    /// First of the references that the copy of what the kernel holds has.
    pub(super) fn edges_of_held(&self, entry: EntryId) -> u32 {
        self.tables.get(entry.table()).map_or(NONE, |table| {
            table.slots.get(entry.slot()).map_or(NONE, |core| table.rows.edges_of_held(core.held))
        })
    }
}

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
        let behind = core.is(Flag::HeldCopy) && !core.is(Flag::Outstanding) && !core.is(Flag::MaybeHeld);
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
        core.set(Flag::MaybeHeld, false);
        let held = core.is(Flag::Accepted) || may_be_held;
        let copy = if in_flight && !core.is(Flag::SentCopy) {
            Some((Shadow::Sent, Flag::SentCopy))
        } else if !in_flight && held && !core.is(Flag::HeldCopy) {
            Some((Shadow::Held, Flag::HeldCopy))
        } else {
            None
        };
        let one_more = !in_flight && may_be_held;
        match (copy, old) {
            (Some((copy, flag)), Some(old)) => {
                core.set(flag, true);
                if let Some(rows) = self.tables.rows_mut::<T>(number) {
                    rows.keep_copy(entry.slot(), copy, old);
                }
                self.edges.belong_to(edges, copy);
                self.copy_edges.insert((entry, copy), edges);
            }
            _ if one_more => self.keep_edges(entry, edges),
            _ => self.release_edges(edges),
        }
    }

    /// Lets go of the references of one value.
    pub(super) fn release_edges(&mut self, head: u32) {
        let mut head = head;
        while let Some((rest, to)) = self.edges.remove_first(&mut self.tables, head) {
            head = rest;
            if self.tables.core(to).is_some_and(|core| !core.has_refs()) {
                self.work.push_back(Work::Released(to));
            }
        }
    }

    /// Drops a copy of the entry's value and lets go of the references that it held.
    pub(super) fn drop_copy(&mut self, entry: EntryId, copy: Shadow, flag: Flag) {
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(flag)) else {
            return;
        };
        core.set(flag, false);
        if let Some(table) = self.tables.get_mut(entry.table()) {
            table.rows.drop_copy(entry.slot(), copy);
        }
        if let Some(head) = self.copy_edges.remove(&(entry, copy)) {
            self.release_edges(head);
        }
    }

    /// What was sent is what the kernel holds.
    pub(super) fn sent_is_held(&mut self, entry: EntryId) {
        self.drop_copy(entry, Shadow::Held, Flag::HeldCopy);
        let Some(core) = self.tables.core_mut(entry).filter(|core| core.is(Flag::SentCopy)) else {
            return;
        };
        core.set(Flag::SentCopy, false);
        core.set(Flag::HeldCopy, true);
        if let Some(table) = self.tables.get_mut(entry.table()) {
            table.rows.sent_is_held(entry.slot());
        }
        if let Some(head) = self.copy_edges.remove(&(entry, Shadow::Sent)) {
            self.edges.belong_to(head, Shadow::Held);
            self.copy_edges.insert((entry, Shadow::Held), head);
        }
    }

    /// What was sent was refused. Without a copy of what the kernel holds it was sent once more, to make sure of
    /// it: then it is what the kernel may hold all the same.
    pub(super) fn sent_is_not_held(&mut self, entry: EntryId) {
        let once_more = self.tables.core(entry).is_some_and(|core| {
            !core.is(Flag::HeldCopy) && (core.is(Flag::Accepted) || core.is(Flag::Doubt))
        });
        if once_more {
            self.sent_is_held(entry);
        } else {
            self.drop_copy(entry, Shadow::Sent, Flag::SentCopy);
        }
    }

    /// What was sent may be what the kernel holds, or what it held before still is.
    pub(super) fn sent_may_be_held(&mut self, entry: EntryId) {
        let both =
            self.tables.core(entry).is_some_and(|core| core.is(Flag::SentCopy) && core.is(Flag::HeldCopy));
        if !both {
            if self.tables.core(entry).is_some_and(|core| core.is(Flag::SentCopy)) {
                self.sent_is_held(entry);
            }
            return;
        }
        let sent = self.copy_edges.remove(&(entry, Shadow::Sent)).unwrap_or(NONE);
        self.drop_copy(entry, Shadow::Sent, Flag::SentCopy);
        self.keep_edges(entry, sent);
    }

    /// References of a value that the kernel may hold, besides the one that it is believed to hold.
    pub(super) fn keep_edges(&mut self, entry: EntryId, edges: u32) {
        self.edges.belong_to(edges, Shadow::Held);
        let held = self.copy_edges.remove(&(entry, Shadow::Held)).unwrap_or(NONE);
        let all = self.edges.join(edges, held);
        self.copy_edges.insert((entry, Shadow::Held), all);
    }
}

//! Answers to operations that the kernel carried out: those of one table in one loop where nobody else is concerned, and
//! one by one where somebody is. What does not go straight is left to `answers`.

use std::time::Instant;

use super::{IN_THE_WAY, UNDER_WAY, Way};
use crate::declare::{IndexSource, Schema, Verb};
use crate::engine::entry::{ANY_STATE, ANY_VERB, Core, Flag, NONE, in_state};
use crate::engine::handing_out::Operation;
use crate::engine::machine::State;
use crate::engine::tables::{PerState, Table};
use crate::engine::walk::walk;
use crate::engine::{Engine, Work};

/// What an entry is asked whose operation was answered.
const ASKED_WHEN_ANSWERED: u32 = UNDER_WAY | IN_THE_WAY | ANY_STATE;

/// An add or change is on its way.
const SYNC_WAIT: u32 = Flag::Outstanding.bit() | in_state(State::SyncWait);

/// A delete is on its way.
const DEL_ACK_WAIT: u32 = Flag::Outstanding.bit() | in_state(State::DelAckWait);

/// What a run of answers leaves behind. It is kept for its memory.
#[derive(Debug, Default)]
pub(in crate::engine) struct LeftBehind {
    /// The first reference of each value that is no more, or [`NONE`]; until the copies are dropped, the numbers of these.
    edges: Vec<u32>,
    /// The slots of the entries of the last run that are no more.
    slots: Vec<u32>,
}

impl Core {
    /// Whether this is the answer to what the entry waits for, and nobody waits for the entry.
    #[inline(always)]
    fn is_answered_by(&self, operation: &Operation, generation: u32) -> bool {
        operation.is_current(generation, self.serial) && self.waiters == NONE
    }

    /// Whether its add or change was on its way, and nothing is in the way.
    #[inline(always)]
    fn is_being_written(&self) -> bool {
        self.are(ASKED_WHEN_ANSWERED, SYNC_WAIT)
    }

    /// Whether its delete was on its way, and nothing is in the way.
    #[inline(always)]
    fn is_being_deleted(&self) -> bool {
        self.are(ASKED_WHEN_ANSWERED, DEL_ACK_WAIT) && !self.has_refs() && self.held == NONE
    }

    /// The kernel holds what is declared. Returns the number of the copy of what it held, or [`NONE`], and the step, which is
    /// [still to be counted](count_written).
    #[inline(always)]
    fn was_written(&mut self, schema: &Schema) -> (u32, Way) {
        let way = if self.verb() == Some(Verb::Add) { Way::ADDED } else { Way::CHANGED };
        self.goes(schema, way, ANY_VERB | Flag::Outstanding.bit(), Flag::Accepted.bit());
        (std::mem::replace(&mut self.held, NONE), way)
    }
}

/// Counts that many steps of entries whose value the kernel took.
#[inline(always)]
fn count_written(counts: &mut PerState, written: usize) {
    // Whether it was added or changed, both lead from and to the same state.
    const { assert!(Way::ADDED.from as u32 == Way::CHANGED.from as u32) };
    const { assert!(Way::ADDED.to as u32 == Way::CHANGED.to as u32) };
    counts[Way::ADDED.from as usize] -= written;
    counts[Way::ADDED.to as usize] += written;
}

impl Table {
    /// Takes answers to operations of this table that the kernel carried out, as long as they go straight. Returns how many.
    /// References that are to be let go of come to `left_behind`.
    #[inline(always)]
    fn acknowledge_run<S>(
        &mut self,
        sent: &[S],
        done: &impl Fn(&S) -> (Operation, Option<u32>),
        left_behind: &mut LeftBehind,
    ) -> usize {
        if self.schema.index == IndexSource::Kernel {
            return 0;
        }
        // One after the other: in one loop they would be in each other's way.
        let LeftBehind { edges, slots } = left_behind;
        let written = self.acknowledge_writes(sent, done, edges);
        let table = |sent: &S| done(sent).0.entry.table();
        let (first, next) = (sent.first().map(table), sent.get(written).map(table));
        if self.going_away || self.schema.index != IndexSource::None || first != next {
            return written;
        }
        written + self.acknowledge_deletes(&sent[written..], done, edges, slots)
    }

    /// The same of adds and changes.
    #[inline(never)]
    fn acknowledge_writes<S>(
        &mut self,
        sent: &[S],
        done: &impl Fn(&S) -> (Operation, Option<u32>),
        let_go: &mut Vec<u32>,
    ) -> usize {
        let Table { slots, rows, schema, counts, .. } = self;
        let Some(first) = sent.first() else { return 0 };
        let entry_of = |sent: &&S| done(sent).0.entry;
        // Without a call in between it is done in half as many instructions: copies are dropped when all is taken.
        let written = walk(slots, entry_of(&first), sent.iter(), entry_of, |block, at, sent| {
            let (operation, _) = done(sent);
            let Some((core, generation)) = block.with_generation_mut(at) else { return false };
            if !core.is_answered_by(&operation, generation) || !core.is_being_written() {
                return false;
            }
            let (held, _) = core.was_written(schema);
            if held != NONE {
                let_go.push(held);
            }
            true
        });
        count_written(counts, written);
        rows.drop_each_held(let_go);
        written
    }

    /// The same of deletes, of a kind that has no numbers.
    #[inline(never)]
    fn acknowledge_deletes<S>(
        &mut self,
        sent: &[S],
        done: &impl Fn(&S) -> (Operation, Option<u32>),
        let_go: &mut Vec<u32>,
        emptied: &mut Vec<u32>,
    ) -> usize {
        let Table { slots, rows, schema, counts, .. } = self;
        let Some(first) = sent.first() else { return 0 };
        let entry_of = |sent: &&S| done(sent).0.entry;
        let deleted = walk(slots, entry_of(&first), sent.iter(), entry_of, |block, at, sent| {
            let (operation, _) = done(sent);
            let Some((core, generation)) = block.with_generation_mut(at) else { return false };
            if !core.is_answered_by(&operation, generation) || !core.is_being_deleted() {
                return false;
            }
            if core.edges != NONE {
                let_go.push(core.edges);
            }
            debug_assert!(core.may_go(schema, Way::DELETED), "{:?} in {}", Way::DELETED, core.state());
            block.remove(at);
            true
        });
        counts[Way::DELETED.from as usize] -= deleted;
        emptied.clear();
        emptied.extend(sent.iter().take(deleted).map(|sent| done(sent).0.entry.slot()));
        rows.vacate_each(emptied);
        deleted
    }
}

impl Engine {
    /// Takes the answers to operations that the kernel carried out, as long as they go straight. Returns how many.
    #[inline]
    pub(in crate::engine) fn acknowledge_straight<S>(
        &mut self,
        sent: &[S],
        done: &impl Fn(&S) -> (Operation, Option<u32>),
        now: Instant,
    ) -> usize {
        let in_runs = !self.is_observed() && self.troubles.is_empty();
        let mut left = sent;
        while let Some(first) = left.first() {
            let (operation, _) = done(first);
            let mut answered = 0;
            if in_runs && let Some(table) = self.tables.get_mut(operation.entry.table()) {
                let mut left_behind = std::mem::take(&mut self.left_behind);
                answered = table.acknowledge_run(left, done, &mut left_behind);
                left_behind.edges.drain(..).for_each(|edges| self.release_edges(edges));
                self.left_behind = left_behind;
            }
            if answered == 0 {
                answered = usize::from(self.acknowledged_straight(&operation, now));
            }
            if answered == 0 {
                break;
            }
            self.outstanding -= answered;
            left = left.get(answered..).unwrap_or_default();
        }
        sent.len() - left.len()
    }

    /// Takes the answer to an operation that the kernel carried out. Returns whether it goes straight.
    #[inline]
    fn acknowledged_straight(&mut self, operation: &Operation, now: Instant) -> bool {
        let entry = operation.entry;
        let Some(Table { slots, rows, schema, counts, going_away, .. }) = self.tables.get_mut(entry.table())
        else {
            return false;
        };
        let Some((core, generation)) = slots.with_generation_mut(entry.slot()) else {
            return false;
        };
        if !core.is_answered_by(operation, generation) || schema.index == IndexSource::Kernel {
            return false;
        }
        if core.is_being_written() {
            let (held, way) = core.was_written(schema);
            count_written(counts, 1);
            let edges = if held == NONE { NONE } else { rows.drop_held(held) };
            if edges != NONE {
                self.release_edges(edges);
            }
            self.went(entry, way, now);
            if !self.troubles.is_empty() {
                self.encourage_siblings(entry);
            }
        } else if core.is_being_deleted() && !*going_away {
            core.go(counts, schema, Way::DELETED, Flag::Seen.bit(), 0);
            let edges = core.edges;
            self.went(entry, Way::DELETED, now);
            self.history.forget(entry);
            if edges != NONE {
                self.release_edges(edges);
            }
            if let Some(lucky) = self.tables.remove(entry) {
                self.carry_out(Work::ReEvaluate(lucky), now);
                self.settle_losses(now);
            }
        } else {
            return false;
        }
        true
    }
}

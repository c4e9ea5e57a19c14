//! What is told to those who watch: one record for every step of an entry's life.

use std::fmt;
use std::time::Instant;

use super::Engine;
use super::entry::EntryId;
use super::machine::{Calls, Event, State, Step};

/// One step in the life of an entry.
#[derive(Clone, Debug)]
pub struct Transition {
    /// The kind of the entry.
    pub kind: &'static str,
    /// Its key, as a person would write it.
    pub key: String,
    /// Where it was.
    pub from: State,
    /// What happened.
    pub event: Event,
    /// Where it is.
    pub to: State,
    /// What is asked of the kernel.
    pub calls: Calls,
    /// What it waits for, or what went wrong.
    pub detail: Option<String>,
}

impl fmt::Display for Transition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}: {} -> {}", self.kind, self.key, self.from, self.to)?;
        for verb in self.calls.iter() {
            write!(out, ", {verb}")?;
        }
        if let Some(detail) = &self.detail {
            write!(out, ", {detail}")?;
        }
        Ok(())
    }
}

impl Engine {
    /// Whether anybody wants to know of every step.
    #[inline(always)]
    pub(super) fn is_observed(&self) -> bool {
        // Whether anybody listens to all that is traced, or to other things only, is asked when it is told.
        self.observed || tracing::level_enabled!(tracing::Level::TRACE)
    }

    #[cold]
    pub(super) fn tell(&mut self, entry: EntryId, from: State, event: Event, step: &Step, now: Instant) {
        self.history.note(entry, super::Step { at: now, from, event, to: step.next });
        self.record(entry, from, event, step);
    }

    fn record(&mut self, entry: EntryId, from: State, event: Event, step: &Step) {
        tracing::trace!(?entry, %from, %event, to = %step.next, calls = %step.calls, "transition");
        if !self.watched || from == step.next && step.calls.last().is_none() {
            return;
        }
        let Some(table) = self.tables.get(entry.table()) else {
            return;
        };
        let detail = match step.next {
            State::AddDefer | State::ChangeDefer => match self.first_unresolved(entry) {
                Some(edge) => {
                    self.edges.get(edge).map(|edge| format!("waits for {}", self.tables.describe(edge.to)))
                }
                None => self.troubles.of(entry).map(ToString::to_string).or_else(|| self.shortage(entry)),
            },
            State::DelDeferRef => Some("still referred to".to_owned()),
            _ => None,
        };
        self.transitions.push_back(Transition {
            kind: table.schema.name,
            key: table.rows.describe(entry.slot()),
            from,
            event,
            to: step.next,
            calls: step.calls,
            detail,
        });
    }
}

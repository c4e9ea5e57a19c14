//! What is told to those who watch: one record for every step of an entry's life.

use std::fmt;

use super::machine::{Calls, Event, State};

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

//! The answer to "why is it not in the kernel?": the chain down to the entry that is really at fault.

use std::fmt;

use super::machine::State;
use super::retry::Failure;

/// Why an entry is in the state that it is in.
#[derive(Clone, Debug)]
pub struct Why {
    /// The entry that was asked about, what it waits for, what that waits for, down to the root.
    pub chain: Vec<Cause>,
}

impl Why {
    /// Whether the kernel holds exactly what is declared.
    #[must_use]
    pub fn in_sync(&self) -> bool {
        self.chain.first().is_some_and(|cause| cause.state == State::InSync && !cause.undeclared)
    }

    /// The last entry of the chain: the one that is really at fault.
    #[must_use]
    pub fn root(&self) -> Option<&Cause> {
        self.chain.last()
    }
}

/// One entry on the way down.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Its kind.
    pub kind: &'static str,
    /// Its key, as a person would write it.
    pub key: String,
    /// Its state.
    pub state: State,
    /// Nobody declared it.
    pub undeclared: bool,
    /// All that it waits for: kind and key.
    pub waits_for: Vec<String>,
    /// It is in a circle of entries that wait for each other: the chain ends where it began.
    pub circle: bool,
    /// What went wrong with it last.
    pub failure: Option<Failure>,
    /// Anything else that keeps it.
    pub note: Option<String>,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind, self.key)?;
        if self.undeclared && self.state == State::Temp {
            return write!(out, " is not declared");
        }
        match self.state {
            State::InSync => write!(out, " is in sync")?,
            state => write!(out, " is {state}")?,
        }
        if !self.waits_for.is_empty() {
            write!(out, ", waits for {}", self.waits_for.join(", "))?;
        }
        if self.circle {
            write!(out, ", which leads back to it: a circle")?;
        }
        if let Some(note) = &self.note {
            write!(out, ", {note}")?;
        }
        if let Some(failure) = &self.failure {
            write!(out, ", {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, cause) in self.chain.iter().enumerate() {
            if depth > 0 {
                write!(out, "\n{:indent$}because ", "", indent = 2 * depth)?;
            }
            write!(out, "{cause}")?;
        }
        Ok(())
    }
}

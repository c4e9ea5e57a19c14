//! Putting an agent together.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::Agent;
use super::driver;
use super::shared::Shared;
use crate::declare::{KSyncEntry, Schema};
use crate::engine::{Engine, NoConnection, RegisterError, RetryPolicy};
use crate::pipeline::{Limits, Pipeline};
use crate::socket::Kernel;

type Register = Box<dyn FnOnce(&mut Engine) -> Result<(), RegisterError>>;

/// What an agent is made of: kinds, connections to the kernel, and how failures are retried.
#[derive(Default)]
pub struct AgentBuilder {
    kinds: Vec<(&'static Schema, Register)>,
    kernels: Vec<Box<dyn Kernel>>,
    retry: RetryPolicy,
}

impl AgentBuilder {
    /// The agent has entries of kind `T`.
    #[must_use]
    pub fn object<T: KSyncEntry>(mut self) -> Self {
        self.kinds.push((T::SCHEMA, Box::new(Engine::register::<T>)));
        self
    }

    /// A connection to the kernel that is to be kept in step, one for each protocol that the kinds speak:
    /// `.kernel(Netlink::route()?).kernel(Netlink::generic()?)`. Of two that carry the same, the last one counts.
    #[must_use]
    pub fn kernel(mut self, kernel: impl Kernel + 'static) -> Self {
        self.kernels.retain(|other| other.channel() != kernel.channel());
        self.kernels.push(Box::new(kernel));
        self
    }

    /// How long to wait before a failed operation is tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Starts the agent on a thread of its own.
    ///
    /// # Errors
    /// [`StartError`]: something is missing, or the system does not grant a thread.
    pub fn start(self) -> Result<Agent, StartError> {
        if self.kernels.is_empty() {
            return Err(StartError::NoKernel);
        }
        let mut engine = Engine::new(self.retry);
        for (_, register) in self.kinds {
            register(&mut engine)?;
        }
        engine.check_dependencies()?;
        let limits = self.kernels.iter().map(|kernel| Limits::of(kernel.as_ref()));
        let shared = Arc::new(Shared::new(Pipeline::new(engine, limits)?));
        let thread = driver::spawn(shared.clone(), self.kernels).map_err(StartError::Thread)?;
        Ok(Agent { shared, thread: Some(thread) })
    }
}

impl fmt::Debug for AgentBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<&str> = self.kinds.iter().map(|(schema, _)| schema.name).collect();
        out.debug_struct("AgentBuilder")
            .field("kinds", &kinds)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Why an agent can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No kernel was given.
    #[error("the agent has no kernel: add `.kernel(Netlink::route()?)`")]
    NoKernel,
    /// The kinds don't fit together.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A kind speaks a protocol that no kernel carries.
    #[error(transparent)]
    NoConnection(#[from] NoConnection),
    /// The system grants no thread, or no runtime on it.
    #[error("no thread for the agent: {0}")]
    Thread(io::Error),
}

//! What keeps the quickstart from going on, in one place with the exit status that follows.

use std::io;

use ksync_examples::ground::{AgentError, LoopbackError, NoGround};
use ksync_examples::routes::ReadError;
use ksync_runtime::agent::Unsettled;
use ksync_runtime::declare::OperationError;
use ksync_runtime::engine::SetError;

use crate::input::OpenError;

/// Why the program can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Standard output does not take any more.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
    /// The file of routes can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file of routes broke off.
    #[error("{name}: {source}")]
    Read {
        /// The file.
        name: String,
        /// Why.
        source: ReadError,
    },
    /// There is no route in the file.
    #[error("{name}: no routes in it ({lines} lines)")]
    NoRoutes {
        /// The file.
        name: String,
        /// How many lines it has.
        lines: u64,
    },
    /// No kernel to run on.
    #[error(transparent)]
    Ground(#[from] NoGround),
    /// The system gives no runtime.
    #[error("no runtime: {0}")]
    Runtime(io::Error),
    /// The agent does not start.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The loopback link does not come up.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
    /// A value was not taken.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The kernel can't be read.
    #[error("reading back from the kernel: {0}")]
    ReadBack(#[from] OperationError),
    /// The agent broke down.
    #[error("{0}")]
    Unsettled(#[from] Unsettled),
    /// Something that was to happen did not.
    #[error("nothing happens any more, but {missing}")]
    Stuck {
        /// What did not happen.
        missing: String,
    },
}

impl Failure {
    /// 2 if nothing was begun, 1 if something went wrong on the way.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Failure::Output(_)
            | Failure::Open(_)
            | Failure::Read { .. }
            | Failure::NoRoutes { .. }
            | Failure::Ground(_)
            | Failure::Runtime(_)
            | Failure::Agent(_) => 2,
            Failure::Loopback(_)
            | Failure::Set(_)
            | Failure::ReadBack(_)
            | Failure::Unsettled(_)
            | Failure::Stuck { .. } => 1,
        }
    }
}

//! The kernel that a program runs on: the real one in a namespace of its own, or the simulated one.
//!
//! Knows nothing of what is declared there.

use std::fmt;
use std::fs;
use std::io;

use ksync_objects::{Link, LinkKind};
use ksync_runtime::agent::{Agent, AgentBuilder, StartError, Unsettled};
use ksync_runtime::engine::SetError;
use ksync_runtime::socket::Netlink;
use ksync_runtime::socket::simulated::SimulatedKernel;

use crate::namespace::{self, Namespace, NamespaceError};

/// Which kernel the user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The real one if the system allows namespaces, the simulated one otherwise.
    #[default]
    Auto,
    /// The real one, in a namespace of the program's own; an error if the system allows none.
    Real,
    /// The simulated one.
    Simulated,
}

/// The kernel that it came to. Writes the reason when shown.
#[derive(Debug)]
pub enum Ground {
    /// The running kernel, in a namespace of the program's own.
    Real(Namespace),
    /// The simulated kernel, because that was asked for.
    Simulated,
    /// The simulated kernel, because there is no namespace to be had.
    Fallback(NamespaceError),
}

/// The real kernel was asked for, and can't be had.
#[derive(Debug, thiserror::Error)]
#[error("--kernel real: this system allows no namespace to run in: {0}")]
pub struct NoGround(#[from] NamespaceError);

/// An agent could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No socket to the kernel.
    #[error("no netlink socket: {0}")]
    Socket(io::Error),
    /// The agent does not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// The loopback link does not come up.
#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    /// It can't be declared.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The kernel does not carry it out.
    #[error("the loopback link does not come up: {0}")]
    Unsettled(#[from] Unsettled),
}

impl Ground {
    /// Finds the kernel that was chosen. Must be called before the program has threads.
    ///
    /// # Errors
    /// [`NoGround`] if only the real kernel will do and the system allows no namespace.
    pub fn find(choice: Choice) -> Result<Ground, NoGround> {
        match choice {
            Choice::Simulated => Ok(Ground::Simulated),
            Choice::Real => Ok(Ground::Real(namespace::enter()?)),
            Choice::Auto => Ok(match namespace::enter() {
                Ok(namespace) => Ground::Real(namespace),
                Err(error) => Ground::Fallback(error),
            }),
        }
    }

    /// Starts an agent on this kernel.
    ///
    /// # Errors
    /// [`AgentError`].
    pub fn start(&self, agent: AgentBuilder) -> Result<Agent, AgentError> {
        let agent = match self {
            Ground::Real(_) => agent.kernel(Netlink::route().map_err(AgentError::Socket)?),
            Ground::Simulated | Ground::Fallback(_) => agent.kernel(SimulatedKernel::new()),
        };
        Ok(agent.start()?)
    }
}

/// What the program's first line says. It begins with `real` or `simulated`, for scripts to look at.
impl fmt::Display for Ground {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ground::Real(namespace) => {
                let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
                write!(out, "real, Linux {}, in {namespace} of its own", release.trim())
            }
            Ground::Simulated => out.write_str("simulated, as asked for"),
            Ground::Fallback(error) => {
                write!(out, "simulated, because this system allows no namespace to run in: {error}")
            }
        }
    }
}

/// Brings the loopback link up, as it is on every host.
///
/// A fresh namespace has it down and not one IPv4 address. The kernel then has no table of local addresses
/// either, and without one it takes every IPv4 address for a broadcast address, and none for an `onlink`
/// gateway. Whoever gives a link an address needs no loopback for that.
///
/// # Errors
/// [`LoopbackError`].
pub async fn bring_loopback_up(agent: &Agent) -> Result<(), LoopbackError> {
    agent.table::<Link>().set(Link::new("lo", LinkKind::Existing))?;
    Ok(agent.settled().await?)
}

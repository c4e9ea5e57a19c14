//! The agent: a pipeline with a kernel at its end, driven by tokio on a thread of its own.
//!
//! A request to the kernel is CPU work on the calling thread, so it is kept off the user's workers. What
//! the user holds are handles: [`Agent`], and a [`Table`] for each kind.

mod bell;
mod builder;
mod carrier;
mod driver;
mod room;
mod shared;
mod table;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use tokio::sync::broadcast;

use crate::declare::KSyncEntry;
use crate::engine::{Sweep, Transition, Why};
use crate::pipeline::Totals;

pub use builder::{AgentBuilder, StartError};
use shared::Shared;
pub use table::{Mismatch, Table};

/// Keeps a kernel in step with what is declared. Dropping it stops the work; the kernel keeps what it has.
///
/// ```
/// use ksync_runtime::prelude::*;
/// use ksync_runtime::socket::simulated::SimulatedKernel;
/// # #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// # #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK,
/// #     get = RTM_GETLINK, index(from = kernel, header = ifi_index))]
/// # struct Bridge {
/// #     #[ksync(key, nla = IFLA_IFNAME)] name: String,
/// #     #[ksync(nla = IFLA_LINKINFO)] info: Info,
/// # }
/// # #[derive(Clone, Debug, PartialEq, KSyncNested)]
/// # struct Info { #[ksync(nla = IFLA_INFO_KIND)] kind: String }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let agent = Agent::builder().object::<Bridge>().kernel(SimulatedKernel::new()).start()?;
/// let bridges = agent.table::<Bridge>();
/// bridges.set(Bridge { name: "br0".into(), info: Info { kind: "bridge".into() } })?;
/// agent.settled().await?;
/// assert_eq!(bridges.counts().in_sync(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Agent {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Agent {
    /// Starts to put an agent together.
    #[must_use]
    pub fn builder() -> AgentBuilder {
        AgentBuilder::default()
    }

    /// The table of a kind. Cheap: a handle.
    #[must_use]
    pub fn table<T: KSyncEntry>(&self) -> Table<T> {
        Table::new(self.shared.clone())
    }

    /// Waits until everything that was set and removed so far is carried out, as far as it can be.
    ///
    /// # Errors
    /// [`Unsettled`] names what is not in sync, and why: it waits for something that is not there, or the
    /// kernel refused it. Entries that wait for a retry are among these; the retry still comes.
    pub async fn settled(&self) -> Result<(), Unsettled> {
        self.shared.settled().await
    }

    /// Waits until everything that was set and removed before this call is carried out, as far as it can be,
    /// however much is set meanwhile. Whether it went well is asked of the tables.
    ///
    /// # Errors
    /// When the agent can't go on.
    pub async fn settled_so_far(&self) -> Result<(), DriverError> {
        self.shared.settled_so_far().await
    }

    /// Deletes what is still stale by the clock, so many entries a tick, until nothing stale is left.
    pub fn sweep_every(&self, sweep: Sweep) {
        self.shared.lock().engine_mut().sweep_every(sweep, driver::now());
        self.shared.wake.ring();
    }

    /// Keeps the last `depth` steps of every entry from now on, for [`Table::history`]; 0 keeps none.
    pub fn keep_history(&self, depth: usize) {
        self.shared.lock().engine_mut().keep_history(depth);
    }

    /// Every step in the life of every entry, from now on. Steps that a slow reader misses are counted
    /// ([`broadcast::error::RecvError::Lagged`]); the agent never waits for one.
    #[must_use]
    pub fn transitions(&self) -> broadcast::Receiver<Arc<Transition>> {
        self.shared.subscribe()
    }

    /// What went to the kernel since the start.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.shared.lock().totals()
    }

    /// How many operations wait to be sent, and how many are sent and not answered.
    #[must_use]
    pub fn pending(&self) -> (usize, usize) {
        let pipeline = self.shared.lock();
        (pipeline.engine().queued(), pipeline.engine().outstanding())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake.ring();
        if let Some(thread) = self.thread.take() {
            // It panics only where the user's own code (a kind, a kernel) did, and said so by itself.
            let _ = thread.join();
        }
        self.shared.fail(DriverError::Stopped);
    }
}

/// Not everything is in sync.
#[derive(Clone, Debug)]
pub struct Unsettled {
    /// The first of the entries that are not in sync, each with the chain down to what is at fault.
    pub entries: Vec<Why>,
    /// How many there are.
    pub count: usize,
    /// The agent itself can't go on.
    pub broken: Option<DriverError>,
}

impl std::error::Error for Unsettled {}

impl fmt::Display for Unsettled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(broken) = &self.broken {
            return write!(out, "{broken}");
        }
        match self.count {
            1 => write!(out, "one entry is not in sync")?,
            count => write!(out, "{count} entries are not in sync")?,
        }
        for why in &self.entries {
            write!(out, "\n{why}")?;
        }
        if self.count > self.entries.len() {
            write!(out, "\n... and {} more", self.count - self.entries.len())?;
        }
        Ok(())
    }
}

/// Why an agent can't go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DriverError {
    /// The connection to the kernel broke.
    #[error("the connection to the kernel is broken: {0}")]
    Connection(Arc<std::io::Error>),
    /// The agent was dropped.
    #[error("the agent was stopped")]
    Stopped,
}

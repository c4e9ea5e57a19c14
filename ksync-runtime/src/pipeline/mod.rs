//! Engine, wire and acknowledgements joined: values in, batches of bytes out; datagrams in, truth out.
//!
//! A [`Pipeline`] is sans-IO like the engine inside it. It knows bytes and sequence numbers, and still no
//! sockets, clocks, threads or runtimes. The [agent](crate::agent) drives one with tokio; a program that
//! wants no runtime, or no threads, drives one by itself:
//!
//! ```
//! use std::time::Instant;
//!
//! use ksync_runtime::engine::{Engine, RetryPolicy};
//! use ksync_runtime::pipeline::{Limits, Pipeline};
//! use ksync_runtime::prelude::*;
//! use ksync_runtime::socket::{Kernel, Received, simulated::SimulatedKernel};
//!
//! # #[derive(Clone, Debug, PartialEq, KSyncEntry)]
//! # #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK,
//! #     get = RTM_GETLINK, index(from = kernel, header = ifi_index))]
//! # struct Bridge {
//! #     #[ksync(key, nla = IFLA_IFNAME)] name: String,
//! #     #[ksync(nla = IFLA_LINKINFO)] info: Info,
//! # }
//! # #[derive(Clone, Debug, PartialEq, KSyncNested)]
//! # struct Info { #[ksync(nla = IFLA_INFO_KIND)] kind: String }
//! let mut kernel = SimulatedKernel::new();
//! let mut engine = Engine::new(RetryPolicy::default());
//! engine.register::<Bridge>()?;
//! engine.check_dependencies()?;
//! let mut pipeline = Pipeline::new(engine, [Limits::of(&kernel)])?;
//!
//! pipeline.engine_mut().set(Bridge { name: "br0".into(), info: Info { kind: "bridge".into() } }, Instant::now())?;
//! let mut datagram = bytes::BytesMut::new();
//! while !pipeline.is_idle() {
//!     while pipeline.engine_mut().work(1000, Instant::now()) {}
//!     if let Some(batch) = pipeline.poll_transmit(0, Instant::now()) {
//!         kernel.send(&batch)?;
//!     }
//!     loop {
//!         match kernel.receive(&mut datagram)? {
//!             Received::Datagram => pipeline.handle_datagram(0, &datagram, Instant::now()),
//!             Received::Overrun => pipeline.handle_overrun(0),
//!             Received::Nothing => break pipeline.handle_quiet(0, Instant::now()),
//!         }
//!     }
//! }
//! assert!(pipeline.engine().why::<Bridge>(&"br0".to_owned()).is_some_and(|why| why.in_sync()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod connection;
mod families;
mod read_back;
mod transaction;

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::declare::Channel;
use crate::engine::{Engine, NoConnection};
use crate::socket::Kernel;

use connection::Connection;
pub use read_back::ReadBack;

/// What a connection to a kernel is, and what it allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What it carries.
    pub channel: Channel,
    /// The port id of the connection.
    pub port: u32,
    /// How many answers the connection holds before it loses some.
    pub answer_capacity: usize,
    /// The largest batch that it takes, in bytes.
    pub max_batch_len: usize,
    /// How long an answer may take.
    pub answer_timeout: Duration,
}

impl Limits {
    /// The limits of a connection.
    pub fn of(kernel: &(impl Kernel + ?Sized)) -> Self {
        Limits {
            channel: kernel.channel(),
            port: kernel.port(),
            answer_capacity: kernel.answer_capacity(),
            max_batch_len: kernel.max_batch_len(),
            answer_timeout: kernel.answer_timeout(),
        }
    }
}

/// What went to the kernel and what came back, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Adds that were sent.
    pub adds: u64,
    /// Changes that were sent.
    pub changes: u64,
    /// Deletes that were sent.
    pub deletes: u64,
    /// Questions that were sent: for an index, for the number of a family, or for a dump.
    pub reads: u64,
    /// Operations that the kernel refused.
    pub refusals: u64,
    /// Operations whose answer was lost, and which were sent again.
    pub lost_answers: u64,
    /// Operations that were undone by the failure of another one in the same transaction, and sent again.
    pub undone: u64,
    /// Batches that were sent.
    pub batches: u64,
}

impl Totals {
    /// Adds, changes and deletes.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.adds + self.changes + self.deletes
    }
}

/// See the [module](self). Connections have numbers, in the order in which they were given.
#[derive(Debug)]
pub struct Pipeline {
    engine: Engine,
    connections: Vec<Connection>,
    totals: Totals,
}

impl Pipeline {
    /// Joins an engine to connections with these limits. Of two that carry the same, the first is used.
    ///
    /// # Errors
    /// [`NoConnection`]: a kind speaks what none of them carries.
    pub fn new(
        mut engine: Engine,
        connections: impl IntoIterator<Item = Limits>,
    ) -> Result<Self, NoConnection> {
        let connections: Vec<Connection> = connections
            .into_iter()
            .enumerate()
            .map(|(number, limits)| Connection::new(number, limits))
            .collect();
        let channels: Vec<Channel> = connections.iter().map(Connection::channel).collect();
        engine.connect(&channels)?;
        Ok(Pipeline { engine, connections, totals: Totals::default() })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The engine, to set and remove entries.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// What went to the kernel so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether everything that could be done is done. Retries that wait for their time don't count.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.engine.is_idle() && self.connections.iter().all(Connection::is_idle)
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let connections = self.connections.iter().filter_map(Connection::next_timeout).min();
        [self.engine.next_timeout(), connections].into_iter().flatten().min()
    }

    /// Lets time pass: retries whose time has come, answers that never came.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        for connection in &mut self.connections {
            connection.handle_timeout(&mut self.engine, &mut self.totals, now);
        }
    }

    /// The next batch to be sent on that connection, if there is one. It counts as sent. There is none as long as
    /// one is on its way.
    pub fn poll_transmit(&mut self, connection: usize, now: Instant) -> Option<Bytes> {
        self.connections.get_mut(connection)?.poll_transmit(&mut self.engine, &mut self.totals, false, now)
    }

    /// The next batch for that connection, made while others are on their way: for whoever has a thread that hands
    /// batches to the kernel. Up to three are on their way, with no more messages than the connection has room for
    /// answers. They have to be sent in this order, and each counts as sent when
    /// [`handle_sent`](Self::handle_sent) is called.
    pub fn poll_ahead(&mut self, connection: usize, now: Instant) -> Option<Bytes> {
        self.connections.get_mut(connection)?.poll_transmit(&mut self.engine, &mut self.totals, true, now)
    }

    /// The connection took the oldest batch that was made [ahead](Self::poll_ahead) and not sent yet. `took` is how
    /// long that was: batches become smaller where the kernel needs long for one, since whatever is declared meanwhile
    /// waits behind it.
    pub fn handle_sent(&mut self, connection: usize, took: Duration, now: Instant) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.handle_sent(took, now);
        }
    }

    /// Whether an answer is awaited on that connection.
    #[must_use]
    pub fn awaits_answer(&self, connection: usize) -> bool {
        self.connections.get(connection).is_some_and(Connection::awaits_answer)
    }

    /// Takes a datagram from that connection.
    pub fn handle_datagram(&mut self, connection: usize, datagram: &[u8], now: Instant) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.handle_datagram(&mut self.engine, &mut self.totals, datagram, now);
        }
    }

    /// The connection lost answers: what was sent and is not answered is in doubt, and will be sent again.
    pub fn handle_overrun(&mut self, connection: usize) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.handle_overrun();
        }
    }

    /// The connection has nothing more to be fetched for now.
    pub fn handle_quiet(&mut self, connection: usize, now: Instant) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.give_up(&mut self.engine, &mut self.totals, now, true);
        }
    }

    /// The connection did not take the batch: nothing of it happened. Of batches that were made
    /// [ahead](Self::poll_ahead), it is the oldest that was not sent yet.
    pub fn handle_send_error(&mut self, connection: usize, error: &std::io::Error, now: Instant) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.handle_send_error(&mut self.engine, error, now);
        }
    }
}

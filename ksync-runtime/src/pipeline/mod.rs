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
//! let mut pipeline = Pipeline::new(engine, Limits::of(&kernel));
//!
//! pipeline.engine_mut().set(Bridge { name: "br0".into(), info: Info { kind: "bridge".into() } }, Instant::now())?;
//! let mut datagram = bytes::BytesMut::new();
//! while !pipeline.is_idle() {
//!     while pipeline.engine_mut().work(1000, Instant::now()) {}
//!     if let Some(batch) = pipeline.poll_transmit(Instant::now()) {
//!         kernel.send(&batch)?;
//!     }
//!     loop {
//!         match kernel.receive(&mut datagram)? {
//!             Received::Datagram => pipeline.handle_datagram(&datagram, Instant::now()),
//!             Received::Overrun => pipeline.handle_overrun(),
//!             Received::Nothing => break pipeline.handle_quiet(Instant::now()),
//!         }
//!     }
//! }
//! assert!(pipeline.engine().why::<Bridge>(&"br0".to_owned()).is_some_and(|why| why.in_sync()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod read_back;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::ack::{Closed, Ledger, Sent};
use crate::declare::{OperationError, Progress, Verb};
use crate::engine::{Action, Engine, Operation, Outcome};
use crate::socket::Kernel;
use crate::wire::rtnetlink::{NLM_F_ACK, NLM_F_ECHO};
use crate::wire::{Answer, MessageView, Messages, NLMSG_HEADER_LEN, Request, set_flags};

use read_back::Dump;
pub use read_back::ReadBack;

/// Bytes for bytes, what the connection to the kernel allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
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
    /// The limits of a connection, and five seconds for an answer: the kernel answers before `send`
    /// returns, so silence means that it could not read the batch.
    pub fn of(kernel: &(impl Kernel + ?Sized)) -> Self {
        Limits {
            port: kernel.port(),
            answer_capacity: kernel.answer_capacity(),
            max_batch_len: kernel.max_batch_len(),
            answer_timeout: Duration::from_secs(5),
        }
    }
}

/// More than that many messages in a batch gain nothing (measured: 16 to 64 reach the kernel's limit).
const MAX_BATCH_MESSAGES: usize = 256;

/// What went to the kernel and what came back, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Adds that were sent.
    pub adds: u64,
    /// Changes that were sent.
    pub changes: u64,
    /// Deletes that were sent.
    pub deletes: u64,
    /// Questions that were sent: for an index, or for a dump.
    pub reads: u64,
    /// Operations that the kernel refused.
    pub refusals: u64,
    /// Operations whose answer was lost, and which were sent again.
    pub lost_answers: u64,
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

/// See the [module](self).
#[derive(Debug)]
pub struct Pipeline {
    engine: Engine,
    ledger: Ledger,
    limits: Limits,
    /// How many messages a batch may have; halved when answers were lost.
    window: usize,
    next_seq: u32,
    buffer: BytesMut,
    /// A message that did not fit its batch any more: the first of the next one.
    carried: Option<(Operation, BytesMut)>,
    dumps: VecDeque<Dump>,
    totals: Totals,
}

impl Pipeline {
    /// Joins an engine to a connection with these limits.
    #[must_use]
    pub fn new(engine: Engine, limits: Limits) -> Self {
        Pipeline {
            engine,
            ledger: Ledger::default(),
            limits,
            window: limits.answer_capacity.clamp(1, MAX_BATCH_MESSAGES),
            next_seq: 1,
            buffer: BytesMut::new(),
            carried: None,
            dumps: VecDeque::new(),
            totals: Totals::default(),
        }
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
        self.engine.is_idle() && self.ledger.is_empty() && self.dumps.is_empty() && self.carried.is_none()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let dump = self.dumps.front().and_then(Dump::deadline);
        [self.engine.next_timeout(), self.ledger.deadline(), dump].into_iter().flatten().min()
    }

    /// Lets time pass: retries whose time has come, answers that never came.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        self.give_up(now, false);
        if self.dumps.front().is_some_and(|dump| dump.deadline().is_some_and(|deadline| deadline <= now)) {
            self.end_dump(Err(OperationError::local(None, "the kernel did not finish the dump in time")));
        }
    }

    /// The next batch to be sent, if there is one. It counts as sent.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Bytes> {
        if !self.ledger.is_empty() {
            return None;
        }
        if let Some(batch) = self.transmit_dump(now) {
            return batch;
        }
        // A batch's numbers follow each other without a gap, and 0 is none.
        if self.next_seq > u32::MAX - 2 * MAX_BATCH_MESSAGES as u32 {
            self.next_seq = 1;
        }
        let first_seq = self.next_seq;
        let mut sent = Vec::with_capacity(self.window);
        self.buffer.reserve(self.limits.max_batch_len.min(64 * 1024));
        if let Some((operation, message)) = self.carried.take() {
            self.buffer.extend_from_slice(&message);
            self.renumber(0);
            sent.push(Sent::new(operation, 0));
        }
        while sent.len() < self.window && self.buffer.len() < self.limits.max_batch_len {
            let Some(operation) = self.engine.next_operation(now) else {
                break;
            };
            let start = self.buffer.len();
            match self.encode(operation) {
                Ok(Progress::Pending) if self.buffer.len() > start => {
                    if self.buffer.len() > self.limits.max_batch_len {
                        let message = self.buffer.split_off(start);
                        if message.len() > self.limits.max_batch_len {
                            self.refuse(operation, message.len(), now);
                            continue;
                        }
                        self.carried = Some((operation, message));
                        break;
                    }
                    sent.push(Sent::new(operation, start));
                    self.next_seq += 1;
                }
                Ok(progress) => {
                    self.buffer.truncate(start);
                    self.engine.handle_outcome(operation, Outcome::of(progress), now);
                }
                Err(error) => {
                    self.buffer.truncate(start);
                    self.totals.refusals += 1;
                    self.engine.handle_outcome(operation, Outcome::Failed(error), now);
                }
            }
        }
        let last = sent.last()?;
        set_flags(&mut self.buffer, last.start as usize, NLM_F_ACK);
        let bytes = self.buffer.split().freeze();
        for sent in &sent {
            match sent.operation.action {
                Action::Write(Verb::Add) => self.totals.adds += 1,
                Action::Write(Verb::Change) => self.totals.changes += 1,
                Action::Write(Verb::Delete) => self.totals.deletes += 1,
                Action::Lookup => self.totals.reads += 1,
            }
        }
        self.totals.batches += 1;
        self.ledger.sent(first_seq, bytes.clone(), sent, now + self.limits.answer_timeout);
        Some(bytes)
    }

    /// Appends the message of an operation to the buffer.
    fn encode(&mut self, operation: Operation) -> Result<Progress, OperationError> {
        let start = self.buffer.len();
        let request = Request::new(&mut self.buffer, self.next_seq, self.limits.port);
        let progress = self.engine.write(operation, request)?;
        if self.engine.wants_echo(operation) {
            set_flags(&mut self.buffer, start, NLM_F_ECHO);
        }
        Ok(progress)
    }

    /// The message at `start` was written for another batch: gives it the next number of this one.
    fn renumber(&mut self, start: usize) {
        if let Some(seq) = self.buffer.get_mut(start + 8..start + 12) {
            seq.copy_from_slice(&self.next_seq.to_ne_bytes());
        }
        self.next_seq += 1;
    }

    fn refuse(&mut self, operation: Operation, len: usize, now: Instant) {
        let error = OperationError::local(
            None,
            format!(
                "the message takes {len} bytes, the connection sends at most {}",
                self.limits.max_batch_len
            ),
        );
        self.totals.refusals += 1;
        self.engine.handle_outcome(operation, Outcome::Failed(error), now);
    }

    /// Takes a datagram from the kernel.
    pub fn handle_datagram(&mut self, datagram: &[u8], now: Instant) {
        for message in Messages::new(datagram) {
            match message {
                Ok(message) if message.port == self.limits.port => self.handle_message(message, now),
                Ok(message) => tracing::debug!(port = message.port, "a message for somebody else"),
                Err(error) => tracing::error!(%error, "unreadable datagram"),
            }
        }
    }

    fn handle_message(&mut self, message: MessageView<'_>, now: Instant) {
        let seq = message.seq;
        if self.dumps.front().is_some_and(|dump| dump.is_about(seq)) {
            return self.handle_dump(message, now);
        }
        match Answer::of(message) {
            Ok(Answer::Object(message)) => {
                if let Some(sent) = self.ledger.get_mut(seq) {
                    sent.index = self.engine.parse_index(sent.operation, &message).or(sent.index);
                }
            }
            Ok(Answer::Acknowledged | Answer::Done) => self.answered(seq, None, now),
            Ok(Answer::Failed { errno, text, offset }) => {
                let field = self.field_at(seq, offset);
                self.answered(seq, Some(OperationError::kernel(errno, text, field)), now);
            }
            Ok(Answer::Other) => {}
            Err(error) => tracing::error!(seq, %error, "unreadable answer"),
        }
    }

    /// The field that the kernel's offset (from the start of the request's `nlmsghdr`) points at.
    fn field_at(&mut self, seq: u32, offset: Option<usize>) -> Option<&'static str> {
        let offset = offset?.checked_sub(NLMSG_HEADER_LEN)?;
        let operation = self.ledger.get_mut(seq)?.operation;
        self.engine.field_at(operation, self.ledger.body(seq)?, offset)
    }

    fn answered(&mut self, seq: u32, error: Option<OperationError>, now: Instant) {
        let Some((sent, closed)) = self.ledger.answered(seq) else {
            tracing::debug!(seq, "an answer that nobody waits for");
            return;
        };
        // Answers come in the order of the requests: the silent ones before the last one succeeded first.
        if let Some(closed) = closed {
            self.settle(&closed, now);
        }
        let outcome = match error {
            None => Outcome::Done { index: sent.index },
            Some(error) => {
                self.totals.refusals += 1;
                Outcome::Failed(error)
            }
        };
        self.engine.handle_outcome(sent.operation, outcome, now);
    }

    /// Takes the silence of the messages of a batch that is over for what it means.
    fn settle(&mut self, closed: &Closed, now: Instant) {
        for silent in &closed.unanswered {
            // A question is answered by the object itself. An echo proves nothing: the kernel sends it before
            // the last steps of a creation, and takes all of it back if one of these fails.
            let told = silent.operation.action == Action::Lookup && silent.index.is_some();
            let done = closed.confirmed || told;
            let outcome = if done { Outcome::Done { index: silent.index } } else { Outcome::Unknown };
            if !done {
                self.totals.lost_answers += 1;
                tracing::warn!(entry = %self.engine.describe(silent.operation), "answer lost, sent again");
            }
            self.engine.handle_outcome(silent.operation, outcome, now);
        }
    }

    /// The connection lost answers: what is on its way and not answered is in doubt, and will be sent again.
    pub fn handle_overrun(&mut self) {
        self.ledger.overrun();
        self.window = (self.window / 2).max(1);
        if let Some(dump) = self.dumps.front_mut() {
            dump.overrun();
        }
    }

    /// The connection has nothing more to be fetched for now.
    pub fn handle_quiet(&mut self, now: Instant) {
        self.give_up(now, true);
    }

    /// The connection did not take the batch: nothing of it happened.
    pub fn handle_send_error(&mut self, error: &std::io::Error, now: Instant) {
        let errno = error.raw_os_error().unwrap_or(0);
        tracing::error!(%error, "the kernel did not take a batch");
        self.ledger.overrun();
        while let Some(closed) = self.ledger.give_up(now, true) {
            for sent in closed.unanswered {
                let error =
                    OperationError::kernel(errno, Some("the batch could not be sent".to_owned()), None);
                self.engine.handle_outcome(sent.operation, Outcome::Failed(error), now);
            }
        }
        if self.dumps.front().is_some_and(|dump| dump.deadline().is_some()) {
            self.end_dump(Err(OperationError::kernel(errno, None, None)));
        }
    }

    fn give_up(&mut self, now: Instant, quiet: bool) {
        while let Some(closed) = self.ledger.give_up(now, quiet) {
            self.settle(&closed, now);
        }
    }
}

//! An engine without a kernel: what it asks for is encoded for real and answered with success, in the order of
//! sending.
//!
//! Only the engine's public face is used, as the pipeline uses it.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::engine::{Engine, Operation, RetryPolicy, SetError, Share, Stopped, Writing};

/// How many values are set, or answers given, before the engine does what follows from them. A batch is as long.
pub(super) const SLICE: usize = 256;

/// As the agent's loop does.
const WORK_BUDGET: usize = 1024;

/// The port id in the messages.
const PORT: u32 = 1;

/// How values are handed to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Each by itself: the fewest instructions.
    One,
    /// By `set_all` and `remove_all`, which read memory together: the least time where there are many.
    Many,
}

/// The engine and what stands in for the kernel.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) engine: Engine,
    by: By,
    pub(super) now: Instant,
    batch: BytesMut,
    /// What was handed out and is not answered.
    sent: VecDeque<Operation>,
    operations: Vec<Operation>,
    starts: Vec<u32>,
    /// How many messages were written.
    pub(super) written: u64,
    /// The first thing that is not as it must be.
    pub(super) fault: Option<String>,
}

impl Driver {
    /// An engine with room for that many unanswered operations.
    pub(super) fn new(most_outstanding: usize, by: By) -> Self {
        Driver {
            engine: Engine::new(RetryPolicy::default()),
            by,
            now: Instant::now(),
            batch: BytesMut::with_capacity(64 * 1024),
            sent: VecDeque::with_capacity(most_outstanding + SLICE),
            operations: Vec::with_capacity(SLICE),
            starts: Vec::with_capacity(SLICE),
            written: 0,
            fault: None,
        }
    }

    /// A table for a kind.
    pub(super) fn register<T: KSyncEntry>(&mut self) -> Result<(), String> {
        self.engine.register::<T>().map_err(|error| error.to_string())
    }

    /// Declares a value for each number, and has written what that leads to.
    pub(super) fn set_all<T: KSyncEntry>(&mut self, numbers: u32, value: impl Fn(u32) -> T) {
        for slice in slices(numbers) {
            let values = slice.map(&value);
            let refused = match self.by {
                By::One => self.set_each(values),
                By::Many => self.engine.set_all(values, Share::Fresh, self.now).pop(),
            };
            if let Some(error) = refused {
                self.fault.get_or_insert_with(|| error.to_string());
            }
            self.send_all();
        }
    }

    /// Withdraws the entry of each number, and has written what that leads to.
    pub(super) fn remove_all<T: KSyncEntry>(&mut self, numbers: u32, key: impl Fn(u32) -> T::Key) {
        let mut keys = Vec::with_capacity(SLICE);
        for slice in slices(numbers) {
            keys.clear();
            keys.extend(slice.map(&key));
            let removed = match self.by {
                By::One => keys.iter().filter(|key| self.engine.remove::<T>(key, self.now)).count(),
                By::Many => self.engine.remove_all::<T>(&keys, Share::Fresh, self.now),
            };
            if removed != keys.len() {
                self.fault.get_or_insert_with(|| format!("a {} was not declared", T::SCHEMA.name));
            }
            self.send_all();
        }
    }

    fn set_each<T: KSyncEntry>(&mut self, values: impl Iterator<Item = T>) -> Option<SetError> {
        let mut refused = None;
        for value in values {
            if let Err(error) = self.engine.set(value, self.now) {
                refused = Some(error);
            }
        }
        refused
    }

    /// Answers everything that was sent, and what is sent meanwhile.
    pub(super) fn answer_all(&mut self) {
        while !self.sent.is_empty() {
            let answered = SLICE.min(self.sent.len());
            let (first, _) = self.sent.as_slices();
            let first = &first[..answered.min(first.len())];
            self.engine.handle_all_done(first, |operation| (*operation, None), self.now);
            let answered = first.len();
            self.sent.drain(..answered);
            self.send_all();
        }
    }

    /// Does what follows, and writes all messages that are due.
    pub(super) fn send_all(&mut self) {
        loop {
            let more = self.engine.work(WORK_BUDGET, self.now);
            while self.send_some() {}
            if !more {
                return;
            }
        }
    }

    /// Writes one batch, as the pipeline does. Returns whether there was anything to write.
    fn send_some(&mut self) -> bool {
        self.operations.clear();
        self.starts.clear();
        self.batch.clear();
        self.engine.next_operations_on(0, SLICE, &mut self.operations, self.now);
        let (out, starts) = (&mut self.batch, &mut self.starts);
        let mut writing = Writing { out, starts, next_seq: 1, port: PORT };
        if let Some(Stopped { outcome, .. }) = self.engine.write_all(&self.operations, &mut writing) {
            self.fault.get_or_insert_with(|| format!("what is not written: {outcome:?}"));
        }
        self.written += self.starts.len() as u64;
        self.sent.extend(&self.operations);
        !self.operations.is_empty()
    }
}

/// The numbers below `end`, some at a time.
fn slices(end: u32) -> impl Iterator<Item = std::ops::Range<u32>> {
    let slice = SLICE as u32;
    (0..end).step_by(SLICE).map(move |first| first..end.min(first + slice))
}

//! An engine without a kernel: what it asks for is encoded for real and answered with success, in the order of
//! sending.
//!
//! Only the engine's public face is used, as the pipeline uses it.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::engine::{Engine, Operation, Outcome, RetryPolicy};
use ksync_runtime::wire::Request;

/// How many values are set, or answers given, before the engine does what follows from them. A batch is as long.
pub(super) const SLICE: usize = 256;

/// As the agent's loop does.
const WORK_BUDGET: usize = 1024;

/// The port id in the messages.
const PORT: u32 = 1;

/// The engine and what stands in for the kernel.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) engine: Engine,
    pub(super) now: Instant,
    batch: BytesMut,
    /// What was handed out and is not answered.
    sent: VecDeque<Operation>,
    next_seq: u32,
    /// How many messages were written.
    pub(super) written: u64,
    /// The first thing that is not as it must be.
    pub(super) fault: Option<String>,
}

impl Driver {
    /// An engine with room for that many unanswered operations.
    pub(super) fn new(most_outstanding: usize) -> Self {
        Driver {
            engine: Engine::new(RetryPolicy::default()),
            now: Instant::now(),
            batch: BytesMut::with_capacity(64 * 1024),
            sent: VecDeque::with_capacity(most_outstanding + SLICE),
            next_seq: 1,
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
        self.in_slices(numbers, |driver, number| {
            if let Err(error) = driver.engine.set(value(number), driver.now) {
                driver.fault.get_or_insert_with(|| error.to_string());
            }
        });
    }

    /// Withdraws the entry of each number, and has written what that leads to.
    pub(super) fn remove_all<T: KSyncEntry>(&mut self, numbers: u32, key: impl Fn(u32) -> T::Key) {
        self.in_slices(numbers, |driver, number| {
            if !driver.engine.remove::<T>(&key(number), driver.now) {
                driver.fault.get_or_insert_with(|| format!("{} {number} was not declared", T::SCHEMA.name));
            }
        });
    }

    /// Answers everything that was sent, and what is sent meanwhile.
    pub(super) fn answer_all(&mut self) {
        while !self.sent.is_empty() {
            for _ in 0..SLICE {
                let Some(operation) = self.sent.pop_front() else {
                    break;
                };
                self.engine.handle_outcome(operation, Outcome::Done { index: None }, self.now);
            }
            self.send_all();
        }
    }

    fn in_slices(&mut self, numbers: u32, mut act: impl FnMut(&mut Self, u32)) {
        let mut number = 0;
        while number < numbers {
            let end = numbers.min(number + SLICE as u32);
            for number in number..end {
                act(self, number);
            }
            number = end;
            self.send_all();
        }
    }

    /// Does what follows, and writes all messages that are due.
    pub(super) fn send_all(&mut self) {
        loop {
            let more = self.engine.work(WORK_BUDGET, self.now);
            while let Some(operation) = self.engine.next_operation(self.now) {
                self.write(operation);
            }
            if !more {
                return;
            }
        }
    }

    fn write(&mut self, operation: Operation) {
        if self.written.is_multiple_of(SLICE as u64) {
            self.batch.clear();
        }
        let request = Request::new(&mut self.batch, self.next_seq, PORT);
        if let Err(error) = self.engine.write(operation, request) {
            self.fault.get_or_insert_with(|| error.to_string());
        }
        self.next_seq = self.next_seq.wrapping_add(1);
        self.written += 1;
        self.sent.push_back(operation);
    }
}

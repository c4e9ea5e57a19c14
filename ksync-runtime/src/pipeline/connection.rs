//! One connection: what is on its way on it, and what its answers mean.
//!
//! Knows sequence numbers and answers; how a batch is put together stands in `batch`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::families::Families;
use super::read_back::Dump;
use super::transaction::Group;
use super::{Limits, Totals};
use crate::ack::{Closed, GivenUp, Ledger, Sent};
use crate::declare::{Acknowledgement, Channel, CustomProtocol, OperationError, Reply, ReplyTo};
use crate::engine::{Action, Engine, Operation, Outcome};
use crate::wire::{Answer, MessageView, Messages, head_len};

use super::batch::{BATCHES_AHEAD, MAX_BATCH_MESSAGES};

/// A batch that keeps the kernel longer than that is too large: what comes behind it waits.
const LONG: Duration = Duration::from_millis(2);

/// A connection to a kernel, and what is on its way on it.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its number in the pipeline, and in the engine.
    pub(super) number: usize,
    pub(super) limits: Limits,
    pub(super) ledger: Ledger,
    /// How many messages may be on their way: halved when answers were lost, one more after each batch of which none was.
    pub(super) window: usize,
    /// How many messages a batch that is made ahead may have, so that none keeps the kernel long.
    pub(super) pace: usize,
    /// How long the kernel is at one message, of late.
    nanos_each: u128,
    /// Its batches are made while others are on their way.
    pub(super) makes_ahead: bool,
    pub(super) next_seq: u32,
    pub(super) buffer: BytesMut,
    /// Messages that did not fit their batch any more: the first of the next one.
    pub(super) carried: VecDeque<(Operation, Bytes)>,
    /// An operation whose message can't be written before the number of its family is known.
    pub(super) held: Option<Operation>,
    /// What was undone by the failure of something else, each group for a transaction of its own.
    pub(super) undone: VecDeque<Group>,
    pub(super) dumps: VecDeque<Dump>,
    pub(super) families: Families,
    /// Operations whose messages are being written, and where these start. Memory that is used again.
    pub(super) operations: Vec<Operation>,
    pub(super) starts: Vec<u32>,
}

impl Connection {
    pub(super) fn new(number: usize, limits: Limits) -> Self {
        Connection {
            number,
            limits,
            ledger: Ledger::new(limits.channel.acknowledgement()),
            window: limits.answer_capacity.max(1),
            pace: MAX_BATCH_MESSAGES,
            nanos_each: 0,
            makes_ahead: false,
            next_seq: 1,
            buffer: BytesMut::new(),
            carried: VecDeque::new(),
            held: None,
            undone: VecDeque::new(),
            dumps: VecDeque::new(),
            families: Families::default(),
            operations: Vec::new(),
            starts: Vec::new(),
        }
    }

    pub(super) fn channel(&self) -> Channel {
        self.limits.channel
    }

    pub(super) fn is_idle(&self) -> bool {
        self.ledger.is_empty()
            && self.dumps.is_empty()
            && self.carried.is_empty()
            && self.held.is_none()
            && self.undone.is_empty()
            && !self.families.is_asking()
    }

    pub(super) fn awaits_answer(&self) -> bool {
        let dump_is_under_way = self.dumps.front().is_some_and(|dump| dump.seq().is_some());
        !self.ledger.is_empty() || dump_is_under_way || self.families.is_asking()
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let dump = self.dumps.front().and_then(Dump::deadline);
        [self.ledger.deadline(), dump, self.families.deadline()].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, engine: &mut Engine, totals: &mut Totals, now: Instant) {
        self.give_up(engine, totals, now, false);
        if self.dumps.front().is_some_and(|dump| dump.deadline().is_some_and(|deadline| deadline <= now)) {
            self.end_dump(Err(OperationError::local(None, "the kernel did not finish the dump in time")));
        }
        self.families.handle_timeout(now);
    }

    pub(super) fn handle_datagram(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        datagram: &[u8],
        now: Instant,
    ) {
        if let Channel::Custom(custom) = self.limits.channel {
            return self.handle_custom(custom, engine, totals, datagram, now);
        }
        for message in Messages::new(datagram) {
            match message {
                Ok(message) if message.port == self.limits.port => {
                    let seq = message.seq;
                    match Answer::of(message) {
                        Ok(answer) => self.handle_answer(engine, totals, seq, answer, now),
                        Err(error) => self.handle_unreadable(seq, &error.to_string()),
                    }
                }
                Ok(message) => tracing::debug!(port = message.port, "a message for somebody else"),
                Err(error) => tracing::error!(%error, "unreadable datagram"),
            }
        }
    }

    fn handle_custom(
        &mut self,
        custom: &'static dyn CustomProtocol,
        engine: &mut Engine,
        totals: &mut Totals,
        datagram: &[u8],
        now: Instant,
    ) {
        custom.read(datagram, &mut |Reply { to, answer }| {
            let dump = self.dumps.front().and_then(Dump::seq);
            let seq = match to {
                ReplyTo::Seq(seq) => Some(seq),
                ReplyTo::Oldest => self.ledger.oldest().or(dump),
                ReplyTo::Batch => {
                    if let Answer::Failed { errno, text, .. } = answer {
                        let error = OperationError::kernel(errno, text, None);
                        self.refused_whole(engine, totals, None, &error, now);
                    }
                    return;
                }
            };
            match seq {
                Some(seq) => self.handle_answer(engine, totals, seq, answer, now),
                None => tracing::debug!("an answer that nobody waits for"),
            }
        });
    }

    fn handle_unreadable(&mut self, seq: u32, error: &str) {
        tracing::error!(seq, %error, "unreadable answer");
        if self.dumps.front().is_some_and(|dump| dump.is_about(seq)) {
            self.end_dump(Err(OperationError::local(None, error.to_owned())));
        }
    }

    fn handle_answer(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        seq: u32,
        answer: Answer<'_>,
        now: Instant,
    ) {
        if self.dumps.front().is_some_and(|dump| dump.is_about(seq)) {
            return self.handle_dump(engine, answer, now);
        }
        if self.families.is_about(seq) {
            return self.families.answered(&answer, now);
        }
        match answer {
            Answer::Object(message) => self.handle_object(engine, seq, &message),
            Answer::Acknowledged | Answer::Done => self.answered(engine, totals, seq, None, now),
            Answer::Failed { errno, text, offset } => {
                let field = self.field_at(engine, seq, offset);
                let error = OperationError::kernel(errno, text, field);
                self.answered(engine, totals, seq, Some(error), now);
            }
            Answer::Other => {}
        }
    }

    fn handle_object(&mut self, engine: &Engine, seq: u32, message: &MessageView<'_>) {
        if let Some(sent) = self.ledger.get_mut(seq) {
            sent.index = engine.parse_index(sent.operation, message).or(sent.index);
        }
    }

    /// The field that the kernel's offset (from the start of the request) points at.
    fn field_at(&mut self, engine: &Engine, seq: u32, offset: Option<usize>) -> Option<&'static str> {
        let operation = self.ledger.get_mut(seq)?.operation;
        let head = head_len(engine.protocol(operation)?);
        engine.field_at(operation, self.ledger.message(seq, head)?, offset?.checked_sub(head)?)
    }

    fn answered(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        seq: u32,
        error: Option<OperationError>,
        now: Instant,
    ) {
        if self.limits.channel.acknowledgement() == Acknowledgement::AllOrNothing {
            return self.answered_in_transaction(engine, totals, seq, error, now);
        }
        let Some((sent, closed)) = self.ledger.answered(seq) else {
            tracing::debug!(seq, "an answer that nobody waits for");
            return;
        };
        // Answers come in the order of the requests: the silent ones before the last one succeeded first.
        if let Some(closed) = closed {
            self.widen(closed.whole);
            settle(engine, totals, &closed, now);
        }
        let outcome = match error {
            None => Outcome::Done { index: sent.index },
            Some(error) => {
                totals.refusals += 1;
                self.families.doubt(engine, sent.operation, &error);
                Outcome::Failed(error)
            }
        };
        engine.handle_outcome(sent.operation, outcome, now);
    }

    /// A batch is over. If it was answered in whole, one message more may be on its way: after a bad time the window
    /// comes back little by little to what the receive buffer holds.
    pub(super) fn widen(&mut self, whole: bool) {
        if whole {
            self.window = (self.window + 1).min(self.limits.answer_capacity.max(1));
        }
    }

    pub(super) fn handle_overrun(&mut self) {
        self.ledger.overrun();
        // Never more are on their way than that, however large the window is.
        let most = if self.makes_ahead { BATCHES_AHEAD * MAX_BATCH_MESSAGES } else { MAX_BATCH_MESSAGES };
        self.window = (self.window.min(most) / 2).max(1);
        if let Some(dump) = self.dumps.front_mut() {
            dump.overrun();
        }
    }

    pub(super) fn handle_send_error(&mut self, engine: &mut Engine, error: &std::io::Error, now: Instant) {
        let errno = error.raw_os_error().unwrap_or(0);
        tracing::error!(%error, "the kernel did not take a batch");
        let unsent = || OperationError::kernel(errno, Some("the batch could not be sent".to_owned()), None);
        let operations: Vec<Operation> = match self.ledger.unsent() {
            Some(GivenUp::Batch(closed)) => closed.unanswered.iter().map(|sent| sent.operation).collect(),
            Some(GivenUp::Transaction(finished)) => {
                finished.sent.iter().map(|(sent, ..)| sent.operation).collect()
            }
            None => Vec::new(),
        };
        for operation in operations {
            engine.handle_outcome(operation, Outcome::Failed(unsent()), now);
        }
        if self.families.unsent()
            && let Some(operation) = self.held.take()
        {
            engine.handle_outcome(operation, Outcome::Failed(unsent()), now);
        }
        if self.dumps.front().is_some_and(|dump| dump.deadline().is_some()) {
            self.end_dump(Err(OperationError::kernel(errno, None, None)));
        }
    }

    /// A batch left that was made ahead.
    pub(super) fn handle_sent(&mut self, took: Duration, now: Instant) {
        let Some(messages) = self.ledger.left(now + self.limits.answer_timeout) else {
            return;
        };
        // Time in which the sender did not run counts too: the quickest one is believed, the others little by little.
        let each = took.as_nanos() / messages.max(1) as u128;
        self.nanos_each =
            if each < self.nanos_each { each } else { self.nanos_each + (each - self.nanos_each) / 8 };
        let pace = LONG.as_nanos() / self.nanos_each.max(1);
        self.pace =
            usize::try_from(pace).map_or(MAX_BATCH_MESSAGES, |pace| pace.clamp(1, MAX_BATCH_MESSAGES));
    }

    pub(super) fn give_up(&mut self, engine: &mut Engine, totals: &mut Totals, now: Instant, quiet: bool) {
        while let Some(given_up) = self.ledger.give_up(now, quiet) {
            match given_up {
                GivenUp::Batch(closed) => settle(engine, totals, &closed, now),
                GivenUp::Transaction(finished) => self.finish(engine, totals, finished, now),
            }
        }
    }
}

/// Takes the silence of the messages of a batch that is over for what it means.
fn settle(engine: &mut Engine, totals: &mut Totals, closed: &Closed, now: Instant) {
    if closed.confirmed {
        return engine.handle_all_done(&closed.unanswered, |sent| (sent.operation, sent.index), now);
    }
    for silent in &closed.unanswered {
        settle_silent(engine, totals, silent, now);
    }
}

/// Takes the silence of a message whose answer may be lost for what it means.
pub(super) fn settle_silent(engine: &mut Engine, totals: &mut Totals, silent: &Sent, now: Instant) {
    // A question is answered by the object itself. An echo proves nothing: the kernel sends it before
    // the last steps of a creation, and takes all of it back if one of these fails.
    let told = silent.operation.action == Action::Lookup && silent.index.is_some();
    let outcome = if told { Outcome::Done { index: silent.index } } else { Outcome::Unknown };
    if !told {
        totals.lost_answers += 1;
        tracing::warn!(entry = %engine.describe(silent.operation), "answer lost, sent again");
    }
    engine.handle_outcome(silent.operation, outcome, now);
}

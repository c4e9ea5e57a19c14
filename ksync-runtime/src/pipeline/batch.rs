//! Putting a batch together: operations from the engine, their messages one behind the other, and what the protocol
//! wraps them in.

use std::time::Instant;

use bytes::Bytes;

use super::Totals;
use super::connection::Connection;
use super::families::Family;
use super::transaction::Group;
use crate::ack::Sent;
use crate::declare::{Acknowledgement, Channel, OperationError, Progress, Protocol, Verb};
use crate::engine::{Action, Engine, Operation, Outcome, Stopped, Writing};
use crate::wire::nf_tables::{BRACKET_LEN, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, bracket};
use crate::wire::rtnetlink::{NLM_F_ACK, NLM_F_ECHO};
use crate::wire::{Request, set_flags};

/// More than that many messages in a batch gain nothing (measured: 16 to 64 reach the kernel's limit).
pub(super) const MAX_BATCH_MESSAGES: usize = 256;

/// How many batches are made ahead of the answers: one that the kernel works on, and two that wait, should whoever
/// makes them be late. More would only hold up what is declared meanwhile.
pub(super) const BATCHES_AHEAD: usize = 3;

/// So many operations are handed out at once. Their messages may find no room any more, and are carried over to the
/// next batch then; so it is not many.
const TOGETHER: usize = 16;

/// A batch that is being put together in the connection's buffer.
struct Batch {
    first_seq: u32,
    sent: Vec<Sent>,
    /// Only writes go into a transaction.
    is_transaction: bool,
    /// It leaves later, and that is told.
    ahead: bool,
}

impl Connection {
    /// The next batch to be sent, if there is one. Made `ahead`, it may be so while others are on their way, and counts
    /// as sent when that is told.
    pub(super) fn poll_transmit(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        ahead: bool,
        now: Instant,
    ) -> Option<Bytes> {
        self.makes_ahead = ahead;
        let most = self.most_messages(ahead)?;
        if let Some(batch) = self.transmit_dump(engine, totals, now) {
            return batch;
        }
        // A batch's numbers follow each other without a gap, and 0 is none.
        if self.next_seq > u32::MAX - 2 * MAX_BATCH_MESSAGES as u32 {
            self.next_seq = 1;
        }
        if let Some(group) = self.undone.pop_front() {
            return self.transmit_group(group, totals, ahead, now);
        }
        if engine.queued() == 0 && self.carried.is_empty() && self.held.is_none() {
            return None;
        }
        let is_transaction = self.limits.channel.acknowledgement() == Acknowledgement::AllOrNothing;
        let mut batch = self.begin(is_transaction, ahead);
        if self.carried.front().is_some_and(|(operation, _)| operation.action == Action::Lookup) {
            batch = self.begin(false, ahead);
        }
        let end = self.limits.max_batch_len.saturating_sub(self.closing_len(&batch));
        self.append_carried(&mut batch, most, end);
        while batch.sent.len() < most && self.buffer.len() < end && self.carried.is_empty() {
            if self.is_plain() {
                if !self.append_some(engine, totals, &mut batch, most, end, now) {
                    break;
                }
                continue;
            }
            let Some(operation) = self.held.take().or_else(|| engine.next_operation_on(self.number, now))
            else {
                break;
            };
            let family = match self.family_of(engine, operation, now) {
                Family::Number(number) => number,
                Family::Unknown => {
                    self.held = Some(operation);
                    break;
                }
                Family::Missing(error) => {
                    totals.refusals += 1;
                    engine.handle_outcome(operation, Outcome::Failed(error), now);
                    continue;
                }
            };
            let start = self.buffer.len();
            match self.encode(engine, operation, family) {
                Ok(Progress::Pending) if self.buffer.len() > start => {
                    let len = self.buffer.len() - start;
                    // A question is no part of a transaction.
                    let apart = batch.is_transaction && operation.action == Action::Lookup;
                    if self.buffer.len() > end || apart {
                        let message = self.buffer.split_off(start).freeze();
                        if !apart && self.opening_len(&batch) + len > end {
                            self.refuse(engine, totals, operation, len, now);
                            continue;
                        }
                        self.carried.push_back((operation, message));
                        break;
                    }
                    batch.sent.push(Sent::new(operation, start as u32));
                    self.next_seq += 1;
                }
                Ok(progress) => {
                    self.buffer.truncate(start);
                    engine.handle_outcome(operation, Outcome::of(progress), now);
                }
                Err(error) => {
                    self.buffer.truncate(start);
                    totals.refusals += 1;
                    engine.handle_outcome(operation, Outcome::Failed(error), now);
                }
            }
        }
        if batch.sent.is_empty() {
            self.buffer.clear();
            if !self.ledger.is_empty() {
                return None;
            }
            return self
                .transmit_question(engine, totals, now)
                .or_else(|| self.transmit_apart(totals, ahead, now));
        }
        self.transmit(batch, totals, now)
    }

    /// Whether messages need nothing but to be written one behind the other.
    fn is_plain(&self) -> bool {
        matches!(self.limits.channel, Channel::Route | Channel::Netlink(_))
    }

    /// Adds messages of the next operations. Returns whether there were any.
    fn append_some(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        batch: &mut Batch,
        most: usize,
        end: usize,
        now: Instant,
    ) -> bool {
        let mut operations = std::mem::take(&mut self.operations);
        operations.clear();
        let some = TOGETHER.min(most - batch.sent.len());
        engine.next_operations_on(self.number, some, &mut operations, now);
        let mut rest = &operations[..];
        let mut over = Vec::new();
        while !rest.is_empty() {
            self.starts.clear();
            let port = self.limits.port;
            let (out, starts) = (&mut self.buffer, &mut self.starts);
            let mut writing = Writing { out, starts, next_seq: self.next_seq, port };
            let stopped = engine.write_all(rest, &mut writing);
            self.next_seq = writing.next_seq;
            let (written, others) = rest.split_at(self.starts.len().min(rest.len()));
            batch.sent.extend(
                written.iter().zip(&self.starts).map(|(operation, start)| Sent::new(*operation, *start)),
            );
            rest = others;
            if let Some(Stopped { operation, outcome }) = stopped {
                rest = rest.get(1..).unwrap_or_default();
                over.push((operation, outcome.map_or_else(Outcome::Failed, Outcome::of)));
            }
        }
        // Not before: what comes of one may concern others, whose messages are written by now.
        for (operation, outcome) in over {
            totals.refusals += u64::from(matches!(outcome, Outcome::Failed(_)));
            engine.handle_outcome(operation, outcome, now);
        }
        let any = !operations.is_empty();
        self.operations = operations;
        self.carry_over(engine, totals, batch, end, now);
        any
    }

    /// Takes out of the batch what reaches beyond `end`: it comes first in the next one.
    fn carry_over(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        batch: &mut Batch,
        end: usize,
        now: Instant,
    ) {
        if self.buffer.len() <= end {
            return;
        }
        let ends = batch.sent.iter().skip(1).map(|next| next.start as usize).chain([self.buffer.len()]);
        let fit = ends.take_while(|reached| *reached <= end).count();
        let over = batch.sent.split_off(fit);
        let Some(from) = over.first().map(|first| first.start as usize) else {
            return;
        };
        self.next_seq -= over.len() as u32;
        let mut messages = self.buffer.split_off(from).freeze();
        let starts = over.iter().skip(1).map(|next| next.start as usize).chain([from + messages.len()]);
        let lengths = over.iter().zip(starts).map(|(sent, next)| next - sent.start as usize);
        let lengths: Vec<usize> = lengths.collect();
        for (sent, len) in over.iter().zip(lengths) {
            let message = messages.split_to(len);
            if len > end {
                self.refuse(engine, totals, sent.operation, len, now);
            } else {
                self.carried.push_back((sent.operation, message));
            }
        }
    }

    /// Adds what did not fit the last batch any more.
    fn append_carried(&mut self, batch: &mut Batch, most: usize, end: usize) {
        while batch.sent.len() < most
            && let Some((operation, message)) = self.carried.pop_front()
        {
            if self.buffer.len() + message.len() > end && !batch.sent.is_empty() {
                return self.carried.push_front((operation, message));
            }
            self.append(batch, operation, &message);
        }
    }

    /// How many messages the next batch may have; none if nothing may leave.
    fn most_messages(&self, ahead: bool) -> Option<usize> {
        if self.families.is_asking() {
            return None;
        }
        if self.ledger.is_empty() && !ahead {
            return Some(self.window.min(MAX_BATCH_MESSAGES));
        }
        let most = (self.window / BATCHES_AHEAD).clamp(1, self.pace);
        if self.ledger.is_empty() {
            return Some(most);
        }
        // A dump and a transaction are alone on their way.
        let alone =
            !self.dumps.is_empty() || self.limits.channel.acknowledgement() == Acknowledgement::AllOrNothing;
        let fits = self.ledger.messages() + most <= self.window && self.ledger.ahead() < BATCHES_AHEAD;
        (ahead && !alone && fits).then_some(most)
    }

    /// A message that found no place in the transaction, although that is empty: it goes alone.
    fn transmit_apart(&mut self, totals: &mut Totals, ahead: bool, now: Instant) -> Option<Bytes> {
        let (operation, message) = self.carried.pop_front()?;
        let mut batch = self.begin(false, ahead);
        self.append(&mut batch, operation, &message);
        self.transmit(batch, totals, now)
    }

    /// Asks for the number of the family that an operation is held back for.
    fn transmit_question(&mut self, engine: &Engine, totals: &mut Totals, now: Instant) -> Option<Bytes> {
        let Protocol::Generic { family, .. } = engine.protocol(self.held?)? else {
            return None;
        };
        self.question(family, totals, now)
    }

    pub(super) fn question(
        &mut self,
        family: &'static str,
        totals: &mut Totals,
        now: Instant,
    ) -> Option<Bytes> {
        let seq = self.next_seq;
        self.next_seq += 1;
        totals.reads += 1;
        self.families.ask(family, seq, &self.limits, now)
    }

    fn family_of(&self, engine: &Engine, operation: Operation, now: Instant) -> Family {
        if self.limits.channel != Channel::Generic {
            return Family::Number(0);
        }
        engine.protocol(operation).map_or(Family::Number(0), |protocol| self.families.number(protocol, now))
    }

    /// Sends again what was undone by the failure of something else, and nothing besides.
    fn transmit_group(
        &mut self,
        group: Group,
        totals: &mut Totals,
        ahead: bool,
        now: Instant,
    ) -> Option<Bytes> {
        let mut batch = self.begin(true, ahead);
        for (operation, message) in &group {
            self.append(&mut batch, *operation, message);
        }
        self.transmit(batch, totals, now)
    }

    /// Begins a batch in the buffer.
    fn begin(&mut self, is_transaction: bool, ahead: bool) -> Batch {
        self.buffer.clear();
        self.buffer.reserve(self.limits.max_batch_len.min(64 * 1024));
        match self.limits.channel {
            Channel::NfTables if is_transaction => {
                bracket(NFNL_MSG_BATCH_BEGIN, &mut self.buffer, self.next_seq, self.limits.port);
                self.next_seq += 1;
            }
            Channel::Custom(custom) => {
                custom.open_batch(&mut self.buffer, self.next_seq);
                self.next_seq += 1;
            }
            _ => {}
        }
        let sent = Vec::with_capacity(self.window.min(MAX_BATCH_MESSAGES));
        Batch { first_seq: self.next_seq, sent, is_transaction, ahead }
    }

    fn opening_len(&self, batch: &Batch) -> usize {
        match self.limits.channel {
            Channel::NfTables if batch.is_transaction => BRACKET_LEN,
            _ => 0,
        }
    }

    fn closing_len(&self, batch: &Batch) -> usize {
        self.opening_len(batch)
    }

    /// Adds a message that was written before, under the next number.
    fn append(&mut self, batch: &mut Batch, operation: Operation, message: &[u8]) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(message);
        batch.sent.push(Sent::new(operation, start as u32));
        let seq = self.next_seq;
        self.next_seq += 1;
        let Some(message) = self.buffer.get_mut(start..) else {
            return;
        };
        match self.limits.channel {
            Channel::Custom(custom) => custom.number(message, seq),
            _ => {
                if let Some(bytes) = message.get_mut(8..12) {
                    bytes.copy_from_slice(&seq.to_ne_bytes());
                }
            }
        }
    }

    /// Ends the batch: whoever comes last asks for an answer.
    fn transmit(&mut self, batch: Batch, totals: &mut Totals, now: Instant) -> Option<Bytes> {
        let last = batch.sent.last()?.start as usize;
        let end = self.buffer.len();
        match self.limits.channel {
            Channel::Custom(custom) => {
                if let Some(message) = self.buffer.get_mut(last..) {
                    custom.ask_for_answer(message);
                }
                custom.close_batch(&mut self.buffer, self.next_seq);
                self.next_seq += 1;
            }
            Channel::NfTables if batch.is_transaction => {
                set_flags(&mut self.buffer, last, NLM_F_ACK);
                bracket(NFNL_MSG_BATCH_END, &mut self.buffer, self.next_seq, self.limits.port);
                self.next_seq += 1;
            }
            _ => set_flags(&mut self.buffer, last, NLM_F_ACK),
        }
        let bytes = self.buffer.split().freeze();
        for sent in &batch.sent {
            match sent.operation.action {
                Action::Write(Verb::Add) => totals.adds += 1,
                Action::Write(Verb::Change) => totals.changes += 1,
                Action::Write(Verb::Delete) => totals.deletes += 1,
                Action::Lookup => totals.reads += 1,
            }
        }
        totals.batches += 1;
        let deadline = (!batch.ahead).then(|| now + self.limits.answer_timeout);
        self.ledger.sent(batch.first_seq, bytes.clone(), end, batch.sent, deadline);
        Some(bytes)
    }

    /// Appends the message of an operation to the buffer.
    fn encode(
        &mut self,
        engine: &Engine,
        operation: Operation,
        family: u16,
    ) -> Result<Progress, OperationError> {
        let start = self.buffer.len();
        let request = Request::new(&mut self.buffer, self.next_seq, self.limits.port).to_family(family);
        let progress = engine.write(operation, request)?;
        if let Channel::Custom(custom) = self.limits.channel {
            if let Some(message) = self.buffer.get_mut(start..).filter(|message| !message.is_empty()) {
                custom.number(message, self.next_seq);
            }
        } else if engine.wants_echo(operation) {
            set_flags(&mut self.buffer, start, NLM_F_ECHO);
        }
        Ok(progress)
    }

    fn refuse(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        operation: Operation,
        len: usize,
        now: Instant,
    ) {
        let error = OperationError::local(
            None,
            format!(
                "the message takes {len} bytes, the connection sends at most {}",
                self.limits.max_batch_len
            ),
        );
        totals.refusals += 1;
        engine.handle_outcome(operation, Outcome::Failed(error), now);
    }
}

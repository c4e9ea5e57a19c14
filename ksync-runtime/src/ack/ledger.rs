//! The messages that are on their way, by sequence number.
//!
//! Only the last message of a batch asks for an acknowledgement. A failure is answered all the same, so
//! the acknowledgement of the last one confirms every message of the batch that was not answered, and only
//! it does: a kernel that could not make sense of the batch answers nothing at all.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use crate::engine::Operation;
use crate::wire::NLMSG_HEADER_LEN;

/// One message on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) operation: Operation,
    /// Where the message starts in its batch.
    pub(crate) start: u32,
    /// The index that an answer told.
    pub(crate) index: Option<u32>,
    answered: bool,
}

/// One batch on its way.
#[derive(Debug)]
struct Batch {
    first_seq: u32,
    bytes: Bytes,
    sent: Vec<Sent>,
    /// When its answers are given up.
    deadline: Instant,
    /// Answers were lost: silence means nothing.
    overrun: bool,
}

/// All batches on their way, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    batches: VecDeque<Batch>,
}

/// What is left of a batch that is over: the messages that nobody answered.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) unanswered: Vec<Sent>,
    /// Silence means success.
    pub(crate) confirmed: bool,
}

impl Sent {
    pub(crate) fn new(operation: Operation, start: usize) -> Self {
        Sent { operation, start: start as u32, index: None, answered: false }
    }
}

impl Ledger {
    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Notes a batch that is about to leave. Its messages have the numbers `first_seq` and following.
    pub(crate) fn sent(&mut self, first_seq: u32, bytes: Bytes, sent: Vec<Sent>, deadline: Instant) {
        self.batches.push_back(Batch { first_seq, bytes, sent, deadline, overrun: false });
    }

    /// The message with that number, if it is on its way and not answered.
    pub(crate) fn get_mut(&mut self, seq: u32) -> Option<&mut Sent> {
        let (batch, at) = self.find(seq)?;
        self.batches[batch].sent.get_mut(at).filter(|sent| !sent.answered)
    }

    /// The body (fixed header and attributes) of the message with that number.
    pub(crate) fn body(&self, seq: u32) -> Option<&[u8]> {
        let (batch, at) = self.find(seq)?;
        let batch = &self.batches[batch];
        let start = batch.sent.get(at)?.start as usize;
        let end = batch.sent.get(at + 1).map_or(batch.bytes.len(), |next| next.start as usize);
        batch.bytes.get(start + NLMSG_HEADER_LEN..end)
    }

    /// Takes the message with that number as answered. The second part is what its batch leaves behind, if
    /// that was the last message of it.
    pub(crate) fn answered(&mut self, seq: u32) -> Option<(Sent, Option<Closed>)> {
        let (number, at) = self.find(seq)?;
        let batch = &mut self.batches[number];
        let sent = batch.sent.get_mut(at).filter(|sent| !sent.answered)?;
        sent.answered = true;
        let answered = *sent;
        let closed = if at + 1 == batch.sent.len() { self.close(number) } else { None };
        Some((answered, closed))
    }

    /// Answers were lost: from now on, silence of what is on its way means nothing.
    pub(crate) fn overrun(&mut self) {
        for batch in &mut self.batches {
            batch.overrun = true;
        }
    }

    /// Gives up on the oldest batch if `is_over` says so.
    pub(crate) fn give_up(&mut self, now: Instant, quiet: bool) -> Option<Closed> {
        let oldest = self.batches.front_mut()?;
        if !(oldest.deadline <= now || quiet && oldest.overrun) {
            return None;
        }
        oldest.overrun = true;
        self.close(0)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.batches.front().map(|batch| batch.deadline)
    }

    fn close(&mut self, number: usize) -> Option<Closed> {
        let batch = self.batches.remove(number)?;
        let unanswered = batch.sent.into_iter().filter(|sent| !sent.answered).collect();
        Some(Closed { unanswered, confirmed: !batch.overrun })
    }

    fn find(&self, seq: u32) -> Option<(usize, usize)> {
        self.batches.iter().enumerate().find_map(|(number, batch)| {
            let at = seq.checked_sub(batch.first_seq)? as usize;
            (at < batch.sent.len()).then_some((number, at))
        })
    }
}

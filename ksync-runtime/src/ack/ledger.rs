//! The messages that are on their way, by sequence number.
//!
//! On netlink only the last message of a batch asks for an acknowledgement. A failure is answered all the same, so
//! the acknowledgement of the last one confirms every message of the batch that was not answered, and only
//! it does: a kernel that could not make sense of the batch answers nothing at all. In a transaction it confirms
//! the whole batch, or nothing if there was a failure.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use crate::declare::{Acknowledgement, OperationError};
use crate::engine::Operation;

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
    /// Where the last message ends.
    end: usize,
    sent: Vec<Sent>,
    acknowledgement: Acknowledgement,
    /// In a transaction: which messages failed, and why.
    failures: Vec<(usize, OperationError)>,
    /// When its answers are given up; nothing before it has left.
    deadline: Option<Instant>,
    /// Answers were lost: silence means nothing.
    overrun: bool,
}

/// All batches on their way, the oldest first.
#[derive(Debug)]
pub(crate) struct Ledger {
    batches: VecDeque<Batch>,
    /// How many of the newest have not left: the kernel knows nothing of them, and no answer of theirs can be lost.
    ahead: usize,
    acknowledgement: Acknowledgement,
}

/// What is left of a batch that is over: the messages that nobody answered.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) unanswered: Vec<Sent>,
    /// Silence means success.
    pub(crate) confirmed: bool,
    /// No answer was lost.
    pub(crate) whole: bool,
}

/// A transaction that is over.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Its operations, in their order, each with its message and with what it failed for.
    pub(crate) sent: Vec<(Sent, Bytes, Option<OperationError>)>,
    /// The kernel carried it out.
    pub(crate) confirmed: bool,
    /// No answer was lost.
    pub(crate) whole: bool,
}

impl Sent {
    pub(crate) fn new(operation: Operation, start: u32) -> Self {
        Sent { operation, start, index: None, answered: false }
    }
}

impl Ledger {
    pub(crate) fn new(acknowledgement: Acknowledgement) -> Self {
        Ledger { batches: VecDeque::new(), ahead: 0, acknowledgement }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// How many messages are on their way, answered or not.
    pub(crate) fn messages(&self) -> usize {
        self.batches.iter().map(|batch| batch.sent.len()).sum()
    }

    /// How many batches have not left.
    pub(crate) fn ahead(&self) -> usize {
        self.ahead
    }

    /// Notes a batch whose messages have the numbers `first_seq` and following; the last one ends at `end`. Without
    /// a deadline it counts as not sent until [`left`](Self::left) is told.
    pub(crate) fn sent(
        &mut self,
        first_seq: u32,
        bytes: Bytes,
        end: usize,
        sent: Vec<Sent>,
        deadline: Option<Instant>,
    ) {
        self.ahead += usize::from(deadline.is_none());
        let acknowledgement = self.acknowledgement;
        self.batches.push_back(Batch {
            first_seq,
            bytes,
            end,
            sent,
            acknowledgement,
            failures: Vec::new(),
            deadline,
            overrun: false,
        });
    }

    /// The oldest batch that had not left did so. Returns how many messages it has.
    pub(crate) fn left(&mut self, deadline: Instant) -> Option<usize> {
        let oldest = self.batches.len().checked_sub(self.ahead)?;
        let batch = self.batches.get_mut(oldest)?;
        batch.deadline = Some(deadline);
        self.ahead -= 1;
        Some(batch.sent.len())
    }

    /// The oldest batch that had not left can't, or the last one that had.
    pub(crate) fn unsent(&mut self) -> Option<GivenUp> {
        let batch = if self.ahead == 0 {
            self.batches.pop_back()?
        } else {
            let oldest = self.batches.len() - self.ahead;
            self.ahead -= 1;
            self.batches.remove(oldest)?
        };
        Some(batch.given_up())
    }

    /// The message with that number, if it is on its way and not answered.
    pub(crate) fn get_mut(&mut self, seq: u32) -> Option<&mut Sent> {
        let (batch, at) = self.find(seq)?;
        self.batches[batch].sent.get_mut(at).filter(|sent| !sent.answered)
    }

    /// The message with that number, from byte `from` on.
    pub(crate) fn message(&self, seq: u32, from: usize) -> Option<&[u8]> {
        let (batch, at) = self.find(seq)?;
        let batch = &self.batches[batch];
        let (start, end) = batch.range(at)?;
        batch.bytes.get(start + from..end)
    }

    /// The number of the oldest message that is not answered.
    pub(crate) fn oldest(&self) -> Option<u32> {
        self.sent_ones().find_map(|(_, batch)| {
            let at = batch.sent.iter().position(|sent| !sent.answered)?;
            Some(batch.first_seq + at as u32)
        })
    }

    /// Takes the message with that number as answered. The second part is what its batch leaves behind, if
    /// the batch is over with that.
    pub(crate) fn answered(&mut self, seq: u32) -> Option<(Sent, Option<Closed>)> {
        let (number, at) = self.find(seq)?;
        let batch = &mut self.batches[number];
        let sent = batch.sent.get_mut(at).filter(|sent| !sent.answered)?;
        sent.answered = true;
        let answered = *sent;
        let over = match batch.acknowledgement {
            Acknowledgement::Each => batch.sent.iter().all(|sent| sent.answered),
            _ => at + 1 == batch.sent.len(),
        };
        let closed = if over { self.batches.remove(number).map(Batch::closed) } else { None };
        Some((answered, closed))
    }

    /// Takes an answer to a message of a transaction. Returns the transaction if it is over with that.
    pub(crate) fn answered_in_transaction(
        &mut self,
        seq: u32,
        failure: Option<OperationError>,
    ) -> Option<Finished> {
        let (number, at) = self.find(seq)?;
        let batch = &mut self.batches[number];
        let sent = batch.sent.get_mut(at).filter(|sent| !sent.answered)?;
        sent.answered = true;
        batch.failures.extend(failure.map(|failure| (at, failure)));
        if at + 1 < batch.sent.len() {
            return None;
        }
        self.batches.remove(number).map(Batch::finished)
    }

    /// The transaction around the messages that begins with number `seq`, or the oldest one: it was refused as a
    /// whole, and nothing of it happened.
    pub(crate) fn refused(&mut self, seq: Option<u32>) -> Option<Finished> {
        let number = match seq {
            Some(seq) => self.sent_ones().find(|(_, batch)| batch.first_seq == seq.wrapping_add(1))?.0,
            None => self.sent_ones().next()?.0,
        };
        let finished = self.batches.remove(number)?.finished();
        Some(Finished { confirmed: false, ..finished })
    }

    /// Answers were lost: from now on, silence of what has left means nothing.
    pub(crate) fn overrun(&mut self) {
        let left = self.batches.len() - self.ahead;
        for batch in self.batches.iter_mut().take(left) {
            batch.overrun = true;
        }
    }

    /// Gives up on the oldest batch if its time is over, or if all is quiet after answers were lost.
    pub(crate) fn give_up(&mut self, now: Instant, quiet: bool) -> Option<GivenUp> {
        let oldest = self.batches.front_mut()?;
        let is_late = oldest.deadline.is_some_and(|deadline| deadline <= now);
        if !(is_late || quiet && oldest.overrun) {
            return None;
        }
        oldest.overrun = true;
        self.batches.pop_front().map(Batch::given_up)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.batches.front().and_then(|batch| batch.deadline)
    }

    /// The batches that have left, the oldest first. Nobody can answer the others.
    fn sent_ones(&self) -> impl Iterator<Item = (usize, &Batch)> {
        self.batches.iter().take(self.batches.len() - self.ahead).enumerate()
    }

    fn find(&self, seq: u32) -> Option<(usize, usize)> {
        self.sent_ones().find_map(|(number, batch)| {
            let at = seq.checked_sub(batch.first_seq)? as usize;
            (at < batch.sent.len()).then_some((number, at))
        })
    }
}

/// A batch that was given up.
#[derive(Debug)]
pub(crate) enum GivenUp {
    /// Of messages that stand for themselves.
    Batch(Closed),
    /// A transaction.
    Transaction(Finished),
}

impl Batch {
    /// From where to where the message goes.
    fn range(&self, at: usize) -> Option<(usize, usize)> {
        let start = self.sent.get(at)?.start as usize;
        let end = self.sent.get(at + 1).map_or(self.end, |next| next.start as usize);
        Some((start, end))
    }

    fn given_up(self) -> GivenUp {
        match self.acknowledgement {
            Acknowledgement::AllOrNothing => GivenUp::Transaction(self.finished()),
            Acknowledgement::Each | Acknowledgement::LastConfirms => GivenUp::Batch(self.closed()),
        }
    }

    fn closed(self) -> Closed {
        let confirmed = !self.overrun && self.acknowledgement != Acknowledgement::Each;
        let unanswered = self.sent.into_iter().filter(|sent| !sent.answered).collect();
        Closed { unanswered, confirmed, whole: !self.overrun }
    }

    fn finished(mut self) -> Finished {
        let confirmed = !self.overrun && self.failures.is_empty();
        self.failures.sort_by_key(|(at, _)| *at);
        let mut failures = std::mem::take(&mut self.failures).into_iter().peekable();
        let mut sent = Vec::with_capacity(self.sent.len());
        for (at, one) in self.sent.iter().enumerate() {
            let (start, end) = self.range(at).unwrap_or_default();
            let failure = failures.next_if(|(failed, _)| *failed == at).map(|(_, failure)| failure);
            sent.push((*one, self.bytes.slice(start..end), failure));
        }
        Finished { sent, confirmed, whole: !self.overrun }
    }
}

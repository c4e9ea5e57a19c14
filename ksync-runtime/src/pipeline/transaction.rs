//! Batches that the kernel carries out as a whole or not at all.
//!
//! What failed by itself is told so. What was undone with it is sent again without it, byte for byte, as far as the
//! engine is concerned it never came back: so nothing that depends on it leaves in between, and the order holds.
//! Every group is smaller than the transaction that it is left of, so this comes to an end.

use std::time::Instant;

use bytes::Bytes;
use nix::errno::Errno;

use super::Totals;
use super::connection::{Connection, settle_silent};
use crate::ack::Finished;
use crate::declare::OperationError;
use crate::engine::{Engine, Operation, Outcome};

/// Operations, with their messages, that go into one transaction together.
pub(super) type Group = Vec<(Operation, Bytes)>;

impl Connection {
    pub(super) fn answered_in_transaction(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        seq: u32,
        error: Option<OperationError>,
        now: Instant,
    ) {
        if self.ledger.get_mut(seq).is_none()
            && let Some(error) = &error
        {
            // The answer to the message that opens the transaction: it is about all of it.
            return self.refused_whole(engine, totals, Some(seq), error, now);
        }
        if let Some(finished) = self.ledger.answered_in_transaction(seq, error) {
            self.widen(finished.whole);
            self.finish(engine, totals, finished, now);
        }
    }

    /// The kernel refused a transaction without saying which message is at fault. If it holds one only, that is it;
    /// otherwise its halves are tried.
    pub(super) fn refused_whole(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        seq: Option<u32>,
        error: &OperationError,
        now: Instant,
    ) {
        let Some(finished) = self.ledger.refused(seq) else {
            tracing::debug!(seq, "an answer that nobody waits for");
            return;
        };
        // No part of it would fare better.
        let hopeless = matches!(
            Errno::from_raw(error.errno),
            Errno::EPERM | Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT
        );
        if finished.sent.len() == 1 || hopeless {
            for (sent, ..) in finished.sent {
                totals.refusals += 1;
                engine.handle_outcome(sent.operation, Outcome::Failed(error.clone()), now);
            }
            return;
        }
        totals.undone += finished.sent.len() as u64;
        let mut first: Group =
            finished.sent.into_iter().map(|(sent, message, _)| (sent.operation, message)).collect();
        let second = first.split_off(first.len() / 2);
        self.undone.push_front(second);
        self.undone.push_front(first);
    }

    /// Takes a transaction that is over for what it means.
    pub(super) fn finish(
        &mut self,
        engine: &mut Engine,
        totals: &mut Totals,
        finished: Finished,
        now: Instant,
    ) {
        let failed = finished.sent.iter().any(|(_, _, failure)| failure.is_some());
        let mut undone = Group::new();
        for (sent, message, failure) in finished.sent {
            match failure {
                Some(error) => {
                    totals.refusals += 1;
                    engine.handle_outcome(sent.operation, Outcome::Failed(error), now);
                }
                None if failed => {
                    totals.undone += 1;
                    undone.push((sent.operation, message));
                }
                None if finished.confirmed => {
                    engine.handle_outcome(sent.operation, Outcome::Done { index: sent.index }, now);
                }
                None => settle_silent(engine, totals, &sent, now),
            }
        }
        if !undone.is_empty() {
            self.undone.push_front(undone);
        }
    }
}

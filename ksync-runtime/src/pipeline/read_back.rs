//! Reading the kernel's objects of one kind back: a dump, parsed as it comes in.

use std::fmt;
use std::time::Instant;

use bytes::{BufMut, Bytes};

use super::Pipeline;
use crate::declare::{KSyncEntry, OperationError, Resolver};
use crate::wire::rtnetlink::NLM_F_DUMP;
use crate::wire::rtnetlink::NLM_F_DUMP_INTR;
use crate::wire::{Answer, MessageView, NLMSG_HEADER_LEN, ParseError, Request};

/// What the kernel holds of one kind.
#[derive(Clone, Debug, Default)]
pub struct ReadBack<T> {
    /// The objects that entries of this agent could stand for.
    pub objects: Vec<T>,
    /// How many objects belong to somebody else: they lack something that ours have, or refer to something
    /// that is unknown here.
    pub foreign: usize,
    /// What could not be read.
    pub malformed: Vec<ParseError>,
    /// The kernel's table changed while it was dumped: objects may be missing, or be there twice.
    pub interrupted: bool,
}

type TakeMessage = Box<dyn FnMut(&MessageView<'_>, &Resolver<'_>) + Send>;
type Finish = Box<dyn FnOnce(Result<(), OperationError>) + Send>;

/// A dump that is asked for or under way.
pub(super) struct Dump {
    message_type: u16,
    header_len: usize,
    take: TakeMessage,
    finish: Finish,
    /// Its number and when it is given up, once it is under way.
    under_way: Option<(u32, Instant)>,
    /// Parts of it were lost.
    overrun: bool,
}

impl fmt::Debug for Dump {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Dump")
            .field("message_type", &self.message_type)
            .field("under_way", &self.under_way)
            .finish_non_exhaustive()
    }
}

impl Dump {
    pub(super) fn is_about(&self, seq: u32) -> bool {
        self.under_way.is_some_and(|(own, _)| own == seq)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.under_way.map(|(_, deadline)| deadline)
    }

    pub(super) fn overrun(&mut self) {
        self.overrun |= self.under_way.is_some();
    }
}

impl Pipeline {
    /// Asks the kernel for all objects of a kind, and hands them to `done`.
    ///
    /// The dump is sent once nothing else is on its way, and nothing else is sent until it is over, so that
    /// what it shows is what was accepted.
    pub fn read_back<T: KSyncEntry>(
        &mut self,
        done: impl FnOnce(Result<ReadBack<T>, OperationError>) + Send + 'static,
    ) {
        let Some(message_type) = T::SCHEMA.get else {
            done(Err(OperationError::local(
                None,
                format!("{} declares no `get` message to dump with", T::SCHEMA.name),
            )));
            return;
        };
        let gathered = std::sync::Arc::new(std::sync::Mutex::new(ReadBack {
            objects: Vec::new(),
            foreign: 0,
            malformed: Vec::new(),
            interrupted: false,
        }));
        let results = gathered.clone();
        self.dumps.push_back(Dump {
            message_type,
            header_len: T::SCHEMA.header_len,
            take: Box::new(move |message, resolver| {
                let mut gathered = gathered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                gathered.interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                match T::parse(message, resolver) {
                    Ok(object) => gathered.objects.push(object),
                    Err(error) if error.is_foreign() => gathered.foreign += 1,
                    Err(error) => gathered.malformed.push(error),
                }
            }),
            finish: Box::new(move |result| {
                let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let objects = std::mem::take(&mut results.objects);
                let malformed = std::mem::take(&mut results.malformed);
                let (foreign, interrupted) = (results.foreign, results.interrupted);
                done(result.map(|()| ReadBack { objects, foreign, malformed, interrupted }));
            }),
            under_way: None,
            overrun: false,
        });
    }

    /// `None`: no dump is asked for. `Some(None)`: one is under way, nothing else may leave.
    pub(super) fn transmit_dump(&mut self, now: Instant) -> Option<Option<Bytes>> {
        let dump = self.dumps.front_mut()?;
        if dump.under_way.is_some() {
            return Some(None);
        }
        let seq = self.next_seq;
        self.next_seq = self.next_seq.wrapping_add(1).max(1);
        dump.under_way = Some((seq, now + self.limits.answer_timeout));
        self.totals.reads += 1;
        let mut bytes = bytes::BytesMut::with_capacity(NLMSG_HEADER_LEN + dump.header_len);
        let started = Request::new(&mut bytes, seq, self.limits.port)
            .begin::<crate::wire::NoHeader>(dump.message_type, NLM_F_DUMP)
            .finish();
        debug_assert!(started.is_ok(), "a bare header always fits");
        bytes.put_bytes(0, dump.header_len.next_multiple_of(4));
        let len = bytes.len() as u32;
        bytes[..4].copy_from_slice(&len.to_ne_bytes());
        Some(Some(bytes.freeze()))
    }

    pub(super) fn handle_dump(&mut self, message: MessageView<'_>, now: Instant) {
        let timeout = self.limits.answer_timeout;
        let Some(dump) = self.dumps.front_mut() else {
            return;
        };
        let result = match Answer::of(message) {
            Ok(Answer::Object(message)) => {
                if let Some((_, deadline)) = &mut dump.under_way {
                    *deadline = now + timeout;
                }
                self.engine.with_resolver(|resolver| (dump.take)(&message, resolver));
                return;
            }
            Ok(Answer::Done | Answer::Acknowledged) => Ok(()),
            Ok(Answer::Failed { errno, text, .. }) => Err(OperationError::kernel(errno, text, None)),
            Ok(Answer::Other) => return,
            Err(error) => Err(OperationError::local(None, error.to_string())),
        };
        self.end_dump(result);
    }

    pub(super) fn end_dump(&mut self, result: Result<(), OperationError>) {
        if let Some(dump) = self.dumps.pop_front() {
            let lost = || OperationError::local(None, "parts of the dump were lost");
            (dump.finish)(if dump.overrun { result.and(Err(lost())) } else { result });
        }
    }
}

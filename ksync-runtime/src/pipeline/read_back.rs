//! Reading the kernel's objects of one kind back: a dump, parsed as it comes in.

use std::fmt;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::connection::Connection;
use super::families::Family;
use super::{Pipeline, Totals};
use crate::declare::{Channel, KSyncEntry, OperationError, Protocol, Resolver};
use crate::engine::Engine;
use crate::wire::rtnetlink::NLM_F_DUMP;
use crate::wire::rtnetlink::NLM_F_DUMP_INTR;
use crate::wire::{Answer, MessageView, NoHeader, ParseError, Request};

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
    protocol: Protocol,
    message_type: u16,
    header: Vec<u8>,
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
        self.seq() == Some(seq)
    }

    pub(super) fn seq(&self) -> Option<u32> {
        self.under_way.map(|(seq, _)| seq)
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
        let protocol = T::SCHEMA.protocol;
        let channel = protocol.channel();
        let Some(connection) = self.connections.iter_mut().find(|connection| connection.channel() == channel)
        else {
            done(Err(OperationError::local(
                None,
                format!("{} speaks {protocol}, and no kernel carries that", T::SCHEMA.name),
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
        let mut header = vec![0; T::SCHEMA.header_len.next_multiple_of(4)];
        T::dump_header(&mut header);
        connection.dumps.push_back(Dump {
            protocol,
            message_type,
            header,
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
}

impl Connection {
    /// `None`: no dump is asked for. `Some(None)`: one is under way, nothing else may leave.
    pub(super) fn transmit_dump(&mut self, totals: &mut Totals, now: Instant) -> Option<Option<Bytes>> {
        let dump = self.dumps.front()?;
        if dump.under_way.is_some() {
            return Some(None);
        }
        let family = match self.families.number(dump.protocol, now) {
            Family::Number(number) => number,
            Family::Unknown => {
                let Protocol::Generic { family, .. } = dump.protocol else {
                    return None;
                };
                return Some(self.question(family, totals, now));
            }
            Family::Missing(error) => {
                self.end_dump(Err(error));
                return None;
            }
        };
        let dump = self.dumps.front_mut()?;
        let seq = self.next_seq;
        self.next_seq = self.next_seq.wrapping_add(1).max(1);
        totals.reads += 1;
        let mut bytes = BytesMut::new();
        let mut message = Request::new(&mut bytes, seq, self.limits.port)
            .to_family(family)
            .begin_in::<NoHeader>(dump.protocol, dump.message_type, NLM_F_DUMP);
        message.attributes.raw(&dump.header);
        if let Err(error) = message.finish() {
            self.end_dump(Err(error));
            return None;
        }
        dump.under_way = Some((seq, now + self.limits.answer_timeout));
        if let Channel::Custom(custom) = self.limits.channel {
            custom.number(&mut bytes, seq);
        }
        Some(Some(bytes.freeze()))
    }

    pub(super) fn handle_dump(&mut self, engine: &Engine, answer: Answer<'_>, now: Instant) {
        let timeout = self.limits.answer_timeout;
        let Some(dump) = self.dumps.front_mut() else {
            return;
        };
        let result = match answer {
            Answer::Object(message) => {
                if let Some((_, deadline)) = &mut dump.under_way {
                    *deadline = now + timeout;
                }
                engine.with_resolver(|resolver| (dump.take)(&message, resolver));
                return;
            }
            Answer::Done | Answer::Acknowledged => Ok(()),
            Answer::Failed { errno, text, .. } => Err(OperationError::kernel(errno, text, None)),
            Answer::Other => return,
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

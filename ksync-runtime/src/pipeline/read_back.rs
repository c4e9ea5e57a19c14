//! Reading the kernel's objects of one kind back: a dump, or several one after the other, parsed as they come in.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use foldhash::fast::FixedState;

use super::connection::Connection;
use super::families::Family;
use super::{Pipeline, Totals};
use crate::declare::{
    Channel, Dumped, ErrorClass, KSyncEntry, OperationError, Progress, Protocol, Resolver, Verb,
};
use crate::engine::Engine;
use crate::wire::rtnetlink::NLM_F_DUMP;
use crate::wire::rtnetlink::NLM_F_DUMP_INTR;
use crate::wire::{Answer, MessageView, NoHeader, ParseError, Request, set_seq};

/// What the kernel holds of one kind.
#[derive(Clone, Debug)]
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

impl<T> Default for ReadBack<T> {
    fn default() -> Self {
        ReadBack { objects: Vec::new(), foreign: 0, malformed: Vec::new(), interrupted: false }
    }
}

/// The messages that ask for all there is, without numbers of their own.
type Requests = Result<VecDeque<BytesMut>, OperationError>;
type Prepare = Box<dyn FnOnce(&Engine, Asker) -> Requests + Send>;
type TakeMessage = Box<dyn FnMut(&MessageView<'_>, &Resolver<'_>) + Send>;
type Finish = Box<dyn FnOnce(Result<(), OperationError>) + Send>;

/// A dump that is asked for or under way.
pub(super) struct Dump {
    kind: &'static str,
    protocol: Protocol,
    /// Writes the requests, once it is this dump's turn.
    prepare: Option<Prepare>,
    /// What is still to be asked.
    requests: VecDeque<BytesMut>,
    take: TakeMessage,
    /// Whether that error says that there is nothing to be dumped.
    nothing_there: fn(&OperationError) -> bool,
    finish: Finish,
    /// Its number and when it is given up, once it is under way.
    under_way: Option<(u32, Instant)>,
    /// Parts of it were lost.
    overrun: bool,
}

impl fmt::Debug for Dump {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Dump")
            .field("kind", &self.kind)
            .field("under_way", &self.under_way)
            .finish_non_exhaustive()
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
struct Asker {
    /// The number of the generic family.
    family: u16,
    /// The port id of the connection.
    port: u32,
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
    /// what it shows is what was accepted. Of a kind that is [dumped by](Dumped::By) some fields, it is one request
    /// after the other, and what is nowhere near a declared entry stays unseen.
    pub fn read_back<T: KSyncEntry>(
        &mut self,
        done: impl FnOnce(Result<ReadBack<T>, OperationError>) + Send + 'static,
    ) {
        if T::SCHEMA.get.is_none() && T::SCHEMA.dumped != Dumped::OnTheSpot {
            done(Err(OperationError::local(
                None,
                format!("{} declares no `get` message to dump with", T::SCHEMA.name),
            )));
            return;
        }
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
        let gathered = Gathered::<T>::default();
        let (looked, parsed, results) = (gathered.clone(), gathered.clone(), gathered);
        let prepare = move |engine: &Engine, asker: Asker| match T::SCHEMA.dumped {
            Dumped::AtOnce => whole::<T>(asker),
            Dumped::By(_) => Ok(by_parts::<T>(engine, asker)),
            Dumped::OnTheSpot => {
                for declared in engine.iter::<T>() {
                    looked.lock().objects.extend(declared.look()?);
                }
                Ok(VecDeque::new())
            }
        };
        connection.dumps.push_back(Dump {
            kind: T::SCHEMA.name,
            protocol,
            prepare: Some(Box::new(prepare)),
            requests: VecDeque::new(),
            take: Box::new(move |message, resolver| {
                let mut gathered = parsed.lock();
                gathered.interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                T::parse_each(message, resolver, &mut |object| match object {
                    Ok(object) => gathered.objects.push(object),
                    Err(error) if error.is_foreign() => gathered.foreign += 1,
                    Err(error) => gathered.malformed.push(error),
                });
            }),
            // What its objects hang on is not there (any more).
            nothing_there: |error| {
                matches!(T::SCHEMA.dumped, Dumped::By(_))
                    && T::classify(Verb::Delete, error) == ErrorClass::Gone
            },
            finish: Box::new(move |result| {
                let gathered = std::mem::take(&mut *results.lock());
                done(result.map(|()| gathered));
            }),
            under_way: None,
            overrun: false,
        });
    }
}

/// What came in so far.
struct Gathered<T>(Arc<Mutex<ReadBack<T>>>);

impl<T> Gathered<T> {
    fn lock(&self) -> MutexGuard<'_, ReadBack<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Gathered<T> {
    fn clone(&self) -> Self {
        Gathered(self.0.clone())
    }
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Gathered(Arc::default())
    }
}

/// The one request that asks for all objects of a kind.
fn whole<T: KSyncEntry>(asker: Asker) -> Requests {
    let mut header = vec![0; T::SCHEMA.header_len.next_multiple_of(4)];
    T::dump_header(&mut header);
    let mut bytes = BytesMut::new();
    let mut message = Request::new(&mut bytes, 0, asker.port).to_family(asker.family).begin_in::<NoHeader>(
        T::SCHEMA.protocol,
        T::SCHEMA.get.unwrap_or_default(),
        NLM_F_DUMP,
    );
    message.attributes.raw(&header);
    message.finish()?;
    Ok(VecDeque::from([bytes]))
}

/// The requests that ask for what shares some fields with declared entries, each once.
fn by_parts<T: KSyncEntry>(engine: &Engine, asker: Asker) -> VecDeque<BytesMut> {
    let (mut requests, mut asked) = (VecDeque::new(), HashSet::<Bytes, FixedState>::default());
    let mut bytes = BytesMut::new();
    engine.for_each_in_context::<T>(|declared, context| {
        bytes.clear();
        let request = Request::new(&mut bytes, 0, asker.port).to_family(asker.family);
        // What can't be asked for, because it has no number, is not there.
        let written = declared.dump_msg(context, request) == Ok(Progress::Pending);
        if written && !asked.contains(&bytes[..]) {
            asked.insert(Bytes::copy_from_slice(&bytes));
            requests.push_back(bytes.clone());
        }
    });
    requests
}

impl Connection {
    /// `None`: no dump is asked for. `Some(None)`: one is under way, nothing else may leave.
    pub(super) fn transmit_dump(
        &mut self,
        engine: &Engine,
        totals: &mut Totals,
        now: Instant,
    ) -> Option<Option<Bytes>> {
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
        if let Some(prepare) = dump.prepare.take() {
            match prepare(engine, Asker { family, port: self.limits.port }) {
                Ok(requests) => dump.requests = requests,
                Err(error) => {
                    self.end_dump(Err(error));
                    return None;
                }
            }
        }
        let Some(mut request) = dump.requests.pop_front() else {
            self.end_dump(Ok(()));
            return None;
        };
        let seq = self.next_seq;
        self.next_seq = self.next_seq.wrapping_add(1).max(1);
        totals.reads += 1;
        dump.under_way = Some((seq, now + self.limits.answer_timeout));
        match self.limits.channel {
            Channel::Custom(custom) => custom.number(&mut request, seq),
            _ => set_seq(&mut request, seq),
        }
        Some(Some(request.freeze()))
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
            Answer::Failed { errno, text, .. } => {
                let error = OperationError::kernel(errno, text, None);
                if (dump.nothing_there)(&error) { Ok(()) } else { Err(error) }
            }
            Answer::Other => return,
        };
        if result.is_ok() && !dump.requests.is_empty() {
            dump.under_way = None;
            return;
        }
        self.end_dump(result);
    }

    pub(super) fn end_dump(&mut self, result: Result<(), OperationError>) {
        if let Some(dump) = self.dumps.pop_front() {
            let lost = || OperationError::local(None, "parts of the dump were lost");
            (dump.finish)(if dump.overrun { result.and(Err(lost())) } else { result });
        }
    }
}

//! The numbers of generic netlink families, which are known to the running kernel only.
//!
//! A family is asked for when something of it is to be sent. One that is not there is asked for again later: the
//! module may have been loaded meanwhile.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use nix::errno::Errno;

use super::Limits;
use crate::declare::{OperationError, Protocol};
use crate::engine::{Engine, Operation};
use crate::wire::generic::{ask_for_family, parse_family};
use crate::wire::{Answer, Request};

/// How long a family that is not there counts as such without asking anew.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What is known of the families that were asked for.
#[derive(Debug, Default)]
pub(super) struct Families {
    known: Vec<(&'static str, State)>,
    /// The question that is on its way: its number, its family, when it is given up.
    asked: Option<(u32, &'static str, Instant)>,
}

#[derive(Clone, Debug)]
enum State {
    Number(u16),
    /// The kernel does not have it, as it said; not asked again until then.
    Missing {
        error: OperationError,
        until: Instant,
    },
}

/// What is known of a family.
#[derive(Clone, Debug)]
pub(super) enum Family {
    /// Its number; 0 for what is no generic netlink.
    Number(u16),
    /// The kernel has to be asked.
    Unknown,
    /// The kernel has no such family.
    Missing(OperationError),
}

impl Families {
    /// The number of the family that messages of that protocol go to.
    pub(super) fn number(&self, protocol: Protocol, now: Instant) -> Family {
        let Protocol::Generic { family, .. } = protocol else {
            return Family::Number(0);
        };
        match self.known.iter().find(|(name, _)| *name == family) {
            Some((_, State::Number(number))) => Family::Number(*number),
            Some((_, State::Missing { error, until })) if *until > now => Family::Missing(error.clone()),
            _ => Family::Unknown,
        }
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    pub(super) fn is_about(&self, seq: u32) -> bool {
        self.asked.is_some_and(|(own, ..)| own == seq)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.asked.map(|(_, _, deadline)| deadline)
    }

    /// The question for the number of a family.
    pub(super) fn ask(
        &mut self,
        family: &'static str,
        seq: u32,
        limits: &Limits,
        now: Instant,
    ) -> Option<Bytes> {
        let mut question = BytesMut::new();
        if let Err(error) = ask_for_family(family, Request::new(&mut question, seq, limits.port)) {
            self.note(family, State::Missing { error, until: now + ASKED_AGAIN_AFTER });
            return None;
        }
        self.asked = Some((seq, family, now + limits.answer_timeout));
        Some(question.freeze())
    }

    /// Takes the answer.
    pub(super) fn answered(&mut self, answer: &Answer<'_>, now: Instant) {
        let Some((_, family, _)) = self.asked else {
            return;
        };
        let missing = |error| State::Missing { error, until: now + ASKED_AGAIN_AFTER };
        let state = match answer {
            Answer::Object(message) => match parse_family(message) {
                Ok(number) => State::Number(number),
                Err(error) => missing(OperationError::local(None, error.to_string())),
            },
            Answer::Failed { errno, .. } if *errno == Errno::ENOENT as i32 => {
                missing(OperationError::kernel(
                    Errno::EPFNOSUPPORT as i32,
                    Some(format!(
                        "the running kernel has no generic netlink family {family}: load the module that brings it \
                     (`modprobe net-pf-16-proto-16-family-{family}`), or run a kernel that has it built in"
                    )),
                    None,
                ))
            }
            Answer::Failed { errno, text, .. } => missing(OperationError::kernel(*errno, text.clone(), None)),
            Answer::Acknowledged | Answer::Done | Answer::Other => return,
        };
        self.asked = None;
        self.note(family, state);
    }

    /// A family that is not there answers ENOENT: its module was unloaded, and may have come back under another
    /// number.
    pub(super) fn doubt(&mut self, engine: &Engine, operation: Operation, error: &OperationError) {
        if error.errno == Errno::ENOENT as i32
            && let Some(Protocol::Generic { family, .. }) = engine.protocol(operation)
        {
            self.known.retain(|(name, _)| *name != family);
        }
    }

    /// Asks again what was not answered in time.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.asked = self.asked.filter(|(_, _, deadline)| *deadline > now);
    }

    /// The question could not be sent. Returns whether there was one.
    pub(super) fn unsent(&mut self) -> bool {
        self.asked.take().is_some()
    }

    fn note(&mut self, family: &'static str, state: State) {
        self.known.retain(|(name, _)| *name != family);
        self.known.push((family, state));
    }
}

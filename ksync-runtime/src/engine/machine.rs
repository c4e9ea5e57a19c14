//! The state machine: a pure function of (state, event, facts) to (state, operations).
//!
//! It knows nothing of entries, tables, messages or time. The engine gathers the facts, calls
//! [`step`], and carries out what it says.
//!
//! States and events are those of the original KSync; the answers that it lacked (`*_NACK`) and what
//! happens behind its back (`RETRY`, `LOST`, `DRIFTED`) are added. The original takes a refusal for a
//! success; here a refusal leads to one of the two deferred states, never to `IN_SYNC`.

use std::fmt;

use crate::declare::Verb;

/// Where an entry stands between what the table holds and what the kernel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// Made, and not yet told anything.
    Init,
    /// Nobody declared it, but others refer to it: a placeholder for them to wait on.
    Temp,
    /// To be added: waits for a dependency, for a retry, or for a change.
    AddDefer,
    /// In the kernel with older data: the change waits for a dependency, for a retry, or for a change.
    ChangeDefer,
    /// The kernel accepted exactly what the table holds.
    InSync,
    /// An add or change is on its way.
    SyncWait,
    /// An add or change is on its way and is out of date already.
    NeedSync,
    /// To be deleted, once the add or change that is on its way is answered.
    DelDeferSync,
    /// To be deleted, once nothing refers to it any more.
    DelDeferRef,
    /// A delete is on its way, and another one has to follow it.
    DelDeferDelAck,
    /// A delete is on its way.
    DelAckWait,
    /// A delete is on its way, and an add follows it.
    RenewWait,
    /// Gone from its table.
    Free,
}

impl State {
    /// All states, in the order of declaration.
    pub const ALL: [State; 13] = [
        State::Init,
        State::Temp,
        State::AddDefer,
        State::ChangeDefer,
        State::InSync,
        State::SyncWait,
        State::NeedSync,
        State::DelDeferSync,
        State::DelDeferRef,
        State::DelDeferDelAck,
        State::DelAckWait,
        State::RenewWait,
        State::Free,
    ];

    /// The name of the state in the original.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            State::Init => "INIT",
            State::Temp => "TEMP",
            State::AddDefer => "ADD_DEFER",
            State::ChangeDefer => "CHANGE_DEFER",
            State::InSync => "IN_SYNC",
            State::SyncWait => "SYNC_WAIT",
            State::NeedSync => "NEED_SYNC",
            State::DelDeferSync => "DEL_DEFER_SYNC",
            State::DelDeferRef => "DEL_DEFER_REF",
            State::DelDeferDelAck => "DEL_DEFER_DEL_ACK",
            State::DelAckWait => "DEL_ACK_WAIT",
            State::RenewWait => "RENEW_WAIT",
            State::Free => "FREE",
        }
    }

    /// Whether the entry is on its way out, or out already.
    #[must_use]
    pub const fn is_deleting(self) -> bool {
        matches!(
            self,
            State::DelDeferSync
                | State::DelDeferRef
                | State::DelDeferDelAck
                | State::DelAckWait
                | State::Free
        )
    }
}

impl State {
    /// Whether it is nothing but a station between being declared and being gone: the entry neither waits for
    /// anything nor stands for something that others wait for.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        !matches!(self, State::Temp | State::AddDefer | State::ChangeDefer | State::DelDeferRef)
    }

    /// Whether an operation is queued or awaited, or tried again later, that was decided on in this state.
    #[inline]
    pub(crate) const fn is_under_way(self) -> bool {
        matches!(
            self,
            State::SyncWait
                | State::NeedSync
                | State::DelDeferSync
                | State::DelAckWait
                | State::DelDeferDelAck
                | State::RenewWait
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// What happens to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Event {
    /// The user added it, or gave it other data.
    AddChangeReq,
    /// The user removed it.
    DelReq,
    /// Its data changed in a way that takes a delete and an add.
    DelAddReq,
    /// Something that it waits on may be resolved by now.
    ReEval,
    /// The kernel carried the add out.
    AddAck,
    /// The kernel carried the change out.
    ChangeAck,
    /// The kernel carried the delete out.
    DelAck,
    /// The last reference to it went away.
    RefReleased,
    /// The kernel refused the add.
    AddNack,
    /// The kernel refused the change. `seen` = 0: the object was not there; `again` = 1: the kernel can't
    /// change it in place.
    ChangeNack,
    /// The kernel refused the delete. `seen` = 0: the object was not there.
    DelNack,
    /// A back-off timer ran out.
    Retry,
    /// The object is gone from the kernel, and not because we asked.
    Lost,
    /// Somebody else changed the object in the kernel.
    Drifted,
}

impl Event {
    /// All events, in the order of declaration.
    pub const ALL: [Event; 14] = [
        Event::AddChangeReq,
        Event::DelReq,
        Event::DelAddReq,
        Event::ReEval,
        Event::AddAck,
        Event::ChangeAck,
        Event::DelAck,
        Event::RefReleased,
        Event::AddNack,
        Event::ChangeNack,
        Event::DelNack,
        Event::Retry,
        Event::Lost,
        Event::Drifted,
    ];

    /// The name of the event, as in the original.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Event::AddChangeReq => "ADD_CHANGE_REQ",
            Event::DelReq => "DEL_REQ",
            Event::DelAddReq => "DEL_ADD_REQ",
            Event::ReEval => "RE_EVAL",
            Event::AddAck => "ADD_ACK",
            Event::ChangeAck => "CHANGE_ACK",
            Event::DelAck => "DEL_ACK",
            Event::RefReleased => "REF_RELEASED",
            Event::AddNack => "ADD_NACK",
            Event::ChangeNack => "CHANGE_NACK",
            Event::DelNack => "DEL_NACK",
            Event::Retry => "RETRY",
            Event::Lost => "LOST",
            Event::Drifted => "DRIFTED",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// What the machine has to know about the entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Others refer to it.
    pub refs: bool,
    /// An add was sent in this life of the entry, and the kernel has not refused, deleted or lost it since.
    pub seen: bool,
    /// A delete and an add have to follow the answer that is awaited.
    pub again: bool,
    /// A delete may be dropped if the kernel never saw the entry.
    pub compress: bool,
    /// It refers to something that is not resolved.
    pub unresolved: bool,
    /// Operations are complete when they return: no answer follows.
    pub sync: bool,
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state that the entry is in afterwards.
    pub next: State,
    /// The operations to be asked of the kernel, in this order.
    pub calls: Calls,
    /// `Facts::seen` afterwards.
    pub seen: bool,
    /// `Facts::again` afterwards.
    pub again: bool,
}

/// Up to two operations: the second one only after a delete that was complete at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    first: Option<Verb>,
    second: Option<Verb>,
}

impl Calls {
    /// None at all.
    pub const NONE: Calls = Calls { first: None, second: None };

    /// That operation, or none.
    pub(crate) const fn of(verb: Option<Verb>) -> Self {
        Calls { first: verb, second: None }
    }

    /// The operations in order.
    pub fn iter(self) -> impl Iterator<Item = Verb> {
        self.first.into_iter().chain(self.second)
    }

    /// The last operation: the one whose answer is awaited.
    #[must_use]
    pub const fn last(self) -> Option<Verb> {
        if self.second.is_some() { self.second } else { self.first }
    }

    const fn push(&mut self, verb: Verb) {
        if self.first.is_none() {
            self.first = Some(verb);
        } else {
            self.second = Some(verb);
        }
    }
}

/// `A`, `C`, `D` in order, or `-`.
impl fmt::Display for Calls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first.is_none() {
            return out.write_str("-");
        }
        for verb in self.iter() {
            out.write_str(match verb {
                Verb::Add => "A",
                Verb::Change => "C",
                Verb::Delete => "D",
            })?;
        }
        Ok(())
    }
}

/// The event can't happen in that state: a fault of the caller or of the kernel. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event} can't happen in state {state}")]
pub struct Rejected {
    /// The state that the entry is in, and stays in.
    pub state: State,
    /// What was said to have happened.
    pub event: Event,
}

/// What follows from `event` for an entry in `state`.
///
/// # Errors
/// [`Rejected`] for a pair that can't happen.
///
/// ```
/// use ksync_runtime::engine::machine::{Event, Facts, State, step};
///
/// // A route whose nexthop is not there yet ...
/// let waiting = Facts { unresolved: true, compress: true, ..Facts::default() };
/// assert_eq!(step(State::Init, Event::AddChangeReq, waiting)?.next, State::AddDefer);
/// // ... is added as soon as it is.
/// let resolved = Facts { unresolved: false, ..waiting };
/// let added = step(State::AddDefer, Event::ReEval, resolved)?;
/// assert_eq!((added.next, added.calls.to_string().as_str()), (State::SyncWait, "A"));
/// # Ok::<(), ksync_runtime::engine::machine::Rejected>(())
/// ```
pub const fn step(state: State, event: Event, facts: Facts) -> Result<Step, Rejected> {
    use Event as E;
    use State as S;

    let run = Run { facts, calls: Calls::NONE };
    let done = match (state, event) {
        (S::Init, E::AddChangeReq) => run.add(),

        (S::Temp, E::AddChangeReq | E::DelAddReq) => run.add(),
        (S::Temp, E::DelReq | E::RefReleased) => run.let_go(),

        (S::AddDefer, E::AddChangeReq | E::ReEval | E::Retry) => run.add(),
        (S::AddDefer, E::DelReq) if !facts.compress => run.delete(),
        (S::AddDefer, E::DelReq) => run.let_go(),
        (S::AddDefer, E::DelAddReq) => run.renew(),

        (S::ChangeDefer, E::AddChangeReq | E::ReEval | E::Retry) => run.change(),
        (S::ChangeDefer, E::DelReq) => run.delete(),
        (S::ChangeDefer, E::DelAddReq) => run.renew(),
        (S::ChangeDefer, E::Lost) => run.unseen().add(),

        (S::InSync, E::AddChangeReq | E::Drifted) => run.change(),
        (S::InSync, E::DelReq) => run.delete(),
        (S::InSync, E::DelAddReq) => run.renew(),
        (S::InSync, E::Lost) => run.unseen().add(),

        (S::SyncWait, E::AddChangeReq | E::Drifted) => run.go(S::NeedSync),
        (S::SyncWait, E::AddAck | E::ChangeAck) if facts.again => run.once().renew(),
        (S::SyncWait, E::AddAck | E::ChangeAck) => run.go(S::InSync),
        (S::SyncWait, E::AddNack) if facts.again => run.once().unseen().add(),
        (S::SyncWait, E::AddNack) => run.unseen().go(S::AddDefer),

        (S::NeedSync, E::AddChangeReq | E::Drifted) => run.go(S::NeedSync),
        (S::NeedSync, E::AddAck | E::ChangeAck) if facts.again => run.once().renew(),
        (S::NeedSync, E::AddAck | E::ChangeAck) => run.change(),
        (S::NeedSync, E::AddNack) => run.once().unseen().add(),

        (S::SyncWait | S::NeedSync, E::DelReq) => run.once().go(S::DelDeferSync),
        (S::SyncWait | S::NeedSync, E::DelAddReq | E::Lost) => run.again().go(state),
        (S::SyncWait | S::NeedSync, E::ChangeNack) if !facts.seen => run.once().add(),
        (S::SyncWait | S::NeedSync, E::ChangeNack) if facts.again => run.once().renew(),
        (S::SyncWait, E::ChangeNack) => run.go(S::ChangeDefer),
        (S::NeedSync, E::ChangeNack) => run.change(),

        (S::DelDeferSync, E::AddChangeReq) => run.go(S::NeedSync),
        (S::DelDeferSync, E::AddAck | E::ChangeAck) => run.delete(),
        (S::DelDeferSync, E::DelAddReq) => run.again().go(S::NeedSync),
        (S::DelDeferSync, E::AddNack) => run.unseen().let_go(),
        (S::DelDeferSync, E::ChangeNack) if !facts.seen => run.once().let_go(),
        (S::DelDeferSync, E::ChangeNack) => run.once().delete(),

        (S::DelDeferRef, E::AddChangeReq) if facts.seen => run.change(),
        (S::DelDeferRef, E::AddChangeReq) => run.add(),
        (S::DelDeferRef, E::DelReq | E::RefReleased) if !facts.refs => run.delete(),
        (S::DelDeferRef, E::DelReq) => run.go(S::DelDeferRef),
        (S::DelDeferRef, E::DelAddReq) => run.renew(),
        (S::DelDeferRef, E::Lost) => run.unseen().let_go(),

        (S::DelDeferDelAck | S::DelAckWait | S::RenewWait, E::AddChangeReq) => run.once().go(S::RenewWait),
        (S::DelDeferDelAck | S::DelAckWait | S::RenewWait, E::DelAddReq) => run.again().go(state),
        (S::RenewWait, E::DelReq) if facts.compress => run.once().go(S::DelAckWait),
        (S::RenewWait, E::DelReq) => run.once().go(S::DelDeferDelAck),
        (S::DelDeferDelAck | S::DelAckWait | S::RenewWait, E::DelAck) => run.deleted(state),
        (S::DelDeferDelAck | S::DelAckWait | S::RenewWait, E::DelNack) if !facts.seen => run.deleted(state),
        (S::DelDeferDelAck | S::DelAckWait | S::RenewWait, E::DelNack) => run.go(state),
        (S::DelDeferDelAck | S::DelAckWait, E::Retry) => run.delete(),
        (S::RenewWait, E::Retry) => run.renew(),

        // What the world does while nothing, or something else, is under way.
        (S::Init, _) => return Err(Rejected { state, event }),
        (_, E::RefReleased) => run.go(state),
        (S::Free, _) => return Err(Rejected { state, event }),
        (_, E::Lost | E::Drifted) => run.go(state),

        _ => return Err(Rejected { state, event }),
    };
    Ok(done)
}

/// One run of the machine: the facts as they change on the way, and the operations so far.
#[derive(Clone, Copy)]
struct Run {
    facts: Facts,
    calls: Calls,
}

impl Run {
    const fn go(self, next: State) -> Step {
        Step { next, calls: self.calls, seen: self.facts.seen, again: self.facts.again }
    }

    /// Takes `seen` back.
    const fn unseen(mut self) -> Self {
        self.facts.seen = false;
        self
    }

    /// Sets `again`.
    const fn again(mut self) -> Self {
        self.facts.again = true;
        self
    }

    /// Clears `again`.
    const fn once(mut self) -> Self {
        self.facts.again = false;
        self
    }

    /// Asks for an operation, and goes on to where it leads.
    const fn call(mut self, verb: Verb, done: State, pending: State) -> Step {
        self.calls.push(verb);
        self.go(if self.facts.sync { done } else { pending })
    }

    /// ADD.
    const fn add(mut self) -> Step {
        if self.facts.unresolved {
            return self.go(State::AddDefer);
        }
        self.facts.seen = true;
        self.call(Verb::Add, State::InSync, State::SyncWait)
    }

    /// CHANGE.
    const fn change(self) -> Step {
        if self.facts.unresolved {
            return self.go(State::ChangeDefer);
        }
        self.call(Verb::Change, State::InSync, State::SyncWait)
    }

    /// DELETE.
    const fn delete(self) -> Step {
        if self.facts.refs {
            return self.go(State::DelDeferRef);
        }
        if !self.facts.seen && self.facts.compress {
            return self.go(State::Free);
        }
        self.call(Verb::Delete, State::Free, State::DelAckWait)
    }

    /// RENEW: whatever refers to it.
    const fn renew(mut self) -> Step {
        if !self.facts.seen && self.facts.compress {
            return self.add();
        }
        self.calls.push(Verb::Delete);
        if self.facts.sync {
            return self.unseen().add();
        }
        self.go(State::RenewWait)
    }

    /// Nothing is in the kernel, and nothing is wanted there.
    const fn let_go(self) -> Step {
        self.go(if self.facts.refs { State::Temp } else { State::Free })
    }

    /// A delete was carried out.
    const fn deleted(self, state: State) -> Step {
        if self.facts.again {
            // The original sends the delete once more: it asked for it while this one was on its way.
            return self.once().renew();
        }
        let gone = self.unseen();
        match state {
            State::RenewWait => gone.add(),
            State::DelDeferDelAck => self.delete(),
            _ => gone.let_go(),
        }
    }
}

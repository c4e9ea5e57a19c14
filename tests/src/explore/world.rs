//! A small world: a real engine, a model of a kernel, and the answers that are on their way between them.
//!
//! It does one [`Action`] at a time and checks the rules of the engine after each. It drives the engine by its
//! public face, and reads what the engine writes from the bytes.

mod fingerprint;
mod kernel;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Instant;

use bytes::BytesMut;
use ksync_runtime::declare::{IndexSource, OperationError, Progress, Verb};
use ksync_runtime::engine::machine::{Event, State};
use ksync_runtime::engine::{Action as Asked, Engine, Operation, Outcome, RetryPolicy, Share};
use ksync_runtime::wire::Request;

use super::kinds::{Kind, Wish};
use fingerprint::Trail;
use kernel::{EBUSY, EINVAL, ENOENT, Object, decode};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The user declares an entry, or gives it another value.
    Set(u32, Wish),
    /// The user takes an entry back.
    Remove(u32),
    /// The engine hands out an operation, and the kernel acts on it.
    HandOut(Manner),
    /// The answer to the operation on that entry arrives.
    Answer(u32),
    /// The answer to the operation on that entry is lost.
    Mislay(u32),
    /// The kernel drops an object by itself, and says so.
    Drop(u32),
    /// Time passes until the next timer runs out.
    Wait,
}

/// How the kernel takes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// It is busy: `EBUSY`.
    Busy,
    /// It does not want it: `EINVAL`.
    Refuse,
}

impl Action {
    /// Whether it is something that goes wrong.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Action::HandOut(Manner::Busy | Manner::Refuse) | Action::Mislay(_) | Action::Drop(_))
    }

    /// Whether it is something that the user does.
    #[must_use]
    pub fn is_users(self) -> bool {
        matches!(self, Action::Set(..) | Action::Remove(_))
    }
}

/// An operation that left the engine. The kernel acted on it; the answer is on its way.
#[derive(Clone, Debug)]
struct InFlight {
    operation: Operation,
    answer: Result<Option<u32>, i32>,
}

/// A small world of entries of one kind.
pub struct World<T> {
    engine: Engine,
    now: Instant,
    kernel: BTreeMap<u32, Object>,
    /// The last number that the kernel gave out, where it does.
    last_index: u32,
    declared: BTreeMap<u32, Wish>,
    in_flight: BTreeMap<u32, InFlight>,
    /// What the engine was told that the kernel accepted, and was not told that it is gone.
    accepted: BTreeSet<u32>,
    /// What went with a deleted object → which object that was. Nobody told the engine yet.
    flushed: BTreeMap<u32, u32>,
    trails: BTreeMap<u32, Trail>,
    /// Whose delete is sent again, because its answer was lost.
    resent: BTreeSet<u32>,
    /// Who was refused before something that it needs changed, and was not sent again since.
    owed: BTreeSet<u32>,
    /// The order in which operations were queued, first fresh ones, then retries.
    lanes: [Vec<u32>; 2],
    story: Option<String>,
    kind: PhantomData<T>,
}

impl<T: Kind> World<T> {
    /// An empty world.
    ///
    /// # Panics
    /// Never: there is room for one kind.
    #[must_use]
    pub fn new(begin: Instant) -> Self {
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<T>().expect("room for one kind");
        engine.watch(true);
        World {
            engine,
            now: begin,
            kernel: BTreeMap::new(),
            last_index: 0,
            declared: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            accepted: BTreeSet::new(),
            flushed: BTreeMap::new(),
            trails: BTreeMap::new(),
            resent: BTreeSet::new(),
            owed: BTreeSet::new(),
            lanes: [Vec::new(), Vec::new()],
            story: None,
            kind: PhantomData,
        }
    }

    /// From now on all that happens is written down.
    pub fn tell_story(&mut self) {
        self.story = Some(String::new());
    }

    /// What happened since [`tell_story`](Self::tell_story), and how things stand.
    #[must_use]
    pub fn story(&self) -> String {
        let mut text = self.story.clone().unwrap_or_default();
        let _ = writeln!(text, "{self:?}");
        text
    }

    /// What is declared.
    #[must_use]
    pub fn declared(&self) -> &BTreeMap<u32, Wish> {
        &self.declared
    }

    /// What can happen next without the user: `faults` says whether things may go wrong.
    #[must_use]
    pub fn possible(&self, faults: bool) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.engine.queued() > 0 {
            actions.push(Action::HandOut(Manner::Good));
            if faults {
                actions.extend([Action::HandOut(Manner::Busy), Action::HandOut(Manner::Refuse)]);
            }
        }
        for key in self.in_flight.keys() {
            actions.push(Action::Answer(*key));
            if faults {
                actions.push(Action::Mislay(*key));
            }
        }
        if faults {
            actions.extend(self.kernel.keys().copied().map(Action::Drop));
        }
        if self.engine.next_timeout().is_some() {
            actions.push(Action::Wait);
        }
        actions
    }

    /// Does something, lets the engine do what follows, and checks the rules.
    ///
    /// # Errors
    /// The rule that was broken.
    pub fn act(&mut self, action: Action) -> Result<(), String> {
        self.act_unchecked(action)?;
        self.check()
    }

    /// As [`act`](Self::act), for what was lived through, and checked, before.
    ///
    /// # Errors
    /// What the engine should not have handed out.
    pub fn act_unchecked(&mut self, action: Action) -> Result<(), String> {
        self.tell(|| format!("{action:?}"));
        match action {
            Action::Set(key, wish) => {
                self.owed.remove(&key);
                self.declared.insert(key, wish);
                self.note(key, wish);
                self.set(T::make(key, wish))?;
            }
            Action::Remove(key) => {
                self.owed.remove(&key);
                let was_declared = self.declared.remove(&key).is_some();
                self.note(key, "removed");
                if self.remove(key) != was_declared {
                    return Err(format!("{key}: declared or not?"));
                }
            }
            Action::HandOut(manner) => self.hand_out(manner)?,
            Action::Answer(key) => self.answer(key, false),
            Action::Mislay(key) => self.answer(key, true),
            Action::Drop(key) => {
                let victims = self.remove_object(key);
                for victim in std::iter::once(key).chain(victims) {
                    // What goes with it while an operation is on its way may come back by that.
                    if victim == key || !self.in_flight.contains_key(&victim) {
                        self.accepted.remove(&victim);
                    }
                    self.flushed.remove(&victim);
                }
                self.shake(key);
                self.engine.handle_lost::<T>(&key, self.now);
            }
            Action::Wait => {
                self.now = self.engine.next_timeout().unwrap_or(self.now).max(self.now);
                self.engine.handle_timeout(self.now);
            }
        }
        let mut slices = 0;
        while self.engine.work(16, self.now) {
            slices += 1;
            if slices > 1000 {
                return Err("the work does not end".to_owned());
            }
        }
        self.follow();
        Ok(())
    }

    /// Some are set and removed by themselves, and some as one of many would be.
    fn is_one_of_many(key: u32) -> bool {
        key.is_multiple_of(2)
    }

    fn set(&mut self, value: T) -> Result<(), String> {
        let refused = if Self::is_one_of_many(value.key()) {
            self.engine.set_all([value], Share::Fresh, self.now).pop()
        } else {
            self.engine.set(value, self.now).err()
        };
        refused.map_or(Ok(()), |error| Err(error.to_string()))
    }

    fn remove(&mut self, key: u32) -> bool {
        if Self::is_one_of_many(key) {
            self.engine.remove_all::<T>([&key], Share::Fresh, self.now) == 1
        } else {
            self.engine.remove::<T>(&key, self.now)
        }
    }

    /// The engine hands out an operation, and the kernel acts on it.
    fn hand_out(&mut self, manner: Manner) -> Result<(), String> {
        let Some(operation) = self.engine.next_operation(self.now) else {
            return Ok(());
        };
        let mut bytes = BytesMut::new();
        let progress = self.engine.write(operation, Request::new(&mut bytes, 1, 1));
        if progress != Ok(Progress::Pending) {
            return Err(format!("{operation:?} was not written: {progress:?}"));
        }
        let written = decode(&bytes).ok_or("an unreadable message")?;
        let key = written.key;
        self.tell(|| format!("   {:?} {key}, index {:?}", operation.action, written.index));
        let sent = (format!("{:?}", operation.action), self.declared.get(&key).copied());
        let trail = self.trails.entry(key).or_default();
        trail.shaken = false;
        trail.note(sent);
        for lane in &mut self.lanes {
            if let Some(at) = lane.iter().position(|queued| *queued == key) {
                lane.drain(..=at);
                break;
            }
        }
        if self.in_flight.values().any(|other| other.operation.entry == operation.entry) {
            return Err(format!("{key}: two operations are outstanding"));
        }
        self.owed.remove(&key);
        self.check_sent(operation, &written)?;
        let answer = match manner {
            Manner::Good => self.kernel_acts(operation, &written)?,
            Manner::Busy => Err(EBUSY),
            Manner::Refuse => Err(EINVAL),
        };
        self.in_flight.insert(key, InFlight { operation, answer });
        Ok(())
    }

    /// An answer reaches the engine, or is lost.
    fn answer(&mut self, key: u32, lost: bool) {
        let Some(InFlight { operation, answer }) = self.in_flight.remove(&key) else {
            return;
        };
        let outcome = match answer {
            _ if lost => Outcome::Unknown,
            Ok(index) => Outcome::Done { index },
            Err(errno) => Outcome::Failed(OperationError::kernel(errno, None, None)),
        };
        self.tell(|| format!("   {:?} {key}: {outcome:?}", operation.action));
        let trail = self.trails.entry(key).or_default();
        let known = match outcome {
            Outcome::Unknown => false,
            // The object is there, and under which number is not known.
            Outcome::Failed(_) if operation.action == Asked::Lookup => false,
            Outcome::Failed(_) => !trail.doubtful && !trail.shaken,
            Outcome::Done { .. } | Outcome::Kept => !trail.shaken,
        };
        trail.doubtful = !known;
        if known {
            trail.digest = 0;
        }
        let lookup_follows =
            T::SCHEMA.index == IndexSource::Kernel && outcome == Outcome::Done { index: None };
        if !known || lookup_follows {
            trail.note(format!("{outcome:?}"));
        }
        match (operation.action, &outcome) {
            (Asked::Write(Verb::Add | Verb::Change), Outcome::Done { .. }) => {
                self.accepted.insert(key);
                for (user, wish) in &self.declared {
                    if wish.needs().any(|need| need == key) && self.is_refused(*user) {
                        self.owed.insert(*user);
                    }
                }
            }
            (Asked::Write(Verb::Delete), Outcome::Done { .. } | Outcome::Kept) => self.told_gone(key),
            (Asked::Write(Verb::Add), Outcome::Failed(_)) => {
                self.accepted.remove(&key);
            }
            (_, Outcome::Failed(error)) if error.errno == ENOENT => self.told_gone(key),
            (Asked::Write(Verb::Delete), Outcome::Unknown) => {
                self.resent.insert(key);
                self.push(key, true);
            }
            _ => {}
        }
        if outcome != Outcome::Unknown {
            self.resent.remove(&key);
        }
        self.engine.handle_outcome(operation, outcome, self.now);
    }

    /// The engine learns that an object is gone, and can know what went with it.
    fn told_gone(&mut self, key: u32) {
        self.accepted.remove(&key);
        self.flushed.remove(&key);
        let (accepted, in_flight) = (&mut self.accepted, &self.in_flight);
        self.flushed.retain(|victim, with| {
            if *with == key && !in_flight.contains_key(victim) {
                accepted.remove(victim);
            }
            *with != key
        });
        self.shake(key);
    }

    /// News of a loss: what is not settled at that moment is touched by it in ways that nobody is told of.
    fn shake(&mut self, lost: u32) {
        for (key, trail) in &mut self.trails {
            trail.shaken |= self.in_flight.contains_key(key);
            if trail.shaken || trail.doubtful {
                trail.note(("lost", lost));
            }
        }
    }

    /// Notes what happened to an entry, if that leaves a trace that can't be seen.
    fn note(&mut self, key: u32, what: impl Hash) {
        let in_flight = self.in_flight.contains_key(&key);
        let trail = self.trails.entry(key).or_default();
        if in_flight || trail.doubtful {
            trail.note(what);
        }
    }

    fn push(&mut self, key: u32, retry: bool) {
        if !self.lanes.iter().any(|lane| lane.contains(&key)) {
            self.lanes[usize::from(retry)].push(key);
        }
    }

    /// Reads what the engine tells of its steps.
    fn follow(&mut self) {
        while let Some(transition) = self.engine.poll_transition() {
            self.tell(|| format!("   {transition}"));
            let key: u32 = transition.key.parse().unwrap_or(0);
            self.note(key, (transition.from, transition.event, transition.to));
            if transition.calls.last().is_some() {
                self.push(key, transition.event == Event::Retry);
            }
            for (user, wish) in &self.declared {
                if transition.to == State::InSync && wish.needs().any(|need| need == key) {
                    self.trails.entry(*user).or_default().came.insert(key);
                }
            }
        }
        for (key, trail) in &mut self.trails {
            match self.engine.state::<T>(key) {
                None => *trail = Trail::default(),
                Some(State::AddDefer | State::ChangeDefer) => {}
                Some(_) => trail.came.clear(),
            }
        }
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let _ = writeln!(story, "{}", line());
        }
    }
}

impl<T: Kind> fmt::Debug for World<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "kernel    {:?}", self.kernel)?;
        writeln!(out, "declared  {:?}", self.declared)?;
        writeln!(out, "in flight {:?}", self.in_flight)?;
        for why in self.engine.unsettled(10).0 {
            writeln!(out, "{why}")?;
        }
        Ok(())
    }
}

//! Small worlds: an engine with a few entries, a model of a kernel, and somebody who does everything in every
//! order. After each step the rules of the engine are checked against the model.
//!
//! It drives the engine by its public face only, and decodes what the engine writes; it does not know how the
//! engine comes to its decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use ksync_runtime::declare::{OperationError, Progress, Resolver, Verb};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Action, Engine, Operation, Outcome, RetryPolicy};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{Messages, NoHeader, Request};

/// What others depend on. The kernel drops what refers to one together with it.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route, header = NoHeader, add = 16, change = 18, delete = 17,
    index(from = ksync, range = 1..=3, nla = 9), flushes_dependents
)]
pub struct Base {
    /// Which one.
    #[ksync(key, nla = 1)]
    pub id: u32,
    /// What it is.
    #[ksync(nla = 2)]
    pub value: u32,
    /// What it is for good.
    #[ksync(nla = 3, immutable)]
    pub fixed: u32,
}

/// What depends on up to two others.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, change = 22, delete = 21)]
pub struct Leaf {
    /// Which one.
    #[ksync(key, nla = 1)]
    pub id: u32,
    /// What it is.
    #[ksync(nla = 2)]
    pub value: u32,
    /// What it needs.
    #[depends_on]
    #[ksync(nla = 4)]
    pub first: Ref<Base>,
    /// What it may need.
    #[depends_on]
    #[ksync(nla = 5)]
    pub second: Option<Ref<Base>>,
}

/// An object of the model kernel.
#[derive(Clone, Debug, PartialEq)]
enum Object {
    Base(Base),
    /// With the indexes that it refers to.
    Leaf(Leaf),
}

impl Object {
    fn refers_to(&self) -> Vec<u32> {
        match self {
            Object::Base(_) => Vec::new(),
            Object::Leaf(leaf) => {
                std::iter::once(&leaf.first).chain(&leaf.second).map(|base| *base.key()).collect()
            }
        }
    }
}

/// Kind (by the add's message type) and key.
type Place = (u16, u32);

const BASE: u16 = 16;
const LEAF: u16 = 20;

/// An operation that left the engine. The kernel acted on it already, as the real one does; the answer is
/// still on its way.
#[derive(Debug)]
struct InFlight {
    operation: Operation,
    place: Place,
    verb: Verb,
    answer: Result<(), i32>,
}

/// What can go wrong while answers fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Nothing goes wrong.
    Fair,
    /// One answer in eight is a refusal or is lost.
    Foul,
}

/// A world. Any broken rule panics with the story so far.
pub struct World {
    engine: Engine,
    now: Instant,
    kernel: BTreeMap<Place, Object>,
    /// What the engine was told that the kernel accepted.
    accepted: BTreeSet<Place>,
    in_flight: Vec<InFlight>,
    declared: BTreeMap<Place, Object>,
    dice: u64,
    story: Vec<String>,
}

impl World {
    /// A world of which everything that happens follows from the seed.
    ///
    /// # Panics
    /// Never: the two kinds always fit an engine.
    #[must_use]
    pub fn new(seed: u64, begin: Instant) -> Self {
        let policy = RetryPolicy { min_delay: Duration::from_millis(10), seed, ..RetryPolicy::default() };
        let mut engine = Engine::new(policy);
        engine.register::<Leaf>().expect("room for two kinds");
        engine.register::<Base>().expect("room for two kinds");
        engine.check_dependencies().expect("both kinds are there");
        World {
            engine,
            now: begin,
            kernel: BTreeMap::new(),
            accepted: BTreeSet::new(),
            in_flight: Vec::new(),
            declared: BTreeMap::new(),
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            story: Vec::new(),
        }
    }

    /// A number below `sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 33) as u32 % sides
    }

    /// Does one thing, and checks the rules.
    pub fn step(&mut self, weather: Weather) {
        match self.roll(12) {
            0 | 1 => self.set_base(),
            2 | 3 => self.set_leaf(),
            4 => self.remove(),
            5..=7 => drop(self.hand_out(weather)),
            8..=10 => drop(self.answer(weather)),
            _ => self.pass_time(),
        }
        self.work();
        self.check();
    }

    /// Lets everything come to rest in fair weather, and checks that the kernel holds what was declared.
    pub fn settle(&mut self) {
        self.story.push("settle".to_owned());
        self.rest();
        // What was refused for good while the weather was foul waits for a change.
        for object in self.declared.clone().into_values() {
            let other = match object.clone() {
                Object::Base(base) => Object::Base(Base { value: base.value + 10, ..base }),
                Object::Leaf(leaf) => Object::Leaf(Leaf { value: leaf.value + 10, ..leaf }),
            };
            self.set(other);
            self.set(object);
        }
        self.rest();
        for (place, object) in &self.declared {
            let complete = object.refers_to().iter().all(|base| self.declared.contains_key(&(BASE, *base)));
            if complete && self.kernel.get(place) != Some(object) {
                self.fail(&format!("{place:?} should be {object:?}"));
            }
        }
        for place in self.kernel.keys() {
            if !self.declared.contains_key(place) && !self.is_referred_to(*place) {
                self.fail(&format!("{place:?} should be gone"));
            }
        }
    }

    /// Lets everything come to rest in fair weather.
    fn rest(&mut self) {
        for _ in 0..1000 {
            self.work();
            while self.hand_out(Weather::Fair) {}
            while self.answer(Weather::Fair) {}
            self.work();
            self.check();
            if self.engine.is_idle() && self.in_flight.is_empty() {
                let Some(at) = self.engine.next_timeout() else {
                    return;
                };
                self.now = self.now.max(at);
                self.engine.handle_timeout(self.now);
            }
        }
        self.fail("it does not come to rest");
    }

    /// Removes everything, lets it come to rest, and checks that nothing is left anywhere.
    pub fn end(&mut self) {
        for place in self.declared.keys().copied().collect::<Vec<_>>() {
            self.take_away(place);
        }
        self.settle();
        let left = self.engine.counts::<Base>().total() + self.engine.counts::<Leaf>().total();
        if !self.kernel.is_empty() || left > 0 || self.engine.references() > 0 {
            self.fail(&format!("{left} entries and {} references are left", self.engine.references()));
        }
    }

    /// Whether something that is wanted, or something in the kernel that is still wanted in another form, needs it.
    fn is_referred_to(&self, (kind, key): Place) -> bool {
        let held = self
            .kernel
            .iter()
            .filter(|(place, _)| self.declared.contains_key(place))
            .map(|(_, object)| object);
        // An answer was lost, and what is wanted now can't be sent: who knows what it holds on to.
        let in_doubt = (1..=2u32).any(|leaf| self.engine.state::<Leaf>(&leaf) == Some(State::ChangeDefer));
        let mut all = self.declared.values().chain(held);
        kind == BASE && (in_doubt || all.any(|object| object.refers_to().contains(&key)))
    }

    fn set_base(&mut self) {
        let base = Base { id: 1 + self.roll(3), value: self.roll(3), fixed: self.roll(8) / 6 };
        self.story.push(format!("set {base:?}"));
        self.declared.insert((BASE, base.id), Object::Base(base.clone()));
        self.set(Object::Base(base));
    }

    fn set_leaf(&mut self) {
        let second = (self.roll(2) == 0).then(|| Ref::to(1 + self.roll(3)));
        let leaf =
            Leaf { id: 1 + self.roll(2), value: self.roll(3), first: Ref::to(1 + self.roll(3)), second };
        self.story.push(format!("set {leaf:?}"));
        self.declared.insert((LEAF, leaf.id), Object::Leaf(leaf.clone()));
        self.set(Object::Leaf(leaf));
    }

    fn set(&mut self, object: Object) {
        let taken = match object {
            Object::Base(base) => self.engine.set(base, self.now),
            Object::Leaf(leaf) => self.engine.set(leaf, self.now),
        };
        if let Err(error) = taken {
            self.fail(&error.to_string());
        }
    }

    fn remove(&mut self) {
        let places: Vec<Place> = self.declared.keys().copied().collect();
        if !places.is_empty() {
            let victim = self.roll(places.len() as u32) as usize;
            self.take_away(places[victim]);
        }
    }

    fn take_away(&mut self, (kind, key): Place) {
        self.story.push(format!("remove {kind} {key}"));
        self.declared.remove(&(kind, key));
        let was_there = match kind {
            BASE => self.engine.remove::<Base>(&key, self.now),
            _ => self.engine.remove::<Leaf>(&key, self.now),
        };
        if !was_there {
            self.fail("what was declared was not there to be removed");
        }
    }

    /// The engine hands out an operation, and the kernel acts on it.
    fn hand_out(&mut self, weather: Weather) -> bool {
        let Some(operation) = self.engine.next_operation(self.now) else {
            return false;
        };
        if self.in_flight.iter().any(|other| other.operation.entry == operation.entry) {
            self.fail(&format!("{operation:?} while another one is outstanding"));
        }
        let Action::Write(verb) = operation.action else {
            self.fail("a look-up for a kind that needs none");
            return false;
        };
        let mut bytes = BytesMut::new();
        match self.engine.write(operation, Request::new(&mut bytes, 1, 1)) {
            Ok(Progress::Pending) => {}
            other => self.fail(&format!("{operation:?} was not written: {other:?}")),
        }
        let (place, object, refers_to) = self.decode(&bytes);
        self.story.push(format!("kernel: {verb} {place:?} {object:?}"));
        if verb != Verb::Delete {
            for base in &refers_to {
                if !self.accepted.contains(&(BASE, *base)) {
                    self.fail(&format!("{place:?} was sent before {base} was accepted"));
                }
            }
        }
        let foul = weather == Weather::Foul;
        let refusal = match self.roll(16) {
            0 if foul => Some(16),
            1 if foul => Some(22),
            _ => None,
        };
        let answer = match refusal {
            Some(errno) => Err(errno),
            None => self.act(place, verb, object, &refers_to),
        };
        self.in_flight.push(InFlight { operation, place, verb, answer });
        true
    }

    /// What the kernel does.
    fn act(
        &mut self,
        place: Place,
        verb: Verb,
        object: Option<Object>,
        refers_to: &[u32],
    ) -> Result<(), i32> {
        const ENOENT: i32 = 2;
        const EINVAL: i32 = 22;
        match verb {
            Verb::Delete => {
                self.kernel.remove(&place).ok_or(ENOENT)?;
                if place.0 == BASE {
                    self.kernel.retain(|_, object| !object.refers_to().contains(&place.1));
                }
            }
            Verb::Add | Verb::Change => {
                if refers_to.iter().any(|base| !self.kernel.contains_key(&(BASE, *base))) {
                    return Err(EINVAL);
                }
                if verb == Verb::Change && !self.kernel.contains_key(&place) {
                    return Err(ENOENT);
                }
                if let Some(object) = object {
                    self.kernel.insert(place, object);
                }
            }
        }
        Ok(())
    }

    /// An answer reaches the engine: of any operation that is in flight, so also late and out of order.
    fn answer(&mut self, weather: Weather) -> bool {
        if self.in_flight.is_empty() {
            return false;
        }
        let which = self.roll(self.in_flight.len() as u32) as usize;
        let InFlight { operation, place, verb, answer } = self.in_flight.swap_remove(which);
        let lost = weather == Weather::Foul && self.roll(16) == 0;
        let outcome = match answer {
            _ if lost => Outcome::Unknown,
            Ok(()) => Outcome::Done { index: None },
            Err(errno) => Outcome::Failed(OperationError::kernel(errno, None, None)),
        };
        self.story.push(format!("answer {verb} {place:?}: {outcome:?}"));
        match (&outcome, verb) {
            (Outcome::Done { .. }, Verb::Add | Verb::Change) => {
                self.accepted.insert(place);
            }
            (Outcome::Done { .. }, Verb::Delete) | (Outcome::Failed(_), Verb::Add) => {
                self.accepted.remove(&place);
            }
            (Outcome::Failed(error), _) if error.errno == 2 => {
                self.accepted.remove(&place);
            }
            _ => {}
        }
        self.engine.handle_outcome(operation, outcome, self.now);
        true
    }

    fn pass_time(&mut self) {
        self.now += Duration::from_millis(20);
        self.engine.handle_timeout(self.now);
    }

    fn work(&mut self) {
        while self.engine.work(16, self.now) {}
    }

    /// Kind and key of the object that a message is about, the object, and the keys that it refers to.
    fn decode(&self, bytes: &[u8]) -> (Place, Option<Object>, Vec<u32>) {
        let Some(Ok(message)) = Messages::new(bytes).next() else {
            self.fail("an unreadable message");
            return ((0, 0), None, Vec::new());
        };
        let read = |resolver: &Resolver<'_>| {
            if message.message_type < LEAF {
                Base::parse(&message, resolver).map(Object::Base).or_else(|_| {
                    // A delete carries the key and the index only.
                    let list = ksync_runtime::wire::AttributeList::parse(message.body)?;
                    ksync_runtime::wire::AttributeField::parse(1, &list, resolver)
                        .map(|id| Object::Base(Base { id, value: 0, fixed: 0 }))
                })
            } else {
                Leaf::parse(&message, resolver).map(Object::Leaf).or_else(|_| {
                    let list = ksync_runtime::wire::AttributeList::parse(message.body)?;
                    ksync_runtime::wire::AttributeField::parse(1, &list, resolver)
                        .map(|id| Object::Leaf(Leaf { id, value: 0, first: Ref::to(0u32), second: None }))
                })
            }
        };
        match self.engine.with_resolver(read) {
            Ok(object) => {
                let place = match &object {
                    Object::Base(base) => (BASE, base.id),
                    Object::Leaf(leaf) => (LEAF, leaf.id),
                };
                let refers_to = object.refers_to();
                (place, Some(object), refers_to)
            }
            Err(error) => {
                self.fail(&format!("a message that does not parse: {error}"));
                ((0, 0), None, Vec::new())
            }
        }
    }

    /// In sync means that the kernel holds just this.
    fn check(&self) {
        if self.engine.rejected() > 0 {
            self.fail("the state machine had to reject an event");
        }
        for (place, object) in &self.declared {
            let state = match object {
                Object::Base(base) => self.engine.state::<Base>(&base.id),
                Object::Leaf(leaf) => self.engine.state::<Leaf>(&leaf.id),
            };
            // Until the answer to the delete is there, nobody can know that it took others along.
            let flushed = object.refers_to().iter().any(|base| {
                matches!(
                    self.engine.state::<Base>(base),
                    Some(State::RenewWait | State::DelAckWait | State::DelDeferDelAck)
                )
            });
            if state == Some(State::InSync) && self.kernel.get(place) != Some(object) && !flushed {
                self.fail(&format!(
                    "{place:?} is in sync as {object:?}, the kernel holds {:?}",
                    self.kernel.get(place)
                ));
            }
            if state.is_none() {
                self.fail(&format!("{place:?} is declared and has no entry"));
            }
        }
    }

    #[expect(clippy::panic, reason = "a broken rule ends the test")]
    fn fail(&self, reason: &str) {
        panic!("{reason}\nthe story:\n  {}\n{self:?}", self.story.join("\n  "));
    }
}

impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "kernel {:?}", self.kernel)?;
        writeln!(out, "declared {:?}", self.declared)?;
        writeln!(out, "in flight {:?}", self.in_flight)?;
        for why in self.engine.unsettled(10).0 {
            writeln!(out, "{why}")?;
        }
        Ok(())
    }
}
